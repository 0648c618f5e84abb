"""Closed polygons over pixels: which pixel centres they cover, counted exactly and without painting a picture.

A polygon is cut by the middle line of every pixel row. By the even-odd rule the pixels between the first and the second
cut, the third and the fourth, and so on, are inside. A cut is kept as one whole number, `(picture * height + row) *
(width + 1) + column`, so that cuts of many polygons in many pictures can be sorted at once. The cuts of two shapes
put together are the cuts of their exclusive-or, which gives the area in which they differ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Polygon = NDArray[np.float64]
Cuts = NDArray[np.int64]


def cuts(polygons: Polygon, width: int, height: int, pictures: NDArray[np.int64] | None = None) -> Cuts:
    """Where closed polygons of equal length (n x points x 2, pixels) cut the rows of pictures of `width` x `height`.

    `pictures`: the number of the picture that each polygon belongs to (default: its place). What lies beside the
    picture is moved to its border, what lies above or below is left out.
    """
    count = len(polygons)
    number = np.arange(count) if pictures is None else pictures
    start = polygons.reshape(-1, 2)
    stop = np.roll(polygons, -1, axis=1).reshape(-1, 2)
    base = np.repeat(number * height, polygons.shape[1])
    x, y = start[:, 0], start[:, 1]
    top, bottom = np.minimum(y, stop[:, 1]), np.maximum(y, stop[:, 1])
    first = np.clip(np.ceil(top - 0.5), 0, height).astype(np.int64)
    rows = np.clip(np.ceil(bottom - 0.5), 0, height).astype(np.int64) - first
    crossing = np.flatnonzero(rows > 0)
    rows = rows[crossing]
    x, y, first, base = x[crossing], y[crossing], first[crossing], base[crossing]
    slope = (stop[crossing, 0] - x) / (stop[crossing, 1] - y)
    edge = np.repeat(np.arange(len(rows)), rows)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(rows) - rows, rows)
    column = np.clip(np.ceil(x[edge] + (row + 0.5 - y[edge]) * slope[edge] - 0.5), 0, width).astype(np.int64)
    return np.asarray((base[edge] + row) * (width + 1) + column, np.int64)


def areas(all_cuts: Cuts, width: int, height: int, count: int) -> NDArray[np.float64]:
    """Pixels inside, of each of `count` pictures."""
    ordered = np.sort(all_cuts)
    runs = ordered[1::2] - ordered[::2]
    sums = np.bincount(ordered[::2] // ((width + 1) * height), runs, count)[:count]
    return np.asarray(sums, np.float64)


def fill(all_cuts: Cuts, width: int, height: int) -> NDArray[np.bool_]:
    """The pixels inside, of one picture (number 0)."""
    inside = np.zeros((height, width), np.bool_)
    if not all_cuts.size:
        return inside
    rows = all_cuts // (width + 1)
    top, bottom = int(rows.min()), int(rows.max()) + 1
    toggles = np.bincount(all_cuts - top * (width + 1), minlength=(bottom - top) * (width + 1)).astype(np.uint8) & 1
    inside[top:bottom] = np.bitwise_xor.accumulate(toggles.reshape(-1, width + 1), axis=1)[:, :width]
    return inside
