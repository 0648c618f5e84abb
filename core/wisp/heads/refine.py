"""A matte at a network's size brought to plate resolution, following the plate's own detail."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .band import Mask, grow, tiles
from .guided_filter import affine_models, box_mean

#: Half window of the colour models, in pixels of the small matte: the tightest one that can see a colour line.
_RADIUS = 1
#: Ridge of the models: a floor for pictures without noise, and what each unit of the plate's noise variance adds.
_EPS = 1e-5
_EPS_PER_NOISE = 8.0
#: Side of a tile in pixels of the small matte, and about so many rows of the picture tell of its noise.
_TILE, _ROWS = 128, 256
#: A quarter of normally distributed values lie within this many standard deviations.
_NORMAL_QUARTILE = 0.3186
#: Rounds of making the result agree with the small matte. Three bring it within 1 % of what more of them reach.
_ROUNDS = 3


def refine_alpha(
    alpha_low: FloatImage, image_high: FloatImage, unknown_low: NDArray[np.bool_] | None = None
) -> FloatImage:
    """`alpha_low` at the size of `image_high`: H x W float32 in 0..1.

    `alpha_low`: h x w float32 in 0..1, covering the picture edge to edge; the two axes may be scaled
    differently. `image_high`: H x W x 3 float32, display-referred RGB in 0..1. `unknown_low`: h x w, where
    detail may be added; None takes the places where `alpha_low` varies. Elsewhere the result is the
    bilinear enlargement.

    Local affine colour models fitted at the small size (He, Sun, "Fast Guided Filter", 2015) turn only the
    detail that the small picture lacks into alpha; what the enlargement knows stays. Then the difference
    between the small matte and the shrunk result is added back (iterative back-projection: Irani, Peleg,
    "Improving Resolution by Image Registration", 1991), so that every cell keeps the coverage it was given.
    """
    height, width = image_high.shape[:2]
    low = np.clip(np.asarray(alpha_low, np.float32), 0, 1)
    h, w = low.shape
    small, large = (w, h), (width, height)
    enlarged = _resize(low, large)
    if h >= height and w >= width:
        return enlarged
    unknown = _varying(low) if unknown_low is None else np.asarray(unknown_low, bool)
    if not unknown.any():
        return enlarged
    image_low = _resize(image_high, small)
    detail = image_high - _resize(image_low, large)
    alpha = enlarged.copy()
    models = _models(image_low, low, unknown, _EPS + _EPS_PER_NOISE * _noise(image_high))
    for model, channel in zip(models, cv2.split(detail), strict=True):
        alpha += _resize(model, large) * channel
    np.clip(alpha, 0, 1, out=alpha)
    inside = unknown.astype(np.float32)
    for _ in range(_ROUNDS):
        alpha += _resize(inside * (low - _resize(alpha, small)), large)
        np.clip(alpha, 0, 1, out=alpha)
    return alpha


def _models(image: FloatImage, alpha: FloatImage, unknown: Mask, eps: float) -> FloatImage:
    """What red, green and blue are worth in alpha, 3 x h x w, tile by tile where it is `unknown`. Elsewhere 0: strays
    of the models' noise would survive as speckles on a clean matte."""
    height, width = alpha.shape
    found = np.zeros((3, height, width), np.float32)
    for tile in tiles(unknown, _TILE):
        around = grow(tile, 2 * _RADIUS, width, height)
        at = (slice(around.y0, around.y1), slice(around.x0, around.x1))
        inner = (slice(tile.y0, tile.y1), slice(tile.x0, tile.x1))
        for plane, model in zip(found, affine_models(image[at], alpha[at], _RADIUS, eps=eps)[:3], strict=True):
            part = box_mean(model, _RADIUS)[tile.y0 - around.y0 :, tile.x0 - around.x0 :][: tile.height, : tile.width]
            np.copyto(plane[inner], part, where=unknown[inner])
    return found


def _varying(alpha: FloatImage) -> Mask:
    """Pixels whose 3 x 3 neighbourhood does not agree to within one 8-bit code value."""
    kernel = np.ones((3, 3), np.uint8)
    varying: Mask = cv2.dilate(alpha, kernel) - cv2.erode(alpha, kernel) > 1 / 255
    return varying


def _noise(image: FloatImage) -> float:
    """Variance of the plate's noise, from its smoothest quarter.

    The mask of Immerkaer, "Fast Noise Variance Estimation", 1996, blind to flat areas, ramps and straight
    edges, with a quantile for its mean: texture would otherwise pass for noise.
    """
    second = np.array([1, -2, 1], np.float32)
    response = cv2.sepFilter2D(np.ascontiguousarray(image[..., 1]), -1, second, second) / 6
    some = np.abs(response[:: 1 + response.shape[0] // _ROWS])
    return float((np.quantile(some, 0.25) / _NORMAL_QUARTILE) ** 2)


def _resize(picture: FloatImage, size: tuple[int, int]) -> FloatImage:
    """Mean over each new pixel's area when shrinking, bilinear when enlarging, each axis by itself."""
    width, height = size
    shrunk: FloatImage = picture
    if width < picture.shape[1] or height < picture.shape[0]:
        least = (min(width, picture.shape[1]), min(height, picture.shape[0]))
        shrunk = cv2.resize(shrunk, least, interpolation=cv2.INTER_AREA)
    if shrunk.shape[:2] != (height, width):
        shrunk = cv2.resize(shrunk, size, interpolation=cv2.INTER_LINEAR)
    return shrunk
