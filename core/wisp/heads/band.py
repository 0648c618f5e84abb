"""Where alpha is not yet known: masks from logits, distance to the mask's edge, band, trimap, tiles."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from ..plates.plate import Window

Mask = NDArray[np.bool_]

#: Logits beyond this say the same: a saturated mask. Without the limit one very sure cell would push the
#: interpolated edge far into its unsure neighbour.
SURE = 8.0


def mask_from_logits(logits: NDArray[np.float32], width: int, height: int) -> Mask:
    """The mask at picture size: bool, height x width, True inside (logit > 0).

    `logits`: h x w of any size, covering the picture edge to edge. They are interpolated before the
    threshold, so that the edge of a soft mask falls between grid points; steps of the grid itself
    (a binary mask given as logits) are rounded off by a blur of half a grid cell.
    """
    soft = np.clip(np.nan_to_num(logits, nan=-SURE), -SURE, SURE).astype(np.float32)
    h, w = soft.shape
    if (h, w) == (height, width):
        return soft > 0
    if h > height or w > width:
        soft = cv2.resize(soft, (min(w, width), min(h, height)), interpolation=cv2.INTER_AREA)
        h, w = soft.shape
    soft = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    cell_x, cell_y = width / w, height / h
    if max(cell_x, cell_y) >= 1.5:
        soft = cv2.GaussianBlur(soft, (0, 0), cell_x / 2, sigmaY=cell_y / 2, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft > 0)


def logits_of(mask: Mask) -> NDArray[np.float32]:
    """A mask that leaves no doubt, H x W, as logits."""
    return np.where(mask, np.float32(SURE), np.float32(-SURE))


def signed_distance(mask: Mask) -> FloatImage:
    """Distance of every pixel's centre to the mask's edge in pixels, positive inside: H x W float32.

    The edge runs between pixels, so no pixel has distance 0. Infinite where the picture has no edge.
    """
    if not mask.any():
        return np.full(mask.shape, -np.inf, np.float32)
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    inside = mask.astype(np.uint8)
    to_outside = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    to_inside = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    distance: FloatImage = np.where(mask, to_outside - 0.5, 0.5 - to_inside)
    return distance


def unknown_region(mask: Mask, width: float) -> Mask:
    """Pixels whose centre lies within `width` pixels of the mask's edge, on both sides."""
    return np.abs(signed_distance(mask)) <= width


def trimap(mask: Mask, width: float) -> FloatImage:
    """1 surely inside, 0 surely outside, 0.5 within `width` pixels of the mask's edge: H x W float32."""
    return np.where(unknown_region(mask, width), np.float32(0.5), mask.astype(np.float32))


def tiles(region: Mask, size: int) -> Iterator[Window]:
    """Windows of a fixed grid of `size` pixels that hold any pixel of `region`, cut to what they hold.

    Together they cover the region exactly once, so work on them never touches the rest of the picture.
    """
    height, width = region.shape
    for top in range(0, height, size):
        for left in range(0, width, size):
            part = region[top : top + size, left : left + size]
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if rows.size:
                yield Window(
                    left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1
                )


def grow(window: Window, margin: int, width: int, height: int) -> Window:
    """`window` with `margin` more pixels on every side, cut to the picture."""
    return Window(
        max(window.x0 - margin, 0),
        max(window.y0 - margin, 0),
        min(window.x1 + margin, width),
        min(window.y1 + margin, height),
    )
