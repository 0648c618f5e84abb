"""The Tracker protocol: prompts in, masks of every frame out, one pass over ordered frames at a time.

A tracker knows pictures (`Clip`) and prompts, never files, caches or hosts. The way through
(`wisp.solve`) decides which passes to run, stores what comes out and blends passes that meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip

#: `candidate`: found again a few frames ago and not yet believed. `absent`: the document says that it is not there.
MaskState = Literal["tracked", "keyframe", "candidate", "lost", "absent"]


@dataclass(frozen=True)
class FramePrompts:
    """The prompts of one object on one frame, in plate pixels of the clip given to the tracker.

    `points`: n x 2 (x, y) with `labels` n (1 include, 0 exclude). `box`: x0, y0, x1, y1 or None.
    `mask`: bool, clip height x width, or None; `given`: by a person, and not by a tracker in the other direction.
    `strokes`: (polyline n x 2, radius, include) each.
    Coordinates have pixel edges at integers, origin top left. Text has become boxes before this.
    """

    points: NDArray[np.float32]
    labels: NDArray[np.int32]
    box: tuple[float, float, float, float] | None = None
    mask: NDArray[np.bool_] | None = None
    strokes: tuple[tuple[NDArray[np.float32], float, bool], ...] = ()
    given: bool = True

    @property
    def defines_object(self) -> bool:
        """True where the prompts alone say what the object is: a box or a mask. Points and strokes alone correct what
        was propagated."""
        return self.box is not None or self.mask is not None


@dataclass(frozen=True)
class TrackedMask:
    """One object on one frame.

    `logits`: float32, h x w at the tracker's own size, covering the clip's full picture edge to edge;
    > 0 is inside. `confidence` 0..1. A lost object has logits that are negative everywhere.
    `state` is "keyframe" where prompts of this frame shaped the mask. Prompts that only correct, and found nothing to
    correct, leave the mask "tracked" or "lost" and the pass as it was: as if they were not there.
    `cut`: another shot begins between this frame and the one that the pass visited before it.
    """

    logits: NDArray[np.float32]
    confidence: float
    state: MaskState
    cut: bool = False


class TrackPass(Protocol):
    """A running pass. Call `step` for the pass's frames in order."""

    def step(self, frame: int) -> dict[int, TrackedMask]:
        """Advance to `frame`; returns a mask per object id (objects not yet prompted are left out)."""
        ...

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """Everything needed to go on after the last step, as plain arrays (npz-safe keys)."""
        ...

    def restore(self, snapshot: Mapping[str, NDArray[np.generic]]) -> None:
        """Continue from a snapshot of an identical pass: later steps give bit-identical results."""
        ...

    def state_key(self) -> str | None:
        """A hash of everything after the last step that later steps read, the pictures of earlier frames included.

        Two passes of one tracker and direction with equal keys on a frame gave the same mask there and go on bit for
        bit alike, whatever led there: an edit's consequences are known to have ended. None where no pass ever comes
        back to an earlier state.
        """
        ...


class Tracker(Protocol):
    """One way to keep objects over time."""

    id: str
    #: Hash of the weights, or the algorithm's version for a tracker without weights.
    version: str
    #: True: a keyframe with a mask starts afresh and others correct what was followed to them, so a frame's mask
    #: depends on frames back to the last mask and on to the next keyframe, and both directions are blended there.
    #: False: keyframes that define the object are remembered from the start, whatever their frame; others act from
    #: their own frame on. One pass per direction leaves from the first keyframe.
    segments: bool
    #: Side in pixels of the square at which its network looks at any picture; None where it follows the picture.
    #: A small object in a large plate is then shown to it in a region of its own.
    grid: int | None

    def start(self, clip: Clip, prompts: Mapping[int, Mapping[int, FramePrompts]], frames: Sequence[int]) -> TrackPass:
        """Begin a pass over `frames` (in visiting order). `prompts`: object id -> frame -> prompts."""
        ...
