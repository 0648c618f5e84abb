"""SAM 3 behind the Tracker protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..sam2.tracker import Sam2Tracker
from .model import load


class Sam3Tracker(Sam2Tracker):
    """Masks by SAM 3's memory of the object (Carion et al., "SAM 3: Segment Anything with Concepts", 2025).

    The pass is SAM 2's: frames are encoded one by one and forgotten, memory stays constant however long the shot is.
    Of all keyframes the four nearest are attended to. A keyframe that corrects what was tracked is remembered to the
    end of the pass like the others, from the frame on where the pass reaches it.
    """


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam3Tracker:
    """The tracker of a registry entry; see `model.load` for what entry and files must hold and for errors."""
    return Sam3Tracker(entry.id, load(entry, files, options))
