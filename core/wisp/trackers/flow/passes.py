"""The pass over a clip: which object starts, starts afresh, is corrected or is carried on, on which frame."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..prompts import stroke_labels
from ..tracker import FramePrompts, TrackedMask
from .eyes import Eyes
from .outline import signed_distance
from .start import correct, first_mask
from .target import Target

#: A correction that moves the outline nowhere by more grid pixels than this is left to the matte: an outline that is
#: tracked anew moves more by itself, everywhere and on all frames up to the next keyframe.
_NOTHING = 1.0


class FlowPass:
    """One pass of the embedded tracker; see `TrackPass`."""

    def __init__(self, eyes: Eyes, prompts: Mapping[int, Mapping[int, FramePrompts]]) -> None:
        self._eyes = eyes
        self._prompts = prompts
        self._targets: dict[int, Target] = {}

    def step(self, frame: int) -> dict[int, TrackedMask]:
        """Advance to `frame`; a mask per object prompted by now. Raises FrameReadError."""
        masks: dict[int, TrackedMask] = {}
        for number, by_frame in self._prompts.items():
            prompts = by_frame.get(frame)
            prompted = prompts is not None
            if prompts is not None and (number not in self._targets or prompts.mask is not None):
                first = first_mask(prompts, self._eyes, frame)
                given = prompts.mask is not None and prompts.given
                self._targets[number] = Target(self._eyes, frame, first, self._painted(prompts), given=given)
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
        self._targets = {number: Target.restored(self._eyes, state) for number, state in states.items()}

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
        target = self._targets[number]
        if target.lost:
            corrected = first_mask(prompts, self._eyes, frame)
            if not corrected.any():  # prompts that only exclude do not bring a lost object back
                return False
        else:
            corrected = correct(target.inside, prompts, self._eyes, frame)
            moved = np.abs(signed_distance(corrected) - signed_distance(target.inside)).max()
            if moved <= _NOTHING:
                return False
        target.restart(frame, corrected, self._painted(prompts))
        return True

    def _painted(self, prompts: FramePrompts) -> NDArray[np.float32]:
        return stroke_labels(prompts.strokes, self._eyes.picture, self._eyes.grid).astype(np.float32)
