"""The colour guided filter: alpha as a local affine function of colour, fitted window by window."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

#: Variance (of colours in 0..1) below which a window counts as flat: noise of one 8-bit code value lies far below it.
FLAT = 1e-4

_TINY = np.float32(1e-6)


def box_mean(plane: FloatImage, radius: int) -> FloatImage:
    """Mean over the (2 radius + 1) square window of every pixel, mirrored at the picture's border.

    `plane`: H x W float32 with any number of channels. Sums are held in double precision by OpenCV.
    """
    size = 2 * radius + 1
    mean: FloatImage = cv2.boxFilter(plane, -1, (size, size), borderType=cv2.BORDER_REFLECT)
    return mean


def affine_models(
    image: FloatImage, target: FloatImage, radius: int, weight: FloatImage | None = None, eps: float = FLAT
) -> tuple[NDArray[np.float32], ...]:
    """Least-squares fit of target = a . colour + b in the window around every pixel.

    `image`: H x W x 3 float32 in 0..1. `target`: H x W float32. `weight`: H x W float32 > 0, how far each
    pixel's target is believed; None believes all alike. Returns four H x W planes: a (red, green, blue), b.
    He, Sun, Tang, "Guided Image Filtering", PAMI 2013, equations 19-20, with weighted sums; the 3 x 3
    symmetric systems are inverted in closed form by their adjugate.
    """
    channels = cv2.split(image)
    if weight is None:

        def mean(plane: FloatImage) -> FloatImage:
            return box_mean(plane, radius)
    else:
        belief: FloatImage = weight
        total = box_mean(belief, radius) + _TINY

        def mean(plane: FloatImage) -> FloatImage:
            return box_mean(belief * plane, radius) / total

    colour = [mean(c) for c in channels]
    target_mean = mean(target)
    cov = [mean(c * target) - m * target_mean for c, m in zip(channels, colour, strict=True)]

    def covariance(i: int, j: int) -> FloatImage:
        return mean(channels[i] * channels[j]) - colour[i] * colour[j]

    rr, gg, bb = (covariance(i, i) + np.float32(eps) for i in range(3))
    rg, rb, gb = covariance(0, 1), covariance(0, 2), covariance(1, 2)
    i_rr, i_rg, i_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    i_gg, i_gb, i_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    scale = 1 / (rr * i_rr + rg * i_rg + rb * i_rb)
    a = (
        scale * (i_rr * cov[0] + i_rg * cov[1] + i_rb * cov[2]),
        scale * (i_rg * cov[0] + i_gg * cov[1] + i_gb * cov[2]),
        scale * (i_rb * cov[0] + i_gb * cov[1] + i_bb * cov[2]),
    )
    b = target_mean - a[0] * colour[0] - a[1] * colour[1] - a[2] * colour[2]
    return (*a, b)


def apply_models(image: FloatImage, models: tuple[NDArray[np.float32], ...]) -> FloatImage:
    """a . colour + b for every pixel: H x W float32, clipped to 0..1."""
    red, green, blue = cv2.split(image)
    a_r, a_g, a_b, b = models
    return np.clip(a_r * red + a_g * green + a_b * blue + b, 0, 1)


def guided_filter(
    image: FloatImage, target: FloatImage, radius: int, weight: FloatImage | None = None, eps: float = FLAT
) -> FloatImage:
    """`target` made to follow the colours of `image`: H x W float32 in 0..1.

    Every pixel gets the mean of the models of all windows that cover it (equation 16 of the paper).
    Arguments as in `affine_models`.
    """
    models = affine_models(image, target, radius, weight, eps)
    return apply_models(image, tuple(box_mean(m, radius) for m in models))
