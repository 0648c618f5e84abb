"""Boxes as detectors find them, many around one thing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Boxes that share more of their area than this (intersection over union) are taken for one thing.
SAME_THING = 0.7


def distinct(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Rows of `boxes` (corners), best score first, without empty ones and without those that lie on a better one."""
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    areas = widths * heights
    kept: list[int] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        if widths[row] <= 0 or heights[row] <= 0:
            continue
        low = np.maximum(boxes[kept, :2], boxes[row, :2])
        high = np.minimum(boxes[kept, 2:], boxes[row, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        if not (shared > SAME_THING * (areas[kept] + areas[row] - shared)).any():
            kept.append(row)
    return kept
