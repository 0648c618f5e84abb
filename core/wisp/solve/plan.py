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

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Literal

from ..fingerprint import fingerprint

Direction = Literal["forward", "backward"]


#: Raise when the meaning of a stored mask changes.
MASK_SCHEMA = 1


@dataclass(frozen=True)
class Recipe:
    """How one frame's final mask comes about: from a forward mask, a backward mask or both, by their fingerprints.

    `weight` is the share of the forward mask, 1 at the earlier keyframe and 0 at the later one. `anchor`: the keyframe
    from which the backward pass comes; None where there is none, or where the prompts themselves start it.
    """

    fingerprint: str
    forward: str | None
    backward: str | None
    weight: float
    anchor: int | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """Fingerprints of the stored masks (forward, backward) that the final mask is made of."""
        return tuple(mark for mark in (self.forward, self.backward) if mark is not None)


class PlannedPass:
    """A pass in visiting order with the fingerprint of each mask it yields, each worked out when it is asked for.

    `anchor` is the keyframe whose forward mask starts a backward pass of a segment tracker; None where the prompts
    themselves start it.
    """

    def __init__(
        self, direction: Direction, frames: Sequence[int], anchor: int | None, mark_of: Callable[[int], str]
    ) -> None:
        self.direction = direction
        self.frames = frames
        self.anchor = anchor
        self._mark_of = mark_of

    def mark(self, place: int) -> str:
        """The fingerprint of the mask of `frames[place]`."""
        return self._mark_of(self.frames[place])

    def place(self, frame: int) -> int:
        """Where `frame` is in the pass."""
        low = bisect_left(self.frames, frame) if self.direction == "forward" else self._place_backward(frame)
        assert self.frames[low] == frame
        return low

    def _place_backward(self, frame: int) -> int:
        return bisect_left(self.frames, -frame, key=lambda number: -number)


class Chains:
    """Fingerprints along frames without prompts, kept from one document to the next.

    A chain is determined by the mark it starts with, whatever the rest of a document says, so that an edit makes only
    those anew that begin at it. The least recently used are forgotten beyond `room` fingerprints (about 90 bytes each).
    """

    def __init__(self, room: int = 300_000) -> None:
        self._room = room
        self._kept = 0
        self._runs: OrderedDict[tuple[bool, int, str], list[str]] = OrderedDict()

    def forget(self) -> None:
        """Drop everything: other masks are known to be the same, or the plate is another."""
        self._runs.clear()
        self._kept = 0

    def mark(
        self,
        frames: Sequence[int],
        start: int,
        stop: int,
        mark: str,
        identity: Callable[[int], str],
        same: Mapping[str, str],
    ) -> str:
        """The fingerprint at place `stop` of `frames`, of a chain that has `mark` at place `start`."""
        backward = stop < start
        key = (backward, frames[start], mark)
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = [mark]
            self._kept += 1
        else:
            self._runs.move_to_end(key)
        known, wanted = len(run), abs(stop - start) + 1
        if known < wanted:
            step = -1 if backward else 1
            for place in range(start + step * known, stop + step, step):
                now = _step(run[-1], identity(frames[place]))
                run.append(same.get(now, now))
            self._kept += wanted - known
            self._make_room(key)
        return run[wanted - 1]

    def _make_room(self, using: tuple[bool, int, str]) -> None:
        while self._kept > self._room and next(iter(self._runs)) != using:
            _, dropped = self._runs.popitem(last=False)
            self._kept -= len(dropped)


def _step(mark: str, identity: str) -> str:
    """`fingerprint(mark, identity, None)`, which a long shot asks for very often."""
    text = f'["{mark}","{identity}",null]'
    return blake2b(text.encode("ascii"), digest_size=16).hexdigest()


class TrackPlan:
    """The passes of one object over `frames` (ascending, all frames of the object's life in the shot).

    Nothing is worked out before it is asked for, and then only what that frame depends on.
    """

    def __init__(
        self,
        frames: Sequence[int],
        prompts: Mapping[int, Any],
        defining: frozenset[int],
        base: Sequence[Any],
        segments: bool,
        identity: Callable[[int], str],
        same: Mapping[str, str],
        chains: Chains | None = None,
        resumed: Sequence[int] = (),
    ) -> None:
        """`prompts`: keyframe -> JSON-able content of its prompts. `defining`: keyframes that start afresh.
        `base`: everything else all masks depend on. `identity`: the plate frame's content hash. `same`: a mask's
        fingerprint -> that of the mask it was found to be (see `Shelf.same`). `chains`: what is kept of earlier plans
        of the same plate, models and `same`. `resumed`: those of `frames`, ascending, before which frames of the
        plate are left out: a pass that steps over them goes on otherwise than from one frame to the next."""
        self.frames = frames
        self.keyframes = tuple(sorted(frame for frame in prompts if self._exists(frame)))
        self._prompts = prompts
        self._defining = defining | frozenset(self.keyframes[:1])
        self._base = tuple(base)
        self._segments = segments
        self._identity = identity
        self._same = same
        self._chains = chains or Chains()
        self._resumed = tuple(resumed)
        self._at_keyframes: dict[int, str] = {}
        self._from_anchors: dict[int, str] = {}

    def reaches(self, frame: int) -> bool:
        """Whether the frame gets a mask: all of the object's life do, as soon as there is one prompt."""
        return bool(self.keyframes) and self._exists(frame)

    def _exists(self, frame: int) -> bool:
        place = bisect_left(self.frames, frame)
        return place < len(self.frames) and self.frames[place] == frame

    # Passes ------------------------------------------------------------------------------------------------

    @cached_property
    def passes(self) -> tuple[PlannedPass, ...]:
        """All passes, the forward one first. Empty without keyframes."""
        if not self.keyframes:
            return ()
        anchors: Iterable[int | None] = self._anchors if self._segments else (None,)
        found = (self.forward, *map(self.backward, anchors))
        return tuple(planned for planned in found if planned is self.forward or len(planned.frames) > 1)

    @cached_property
    def forward(self) -> PlannedPass:
        """The pass from the first keyframe to the end."""
        return PlannedPass("forward", self.frames[self._place(self.keyframes[0]) :], None, self._forward_mark)

    def backward(self, anchor: int | None) -> PlannedPass:
        """The pass back from that keyframe to the one before it; None: from the first keyframe to the first frame."""
        end = self.keyframes[0] if anchor is None else anchor
        place = bisect_left(self.keyframes, end)
        first = self._place(self.keyframes[place - 1]) + 1 if place else 0
        span = self.frames[first : self._place(end) + 1][::-1]
        return PlannedPass("backward", span, anchor, lambda frame: self._backward_mark(end, frame))

    def restart(self, planned: PlannedPass, place: int) -> int:
        """The place at which the pass last forgot everything, at or before `place`."""
        if planned.direction == "backward" or not self._segments:
            return 0
        frame = planned.frames[place]
        before = self.keyframes[: bisect_right(self.keyframes, frame)]
        start = next((known for known in reversed(before) if known in self._defining), self.keyframes[0])
        return planned.place(start)

    @cached_property
    def _anchors(self) -> tuple[int, ...]:
        """The keyframes between which passes run both ways. Those after the last one that changed anything are none:
        a prompt that agrees with the forward pass, which alone says what is there, leaves everything as it is."""
        return tuple(frame for frame in self.keyframes if self._is_anchor(frame))

    def _is_anchor(self, keyframe: int) -> bool:
        return keyframe <= self._surely_anchors or any(
            map(self._changes, self.keyframes[bisect_left(self.keyframes, keyframe) :])
        )

    @cached_property
    def _surely_anchors(self) -> int:
        """The last keyframe that starts afresh."""
        return next(frame for frame in reversed(self.keyframes) if frame in self._defining)

    def _changes(self, keyframe: int) -> bool:
        """Whether the prompts of that keyframe changed anything."""
        return self._forward_mark(keyframe) != self._without_prompts(keyframe)

    def unprompted(self, planned: PlannedPass, index: int) -> str | None:
        """The fingerprint that the mask at `index` of a pass would have without the prompts of its own frame; None
        where the pass starts there."""
        frame = planned.frames[index]
        if index == 0 or self.starts_afresh(frame):
            return None
        return self._next(planned.mark(index - 1), planned.frames[index - 1], frame)

    def _without_prompts(self, keyframe: int) -> str | None:
        return self.unprompted(self.forward, self.forward.place(keyframe))

    def state_mark(self, planned: PlannedPass, frame: int, key: str) -> str:
        """What stands for a tracker's state `key` (`TrackPass.state_key`) after `frame` of such a pass."""
        return fingerprint("state", MASK_SCHEMA, self._base, planned.direction, frame, key)

    def starts_afresh(self, frame: int) -> bool:
        """Whether a forward pass forgets everything before `frame`."""
        return self._segments and frame in self._defining

    # Fingerprints ------------------------------------------------------------------------------------------

    @cached_property
    def _shared(self) -> tuple[Any, ...]:
        """What every pass's first fingerprint is made of, beside its own frame."""
        shared = (MASK_SCHEMA, *self._base)
        if self._segments:
            return shared
        known = [(k, self._identity(k), self._prompts[k]) for k in self.keyframes if k in self._defining]
        return (*shared, known)

    def _forward_mark(self, frame: int) -> str:
        """The fingerprint of the forward mask of `frame`, which is not before the first keyframe."""
        before = bisect_right(self.keyframes, frame) - 1
        known = before  # the last keyframe at or before the frame whose mark is known or stands alone
        while self.keyframes[known] not in self._at_keyframes and not self._stands_alone(self.keyframes[known]):
            known -= 1
        for place in range(known, before + 1):
            keyframe = self.keyframes[place]
            if keyframe not in self._at_keyframes:
                self._at_keyframes[keyframe] = self._keyframe_mark(keyframe, place)
        return self._along(self.keyframes[before], frame, self._at_keyframes[self.keyframes[before]])

    def _stands_alone(self, keyframe: int) -> bool:
        return keyframe == self.keyframes[0] or self.starts_afresh(keyframe)

    def _keyframe_mark(self, keyframe: int, place: int) -> str:
        identity, prompts = self._identity(keyframe), self._prompts[keyframe]
        if self._stands_alone(keyframe):
            return self._known(fingerprint("start", "forward", self._shared, identity, prompts))
        earlier = self.keyframes[place - 1]
        before = self.frames[self._place(keyframe) - 1]
        mark = self._along(earlier, before, self._at_keyframes[earlier])
        resumed = ("resumed",) if keyframe in self._resumed else ()
        return self._known(fingerprint(mark, identity, prompts, *resumed))

    def _backward_mark(self, start: int, frame: int) -> str:
        """The fingerprint of the backward mask of `frame` of the pass that leaves from the keyframe `start`."""
        if start not in self._from_anchors:
            if self._segments:
                mark = fingerprint("anchor", "backward", self._forward_mark(start))
            else:
                mark = fingerprint("start", "backward", self._shared, self._identity(start), self._prompts.get(start))
            self._from_anchors[start] = self._known(mark)
        return self._along(start, frame, self._from_anchors[start])

    def _along(self, start: int, stop: int, mark: str) -> str:
        """The mark at `stop` of a pass that has `mark` at `start`, with no prompts on the way."""
        here = self._place(start)
        for last, first in self._gaps(start, stop):
            mark = self._next(self._run(here, self._place(last), mark), last, first)
            here = self._place(first)
        return self._run(here, self._place(stop), mark)

    def _gaps(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The frames before and behind what is left out between the two, as a pass visits them."""
        low, high = sorted((start, stop))
        inner = self._resumed[bisect_right(self._resumed, low) : bisect_right(self._resumed, high)]
        pairs = [(self.frames[self._place(frame) - 1], frame) for frame in inner]
        return pairs if start <= stop else [(after, before) for before, after in reversed(pairs)]

    def _run(self, start: int, stop: int, mark: str) -> str:
        """The mark at place `stop`; no frame of the plate is left out from place `start` to there."""
        if start == stop:
            return mark
        return self._chains.mark(self.frames, start, stop, mark, self._identity, self._same)

    def _next(self, mark: str, before: int, frame: int) -> str:
        """The mark of `frame`, which a pass visits after `before`."""
        left_out = max(before, frame) in self._resumed
        identity = self._identity(frame)
        return self._known(fingerprint("resumed", mark, identity) if left_out else _step(mark, identity))

    def _known(self, mark: str) -> str:
        return self._same.get(mark, mark)

    def _place(self, frame: int) -> int:
        return bisect_left(self.frames, frame)

    # Recipes -----------------------------------------------------------------------------------------------

    def recipe(self, frame: int) -> Recipe | None:
        """How the final mask of `frame` comes about; None where the object gets none."""
        if not self.reaches(frame):
            return None
        first = self.keyframes[0]
        if not self._segments:
            if frame >= first:
                return _one_sided(forward=self._forward_mark(frame))
            return _one_sided(backward=self._backward_mark(first, frame))
        place = bisect_left(self.keyframes, frame)
        later = self.keyframes[place] if place < len(self.keyframes) else None
        if later == frame or later is None or not self._is_anchor(later):
            return _one_sided(forward=self._forward_mark(frame))
        behind = self._backward_mark(later, frame)
        if frame < first:
            return _one_sided(backward=behind, anchor=later)
        ahead, earlier = self._forward_mark(frame), self.keyframes[place - 1]
        weight = (later - frame) / (later - earlier)
        return Recipe(fingerprint("blend", ahead, behind, weight), ahead, behind, weight, later)

    @property
    def recipes(self) -> dict[int, Recipe]:
        """How every frame that gets a mask gets it."""
        found = ((frame, self.recipe(frame)) for frame in self.frames)
        return {frame: recipe for frame, recipe in found if recipe is not None}

    def reach(self, frame: int) -> tuple[int, int]:
        """The first and last frame whose plate and prompts the mask of `frame` depends on."""
        if not self._segments:
            known = [k for k in self.keyframes if k in self._defining]
            return min(frame, *known), max(frame, *known)
        before = self.keyframes[: bisect_right(self.keyframes, frame)]
        start = next((k for k in reversed(before) if k in self._defining), frame)
        place = bisect_left(self.keyframes, frame)
        later = self.keyframes[place] if place < len(self.keyframes) else None
        return start, (later if later is not None and self._is_anchor(later) else frame)


def _one_sided(forward: str | None = None, backward: str | None = None, anchor: int | None = None) -> Recipe:
    mark = forward or backward
    assert mark is not None
    return Recipe(mark, forward, backward, 1.0 if forward else 0.0, anchor)


def independent_spans(
    frames: Sequence[int], keyframes: Collection[int], defining: Collection[int], segments: bool
) -> list[Sequence[int]]:
    """An object's life in parts that can be tracked apart, on several machines, with the masks of one run bit for bit.

    `frames`: ascending. With a tracker that works in segments a part begins at every keyframe that starts afresh; what
    is before the first one comes backward from it. One that remembers every keyframe knows two parts, before and from
    the first. A seam costs one step more: the keyframe that it lies at is tracked on both sides.
    """
    known = sorted(set(keyframes).intersection(frames))
    if not known:
        return []
    starts = [known[0], *(frame for frame in known[1:] if segments and frame in defining)]
    places = [bisect_left(frames, start) for start in starts]
    cuts = [0, *(place for place in places if place), len(frames)]
    return [frames[begin:end] for begin, end in pairwise(cuts)]
