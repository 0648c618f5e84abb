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
from numpy.typing import NDArray

from ..plates.clip import FloatImage, resize
from ..plates.colour import srgb_decode, srgb_encode
from .band import Mask
from .guided_filter import box_mean

#: Entries of the tables from light to what is shown: powers take longer.
_ENTRIES = 1 << 16
#: Pixels that are worked on at once, so that what is between stays in the processor's cache.
_AT_ONCE = 1 << 13
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
#: The same for the linear answer: a foreground of several colours meets what is behind it somewhere by chance.
_COINCIDING = np.float32(40)
#: Channels of a covariance.
_PAIRS = ((0, 1), (0, 2), (1, 2))
#: A pixel counts by no more than this, in logarithms of likelihood, for the light in which a picture is mixed; their
#: mean that lies halfway between pictures of either kind; and how far around it both lights are taken in part.
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


def _as_it_is(values: FloatImage) -> FloatImage:
    return values


#: Linear light, and the values as they are encoded.
LIGHTS = LINEAR, ENCODED = Light(srgb_decode, srgb_encode), Light(_as_it_is, _as_it_is)


class _Curves(NamedTuple):
    """Tables over 0..1: of shown values, the light and its slope; of light, what is shown and the slope's inverse."""

    light: FloatImage
    slope: FloatImage
    shown: FloatImage
    inverse: FloatImage

    @classmethod
    def of(cls, light: Light) -> _Curves:
        """Those of that light."""
        every = np.linspace(0, 1, _ENTRIES).astype(np.float32)
        shown = light.encode(every)
        return cls(light.decode(every), light.slope(every), shown, np.asarray(1 / light.slope(shown), np.float32))


_CURVES = {light: _Curves.of(light) for light in LIGHTS}


def _entries(values: FloatImage) -> NDArray[np.int32]:
    """Where values of 0..1 stand in the tables."""
    return (np.clip(values, 0, 1) * np.float32(_ENTRIES - 1) + np.float32(0.5)).astype(np.int32)


class Pixels(NamedTuple):
    """Of n pixels: what is `seen` and what is `behind`, n x 3, the `mean` n x 3 and `covariance` n x 3 x 3 of the
    foreground, all as shown, and the variances of what is seen, one for all, and of what is behind, n."""

    seen: FloatImage
    behind: FloatImage
    mean: FloatImage
    covariance: FloatImage
    grain: float
    behind_error: FloatImage


class Told(NamedTuple):
    """Alpha H x W in 0..1 by the equation, and how far it is linear `light` that mixes there: 0..1."""

    alpha: FloatImage
    light: float


class Expected(NamedTuple):
    """Alpha of n pixels beforehand, mean and standard deviation."""

    alpha: FloatImage
    doubt: FloatImage


def foreground(
    image: FloatImage,
    alpha: FloatImage,
    background: FloatImage,
    radius: int,
    asked: Mask,
    light: Light,
    shrunk: int = 1,
) -> tuple[FloatImage, FloatImage]:
    """Mean n x 3 in 0..1 and covariance n x 3 x 3 of the foreground's colour, as shown, around the pixels asked for.

    `image` and `background` H x W x 3, `alpha` and `asked` H x W; `radius`: half window in pixels. `shrunk`: by how
    much the pictures are made smaller for it, which is as good where windows are wide, and faster.
    """
    height, width = asked.shape
    size = (max(1, width // shrunk), max(1, height // shrunk))
    if shrunk > 1:
        image, alpha, background = (resize(one, size) for one in (image, alpha, background))
        radius = max(1, round(radius / shrunk))
    share = alpha[..., None]
    curves = _CURVES[light]
    lit, behind = (curves.light[_entries(one)] for one in (image, background))
    own = np.asarray((lit - (1 - share) * behind) / np.maximum(share, np.float32(0.1)), np.float32)
    colour = curves.shown[_entries(own)]
    weight = np.clip((alpha - _PART) / (1 - _PART), 0, 1) ** 2

    def around(plane: FloatImage) -> FloatImage:
        near = box_mean(box_mean(plane, radius), radius)
        far = box_mean(box_mean(plane, 4 * radius), 4 * radius)
        both = near + np.float32(0.02) * far
        return (both if shrunk == 1 else resize(both, (width, height)))[asked]

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
    """How far each pixel is from the mixture with each alpha, steps x n: squared, in variances; and the logarithm of
    the determinant of the mixture's covariance."""
    curves = _CURVES[light]
    seen = np.ascontiguousarray(pixels.seen.T)
    mean, beyond = (_entries(np.ascontiguousarray(one.T)) for one in (pixels.mean, pixels.behind))
    front, back = curves.light[mean], curves.light[beyond]
    front_slope, back_slope = curves.slope[mean], curves.slope[beyond]
    red_red, red_green, red_blue, green_green, green_blue, blue_blue = (
        front_slope[i] * front_slope[j] * pixels.covariance[:, i, j] for i in range(3) for j in range(i, 3)
    )
    error = back_slope**2 * pixels.behind_error
    squared, volume = (np.empty((len(steps), len(pixels.seen)), np.float32) for _ in range(2))
    for number, step in enumerate(steps):
        # To the first order: the mixture's covariance is that of its parts by the curve's slopes.
        share, rest = np.float32(step), np.float32(1 - step)
        mixed = _entries(share * front + rest * back)
        by = curves.inverse[mixed]
        own = share * by
        rr, gg, bb = (rest * by) ** 2 * error + np.float32(pixels.grain)
        rr += own[0] ** 2 * red_red
        gg += own[1] ** 2 * green_green
        bb += own[2] ** 2 * blue_blue
        rg, rb, gb = own[0] * own[1] * red_green, own[0] * own[2] * red_blue, own[1] * own[2] * green_blue
        red, green, blue = seen - curves.shown[mixed]
        # The symmetric 3 x 3 systems by elimination (L D L').
        g_of_r, b_of_r = rg / rr, rb / rr
        gg, gb, green = gg - g_of_r * rg, gb - g_of_r * rb, green - g_of_r * red
        b_of_g = gb / gg
        bb, blue = bb - b_of_r * rb - b_of_g * gb, blue - b_of_r * red - b_of_g * green
        squared[number] = red**2 / rr + green**2 / gg + blue**2 / bb
        volume[number] = np.log(rr * gg * bb)
    return squared, volume


def explained(pixels: Pixels, light: Light, now: FloatImage, expected: Expected) -> tuple[FloatImage, FloatImage]:
    """The alpha of n pixels that explains best what is seen and what is expected, in 0..1: a weighted mean of both; and
    how much of it is what is seen, 0..1. That counts the less, the more the foreground may look like what is behind it.

    `now`: what alpha is taken to be where it decides how much foreground and background may be off. Unlike the mean of
    `likely` it leans to no end, which suits places where nearly everything is soft, such as hair.
    """
    curves = _CURVES[light]
    seen, mean, beyond = (_entries(np.ascontiguousarray(one.T)) for one in (pixels.seen, pixels.mean, pixels.behind))
    back = curves.light[beyond]
    across, off = curves.light[mean] - back, curves.light[seen] - back
    own = now * curves.slope[mean]
    noise = curves.slope[seen] ** 2 * np.float32(pixels.grain)
    noise += curves.slope[beyond] ** 2 * ((1 - now) ** 2 * pixels.behind_error)
    variances = [noise[i] + own[i] ** 2 * pixels.covariance[:, i, i] for i in range(3)]
    covariances = [own[i] * own[j] * pixels.covariance[:, i, j] for i, j in _PAIRS]
    weights = _eliminated(variances, covariances, across, off)
    apart = _apart(pixels)
    weights *= apart / (apart + _COINCIDING)
    said = 1 / expected.doubt**2
    tells = (weights * across**2).sum(axis=0)
    alpha = ((weights * across * off).sum(axis=0) + said * expected.alpha) / (tells + said)
    return np.asarray(np.clip(alpha, 0, 1), np.float32), np.asarray(tells / (tells + said), np.float32)


def _apart(pixels: Pixels) -> FloatImage:
    """How far what is behind n pixels is from the foreground's colour: squared, in variances."""
    across = np.ascontiguousarray((pixels.mean - pixels.behind).T)
    off = np.float32(pixels.grain) + pixels.behind_error
    variances = [pixels.covariance[:, i, i] + off for i in range(3)]
    weights = _eliminated(variances, [pixels.covariance[:, i, j] for i, j in _PAIRS], across)
    return np.asarray((weights * across**2).sum(axis=0), np.float32)


def _eliminated(variances: Sequence[FloatImage], covariances: Sequence[FloatImage], *vectors: FloatImage) -> FloatImage:
    """Weights 3 x n by which products of the `vectors`, 3 x n, are those by the inverse of the covariance, once their
    entries are made independent, in place: the symmetric 3 x 3 systems by elimination (L D L')."""
    red, green, blue = variances
    rg, rb, gb = covariances
    g_of_r, b_of_r = rg / red, rb / red
    green, gb = green - g_of_r * rg, gb - g_of_r * rb
    b_of_g = gb / green
    blue = blue - b_of_r * rb - b_of_g * gb
    for one in vectors:
        one[1] -= g_of_r * one[0]
        one[2] -= b_of_r * one[0] + b_of_g * one[1]
    return np.asarray(1 / np.stack([red, green, blue]), np.float32)


def likely(pixels: Pixels, light: Light, expected: Expected) -> tuple[FloatImage, FloatImage]:
    """The mean of alpha of n pixels, and the logarithm of how likely what is seen is in this light.

    The foreground's colour is normally distributed (Chuang et al., "A Bayesian Approach to Digital Matting", CVPR
    2001), the background's is known but for noise.
    """
    mean, evidence = np.empty((2, len(pixels.seen)), np.float32)
    for start in range(0, len(mean), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        some = pixels._replace(**{name: getattr(pixels, name)[part] for name in Pixels._fields if name != "grain"})
        mean[part], evidence[part] = _likely(some, light, Expected(*(one[part] for one in expected)))
    return mean, evidence


def _likely(pixels: Pixels, light: Light, expected: Expected) -> tuple[FloatImage, FloatImage]:
    squared, volume = distances(pixels, light, STEPS)
    costs = squared + volume
    beforehand = np.float32(-0.5) * ((STEPS[:, None] - expected.alpha) / expected.doubt) ** 2
    for end in (0, -1):
        beforehand[end] += np.log(_ENDS + _SAID * (1 - np.abs(STEPS[end] - expected.alpha)) ** 4)
    # In logarithms: where both contradict each other, all products would be 0.
    together = beforehand - np.float32(0.5) * costs
    best = together.max(axis=0)
    weight = np.exp(together - best)
    total = weight.sum(axis=0)
    mean = STEPS @ weight / total
    evidence = best + np.log(total) - np.log(np.exp(beforehand).sum(axis=0))
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
