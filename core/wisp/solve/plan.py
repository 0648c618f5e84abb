"""Which passes produce an object's masks, and the fingerprint of every mask before it is computed.

A fingerprint is a chain: a mask's is made from the one before it in its pass, its plate frame and its
prompts. Two equal fingerprints mean equal pixels, so a mask with a known fingerprint is never computed
again, and a frame is dirty exactly when its fingerprint is not in the cache.

With a tracker that works in segments (`Tracker.segments`), a forward pass runs from the first keyframe to
the end, starting afresh at every keyframe whose prompts define the object and correcting at the others.
From every keyframe a backward pass returns to the keyframe before it (from the first one, to the first
frame). Between two keyframes both are blended by distance. A tracker that remembers all keyframes runs
one forward and one backward pass from the first keyframe, and nothing is blended.

Tracking may find that two fingerprints are the same: a pass came to a state in which an earlier pass was on that
frame, or a correction corrected nothing. From there on the chain goes on from the earlier fingerprint, and everything
after it is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from ..fingerprint import fingerprint
from ..trackers.tracker import Direction

#: Raise when the meaning of a stored mask changes.
MASK_SCHEMA = 1


@dataclass(frozen=True)
class Recipe:
    """How one frame's final mask comes about: from a forward mask, a backward mask or both.

    `weight` is the share of the forward mask, 1 at the earlier keyframe and 0 at the later one.
    """

    fingerprint: str
    forward: bool
    backward: bool
    weight: float


@dataclass(frozen=True)
class PlannedPass:
    """A pass in visiting order with the fingerprint of each mask it yields. `anchor` is the keyframe whose
    forward mask starts a backward pass of a segment tracker; None where the prompts themselves start it."""

    direction: Direction
    frames: tuple[int, ...]
    fingerprints: tuple[str, ...]
    anchor: int | None = None


class TrackPlan:
    """The passes of one object over `frames` (ascending, all frames of the object's life in the shot)."""

    def __init__(
        self,
        frames: Sequence[int],
        prompts: Mapping[int, Any],
        defining: frozenset[int],
        base: Sequence[Any],
        segments: bool,
        identity: Callable[[int], str],
        same: Mapping[str, str],
    ) -> None:
        """`prompts`: keyframe -> JSON-able content of its prompts. `defining`: keyframes that start afresh.
        `base`: everything else all masks depend on. `identity`: the plate frame's content hash. `same`: a mask's
        fingerprint -> that of the mask it was found to be (see `Shelf.same`)."""
        self.frames = tuple(frames)
        self.keyframes = tuple(sorted(frame for frame in prompts if frame in set(frames)))
        self._prompts = prompts
        self._defining = defining | frozenset(self.keyframes[:1])
        self._base = tuple(base)
        self._segments = segments
        self._identity = identity
        self._same = same

    @cached_property
    def passes(self) -> tuple[PlannedPass, ...]:
        """All passes, the forward one first. Empty without keyframes."""
        if not self.keyframes:
            return ()
        first = self.keyframes[0]
        forward = self._forward
        if not self._segments:
            before = tuple(f for f in reversed(self.frames) if f <= first)
            return (forward, self._chain("backward", before, None)) if len(before) > 1 else (forward,)
        passes = [forward]
        by_frame = dict(zip(forward.frames, forward.fingerprints, strict=True))
        floor = self.frames[0] - 1
        for earlier, anchor in pairwise((floor, *self._anchors)):
            span = tuple(f for f in reversed(self.frames) if earlier < f <= anchor)
            if len(span) > 1:
                passes.append(self._chain("backward", span, by_frame[anchor], anchor))
        return tuple(passes)

    @cached_property
    def _forward(self) -> PlannedPass:
        return self._chain("forward", tuple(f for f in self.frames if f >= self.keyframes[0]), None)

    @cached_property
    def _anchors(self) -> tuple[int, ...]:
        """The keyframes between which passes run both ways. Those after the last one that changed anything are none:
        a prompt that agrees with the forward pass, which alone says what is there, leaves everything as it is."""
        forward = self._forward
        changed = [
            frame
            for index, frame in enumerate(forward.frames)
            if frame in self._prompts and forward.fingerprints[index] != self.unprompted(forward, index)
        ]
        return tuple(frame for frame in self.keyframes if frame <= changed[-1])

    def unprompted(self, planned: PlannedPass, index: int) -> str | None:
        """The fingerprint that the mask at `index` of a pass would have without the prompts of its own frame; None
        where the pass starts there."""
        frame = planned.frames[index]
        if index == 0 or self.starts_afresh(frame):
            return None
        mark = fingerprint(planned.fingerprints[index - 1], self._identity(frame), None)
        return self._same.get(mark, mark)

    def state_mark(self, planned: PlannedPass, frame: int, key: str) -> str:
        """What stands for a tracker's state `key` (`TrackPass.state_key`) after `frame` of such a pass."""
        return fingerprint("state", MASK_SCHEMA, self._base, planned.direction, frame, key)

    def starts_afresh(self, frame: int) -> bool:
        """Whether a forward pass forgets everything before `frame`."""
        return self._segments and frame in self._defining

    def _chain(
        self, direction: Direction, frames: tuple[int, ...], start: str | None, anchor: int | None = None
    ) -> PlannedPass:
        shared = (MASK_SCHEMA, *self._base)
        if not self._segments:
            known = [(k, self._identity(k), self._prompts[k]) for k in self.keyframes if k in self._defining]
            shared = (*shared, known, len(self.frames))
        marks: list[str] = []
        for index, frame in enumerate(frames):
            prompts = self._prompts.get(frame)
            if index == 0 and start is not None:
                mark = fingerprint("anchor", direction, start)
            elif index == 0 or (direction == "forward" and self.starts_afresh(frame)):
                mark = fingerprint("start", direction, shared, self._identity(frame), prompts)
            else:
                mark = fingerprint(marks[-1], self._identity(frame), prompts)
            marks.append(self._same.get(mark, mark))
        return PlannedPass(direction, frames, tuple(marks), anchor)

    @cached_property
    def recipes(self) -> dict[int, Recipe]:
        """How every frame that gets a mask gets it. Frames outside all passes are absent."""
        forward: dict[int, str] = {}
        backward: dict[int, str] = {}
        for planned in self.passes:
            marks = forward if planned.direction == "forward" else backward
            starts_here = planned.direction == "backward"  # a backward pass only repeats its starting keyframe
            marks.update(list(zip(planned.frames, planned.fingerprints, strict=True))[starts_here:])
        recipes: dict[int, Recipe] = {}
        for frame in self.frames:
            ahead, behind = forward.get(frame), backward.get(frame)
            if ahead is not None and behind is not None:
                earlier = max(k for k in self._anchors if k < frame)
                later = min(k for k in self._anchors if k > frame)
                weight = (later - frame) / (later - earlier)
                recipes[frame] = Recipe(fingerprint("blend", ahead, behind, weight), True, True, weight)
            elif ahead is not None:
                recipes[frame] = Recipe(ahead, True, False, 1.0)
            elif behind is not None:
                recipes[frame] = Recipe(behind, False, True, 0.0)
        return recipes

    def reach(self, frame: int) -> tuple[int, int]:
        """The first and last frame whose plate and prompts the mask of `frame` depends on."""
        if not self._segments:
            known = [k for k in self.keyframes if k in self._defining]
            return min(frame, *known), max(frame, *known)
        starts = [k for k in self.keyframes if k <= frame and k in self._defining]
        later = [k for k in self._anchors if k >= frame]
        return (starts[-1] if starts else frame), (later[0] if later else frame)
