"""The least a tracker must beat: the mask of the last keyframe, held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage
from ..trackers.tracker import FramePrompts, TrackedMask

_SURE = np.float32(10)


class HoldTracker:
    """A `Tracker` for mask prompts only that follows nothing."""

    id = "hold"
    version = "1"
    segments = True
    grid: int | None = None

    def start(self, _clip: Clip, prompts: Mapping[int, Mapping[int, FramePrompts]], _frames: Sequence[int]) -> HoldPass:
        """See `Tracker.start`."""
        return HoldPass(prompts)


class HoldPass:
    """A pass that repeats what it was last given."""

    def __init__(self, prompts: Mapping[int, Mapping[int, FramePrompts]]) -> None:
        self._prompts = prompts
        self._held: dict[int, FloatImage] = {}

    def step(self, frame: int) -> dict[int, TrackedMask]:
        """See `TrackPass.step`."""
        for number, by_frame in self._prompts.items():
            prompt = by_frame.get(frame)
            if prompt is not None and prompt.mask is not None:
                self._held[number] = np.where(prompt.mask, _SURE, -_SURE)
        return {number: TrackedMask(logits, 1.0, "tracked") for number, logits in self._held.items()}

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """See `TrackPass.snapshot`."""
        return {str(number): logits for number, logits in self._held.items()}

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """See `TrackPass.restore`."""
        self._held = {int(number): np.asarray(logits, np.float32) for number, logits in snapshot.items()}

    def state_key(self) -> str | None:
        """See `TrackPass.state_key`; benchmarks store nothing that could be kept."""
        return None
