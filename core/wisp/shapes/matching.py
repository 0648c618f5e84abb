"""Which place of an outline is which of the next frame's: the motion of an outline along itself.

The object's own motion comes first: an affine map that carries the outline onto the next one. What is left is found by
dynamic programming over both outlines, in order and without turning back, by place and by direction: what is a
corner here is that corner there, and both sides of a limb stay apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .contours import Contour, Points

#: Places of an outline that are matched: one each so many pixels, within these numbers.
_SPACING, _FEWEST, _MOST = 4.0, 64, 256
#: What turning by one radian costs, in shares of the outline's size; what it costs to go slower or faster than the
#: other outline, per step; what a leap costs, where something has come out or has gone.
_TURN, _PACE, _LEAP = 0.06, 0.004, 0.08
#: Steps on the second outline per step on the first.
_STEPS = (0, 1, 2, 3)


def carried(before: Contour, after: Contour, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arc lengths on `after` of the arc lengths `places` (ascending, less than one round) on `before`.

    Ascending as well, within one round.
    """
    count = int(np.clip(max(before.length, after.length) / _SPACING, _FEWEST, _MOST))
    grid = np.arange(count) / count
    one, two = before.at(grid * before.length), after.at(grid * after.length)
    moved = _affine(one, two, before, after)
    size = np.sqrt(max(np.ptp(two, axis=0).prod(), 1.0))
    cost = np.hypot(*(moved[:, None] - two[None]).transpose(2, 0, 1)) / size
    cost += _TURN * np.arccos(np.clip(_headings(moved) @ _headings(two).T, -1.0, 1.0))
    start = _anchor(cost)
    mate = int(cost[start].argmin())
    path = _ordered(np.roll(cost, (-start, -mate), axis=(0, 1)))
    # Half a sample of rounding either way is smoothed out.
    rising = np.concatenate([path[-1:] - count, path, path[:1] + count])
    path = (rising[:-2] + 2 * rising[1:-1] + rising[2:]) / 4
    step = before.length / count
    at = np.mod(places / step - start, count)
    found = np.interp(at, np.arange(count + 1), np.append(path, path[0] + count))
    arcs = np.mod(found + mate, count) * after.length / count
    rounds = np.concatenate([[0], np.cumsum(np.diff(arcs) < -after.length / 2)])
    rising = np.maximum.accumulate(arcs + after.length * rounds)
    return np.asarray(np.minimum(rising, arcs[0] + after.length))


def _affine(one: Points, two: Points, before: Contour, after: Contour) -> Points:
    """`one` moved as the whole outline moves: by nearest places with like directions, an affine map in three rounds."""
    scale = np.sqrt(abs(after.area / before.area))
    moved = (one - one.mean(0)) * (scale if 0.5 < scale < 2 else 1.0) + two.mean(0)
    if np.hypot(*(one.mean(0) - two.mean(0))) < 0.02 * np.sqrt(abs(after.area)):
        moved = one
    heading = _headings(two)
    for _ in range(3):
        far = np.hypot(*(moved[:, None] - two[None]).transpose(2, 0, 1))
        far += 0.1 * np.sqrt(abs(after.area)) * (1 - _headings(moved) @ heading.T)
        mates = far.argmin(axis=1)
        gap = far[np.arange(len(one)), mates]
        weight = np.sqrt(1.0 / (1.0 + (gap / (np.median(gap) + 0.5)) ** 2))[:, None]
        basis = np.column_stack([one - one.mean(0), np.ones(len(one))])
        solution = np.linalg.lstsq(basis * weight, two[mates] * weight, rcond=None)[0]
        if not 0.4 < abs(np.linalg.det(solution[:2])) < 2.5:
            break
        moved = np.asarray(basis @ solution)
    return np.asarray(moved)


def _headings(xy: Points) -> Points:
    """Where the outline goes at each place, as vectors of length 1."""
    ahead = np.roll(xy, -2, axis=0) - np.roll(xy, 2, axis=0)
    length = np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    return np.asarray(np.where(length > 0, ahead / np.maximum(length, 1e-12), (1.0, 0.0)))


def _anchor(cost: NDArray[np.float64]) -> int:
    """The place of the first outline whose mate is the surest: near, and much better than those farther away."""
    count = len(cost)
    best = cost.argmin(axis=1)
    away = np.abs((np.arange(count)[None] - best[:, None] + count // 2) % count - count // 2) > count // 10
    second = np.where(away, cost, np.inf).min(axis=1)
    mutual = cost.argmin(axis=0)[best] == np.arange(count)
    return int((second - 2 * cost.min(axis=1) + mutual).argmax())


def _ordered(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each row its column, ascending from 0, of the cheapest way through `cost`, around to where it began."""
    count = len(cost)
    total = np.full(count + 1, np.inf)
    total[0] = cost[0, 0]
    cost = np.column_stack([cost, cost[:, 0]])
    columns = np.arange(count + 1)
    came = np.empty((count, count + 1), np.int64)
    for row in range(1, count + 1):
        best, source = np.full(count + 1, np.inf), columns
        for step in _STEPS:
            candidate = np.full(count + 1, np.inf)
            candidate[step:] = total[: count + 1 - step] + _PACE * (step - 1) ** 2
            source = np.where(candidate < best, columns - step, source)
            best = np.minimum(best, candidate)
        lowest = np.minimum.accumulate(total)
        leap = lowest + _LEAP
        holder = np.maximum.accumulate(np.where(total == lowest, columns, 0))
        source = np.where(leap < best, holder, source)
        total = np.minimum(best, leap) + cost[row % count]
        came[row - 1] = source
    path = np.empty(count)
    at = count
    for row in range(count, 0, -1):
        at = came[row - 1, at]
        path[row - 1] = at
    return path
