"""How far a matte is to be believed, pixel by pixel: by the error that picture, mask and alpha lead one to expect.

No network is asked. Signs are that alpha is soft, that colours which explain alpha around do not explain it here, and
that alpha left the mask, the more so where it left it all around. How much each of these counts was fitted once, on
composites whose alpha is known (see `wisp.bench.confidence_fit`). What the tracker is not sure of comes on top: an
object that it misses is no matter of edges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage, resize
from .band import Mask
from .guided_filter import affine_models, box_mean

#: Raise when the same matte gets another confidence.
SCHEMA = 7
#: Side in pixels of the cells on which everything is worked out that looks further than a pixel.
CELL = 4
#: Half windows in cells: of the colour model, and twice over of the means around a place.
_MODEL_RADIUS = 10
_AROUND = 5
#: How far the tracker's doubt in a place reaches at most, as a part of the longer side: beyond that something sure is
#: near. Then how its doubt falls with its logits; fitted on six clips with true masks and the embedded tracker.
_REACH = 1 / 120
_HALFWAY, _STEEPNESS = 0.525, 2.5


class Weights(NamedTuple):
    """What each sign adds to the expected absolute error of alpha. All signs are in 0..1.

    `softness`: 4 alpha (1 - alpha) of the pixel · `around`: the same, mean of the neighbourhood · `moved`: how far
    alpha is from the mask · `unexplained`: softness times how far alpha is from the neighbourhood's colour model ·
    `astray`: how far it is from both, the mask's mean over the neighbourhood.
    """

    softness: float
    around: float
    moved: float
    unexplained: float
    astray: float


#: By head, fitted by `wisp.bench.confidence_fit`; heads that are not named have those of these two together.
WEIGHTS: Mapping[str, Weights] = {
    "embedded": Weights(0.094, 0.033, 0.069, 0.128, 0.569),
    "guided": Weights(0.071, 0.057, 0.340, 0.230, 1.303),
}
OTHERS = Weights(0.089, 0.048, 0.172, 0.180, 0.868)


def matte_confidence(
    image: FloatImage, alpha: FloatImage, mask: Mask | None, doubt: FloatImage | None = None, head: str = ""
) -> FloatImage:
    """1 minus the expected absolute error of alpha: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `alpha`: H x W, 0..1. `mask`: H x W, what the head was
    given; None where it is not kept: then it is taken to be where alpha is above one half. `doubt`: H x W, see
    `tracker_doubt`; None where a person gave the mask. `head`: its id, as in `WEIGHTS`.
    """
    error = expected_error(image, alpha, alpha > 0.5 if mask is None else mask, WEIGHTS.get(head, OTHERS))
    right = 1 - error
    return right if doubt is None else np.asarray(right * (1 - doubt), np.float32)


def tracker_doubt(logits: NDArray[np.float32]) -> FloatImage:
    """The share of pixels like this one that the tracker has on the wrong side: h x w float32 in 0..1/2.

    `logits`: h x w, > 0 inside. What counts is the surest logit within reach, against what the tracker mostly is sure
    with: where an outline parts two sure sides there is nothing to doubt but the outline, which is the head's matter.
    """
    sure = np.abs(logits)
    mostly = max(float(np.median(sure)), 1e-6)
    reach = 2 * max(1, round(_REACH * max(logits.shape))) + 1
    share = cv2.dilate(sure, np.ones((reach, reach), np.uint8)) / (_HALFWAY * mostly)
    doubt = np.maximum(np.exp(-(share**_STEEPNESS)) - math.exp(-(_HALFWAY**-_STEEPNESS)), 0)
    return np.asarray(0.5 * doubt, np.float32)


def expected_error(image: FloatImage, alpha: FloatImage, mask: Mask, weights: Weights) -> FloatImage:
    """The absolute error of alpha to be expected of a head that was given `mask`: H x W float32 in 0..1."""
    softness, cells = signs(image, alpha, mask)
    height, width = alpha.shape
    smooth = weights.around * cells["around"] + weights.moved * cells["moved"] + weights.astray * cells["astray"]
    steep = weights.softness + weights.unexplained * cells["unexplained"]
    error = resize(smooth, (width, height)) + softness * resize(steep, (width, height))
    return np.asarray(np.clip(error, 0, 1), np.float32)


def signs(image: FloatImage, alpha: FloatImage, mask: Mask) -> tuple[FloatImage, dict[str, FloatImage]]:
    """What an error is expected by: the softness of every pixel, and the others by name (see `Weights`) on cells.

    `unexplained` is still to be multiplied by the pixel's softness.
    """
    height, width = alpha.shape
    size = (max(1, width // CELL), max(1, height // CELL))
    softness = np.asarray(4 * alpha * (1 - alpha), np.float32)
    small, coarse, soft, inside = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        for plane in (image, alpha, softness, mask.astype(np.float32))
    )
    belief = (2 * coarse - 1) ** 2 + np.float32(0.02)
    models = affine_models(small, coarse, _MODEL_RADIUS, belief)
    red, green, blue, level = (box_mean(model, _MODEL_RADIUS // 2) for model in models)
    channels = cv2.split(small)
    explained = np.clip(red * channels[0] + green * channels[1] + blue * channels[2] + level, 0, 1)
    off, moved = np.abs(explained - coarse), np.abs(coarse - inside)
    cells = {"around": _mean(soft), "moved": moved, "unexplained": off, "astray": off * _mean(moved)}
    return softness, cells


def _mean(plane: FloatImage) -> FloatImage:
    return box_mean(box_mean(plane, _AROUND), _AROUND)
