"""The object's own colour: what a soft pixel would show if nothing of the background shone through.

Multi-level estimation (Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation", ICPR 2020):
colours F and B with I = alpha F + (1 - alpha) B that change little from pixel to pixel, least where alpha changes,
found from a picture of one pixel up to full size.
"""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

from ..plates.clip import FloatImage, resize

#: How much neighbouring colours are tied together anyway, and how much more so per unit by which alpha changes.
_TIE, _TIE_PER_CHANGE = 1e-5, 0.2
#: Sweeps per level: more while the picture is small (up to so many pixels) and they cost nothing.
_SWEEPS_SMALL, _SMALL, _SWEEPS = 10, 32, 6
#: Beyond the object, colour goes on for so many pixels, for whoever filters or moves the edge later; then it is 0.
_MARGIN = 16


def foreground_colour(picture: FloatImage, alpha: FloatImage) -> FloatImage:
    """Straight (un-premultiplied) colour F of the object: float32, height x width x 3, in the units of `picture`.

    `picture`: finite values of any size, linear in light, as mixing is. `alpha`: height x width, 0..1. F is the picture
    itself where alpha is 1, and stays within the range of the picture's own values. Near the object, where
    alpha is 0, it goes on from the nearest ones; elsewhere it is 0.
    """
    result = np.zeros_like(picture)
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not rows.size:
        return result
    part = (
        slice(max(0, int(rows[0]) - _MARGIN), int(rows[-1]) + _MARGIN + 1),
        slice(max(0, int(columns[0]) - _MARGIN), int(columns[-1]) + _MARGIN + 1),
    )
    result[part] = _unmixed(np.ascontiguousarray(picture[part]), np.ascontiguousarray(alpha[part]))
    return result


def _unmixed(picture: FloatImage, alpha: FloatImage) -> FloatImage:
    # Mixing knows no black and no white: in 0..1 nothing overflows, whatever the plate's range is.
    low, high = (limit.astype(np.float64) for limit in (picture.min((0, 1)), picture.max((0, 1))))
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
        small = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST).reshape(*size[::-1], 3)
        small_alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_NEAREST).reshape(size[::-1])
        sweeps = _SWEEPS_SMALL if max(size) <= _SMALL else _SWEEPS
        colours = _relax(small, small_alpha, colours, sweeps)
    # Exactly this picture, from the nearest pair of colours that gives it.
    fore, _ = np.dsplit(_agreeing(colours, picture, alpha, np.zeros_like(alpha)), 2)
    return np.asarray(np.clip(fore, 0.0, 1.0) * span + low, np.float32)


def _mean(picture: FloatImage, weight: FloatImage) -> FloatImage:
    return np.asarray((picture * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1e-6), np.float32)


def _relax(picture: FloatImage, alpha: FloatImage, colours: FloatImage, sweeps: int) -> FloatImage:
    """Solve each pixel's two colours (six channels) with its neighbours' held fixed, several times (Jacobi)."""
    ties = [_TIE + _TIE_PER_CHANGE * np.abs(alpha - near) for near in _neighbours(alpha)]
    tied = np.sum(ties, axis=0)
    shares = [(tie / tied)[..., None] for tie in ties]
    for _ in range(sweeps):
        mean = np.zeros_like(colours)
        for share, near in zip(shares, _neighbours(colours), strict=True):
            mean += share * near
        colours = _agreeing(mean, picture, alpha, tied)
        np.clip(colours, 0.0, 1.0, out=colours)
    return colours


def _agreeing(colours: FloatImage, picture: FloatImage, alpha: FloatImage, tied: FloatImage) -> FloatImage:
    """The colours F, B that minimise (I - alpha F - (1 - alpha) B)^2 + `tied` times their squared distance to
    `colours`: what these leave of the picture, dealt out to both by the say each has in it."""
    over = 1.0 - alpha
    fore, back = colours[..., :3], colours[..., 3:]
    left = picture - alpha[..., None] * fore - over[..., None] * back
    left /= (alpha**2 + over**2 + tied)[..., None]
    return np.concatenate([fore + alpha[..., None] * left, back + over[..., None] * left], axis=2)


def _neighbours(values: FloatImage) -> tuple[FloatImage, FloatImage, FloatImage, FloatImage]:
    """What lies left, right, above and below of each pixel, the border repeated."""
    wide = np.pad(values, [(1, 1), (1, 1), *[(0, 0)] * (values.ndim - 2)], mode="edge")
    return wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1]
