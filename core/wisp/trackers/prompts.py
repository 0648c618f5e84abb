"""What prompts cover on a pixel grid of any size that spans the picture edge to edge.

A grid is given by its (width, height); the picture by its own. Grid pixel (i, j) stands for the picture's
point ((i + 0.5) * width / grid_width, (j + 0.5) * height / grid_height), so that strokes keep their exact shape
on every grid, also when its aspect ratio is a rounding away from the picture's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from .tracker import FramePrompts

Size = tuple[int, int]
Mask = NDArray[np.bool_]
Stroke = tuple[NDArray[np.float32], float, bool]


def clip_box(box: Sequence[float], picture: Size) -> tuple[float, float, float, float]:
    """The part of an (x0, y0, x1, y1) box that lies in the picture (may be empty where it lies outside)."""
    width, height = picture
    x0, y0, x1, y1 = box
    return min(max(x0, 0.0), width), min(max(y0, 0.0), height), min(max(x1, 0.0), width), min(max(y1, 0.0), height)


def to_grid(points: NDArray[np.float32], picture: Size, grid: Size) -> NDArray[np.float32]:
    """Points n x 2 of the picture in coordinates of the grid (pixel edges at integers in both)."""
    scale = np.array([grid[0] / picture[0], grid[1] / picture[1]], np.float32)
    return np.asarray(points, np.float32).reshape(-1, 2) * scale


def point_pixels(points: NDArray[np.float32], picture: Size, grid: Size) -> NDArray[np.int64]:
    """The grid pixel (column, row) under each point, n x 2; points beyond the border take the border's pixel."""
    pixels = np.floor(to_grid(points, picture, grid)).astype(np.int64)
    return np.clip(pixels, 0, np.array([grid[0] - 1, grid[1] - 1]))


def stroke_mask(polyline: NDArray[np.float32], radius: float, picture: Size, grid: Size) -> Mask:
    """Bool mask grid_height x grid_width of the pixels that a painted line covers.

    A pixel is covered when its centre lies within `radius` (picture pixels) of the polyline. On a grid too coarse
    for that radius, the radius is taken as half a grid pixel's diagonal: a stroke never falls between the pixels.
    """
    width, height = grid
    step = np.array([picture[0] / width, picture[1] / height], np.float64)
    reach = max(float(radius), 0.5 * float(np.hypot(*step)))
    line = np.asarray(polyline, np.float64).reshape(-1, 2)
    covered = np.zeros((height, width), bool)
    for a, b in zip(line, line[1:] if len(line) > 1 else line, strict=False):
        # Only the segment's own rectangle is looked at, so that long strokes stay cheap on big pictures.
        low = np.floor((np.minimum(a, b) - reach) / step).astype(int)
        high = np.ceil((np.maximum(a, b) + reach) / step).astype(int)
        x0, y0 = np.maximum(low, 0)
        x1, y1 = np.minimum(high, (width, height))
        if x0 >= x1 or y0 >= y1:
            continue
        x = (np.arange(x0, x1) + 0.5) * step[0] - a[0]
        y = ((np.arange(y0, y1) + 0.5) * step[1] - a[1])[:, None]
        along = b - a
        length2 = float(along @ along)
        t = np.clip((x * along[0] + y * along[1]) / length2, 0.0, 1.0) if length2 > 0 else np.zeros((y1 - y0, x1 - x0))
        covered[y0:y1, x0:x1] |= (x - t * along[0]) ** 2 + (y - t * along[1]) ** 2 <= reach**2
    return covered


def stroke_labels(strokes: Iterable[Stroke], picture: Size, grid: Size) -> NDArray[np.int8]:
    """What was painted on the grid: 1 keep, -1 remove, 0 untouched. A later stroke covers an earlier one."""
    labels = np.zeros((grid[1], grid[0]), np.int8)
    for polyline, radius, include in strokes:
        labels[stroke_mask(polyline, radius, picture, grid)] = 1 if include else -1
    return labels


def seeds(prompts: FramePrompts, picture: Size, grid: Size) -> NDArray[np.int8]:
    """All that strokes and points say for certain: 1 inside, -1 outside, 0 nothing said.

    A point speaks for the one pixel under it, and is heard over strokes: it is the more precise statement.
    """
    labels = stroke_labels(prompts.strokes, picture, grid)
    for (column, row), label in zip(point_pixels(prompts.points, picture, grid), prompts.labels, strict=True):
        labels[row, column] = 1 if label else -1
    return labels


def shrink_mask(mask: Mask, grid: Size) -> NDArray[np.float32]:
    """The share 0..1 of each grid pixel that a full-resolution mask covers."""
    share: NDArray[np.float32] = cv2.resize(mask.astype(np.float32), grid, interpolation=cv2.INTER_AREA)
    return share
