# SPDX-License-Identifier: GPL-3.0-or-later
"""Where prompts can be taken hold of, and where they are after a drag. Plate pixels; no host here."""

import math

from .client.tables import OVERSCAN, PAINTED


def kept(value: float, size: float) -> float:
    """A coordinate; beyond a picture of that size where its overscan ends at most."""
    return min(max(value, -OVERSCAN * size), (1 + OVERSCAN) * size)


def moved(points, start, now, fixed, size):
    """Where the points of a prompt are after a drag from `start` to `now`, kept in a picture of that size and its
    overscan.

    `fixed`: the corner of a box that stays while the opposite one is dragged; None where all of it moves.
    """
    if fixed is not None:
        return [fixed, tuple(map(kept, now, size))]
    dx, dy = map(_shift, zip(*points, strict=True), start, now, size)
    return [(x + dx, y + dy) for x, y in points]


def _shift(values, start, now, size) -> float:
    """How far coordinates move with the mouse; a prompt that lies beyond the overscan stays or comes back."""
    lowest, highest = min(-OVERSCAN * size - min(values), 0.0), max((1 + OVERSCAN) * size - max(values), 0.0)
    return min(max(now - start, lowest), highest)


def distance_to(prompt, place) -> float:
    """How far a place is from what is drawn of a prompt: its point, its outline, its paint. Plate pixels."""
    points = corners(prompt)
    if not points:
        return math.inf
    ends = [*points[1:], points[0]] if prompt.kind in ("box", "lasso") else points[1:]
    lines = list(zip(points, ends, strict=False)) or [(points[0], points[0])]
    paint = prompt.radius if prompt.kind in PAINTED else 0.0
    return max(0.0, min(_to_line(place, a, b) for a, b in lines) - paint)


def _to_line(place, a, b) -> float:
    (px, py), (ax, ay), (bx, by) = place, a, b
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = min(max(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length, 0.0), 1.0) if length else 0.0
    return math.dist(place, (ax + along * (bx - ax), ay + along * (by - ay)))


def corners(prompt):
    """Where a prompt can be taken hold of: its points; a box by all four corners."""
    points = prompt.points
    if prompt.kind != "box":
        return points
    (xa, ya), (xb, yb) = points
    return [(xa, ya), (xb, ya), (xb, yb), (xa, yb)]
