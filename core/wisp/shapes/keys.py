"""On which frames a spline gets a key: as few as keep every frame in between within its budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .fit import Fit, in_between
from .splines import Splines, crossing_sides, flatten

#: frames, splines -> what each is off, in shares of its budget: fine up to 1.
Judge = Callable[[NDArray[np.int64], Splines], NDArray[np.float64]]

#: Keys that are solved for together may at first be farther apart than those that each fit their own frame alone.
_HOPEFUL = 1.6
_ROUNDS = 8


def animate(
    fit: Fit, alone: Splines, judge: Judge, needed: Collection[int], every: int | None
) -> tuple[list[int], Splines]:
    """Keyframes (indices) and the splines there (keys x M x 6).

    `alone`: the spline that follows each frame best. `needed` get a key in any case; `every`: one each so many frames
    instead of as few as possible.
    """
    frames = fit.frames
    forced = sorted({0, frames - 1, *needed})
    if every is not None:
        keys = sorted({*forced, *range(0, frames, every)})
        return keys, untangled(fit, keys, _together(fit, keys, alone))
    # A frame that misses its budget even with a key of its own asks no more of its neighbours than of itself.
    own = judge(np.arange(frames), alone)
    limit = np.maximum(1.0, own * 1.02)
    plain = _stretched(alone, judge, forced, limit)
    best = plain
    splines = np.asarray(alone[plain])
    if len(plain) > len(forced):
        keys = _stretched(alone, judge, forced, limit * _HOPEFUL)
        for _ in range(_ROUNDS):
            if len(keys) > len(plain):
                break
            solved = _together(fit, keys, alone)
            off = judge(np.arange(frames), in_between(keys, solved)) / limit
            worst = [a + int(off[a : b + 1].argmax()) for a, b in pairwise(keys) if off[a : b + 1].max() > 1]
            added = {_nearest_free(frame, keys) for frame in worst} - {None}
            if not worst:
                best, splines = keys, solved
                break
            if not added:
                break
            keys = sorted({*keys, *(frame for frame in added if frame is not None)})
    return _without_tangles(fit, best, untangled(fit, best, splines), alone)


def _together(fit: Fit, keys: Sequence[int], alone: Splines) -> Splines:
    solved = fit.solve(keys, alone[list(keys)])
    if len(keys) < fit.frames:
        fit.refine(keys, solved)
        solved = fit.solve(keys, solved)
    return solved


def _nearest_free(frame: int, keys: Sequence[int]) -> int | None:
    """The frame, or one beside it that has no key yet."""
    return next((at for at in (frame, frame + 1, frame - 1) if at not in keys and keys[0] < at < keys[-1]), None)


def _stretched(alone: Splines, judge: Judge, forced: Sequence[int], limit: NDArray[np.float64]) -> list[int]:
    """From every key the farthest next one between which all frames keep to their limits."""

    def fine(first: int, last: int) -> bool:
        between = np.arange(first + 1, last)
        if not between.size:
            return True
        share = (between - first) / (last - first)
        made = alone[first] + share[:, None, None] * (alone[last] - alone[first])
        middle = np.array([len(between) // 2])
        return all(
            (judge(between[part], made[part]) <= limit[between[part]]).all()
            for part in ([middle, np.arange(len(between))] if len(between) > 2 else [np.arange(len(between))])
        )

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
            keys.append(min(good, end))
    return keys


def untangled(fit: Fit, keys: Sequence[int], splines: Splines) -> Splines:
    """The splines with handles drawn in, and at last points put back on the outline, where a key crosses itself."""
    result = splines.copy()
    for place, frame in enumerate(keys):
        straight = fit.straight(frame)
        pieces = len(flatten(result[place])) // len(result[place])
        for turn in range(40):
            crossing = crossing_sides(flatten(result[place]))
            if crossing is None:
                break
            for segment in {side // pieces for side in crossing}:
                after = (segment + 1) % len(straight)
                result[place, segment, 4:] *= 0.6
                result[place, after, 2:4] *= 0.6
                if turn % 8 == 7:
                    result[place, segment, :2] = straight[segment, :2]
                    result[place, after, :2] = straight[after, :2]
    return result


def _without_tangles(fit: Fit, keys: list[int], splines: Splines, alone: Splines) -> tuple[list[int], Splines]:
    """The same with more keys where a frame in between crosses itself."""
    for _ in range(4):
        made = flatten(in_between(keys, splines))
        bad = [frame for frame in range(fit.frames) if frame not in keys and crossing_sides(made[frame]) is not None]
        if not bad:
            break
        own = dict(zip(keys, splines, strict=True)) | dict(zip(bad, untangled(fit, bad, alone[bad]), strict=True))
        keys = sorted(own)
        splines = np.stack([own[frame] for frame in keys])
    return keys, splines
