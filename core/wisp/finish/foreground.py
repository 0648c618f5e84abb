"""The object's own colour: what a soft pixel would show if nothing of the background shone through.

Multi-level estimation (Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation", ICPR 2020):
colours F and B with I = alpha F + (1 - alpha) B that change little from pixel to pixel, least where alpha changes,
found from a picture of one pixel up to full size. Where the background is known, B is what the picture differs from it
by, which is little.
"""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

from ..plates.clip import FloatImage, resize
from ..plates.colour import srgb_decode, srgb_encode

#: Raise when the same picture and alpha give another colour.
FOREGROUND_SCHEMA = 1
#: How much neighbouring colours are tied together anyway, and how much more so per unit by which alpha changes.
_TIE, _TIE_PER_CHANGE = 1e-5, 0.2
#: Sweeps per level: more while the picture is small (up to so many pixels) and they cost nothing.
_SWEEPS_SMALL, _SMALL, _SWEEPS = 10, 32, 6
#: Beyond the object, colour goes on for so many pixels, for whoever filters or moves the edge later; then it is 0.
_MARGIN = 16
#: The say in a mixture of what the picture differs from a known background by, beside 1 for the object's colour.
_DIFFERENCE = 0.1
#: Something else stands before the known background where, without grain, both differ by more than this (of 0..1, mean
#: of the channels); alpha below which a pixel shows it; and the half window for its share around a pixel, as a part of
#: the longer side. Windows of four times that count by the least.
_UNLIKE, _CLEAR, _AROUND, _FAR = 0.06, 0.02, 0.025, 0.02


def foreground_colour(picture: FloatImage, alpha: FloatImage) -> FloatImage:
    """Straight (un-premultiplied) colour F of the object: float32, height x width x 3, in the units of `picture`.

    `picture`: finite values of any size, linear in light, as mixing is. `alpha`: height x width, 0..1. F is the picture
    itself where alpha is 1, and stays within the range of the picture's own values. Near the object, where
    alpha is 0, it goes on from the nearest ones; elsewhere it is 0.
    """
    return _colour(picture, alpha)


def foreground_before(picture: FloatImage, alpha: FloatImage, behind: FloatImage, light: float) -> FloatImage:
    """The same before a known background: `picture` and `behind` in linear light, 1 being white.

    `light`: how far that is what mixes in a soft pixel, 0..1; the rest mixes as values are encoded, by the sRGB curve.
    What alpha leaves of the picture is the background and what differs from it, such as a shadow; the smaller alpha is,
    the more F goes on from its neighbours. It lies within 0..1 and the picture's own values. Where something else
    stands around it is found as without `behind`.
    """
    encoded, known = srgb_encode(picture), srgb_encode(behind)
    seen = _seen_around(encoded, alpha, known)
    result = np.zeros_like(picture)
    if light > 0:
        result += np.float32(light) * _colour(picture, alpha, behind, seen)
    if light < 1:
        result += np.float32(1 - light) * srgb_decode(_colour(encoded, alpha, known, seen))
    return result


def _seen_around(picture: FloatImage, alpha: FloatImage, behind: FloatImage) -> FloatImage:
    """How far it is the known background that is seen around every pixel: height x width, 0..1. Encoded values."""
    clear = (alpha < _CLEAR).astype(np.float32)
    grainless = [cv2.blur(one, (5, 5)) for one in (clear[..., None] * (picture - behind), clear)]
    unlike = np.abs(grainless[0]).mean(axis=2) > _UNLIKE * grainless[1]

    def around(plane: FloatImage) -> FloatImage:
        sides = (2 * max(2, round(part * max(alpha.shape))) + 1 for part in (_AROUND, 4 * _AROUND))
        near, far = (cv2.blur(cv2.blur(plane, (side, side)), (side, side)) for side in sides)
        return np.asarray(near + np.float32(_FAR) * far, np.float32)

    share = around(clear * unlike) / (around(clear) + np.float32(1e-6))
    return np.asarray(np.clip(1 - 2 * share, 0, 1), np.float32)


def _colour(
    picture: FloatImage, alpha: FloatImage, behind: FloatImage | None = None, seen: FloatImage | None = None
) -> FloatImage:
    """`behind`: the known background, in the units of `picture`, as far as it is `seen` around, height x width."""
    result = np.zeros_like(picture)
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not rows.size:
        return result
    part = (
        slice(max(0, int(rows[0]) - _MARGIN), int(rows[-1]) + _MARGIN + 1),
        slice(max(0, int(columns[0]) - _MARGIN), int(columns[-1]) + _MARGIN + 1),
    )
    rest, share = np.ascontiguousarray(picture[part]), np.ascontiguousarray(alpha[part])
    low, high = rest.min((0, 1)), rest.max((0, 1))
    if behind is None or seen is None:
        result[part] = _unmixed(rest, share, np.ones_like(share), low, high)
        return result
    known = seen[part]
    rest = rest - ((1 - share) * known)[..., None] * behind[part]
    low, high = np.minimum(low, 0), np.maximum(high, 1)
    found = _unmixed(rest, share, 1 - (1 - _DIFFERENCE) * known, np.minimum(low, rest.min((0, 1))), high)
    result[part] = np.maximum(found, low)  # a shadow is below zero, light is not
    return result


def _unmixed(picture: FloatImage, alpha: FloatImage, say: FloatImage, low: FloatImage, high: FloatImage) -> FloatImage:
    """F within the limits `low` and `high`, 3 each. `say`: B's in a mixture, beside 1 for F, height x width."""
    # Mixing knows no black and no white: in 0..1 nothing overflows, whatever the plate's range is.
    low, high = low.astype(np.float64), high.astype(np.float64)
    span = np.where(high > low, high - low, 1.0)
    picture = ((picture - low) / span).astype(np.float32)
    height, width = alpha.shape
    steps = max(1, math.ceil(math.log2(max(height, width))))
    sizes = [(round(width ** (step / steps)), round(height ** (step / steps))) for step in range(steps + 1)]
    # Fore- and background side by side as six channels, beginning with their means.
    colours = np.concatenate([_mean(picture, alpha), _mean(picture, 1.0 - alpha)])[None, None]
    for before, size in pairwise((sizes[0], *sizes)):
        if before != size:
            colours = np.dstack([resize(half, size).reshape(*size[::-1], 3) for half in np.dsplit(colours, 2)])
        # Single pixels, not means of several: only for a pixel's own alpha is the mixture exact.
        small, small_alpha, small_say = (
            cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST).reshape(*size[::-1], *plane.shape[2:])
            for plane in (picture, alpha, say)
        )
        sweeps = _SWEEPS_SMALL if max(size) <= _SMALL else _SWEEPS
        colours = _relax(small, small_alpha, small_say, colours, sweeps)
    # Exactly this picture, from the nearest pair of colours that gives it.
    fore, _ = np.dsplit(_agreeing(colours, picture, alpha, say, np.zeros_like(alpha)), 2)
    return np.asarray(np.clip(fore, 0.0, 1.0) * span + low, np.float32)


def _mean(picture: FloatImage, weight: FloatImage) -> FloatImage:
    return np.asarray((picture * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6), np.float32)


def _relax(picture: FloatImage, alpha: FloatImage, say: FloatImage, colours: FloatImage, sweeps: int) -> FloatImage:
    """Solve each pixel's two colours (six channels) with its neighbours' held fixed, several times (Jacobi)."""
    ties = [_TIE + _TIE_PER_CHANGE * np.abs(alpha - near) for near in _neighbours(alpha)]
    tied = np.sum(ties, axis=0)
    shares = [(tie / tied)[..., None] for tie in ties]
    for _ in range(sweeps):
        mean = np.zeros_like(colours)
        for share, near in zip(shares, _neighbours(colours), strict=True):
            mean += share * near
        colours = _agreeing(mean, picture, alpha, say, tied)
        np.clip(colours, 0.0, 1.0, out=colours)
    return colours


def _agreeing(
    colours: FloatImage, picture: FloatImage, alpha: FloatImage, say: FloatImage, tied: FloatImage
) -> FloatImage:
    """The colours F, B that minimise (I - alpha F - (1 - alpha) B)^2 + `tied` times their squared distance to
    `colours`, B's divided by `say`: what these leave of the picture, dealt out to both by the say each has in it."""
    over = 1.0 - alpha
    fore, back = colours[..., :3], colours[..., 3:]
    left = picture - alpha[..., None] * fore - over[..., None] * back
    left /= (alpha**2 + say * over**2 + tied)[..., None]
    return np.concatenate([fore + alpha[..., None] * left, back + (say * over)[..., None] * left], axis=2)


def _neighbours(values: FloatImage) -> tuple[FloatImage, FloatImage, FloatImage, FloatImage]:
    """What lies left, right, above and below of each pixel, the border repeated."""
    wide = np.pad(values, [(1, 1), (1, 1), *[(0, 0)] * (values.ndim - 2)], mode="edge")
    return wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1]
