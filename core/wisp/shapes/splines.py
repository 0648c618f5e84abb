"""Closed cubic Bezier splines as arrays: `points` are .. x M x 6, of each point x, y and its two handles' offsets.

A segment goes from point k by its out handle and the in handle of point k + 1 to point k + 1; the last one ends at
point 0. Splines with the same number of points are added and mixed point by point.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Splines = NDArray[np.float64]

#: A segment is drawn as so many straight pieces.
PIECES = 12


@cache
def bernstein(count: int, *, ends: bool = False) -> NDArray[np.float64]:
    """The four cubic Bernstein polynomials (count x 4) at i / count, or from 0 to 1 with both `ends`."""
    t = np.linspace(0.0, 1.0, count) if ends else np.arange(count) / count
    s = 1.0 - t
    return np.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], axis=1)


def controls(points: Splines) -> NDArray[np.float64]:
    """The four control points of every segment: .. x M x 4 x 2."""
    here, after = points, np.roll(points, -1, axis=-2)
    return np.stack(
        [here[..., :2], here[..., :2] + here[..., 4:], after[..., :2] + after[..., 2:4], after[..., :2]], axis=-2
    )


def flatten(points: Splines, pieces: int = PIECES) -> NDArray[np.float64]:
    """The splines as closed polygons: .. x (M * pieces) x 2."""
    drawn = np.matmul(bernstein(pieces), controls(points))
    return np.asarray(drawn.reshape(*points.shape[:-2], -1, 2))


def mixed(first: Splines, second: Splines, share: NDArray[np.float64]) -> Splines:
    """What lies between two splines (M x 6), for every share of the second (n): n x M x 6."""
    return first + share[:, None, None] * (second - first)


def crossing_sides(polygon: NDArray[np.float64]) -> tuple[int, int] | None:
    """Two sides of a closed polygon that cross, by the number of their first point; None where there are none."""
    found = crossings(polygon)
    return (int(found[0, 0]), int(found[0, 1])) if len(found) else None


def crossings(polygon: NDArray[np.float64]) -> NDArray[np.int64]:
    """All pairs (n x 2) of sides of a closed polygon that cross, by the number of their first point."""
    start, stop = polygon, np.roll(polygon, -1, axis=0)
    count = len(polygon)
    low, high = np.minimum(start, stop), np.maximum(start, stop)
    # Only sides that share a strip of rows are compared, in order of where they begin.
    order = np.argsort(low[:, 1], kind="stable")
    reach = np.searchsorted(low[order, 1], high[order, 1], side="right")
    span = np.maximum(reach - np.arange(count) - 1, 0)
    one = np.repeat(np.arange(count), span)
    two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(span) - span, span)
    one, two = order[one], order[two]
    near = (low[one, 0] <= high[two, 0]) & (low[two, 0] <= high[one, 0])
    gap = np.abs(one - two)
    near &= (gap > 1) & (gap < count - 1)
    one, two = one[near], two[near]
    first = _side(start[one], stop[one], start[two]) * _side(start[one], stop[one], stop[two])
    second = _side(start[two], stop[two], start[one]) * _side(start[two], stop[two], stop[one])
    found = (first < 0) & (second < 0)
    return np.column_stack([one[found], two[found]]).astype(np.int64)


def _side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """On which side of the line from a to b the point c lies."""
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
