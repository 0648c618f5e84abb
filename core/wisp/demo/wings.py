"""The creature's wings: clear membranes in a net of veins, as flat pictures that turn in space."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .pose import Pose

FloatImage = NDArray[np.float32]

#: Root on the body, length, width, angle above the horizon, lag behind the wing before it. Body radii and radians.
_PAIRS = (
    ((0.45, 0.15, -0.30), 1.30, 0.66, -0.30, 0.9),
    ((0.45, -0.22, -0.30), 1.85, 0.84, 0.50, 0.0),
)


@lru_cache(maxsize=4)
def membrane(seed: int, length: int) -> FloatImage:
    """One wing lying along x, premultiplied RGBA, about `length` x `length` / 2 pixels; the root is at the left."""
    rng = np.random.default_rng([seed, 2])
    height, width = length // 2, length
    u, v = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height * 2 - 1)
    # A drop: narrow at the root, widest at two thirds, the leading edge (v < 0) straighter than the trailing one.
    reach = np.sin(np.pi * np.clip(u, 0, 1) ** 1.35) ** 0.75
    edge = np.where(v < 0, 0.62 * reach, 0.95 * reach)
    inside = np.clip((edge - np.abs(v)) * height / 2, 0, 1)

    cells = rng.uniform(-1, 1, (150, 2)) * [0.5, 1.0] + [0.5, 0.0]
    apart = np.hypot((u[..., None] - cells[:, 0]) * 2.0, (v[..., None] - cells[:, 1]) * 1.0)
    apart.partition(1, axis=-1)
    net = np.exp(-(((apart[..., 1] - apart[..., 0]) / 0.016) ** 2))
    spokes = np.zeros_like(u)
    for slope in (-0.55, -0.22, 0.12, 0.48, 0.85):
        line = slope * reach * np.minimum(1.0, u * 1.9)
        spokes = np.maximum(spokes, np.exp(-(((v - line) / 0.020) ** 2)))
    outline = np.exp(-(((edge - np.abs(v)) / 0.035) ** 2)) * np.where(v < 0, 1.0, 0.6)
    veins = np.clip(0.50 * net + 0.85 * spokes + 0.95 * outline, 0, 1)

    film = 0.5 + 0.5 * np.sin(5.5 * u + 2.4 * v + np.array([0.0, 2.1, 4.2])[:, None, None])
    clear = np.stack([0.50 + 0.35 * film[0], 0.62 + 0.25 * film[1], 0.70 + 0.25 * film[2]], axis=-1)
    alpha = (0.20 + 0.14 * u) * (1 - veins) + 0.80 * veins
    colour = clear * (1.15 - 0.25 * u)[..., None] * (1 - veins)[..., None]
    colour = colour + np.array([0.62, 0.42, 0.20]) * (0.35 + 0.65 * u)[..., None] * veins[..., None]
    alpha = alpha * inside
    return np.dstack([colour * alpha[..., None], alpha]).astype(np.float32)


def draw(pose: Pose, size: int, shift: NDArray[np.float64], seed: int) -> FloatImage:
    """All four wings in a square picture around the body, far ones first. Premultiplied linear RGBA.

    `shift` is the body centre's offset in plate pixels from the middle of the picture.
    """
    picture = np.zeros((size, size, 4), np.float32)
    rotation = pose.rotation
    for root, length, width, elevation, lag in _PAIRS:
        texture = membrane(seed, max(16, round(1.4 * length * pose.radius)))
        h, w = texture.shape[:2]
        for side in (-1.0, 1.0):
            sweep = 0.30 + 0.52 * np.sin(pose.flap - lag)
            lift = elevation + 0.20 * np.sin(pose.flap - lag + 0.9)
            along = np.array([side * np.cos(sweep) * np.cos(lift), -np.sin(lift), -np.sin(sweep) * np.cos(lift)])
            across = np.array([side * np.sin(lift) * np.cos(sweep), np.cos(lift), -np.sin(sweep) * np.sin(lift)])
            middle = size / 2 + shift
            start = (rotation @ (np.array(root) * [side, 1, 1]))[:2] * pose.radius + middle
            x_axis = (rotation @ along)[:2] * length * pose.radius / w
            y_axis = (rotation @ across)[:2] * width * pose.radius / h
            origin = start - y_axis * h / 2
            # Pixel centres lie at +0.5 in both pictures.
            matrix = np.column_stack([x_axis, y_axis, origin + 0.5 * (x_axis + y_axis) - 0.5])
            wing = cv2.warpAffine(texture, matrix, (size, size), flags=cv2.INTER_LINEAR)
            picture = wing + (1 - wing[..., 3:]) * picture
    return picture
