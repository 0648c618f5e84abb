"""On which frames a spline gets a key: as few as keep every frame in between within its budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .fit import Fit, in_between
from .splines import PIECES, Splines, crossings, flatten

#: frames, splines -> what each is off, in shares of its budget: fine up to 1.
Judge = Callable[[NDArray[np.int64], Splines], NDArray[np.float64]]

#: Keys are solved for in so many rounds, for a first look in fewer. From one to the next what is compared slides along
#: the outlines, and frames weigh more by this power of what they are off.
_ROUNDS, _LOOKS, _PRESSED = 8, 4, 0.7
#: After three of them keys are given up with which a frame is off by this.
_HOPELESS = 1.4
#: More rounds and keys beside would bring a first look down from this to 1.
_NEARLY = 1.15
#: With keys on so many of the frames hardly any of them can be done without.
_DENSE = 0.75
#: Handles are drawn in so many times.
_TURNS = 25


def animate(
    fit: Fit, alone: Splines, judge: Judge, needed: Collection[int], every: int | None
) -> tuple[list[int], Splines]:
    """Keyframes (indices) and the splines there (keys x M x 6).

    `alone`: the spline that follows each frame best. `needed` get a key in any case; `every`: one each so many frames
    instead of as few as possible.
    """
    forced = sorted({0, fit.frames - 1, *needed})
    # A frame that misses its budget even with a key of its own asks no more of its neighbours than of itself.
    limit = np.maximum(1.0, judge(np.arange(fit.frames), alone) * 1.02)
    course = _Keyed(fit, alone, judge, limit)
    if every is not None:
        keys = sorted({*forced, *range(0, fit.frames, every)})
        return _without_tangles(course, keys, course.settled(keys, alone[keys]).splines)
    keys = _layout(course, forced)
    solved = course.settled(keys, alone[keys])
    while solved.off.max() > 1:
        more = _halved(keys, solved.off)
        if len(more) == len(keys):
            break
        keys, solved = more, course.settled(more, alone[more])
    found = keys, solved.splines
    if len(keys) < _DENSE * fit.frames:
        found = _thinned(course, *found, forced)
    return _without_tangles(course, *found)


def goes_straight(fit: Fit, alone: Splines, judge: Judge) -> bool:
    """Whether, as far as a first look tells, keys on the first and the last frame are enough."""
    ends = [0, fit.frames - 1]
    course = _Keyed(fit, alone, judge, np.ones(fit.frames))
    return bool(course.settled(ends, alone[ends], rounds=_LOOKS).off.max() <= _NEARLY)


@dataclass(frozen=True)
class _Solved:
    """The splines at some keys, and what the frames between the first and the last of them are off, at most 1 where
    they keep to their limits."""

    splines: Splines
    off: NDArray[np.float64]


@dataclass(frozen=True)
class _Keyed:
    """What keys are tried on; see `animate`. `limit`: what `judge` may say of each frame."""

    fit: Fit
    alone: Splines
    judge: Judge
    limit: NDArray[np.float64]

    def settled(
        self, keys: Sequence[int], start: Splines, held: Collection[int] = (), rounds: int = _ROUNDS
    ) -> _Solved:
        """The keys solved for together such that the frame that is worst off is off as little as can be, without
        curls. `held`: places in `keys` at which the spline stays as it starts."""
        part = self.fit.part(keys[0], keys[-1] + 1)
        frames, local = np.arange(keys[0], keys[-1] + 1), [key - keys[0] for key in keys]
        limit, weights = self.limit[frames], np.ones(len(frames))
        splines, best = start, None
        for turn in range(rounds):
            splines = part.solve(local, splines, weights, held)
            off = self.judge(frames, in_between(local, splines)) / limit
            made = _Solved(splines, off)
            if off.max() <= 1:
                straight, curled = _uncurled(part, local, splines, held)
                if curled:
                    part.hold(curled)
                    made = _Solved(straight, self.judge(frames, in_between(local, straight)) / limit)
            if best is None or made.off.max() < best.off.max():
                best = made
            if best.off.max() <= 1 or (turn > 1 and off.max() > _HOPELESS):
                break
            weights *= np.maximum(off, 0.5) ** _PRESSED
            weights /= weights.mean()
            part.refine(local, splines)
        assert best is not None
        return best


def _layout(course: _Keyed, forced: Sequence[int]) -> list[int]:
    """From every key the farthest next one between which straight ways, free at both ends, keep to the limits."""

    def fine(first: int, last: int) -> bool:
        ends = [first, last]
        return bool(course.settled(ends, course.alone[ends], rounds=_LOOKS).off.max() <= 1)

    keys = [forced[0]]
    for end in forced[1:]:
        while keys[-1] < end:
            here = keys[-1]
            good, step = here + 1, 2
            while here + step <= end and fine(here, here + step):
                good, step = here + step, step * 2
            bad = min(here + step, end + 1)
            while bad - good > 1:
                at = (good + bad) // 2
                good, bad = (at, bad) if fine(here, at) else (good, at)
            keys.append(good)
    return keys


def _halved(keys: Sequence[int], off: NDArray[np.float64]) -> list[int]:
    """The keys with more of them in the middle where frames are off too much: the worst first, and none beside it."""
    worst = {pair: float(off[pair[0] : pair[1] + 1].max()) for pair in pairwise(keys) if pair[1] - pair[0] > 1}
    added, taken = set(), set[int]()
    for pair in sorted(worst, key=lambda one: -worst[one]):
        if worst[pair] > 1 and taken.isdisjoint(pair):
            added.add(sum(pair) // 2)
            taken |= {*pair}
    return sorted({*keys, *added})


def _thinned(
    course: _Keyed, keys: Sequence[int], splines: Splines, forced: Collection[int]
) -> tuple[list[int], Splines]:
    """The keys without those that the ones around them can do without."""
    known = dict(zip(keys, splines, strict=True))
    for key in keys[1:-1]:
        if key in forced:
            continue
        order = sorted(known)
        at = order.index(key)
        around = order[max(0, at - 2) : at] + order[at + 1 : at + 3]
        held = [place for place, one in enumerate(around) if one not in (order[at - 1], order[at + 1])]
        # At the very ends of the run nothing beyond asks for a key to stay as it is.
        held = [place for place in held if around[place] not in (order[0], order[-1])]
        solved = course.settled(around, np.stack([known[one] for one in around]), held, _LOOKS)
        if solved.off.max() <= 1:
            del known[key]
            known |= dict(zip(around, solved.splines, strict=True))
    return sorted(known), np.stack([known[key] for key in sorted(known)])


def untangled(fit: Fit, frames: Sequence[int], splines: Splines) -> Splines:
    """The splines of single frames with handles drawn in, and at last points put back on the outline, where one crosses
    itself."""
    single = [_uncurled(fit.part(frame, frame + 1), [0], splines[[at]])[0] for at, frame in enumerate(frames)]
    return np.concatenate(single)


def _uncurled(fit: Fit, keys: Sequence[int], splines: Splines, held: Collection[int] = ()) -> tuple[Splines, list[int]]:
    """The splines of the keys with handles drawn in, and at last points put back on the outline, where they or a frame
    in between cross themselves; and the segments that did so."""
    splines = splines.copy()
    straight = np.stack([fit.straight(key) for key in keys])
    everything = list(range(fit.frames))
    curled, suspects = set[int](), everything
    for turn in range(_TURNS):
        drawn = flatten(in_between(keys, splines))
        crossed = {frame: {*(crossings(drawn[frame]) // PIECES).ravel().tolist()} for frame in suspects}
        found = [frame for frame in suspects if crossed[frame]]
        if not found and suspects is everything:
            break
        suspects = found or everything
        for frame in found:
            right = int(np.searchsorted(keys, frame))
            for segment in crossed[frame]:
                after = (segment + 1) % splines.shape[1]
                for place in {right, right - (keys[right] != frame)} - {*held}:
                    splines[place, segment, 4:] *= 0.6
                    splines[place, after, 2:4] *= 0.6
                    if turn % 8 == 7:
                        splines[place, [segment, after], :2] = straight[place, [segment, after], :2]
            curled |= crossed[frame]
    return splines, sorted(curled)


def _without_tangles(course: _Keyed, keys: list[int], splines: Splines) -> tuple[list[int], Splines]:
    """The same with more keys where a frame in between crosses itself."""
    for _ in range(4):
        splines, curled = _uncurled(course.fit, keys, splines)
        if not curled:
            break
        drawn = enumerate(flatten(in_between(keys, splines)))
        bad = [frame for frame, polygon in drawn if frame not in keys and len(crossings(polygon))]
        if not bad:
            break
        more = dict(zip(bad, untangled(course.fit, bad, course.alone[bad]), strict=True))
        own = dict(zip(keys, splines, strict=True)) | more
        keys = sorted(own)
        splines = np.stack([own[frame] for frame in keys])
    return keys, splines
