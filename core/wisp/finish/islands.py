"""Holes and specks: small islands of a matte that hang on nothing. Hair is left alone, because it hangs together."""

from __future__ import annotations

import cv2
import numpy as np

from ..plates.clip import FloatImage

#: Alpha above this holds an island to its neighbour: so faint a thread still makes a strand part of the head.
_THREAD = 0.02


def remove_specks(alpha: FloatImage, diameter: float) -> FloatImage:
    """`alpha` (float32, height x width, 0..1) without islands of at most `diameter` pixels; 0 removes none.

    An island is an 8-connected region of alpha above 0.02, measured by the longer side of the rectangle around it.
    What touches the picture's border may be larger than it shows and stays. Pixels below 0.02 stay as they are,
    but for those that an island leaves behind around itself.
    """
    if diameter <= 0:
        return alpha
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > _THREAD).astype(np.uint8), connectivity=8)
    left, top, width, height = stats[:, 0], stats[:, 1], stats[:, 2], stats[:, 3]
    whole = (left > 0) & (top > 0) & (left + width < alpha.shape[1]) & (top + height < alpha.shape[0])
    small = whole & (np.maximum(width, height) <= diameter)
    small[0] = False  # the background
    if count <= 1 or not small.any():
        return alpha
    islands = small[labels]
    # The faint rim of an island goes with it, unless it is the rim of something that stays as well.
    kernel = np.ones((3, 3), np.uint8)
    staying = cv2.dilate(((labels > 0) & ~islands).astype(np.uint8), kernel).astype(bool)
    gone = cv2.dilate(islands.astype(np.uint8), kernel).astype(bool) & ~staying
    return np.where(gone, np.float32(0.0), alpha)


def fill_holes(alpha: FloatImage, diameter: float) -> FloatImage:
    """`alpha` with holes of at most `diameter` pixels filled: `remove_specks` of what the object leaves free.

    Only what is enclosed by full alpha on all sides is a hole; the gaps between strands of hair, whose
    borders are soft, are none.
    """
    return alpha if diameter <= 0 else 1.0 - remove_specks(1.0 - alpha, diameter)
