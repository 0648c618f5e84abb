"""Finding a lost object again by its picture on the keyframe."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Plane
from ...motion.footage import View
from .outline import region_around

#: A place is believed at this correlation, and only if no place away from it comes within `_AMBIGUOUS` of it.
_FOUND, _AMBIGUOUS = 0.75, 0.08
#: Smaller objects than this (grid pixels) look like anything.
_SMALLEST = 60


def find_again(known: View, inside: Plane, view: View) -> NDArray[np.float32] | None:
    """The (x, y) shift from a pixel of `view` to the object in `known`, or None where it is not surely there.

    Correlates the colours under the mask, freed of their mean, over the whole picture (size is taken as unchanged).
    """
    region = region_around(inside > 0.5, 0.0, 0)
    if region is None or (inside > 0.5).sum() < _SMALLEST:
        return None
    mask = (inside[region] > 0.5).astype(np.float32)
    score = cv2.matchTemplate(
        view.lab, np.ascontiguousarray(known.lab[region]), cv2.TM_CCOEFF_NORMED, mask=cv2.merge([mask] * 3)
    )
    score = np.nan_to_num(score, nan=-1.0, posinf=-1.0, neginf=-1.0)
    _, best, _, (x, y) = cv2.minMaxLoc(score)
    if best < _FOUND:
        return None
    height, width = mask.shape
    elsewhere = score.copy()
    elsewhere[max(0, y - height // 2) : y + height // 2 + 1, max(0, x - width // 2) : x + width // 2 + 1] = -1.0
    if elsewhere.max() > best - _AMBIGUOUS:
        return None
    return np.array([region[1].start - x, region[0].start - y], np.float32)
