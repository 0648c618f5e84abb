"""The colour guided filter: alpha as a local affine function of colour, fitted window by window."""

from __future__ import annotations

import cv2
import numpy as np

from ..plates.clip import FloatImage

#: Variance (of colours in 0..1) below which a window counts as flat: noise of one 8-bit code value lies far below it.
FLAT = 1e-4

#: a (red, green, blue) and b of alpha = a . colour + b, each H x W.
AffineModels = tuple[FloatImage, FloatImage, FloatImage, FloatImage]


def box_mean(plane: FloatImage, radius: int) -> FloatImage:
    """Mean over the (2 radius + 1) square window of every pixel, mirrored at the picture's border.

    `plane`: H x W float32. Sums are held in double precision by OpenCV.
    """
    size = 2 * radius + 1
    mean: FloatImage = cv2.boxFilter(plane, -1, (size, size), borderType=cv2.BORDER_REFLECT)
    return mean


def affine_models(
    image: FloatImage, target: FloatImage, radius: int, weight: FloatImage | None = None, eps: float = FLAT
) -> AffineModels:
    """Least-squares fit of target = a . colour + b in the window around every pixel.

    `image`: H x W x 3 float32 in 0..1. `target`: H x W float32. `weight`: H x W float32 > 0, how far each
    pixel's target is believed; None believes all alike. `eps`: ridge penalty on a, a colour variance.
    He, Sun, Tang, "Guided Image Filtering", PAMI 2013, equations 19-20, with weighted sums.
    """
    channels = cv2.split(image)
    if weight is None:

        def mean(plane: FloatImage) -> FloatImage:
            return box_mean(plane, radius)
    else:
        belief: FloatImage = weight
        total = box_mean(belief, radius)

        def mean(plane: FloatImage) -> FloatImage:
            return box_mean(belief * plane, radius) / total

    means = [mean(channel) for channel in channels]
    target_mean = mean(target)
    red, green, blue = (mean(c * target) - m * target_mean for c, m in zip(channels, means, strict=True))

    def covariance(i: int, j: int) -> FloatImage:
        return mean(channels[i] * channels[j]) - means[i] * means[j]

    # The symmetric 3 x 3 systems by elimination (L D L'). A pivot is the variance that earlier channels leave
    # unexplained, plus eps, so anything less is rounding: windows of one hue would otherwise divide by zero.
    ridge = np.float32(eps)
    rg, rb, gb = covariance(0, 1), covariance(0, 2), covariance(1, 2)
    pivot_r = np.maximum(covariance(0, 0) + ridge, ridge)
    g_of_r, b_of_r = rg / pivot_r, rb / pivot_r
    pivot_g = np.maximum(covariance(1, 1) + ridge - g_of_r * rg, ridge)
    gb = gb - g_of_r * rb
    b_of_g = gb / pivot_g
    pivot_b = np.maximum(covariance(2, 2) + ridge - b_of_r * rb - b_of_g * gb, ridge)
    green = green - g_of_r * red
    a_blue = (blue - b_of_r * red - b_of_g * green) / pivot_b
    a_green = green / pivot_g - b_of_g * a_blue
    a_red = red / pivot_r - g_of_r * a_green - b_of_r * a_blue
    return a_red, a_green, a_blue, target_mean - a_red * means[0] - a_green * means[1] - a_blue * means[2]


def guided_filter(
    image: FloatImage, target: FloatImage, radius: int, weight: FloatImage | None = None, eps: float = FLAT
) -> FloatImage:
    """`target` made to follow the colours of `image`: H x W float32 in 0..1.

    Every pixel gets the mean of the models of all windows that cover it (equation 16 of the paper).
    Arguments as in `affine_models`.
    """
    red, green, blue = cv2.split(image)
    a_red, a_green, a_blue, b = (box_mean(m, radius) for m in affine_models(image, target, radius, weight, eps))
    alpha: FloatImage = np.clip(a_red * red + a_green * green + a_blue * blue + b, 0, 1)
    return alpha
