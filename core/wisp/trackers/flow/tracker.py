"""The pass over a clip: which object starts, starts afresh, is corrected or is carried on, on which frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...motion.footage import Footage
from ...plates.clip import Clip
from ..tracker import FramePrompts, TrackedMask, TrackPass
from .correct import correct
from .outline import signed_distance
from .start import first_mask
from .target import Target

#: A correction that moves the outline nowhere by more grid pixels than this is left to the matte: an outline that is
#: tracked anew moves more by itself, everywhere and on all frames up to the next keyframe.
_NOTHING = 1.0


class FlowPass:
    """One pass of the embedded tracker; see `TrackPass`."""

    def __init__(self, footage: Footage, prompts: Mapping[int, Mapping[int, FramePrompts]]) -> None:
        self._footage = footage
        self._prompts = prompts
        self._targets: dict[int, Target] = {}

    def step(self, frame: int) -> dict[int, TrackedMask]:
        """Advance to `frame`; a mask per object prompted by now. Raises FrameReadError."""
        masks: dict[int, TrackedMask] = {}
        for number, by_frame in self._prompts.items():
            prompts = by_frame.get(frame)
            prompted = prompts is not None
            if prompts is not None and (number not in self._targets or prompts.defines_object):
                view = self._footage.view(frame)
                inside = first_mask(prompts, view, self._footage.picture)
                self._targets[number] = Target(self._footage, frame, inside)
            elif number in self._targets:
                self._targets[number].advance(frame)
                prompted = prompts is not None and self._correct(number, frame, prompts)
            else:
                continue
            masks[number] = self._targets[number].result("keyframe" if prompted else "tracked")
        return masks

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """See `TrackPass.snapshot`; keys are `<object id>.<name>`."""
        return {
            f"{number}.{name}": array
            for number, target in self._targets.items()
            for name, array in target.snapshot().items()
        }

    def restore(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        """See `TrackPass.restore`."""
        states: dict[int, dict[str, NDArray[Any]]] = {}
        for key, array in snapshot.items():
            number, name = key.split(".", 1)
            states.setdefault(int(number), {})[name] = array
        self._targets = {number: Target.restored(self._footage, state) for number, state in states.items()}

    def state_key(self) -> str:
        """See `TrackPass.state_key`."""
        digest = hashlib.blake2b(digest_size=16)
        for target in self._targets.values():
            for part in target.content():
                digest.update(part)
        return digest.hexdigest()

    def _correct(self, number: int, frame: int, prompts: FramePrompts) -> bool:
        """A corrected mask is as certain as a prompted one: the object is remembered from here on.

        False where there was nothing to correct: see `_NOTHING`.
        """
        target, view = self._targets[number], self._footage.view(frame)
        if target.lost:
            corrected = first_mask(prompts, view, self._footage.picture)
            if not corrected.any():  # prompts that only exclude do not bring a lost object back
                return False
        else:
            corrected = correct(target.inside, prompts, view, self._footage.picture)
            moved = np.abs(signed_distance(corrected) - signed_distance(target.inside)).max()
            if moved <= _NOTHING:
                return False
        target.restart(frame, corrected)
        return True


class FlowTracker:
    """Keyframe-assisted roto without learned weights."""

    id = "flow"
    version = "flow-3"
    segments = True
    grid: int | None = None

    def __init__(self) -> None:
        self._footage: Footage | None = None

    def start(
        self,
        clip: Clip,
        prompts: Mapping[int, Mapping[int, FramePrompts]],
        frames: Sequence[int],  # noqa: ARG002 - part of the protocol; a frame's mask depends on nothing after it
    ) -> TrackPass:
        """See `Tracker.start`. Passes over the same clip share small pictures and optical flow."""
        if self._footage is None or self._footage.clip is not clip:
            self._footage = Footage(clip)
        return FlowPass(self._footage, {number: dict(by_frame) for number, by_frame in prompts.items()})


def build(entry: object, files: Mapping[str, Path], options: object) -> FlowTracker:  # noqa: ARG001
    """The tracker for the registry; it has no files and no options."""
    return FlowTracker()
