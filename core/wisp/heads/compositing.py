"""The compositing equation of single pixels: how likely every alpha is, in the light in which they are mixed.

A camera mixes light; layers that are put together in 8 bits often mix as they are encoded. Colours are compared as they
are shown in either case, where grain is about the same in shadows and lights, so that one likelihood serves both, and
tells which of them a picture is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..plates.clip import FloatImage
from ..plates.colour import srgb_decode, srgb_encode
from .band import Mask
from .guided_filter import box_mean

#: Entries of the tables from light to what is shown: powers take longer.
_ENTRIES = 1 << 16
#: Half of the difference of shown values from which the light's slope is taken.
_STEP = np.float32(0.004)
#: How far, in colour, a foreground's colour is off its surroundings' at least.
_FOREGROUND_ERROR = 0.015
#: Alpha from which on a pixel tells of the foreground's colour.
_PART = 0.4
#: Alphas that are tried.
STEPS = np.linspace(0, 1, 21).astype(np.float32)
#: How much more often alpha is 0 or 1 than another step, and how much more so where the head says that, too.
_ENDS, _SAID = 4.0, 15.0
#: Squared distance of foreground and background, in their variances, at which half of the equation's answer is taken.
_ALIKE_APART = 0.15
#: A pixel counts by no more than this, in logarithms of likelihood, for the light in which a picture is mixed; what
#: pictures that are mixed in neither say; and the range around it in which both lights are taken in part.
_COUNTS, _LEANING, _DOUBTFUL = 2.0, -0.14, 0.04


@dataclass(frozen=True)
class Light:
    """What is mixed: `decode` gives it for shown values in 0..1."""

    decode: Callable[[FloatImage], FloatImage]
    encode: Callable[[FloatImage], FloatImage]

    def slope(self, shown: FloatImage) -> FloatImage:
        """By how much light changes with what is shown, per value."""
        above, below = np.minimum(shown + _STEP, 1), np.maximum(shown - _STEP, 0)
        return np.asarray((self.decode(above) - self.decode(below)) / (above - below), np.float32)

    def tables(self) -> tuple[FloatImage, FloatImage]:
        """For light from 0 to 1: what is shown, and the inverse of the slope there."""
        shown = self.encode(np.linspace(0, 1, _ENTRIES).astype(np.float32))
        return shown, np.asarray(1 / self.slope(shown), np.float32)


def _as_it_is(values: FloatImage) -> FloatImage:
    return values


#: Linear light, and the values as they are encoded.
LIGHTS = LINEAR, ENCODED = Light(srgb_decode, srgb_encode), Light(_as_it_is, _as_it_is)
_TABLES = {light: light.tables() for light in LIGHTS}


class Pixels(NamedTuple):
    """Of n pixels: what is `seen` and what is `behind`, n x 3, the `mean` n x 3 and `covariance` n x 3 x 3 of the
    foreground, all as shown, and the variances of what is seen, one for all, and of what is behind, n."""

    seen: FloatImage
    behind: FloatImage
    mean: FloatImage
    covariance: FloatImage
    grain: float
    behind_error: FloatImage


class Expected(NamedTuple):
    """Alpha of n pixels beforehand, mean and standard deviation."""

    alpha: FloatImage
    doubt: FloatImage


def foreground(
    image: FloatImage, alpha: FloatImage, background: FloatImage, radius: int, asked: Mask, light: Light
) -> tuple[FloatImage, FloatImage]:
    """Mean n x 3 in 0..1 and covariance n x 3 x 3 of the foreground's colour, as shown, around the pixels asked for.

    `image` and `background` H x W x 3, `alpha` and `asked` H x W; `radius`: half window in pixels.
    """
    share = alpha[..., None]
    own = (light.decode(image) - (1 - share) * light.decode(background)) / np.maximum(share, 0.1)
    colour = light.encode(np.clip(own, 0, 1))
    weight = np.clip((alpha - _PART) / (1 - _PART), 0, 1) ** 2

    def around(plane: FloatImage) -> FloatImage:
        near = box_mean(box_mean(plane, radius), radius)
        far = box_mean(box_mean(plane, 4 * radius), 4 * radius)
        return (near + np.float32(0.02) * far)[asked]

    total = around(weight) + 1e-6
    planes = [np.ascontiguousarray(colour[..., channel]) for channel in range(3)]
    mean = np.stack([around(weight * plane) / total for plane in planes], axis=1)
    covariance = np.empty((len(total), 3, 3), np.float32)
    for row in range(3):
        for column in range(row + 1):
            both = around(weight * planes[row] * planes[column]) / total - mean[:, row] * mean[:, column]
            covariance[:, row, column] = covariance[:, column, row] = both + (row == column) * _FOREGROUND_ERROR**2
    return np.clip(mean, 0, 1), covariance


def distances(pixels: Pixels, light: Light, steps: Sequence[float] | FloatImage) -> tuple[FloatImage, FloatImage]:
    """How far each pixel is from the mixture with each alpha, n x steps: squared, in variances; and the logarithm of
    the determinant of the mixture's covariance."""
    shown, steep = _TABLES[light]
    front, back = light.decode(pixels.mean), light.decode(pixels.behind)
    front_slope, back_slope = light.slope(pixels.mean), light.slope(pixels.behind)
    squared, volume = (np.empty((len(steps), len(front)), np.float32) for _ in range(2))
    for number, step in enumerate(steps):
        # To the first order: the mixture's covariance is that of its parts by the curve's slopes.
        mixed = (np.clip(step * front + (1 - step) * back, 0, 1) * (_ENTRIES - 1)).astype(np.int32)
        by = steep[mixed]
        own, behind = step * front_slope * by, (1 - step) * back_slope * by
        rest = pixels.seen - shown[mixed]
        rr, gg, bb = (
            own[:, i] ** 2 * pixels.covariance[:, i, i] + behind[:, i] ** 2 * pixels.behind_error + pixels.grain
            for i in range(3)
        )
        rg, rb, gb = (own[:, i] * own[:, j] * pixels.covariance[:, i, j] for i, j in ((0, 1), (0, 2), (1, 2)))
        # The symmetric 3 x 3 systems by elimination (L D L').
        red = rest[:, 0]
        g_of_r, b_of_r = rg / rr, rb / rr
        gg, gb, green = gg - g_of_r * rg, gb - g_of_r * rb, rest[:, 1] - g_of_r * red
        b_of_g = gb / gg
        bb, blue = bb - b_of_r * rb - b_of_g * gb, rest[:, 2] - b_of_r * red - b_of_g * green
        squared[number] = red**2 / rr + green**2 / gg + blue**2 / bb
        volume[number] = np.log(rr * gg * bb)
    return squared.T, volume.T


def likely(pixels: Pixels, light: Light, expected: Expected) -> tuple[FloatImage, FloatImage]:
    """The mean of alpha of n pixels, and the logarithm of how likely what is seen is in this light.

    The foreground's colour is normally distributed (Chuang et al., "A Bayesian Approach to Digital Matting", CVPR
    2001), the background's is known but for noise.
    """
    squared, volume = distances(pixels, light, STEPS)
    costs = squared + volume
    beforehand = np.exp(-0.5 * ((STEPS - expected.alpha[:, None]) / expected.doubt[:, None]) ** 2)
    for end in (0, -1):
        beforehand[:, end] *= _ENDS + _SAID * (1 - np.abs(STEPS[end] - expected.alpha)) ** 4
    best = costs.min(axis=1, keepdims=True)
    weight = np.exp(0.5 * (best - costs)) * beforehand
    total = np.maximum(weight.sum(axis=1), np.float32(1e-30))
    mean = weight @ STEPS / total
    evidence = np.log(total / beforehand.sum(axis=1)) - 0.5 * best[:, 0]
    # What looks like the background may still be the object.
    spread = np.trace(pixels.covariance, axis1=1, axis2=2)
    apart = ((pixels.mean - pixels.behind) ** 2).sum(axis=1) / (spread + 3 * (pixels.grain + pixels.behind_error))
    sure = apart / (apart + _ALIKE_APART)
    return np.asarray(expected.alpha + sure * (mean - expected.alpha), np.float32), evidence


def share_of_light(linear: FloatImage, encoded: FloatImage) -> float:
    """How far soft pixels, by what `likely` says of them in both lights, are mixed in linear light: 0..1. In part where
    that is hard to tell: a sequence must not jump."""
    if not len(linear):
        return 1.0
    better = float(np.clip(linear - encoded, -_COUNTS, _COUNTS).mean()) - _LEANING
    return float(np.clip(0.5 + better / (2 * _DOUBTFUL), 0, 1))
