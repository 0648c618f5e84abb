"""The edge of one object's matte: grow, soften, levels, gamma."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..plates.clip import FloatImage
from ..shot import Edge


def finish_edge(alpha: FloatImage, edge: Edge) -> FloatImage:
    """Alpha (float32, height x width, 0..1) with the edge settings applied; the default settings change nothing.

    Order: grow, soften, black and white point, gamma: the shape first, then its values.
    """
    result = _grow(alpha, edge.grow)
    if edge.soften > 0:
        # The settings speak of the width of the soft border; a Gaussian's 5-95 % width is about 3.3 sigma.
        result = cv2.GaussianBlur(result, (0, 0), edge.soften / 3.3, borderType=cv2.BORDER_REPLICATE)
    if (edge.black, edge.white) != (0.0, 1.0):
        result = np.clip((result - edge.black) / (edge.white - edge.black), 0.0, 1.0)
    if edge.gamma != 1.0:
        result = result ** (1.0 / edge.gamma)
    return np.asarray(result, np.float32)


def _grow(alpha: FloatImage, radius: float) -> FloatImage:
    """Grey dilation (or erosion for a negative radius) by a disk; fractions of a pixel by mixing two radii."""
    if radius == 0:
        return alpha
    morph = cv2.dilate if radius > 0 else cv2.erode
    whole = math.floor(abs(radius))
    share = abs(radius) - whole
    inner = np.asarray(morph(alpha, _disk(whole)) if whole else alpha, np.float32)
    if share == 0:
        return inner
    return np.asarray((1 - share) * inner + share * morph(alpha, _disk(whole + 1)), np.float32)


def _disk(radius: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    span = np.arange(-radius, radius + 1)
    return (span[:, None] ** 2 + span[None, :] ** 2 <= (radius + 0.25) ** 2).astype(np.uint8)
