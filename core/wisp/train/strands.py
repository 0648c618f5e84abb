"""Hair and fur: where strands grow, how they bend, how they are painted. Coordinates are painted pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .painting import FULL, SUPERSAMPLING, Canvas, Points
from .palette import Palette, draw_colours


@dataclass(frozen=True)
class Strands:
    """N strands: roots N x 2, directions of length 1, lengths, lock numbers of N."""

    root: Points
    direction: Points
    length: NDArray[np.float64]
    lock: NDArray[np.int64]


def rooted(rng: np.random.Generator, contours: list[Points], count: int, reach: float, depth: float) -> Strands:
    """Strands that leave the contours outwards, combed together in locks. `reach`, `depth` in painted pixels."""
    contour = contours[rng.integers(len(contours))]
    if rng.random() < 0.5:  # a tuft instead of hair all around
        start, part = rng.integers(len(contour)), rng.uniform(0.15, 0.6)
        contour = np.roll(contour, -start, axis=0)[: max(3, int(part * len(contour)))]
    place = rng.integers(len(contour), size=count)
    tangent = np.roll(contour, -1, axis=0) - np.roll(contour, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    comb = rng.normal(size=2) * rng.uniform(0, 1.5)
    locks = int(rng.integers(6, 60))
    lock = place * locks // len(contour)
    lean = rng.normal(scale=rng.uniform(0.05, 0.6), size=(locks, 2))[lock]
    direction = normal[place] + comb + lean + rng.normal(scale=rng.uniform(0.03, 0.3), size=(count, 2))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
    root = contour[place] - normal[place] * (depth * rng.random(count) ** 1.5)[:, None]
    root = root + rng.normal(scale=SUPERSAMPLING, size=root.shape)
    length = reach * rng.uniform(0.4, 1.2, locks)[lock] * rng.uniform(0.5, 1.2, count)
    return Strands(root, direction, np.where(rng.random(count) < 0.05, 1.8, 1.0) * length, lock)


def curves(rng: np.random.Generator, strands: Strands, points: int = 14) -> Points:
    """N x `points` x 2: each lock waves and droops alike, each strand adds a little of its own."""
    s = np.linspace(0, 1, points)[None, :, None]
    locks = int(strands.lock.max()) + 1
    side = np.stack([-strands.direction[:, 1], strands.direction[:, 0]], axis=1)[:, None]

    def shared(scale: float, own: float) -> Points:
        values = rng.normal(scale=scale, size=locks)[strands.lock] + rng.normal(
            scale=scale * own, size=strands.lock.size
        )
        return np.asarray(values[:, None, None])

    own = rng.uniform(0.05, 1.0)
    curl, bow = shared(rng.gamma(1.2, 0.06), own), shared(rng.uniform(0.0, 0.5), own)
    turns = rng.uniform(0.5, 3.0) + shared(0.2, own)
    phase = shared(1.0, own)
    droop = np.array([0.0, rng.normal(scale=0.3)])
    wave = curl * np.minimum(s * 3, 1) * (np.sin(2 * np.pi * turns * s + phase) - np.sin(phase))
    path = s * strands.direction[:, None] + side * (bow * s**2 + wave) + droop * s**2
    return np.asarray(strands.root[:, None] + strands.length[:, None, None] * path)


def paint_strands(
    rng: np.random.Generator, canvas: Canvas, curves: Points, widths: NDArray[np.float64], colours: FloatImage
) -> None:
    """Strands as tapering lines in groups of one colour and width, group over group."""
    groups = min(len(colours), len(curves))
    order = rng.permutation(len(curves))
    shine, centre = rng.uniform(0, 0.5), rng.uniform(0.2, 0.8)
    parts = 3
    edges = np.linspace(0, curves.shape[1] - 1, parts + 1).round().astype(int)
    for group in range(groups):
        chosen = curves[order[group::groups]]
        for part in range(parts):
            taper = (1.0, 0.8, 0.5)[part]
            thickness = max(1, round(SUPERSAMPLING * widths[group] * taper))
            light = 1 + shine * (0.5 - abs((part + 0.5) / parts - centre))
            colour = np.clip(FULL * colours[group] * light, 0, FULL).round().tolist()
            lines = np.round(chosen[:, edges[part] : edges[part + 1] + 1] * 8).astype(np.int32)
            cv2.polylines(canvas, list(lines), False, (*colour, FULL), thickness, cv2.LINE_8, 3)


def strand_colours(rng: np.random.Generator, palette: Palette, surface: FloatImage, groups: int) -> FloatImage:
    """Hair of its own colour, or of the surface it grows from."""
    spread = rng.uniform(0.01, 0.12)
    if rng.random() < 0.5:
        pixels = surface.reshape(-1, 3)
        seen = pixels[rng.integers(len(pixels), size=groups)]
        return np.clip(seen + rng.normal(scale=spread, size=(groups, 1)), 0, 1).astype(np.float32)
    some = palette[rng.integers(len(palette), size=int(rng.integers(1, 3)))]
    return draw_colours(rng, some, groups, spread)


def widths(rng: np.random.Generator, groups: int) -> NDArray[np.float64]:
    """Widths in pixels, 0.25 to 3, mostly thin: most hairs cover a part of a pixel only."""
    typical = np.exp(rng.uniform(np.log(0.25), np.log(1.8)))
    return np.asarray(np.clip(typical * np.exp(rng.normal(scale=0.3, size=groups)), 0.25, 3.0))
