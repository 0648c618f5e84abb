# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed outline as prompts: a mask of its inside to include, a hatching of strokes to take away.

The shot document knows masks (which add up) and strokes (which also remove), but no outlines.
"""

from __future__ import annotations

import math

import numpy as np

XY = tuple[float, float]


def inside(outline: list[XY], width: int, height: int) -> np.ndarray:
    """Bool mask height x width of the pixels whose centre lies inside the outline (even-odd rule)."""
    (xa, ya), (xb, yb) = (np.array(ends, float).T for ends in (outline, [*outline[1:], outline[0]]))
    top, bottom = (np.clip(np.ceil(y - 0.5), 0, height).astype(int) for y in (np.minimum(ya, yb), np.maximum(ya, yb)))
    counts = bottom - top  # of the rows whose middle each edge crosses
    edge = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(edge)) + np.repeat(top - (np.cumsum(counts) - counts), counts)
    crossings = xa[edge] + (rows + 0.5 - ya[edge]) * (xb - xa)[edge] / (yb - ya)[edge]
    columns = np.clip(np.ceil(crossings - 0.5), 0, width).astype(int)
    turns = np.zeros((height, width + 1), bool)  # where a row goes from outside to inside, or back
    np.logical_xor.at(turns, (rows, columns), True)
    return np.logical_xor.accumulate(turns[:, :width], axis=1)


def hatching(outline: list[XY], lines: int = 40) -> tuple[list[list[XY]], float]:
    """Strokes that cover the inside of the outline, and their radius: about `lines` level lines.

    What lies inside by more than the radius is covered; nothing outside by more than half a radius is.
    """
    ys = [y for _, y in outline]
    top, bottom = min(ys), max(ys)
    step = max((bottom - top) / lines, 1.0)
    radius = step * math.sqrt(0.5)  # neighbouring lines overlap, so that no gap is left between round ends
    strokes = []
    for number in range(max(1, int((bottom - top) / step))):
        y = top + (number + 0.5) * step
        for left, right in _spans(outline, y):
            inset = min(radius / 2, (right - left) / 2)
            strokes.append([(left + inset, y), (right - inset, y)])
    return strokes, radius


def _spans(outline: list[XY], y: float) -> list[XY]:
    """Where the level line at `y` is inside: pairs (left, right), ascending."""
    crossings = []
    for (xa, ya), (xb, yb) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (ya <= y) != (yb <= y):
            crossings.append(xa + (y - ya) * (xb - xa) / (yb - ya))
    crossings.sort()
    return list(zip(crossings[0::2], crossings[1::2], strict=True))
