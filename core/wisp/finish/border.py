"""The picture's border, where models see only half of what they need."""

from __future__ import annotations

import cv2
import numpy as np

from ..plates.clip import FloatImage


def extend_to_border(alpha: FloatImage, pixels: int) -> FloatImage:
    """`alpha` (float32, height x width) with its outermost `pixels` replaced by the nearest ones inside of them.

    At least one pixel in the middle is always kept. 0 changes nothing.
    """
    height, width = alpha.shape
    rows, columns = min(pixels, (height - 1) // 2), min(pixels, (width - 1) // 2)
    if rows <= 0 and columns <= 0:
        return alpha
    inner = np.ascontiguousarray(alpha[rows : height - rows, columns : width - columns])
    return np.asarray(cv2.copyMakeBorder(inner, rows, rows, columns, columns, cv2.BORDER_REPLICATE), np.float32)
