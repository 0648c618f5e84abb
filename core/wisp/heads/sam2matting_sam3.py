"""SAM2Matting's heads on SAM 3's features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..trackers.sam3.model import load
from ..weights.options import RunOptions
from ..weights.registry import ModelEntry
from .sam2matting import Sam2MattingHead, with_result


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam2MattingHead:
    """The head of a registry entry: the same layers as on SAM 2.1, at 288 instead of 256 pixels, so that alpha comes
    at 576 x 576. See `trackers.sam3.model.load` for errors; WeightsError also where the file has no matting heads."""
    return with_result(entry, load(entry, files, options))
