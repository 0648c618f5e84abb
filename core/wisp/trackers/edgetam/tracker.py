"""EdgeTAM behind the Tracker protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..sam2.tracker import Sam2Tracker
from .model import load


class EdgeTamTracker(Sam2Tracker):
    """Masks by EdgeTAM's memory of the object (Zhou et al., "EdgeTAM: On-Device Track Anything Model", 2025).

    The pass is SAM 2's: frames are encoded one by one and forgotten, memory stays constant however long the shot is.
    """


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> EdgeTamTracker:
    """The tracker of a registry entry; see `model.load` for what entry and files must hold and for errors."""
    return EdgeTamTracker(entry.id, load(entry, files, options))
