"""Masks on the working grid and their signed distances."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Plane

#: Signed distances end here (grid pixels): farther from the outline a mask says nothing more.
FAR = 16.0


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


def keep_components(inside: Plane, expected: NDArray[np.bool_], share: float) -> Plane:
    """`inside` without the parts of which less than `share` was expected."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((inside > 0.5).astype(np.uint8), connectivity=8)
    hits = np.bincount(labels[expected], minlength=count)
    known = hits > share * stats[:, cv2.CC_STAT_AREA]
    known[0] = True
    kept: Plane = np.where(known[labels], inside, np.float32(0.0))
    return kept
