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
    mask = np.zeros((height, width), bool)
    columns = np.arange(width) + 0.5
    for row in range(height):
        for left, right in _spans(outline, row + 0.5):
            mask[row] |= (columns >= left) & (columns < right)
    return mask


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
