"""The canvas that subjects are painted on, and shapes without strands. Coordinates are painted pixels.

Everything is painted four times too large and without antialiasing, then averaged, so that colour and coverage of a
pixel agree exactly.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

#: Painted pixels per pixel, along each axis.
SUPERSAMPLING = 4
#: What stands for 1 in colour, alpha and masks.
FULL = 255

#: ... x 2: x and y.
Points = NDArray[np.float64]
#: H x W x 4: colour and alpha.
Canvas = NDArray[np.uint8]


def outline(rng: np.random.Generator, side: int) -> Points:
    """A closed contour, round, lobed or bony, around a centre near the middle or beyond the border."""
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    radius = np.ones_like(turn)
    rough = rng.uniform(0.05, 0.45)
    for wave in range(1, 14):
        radius += rough * rng.normal() / wave**1.3 * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    scale = side * rng.uniform(0.14, 0.5)
    squeeze = rng.uniform(0.5, 1.0)
    centre = rng.uniform(0.1, 0.9, 2) * side
    around = np.stack([np.cos(turn), squeeze * np.sin(turn)], axis=1) * np.maximum(radius, 0.15)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(centre + scale * around @ rotation.T)


def corners(rng: np.random.Generator, side: int) -> Points:
    """A polygon with straight edges."""
    turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
    radius = side * rng.uniform(0.15, 0.5) * rng.uniform(0.5, 1.3, turn.size)
    return np.asarray(rng.uniform(0.2, 0.8, 2) * side + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1))


def fill(canvas: Canvas, surface: FloatImage, mask: NDArray[np.uint8]) -> None:
    """Paint `surface` (at picture size) where `mask` (at painted size) is set."""
    painted = cv2.resize(surface, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    inside = mask > 0
    canvas[..., :3][inside] = np.round(FULL * painted[inside])
    canvas[..., 3][inside] = FULL


def spline(knots: Points, points: int) -> Points:
    """N x K x 2 knots as smooth N x `points` x 2 curves (uniform Catmull-Rom through all knots)."""
    padded = np.concatenate([2 * knots[:, :1] - knots[:, 1:2], knots, 2 * knots[:, -1:] - knots[:, -2:-1]], axis=1)
    place = np.linspace(0, knots.shape[1] - 1 - 1e-6, points)
    first = place.astype(int)
    t = (place - first)[None, :, None]
    p0, p1, p2, p3 = (padded[:, first + k] for k in range(4))
    return np.asarray(
        0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    )
