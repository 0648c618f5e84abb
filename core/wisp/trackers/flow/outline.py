"""Masks on the working grid and their signed distances."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Plane

#: Signed distances end here (grid pixels): farther from the outline a mask says nothing more.
FAR = 16.0

Region = tuple[slice, slice]


def signed_distance(inside: Plane) -> Plane:
    """Distance to the outline (where `inside` is 0.5) in grid pixels, h x w, positive inside, -FAR..FAR."""
    mask = (inside > 0.5).astype(np.uint8)
    if not mask.any():
        return np.full(inside.shape, -FAR, np.float32)
    if mask.all():
        return np.full(inside.shape, FAR, np.float32)
    # Distances are to the nearest pixel of the other side, whose centre lies half a pixel beyond the outline.
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5) - 0.5 * mask
    distance -= cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_5) - 0.5 * (1 - mask)
    clipped: Plane = np.clip(distance, -FAR, FAR).astype(np.float32)
    return clipped


def region_around(mask: NDArray[np.bool_], share: float, at_least: float) -> Region | None:
    """Rows and columns of the mask's rectangle, grown on every side by `share` of its longer side; None if empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    margin = int(max(at_least, share * max(y1 - y0, x1 - x0)))
    height, width = mask.shape
    return (
        slice(max(0, y0 - margin), min(height, y1 + margin)),
        slice(max(0, x0 - margin), min(width, x1 + margin)),
    )


def keep_components(inside: Plane, expected: NDArray[np.bool_], share: float) -> Plane:
    """`inside` without the parts of which less than `share` was expected."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((inside > 0.5).astype(np.uint8), connectivity=8)
    hits = np.bincount(labels[expected], minlength=count)
    known = hits > share * stats[:, cv2.CC_STAT_AREA]
    known[0] = True
    kept: Plane = np.where(known[labels], inside, np.float32(0.0))
    return kept
