"""From the decoder's three alphas to one: each resolution speaks where the coarser one is unsure.

Li, Jain, Shi, "Matting Anything", 2023, section 3.3; after Yu et al., "Mask Guided Matting", CVPR 2021.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ...plates.clip import FloatImage

Mask = NDArray[np.bool_]

#: Where the coarse alpha comes from. `mask`: the mask, softened outwards (several objects, busy pictures);
#: `alpha`: the network inside the mask's bounding box (one subject); `plain`: the network everywhere.
Guidance = Literal["mask", "alpha", "plain"]

#: Diameters in pixels of the picture of the neighbourhoods in which stride 8, 4 and 1 may speak.
_REACH8, _REACH4, _REACH1 = 5, 10, 5
#: What 8 bits can tell from 0 and from 1.
_LEAST, _MOST = np.float32(1 / 255), np.float32(1 - 1 / 255)


def merge(mask: Mask, os8: FloatImage, os4: FloatImage, os1: FloatImage, guidance: Guidance) -> FloatImage:
    """Alpha H x W float32 in 0..1. `mask`: H x W bool; `os8`, `os4`, `os1`: H x W float32 in 0..1, stride 8 to 1.

    An empty mask gives zeros.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    alpha = base(mask, os8, guidance)
    for finer, reach in ((os4, _REACH4), (os1, _REACH1)):
        alpha = np.where(unsure(alpha, reach), finer, alpha)
    return alpha


def base(mask: Mask, os8: FloatImage, guidance: Guidance) -> FloatImage:
    """The coarse alpha that the finer ones are put into. `mask` is not empty."""
    if guidance == "plain":
        return os8
    alpha: FloatImage = mask.astype(np.float32)
    if guidance == "mask":
        return np.where(outer_rim(mask), os8, alpha)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    # The published code leaves the last row and column of the box to the mask.
    inside = (slice(rows[0], rows[-1]), slice(columns[0], columns[-1]))
    alpha[inside] = os8[inside]
    return alpha


def outer_rim(mask: Mask) -> Mask:
    """The background next to the mask."""
    background = (~mask).astype(np.uint8)
    return np.asarray(background != cv2.erode(background, _ellipse(_REACH8)))


def unsure(alpha: FloatImage, reach: int) -> Mask:
    """Pixels within `reach` (a diameter) of any cover that are not fully covered themselves."""
    covered = (alpha >= _LEAST).astype(np.uint8)
    return np.asarray((cv2.dilate(covered, _ellipse(reach)) > 0) & (alpha <= _MOST))


def _ellipse(diameter: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter)), np.uint8)
