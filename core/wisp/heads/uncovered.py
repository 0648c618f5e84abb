"""Alpha by the background that other frames of the shot show where the object stands in this one.

Nobody filmed the empty set, but where the camera pans or the object moves, much of what lies behind soft edges is
seen a few frames earlier or later. It is laid over the picture, the frames that fit best around a place count there,
and how well they fit is how far they are believed. The compositing equation is then solved where the head has found
softness, the wider the further: there it knows least, while at sharp edges a background that is off by little does more
harm than good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage, resize
from .band import Mask
from .clean_plate import MISPLACED, Laid, light_between, noise_of, steepness
from .compositing import (
    ENCODED,
    LIGHTS,
    LINEAR,
    Expected,
    Light,
    Pixels,
    explained,
    foreground,
    likely,
    share_of_light,
)
from .guided_filter import box_mean

#: Standard deviation of the head's alpha where softness is wide, and the least that is worked on.
_DOUBT, _LEAST_DOUBT = 0.5, 0.02
#: Softness is averaged over this half window (a part of the longer side), twice over: there is so much of it at sharp
#: edges and where it is wide, and between these, doubt falls by that power.
_AROUND, _SHARP, _WIDE, _FALL = 1 / 64, 0.04, 0.3, 1.5
#: Side in pixels of the cells on which softness is averaged.
_CELL = 4
#: Longer side in pixels of the pictures on which it is seen how well a frame fits, and half windows, as parts of that
#: side, of where: near a place, or where nothing is seen there, further around.
_FIT, _NEAR, _FAR, _FURTHER = 640, 0.03, 0.1, 0.01
#: So many frames count at a place, those that fit best; variance of one that fits, at least, and what is added where it
#: is alone.
_BEST, _LEAST, _ALONE = 3, 2e-5, 4e-4
#: A frame tells of a place only where this many pixels of both show the background; of them so many tell of the light.
_FEWEST, _TELLING = 500, 20000
#: Root of the mean variance up to which the whole background is believed, and from which none of it.
_FITS, _UNFIT = 0.06, 0.09
#: Half windows of the foreground's colours in turn, as parts of the longer side, and the pixels they are shrunk to.
_WINDOWS, _SHRUNK = (0.02, 0.01), 5
#: Half windows, as parts of the longer side, with their shares, in which what the equation changes is shared with
#: places of which it tells less; how much counts as unchanged there; doubt from which a place without a known
#: background takes all, and alpha times its distance from 1 from which any does: where the head is sure, nothing is.
_SHARED, _UNCHANGED, _UNTOLD, _SURE = ((0.004, 1.0), (0.04, 0.05)), 0.02, 0.2, 0.04
#: Alpha, and its distance from 1, from which on a pixel is soft, and about so many of those tell how light mixes.
_SOFT, _MIXING = 0.1, 6000


class Sighting(NamedTuple):
    """Another frame of the shot: `image` H x W x 3 as shown, `free`, H x W, where the object does not stand, and
    `placed`, 3 x 3, from this picture's pixels to its own."""

    image: FloatImage
    free: Mask
    placed: NDArray[np.float64]


class _Uncovered(NamedTuple):
    """The background, H x W x 3 as shown, where it is `known`, H x W, and its variance, H x W."""

    image: FloatImage
    known: Mask
    error: FloatImage


def uncovered(image: FloatImage, alpha: FloatImage, free: Mask, sightings: Iterable[Sighting]) -> FloatImage:
    """The head's `alpha` (H x W, 0..1) by what the sightings show of the background: H x W float32 in 0..1.

    `image`: H x W x 3 as shown, 0..1. `free`: H x W, where the object does not stand. Alpha stays where softness is
    narrow, where no frame shows the background, and where those that do disagree; the same array where it stays
    everywhere. Sightings are only asked for where softness is wide somewhere.
    """
    doubt = _doubt(alpha)
    near = doubt > _LEAST_DOUBT
    if not near.any():
        return alpha
    rows, columns = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
    long_side = max(alpha.shape)
    margin = round(3 * _FAR * long_side)  # what is looked at around a place
    y0, x0 = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    part = np.s_[y0 : int(rows[-1]) + margin + 1, x0 : int(columns[-1]) + margin + 1]
    image, before = image[part], alpha[part]
    behind = _behind(image, free[part], near[part], sightings, (x0, y0), long_side)
    if behind is None:
        return alpha
    asked = near[part] & behind.known
    fits = _fit(behind.error[asked])
    if not fits:
        return alpha
    result = alpha.copy()
    told = _solved(image, before, doubt[part], asked, behind, free[part], long_side)
    result[part] += np.float32(fits) * (told - before)
    return result


def _fit(error: FloatImage) -> float:
    """How far a background with these variances is believed: 0..1. Where it is off in much of what is asked for, what
    lies behind is not one plane, or moves itself, and the rest of it fits by chance."""
    if not error.size:
        return 0.0
    off = float(np.sqrt(error.mean()))
    return float(np.clip((_UNFIT - off) / (_UNFIT - _FITS), 0, 1))


def _doubt(alpha: FloatImage) -> FloatImage:
    """Standard deviation of the head's alpha: H x W."""
    height, width = alpha.shape
    soft = resize(4 * alpha * (1 - alpha), (max(1, width // _CELL), max(1, height // _CELL)))
    radius = max(1, round(_AROUND * max(soft.shape)))
    around = box_mean(box_mean(soft, radius), radius)
    doubt = _DOUBT * np.clip((around - _SHARP) / (_WIDE - _SHARP), 0, 1) ** _FALL
    return resize(np.asarray(doubt, np.float32), (width, height))


def _behind(
    image: FloatImage,
    free: Mask,
    near: Mask,
    sightings: Iterable[Sighting],
    corner: tuple[int, int],
    long_side: int,
) -> _Uncovered | None:
    """The background of a part of the picture, whose `corner` (x, y) lies there; None where no frame shows any."""
    height, width = free.shape
    shift = np.array([[1, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1]], np.float64)
    scale = min(1.0, _FIT / long_side)
    grid = (max(1, round(width * scale)), max(1, round(height * scale)))
    windows = [max(2, round(share * scale * long_side)) for share in (_NEAR, _FAR)]
    shown, errors = [], []
    for one in sightings:
        moved, seen = _moved(one, one.placed @ shift, (width, height))
        both = seen & free
        if np.count_nonzero(both) < _FEWEST:
            continue
        telling = np.flatnonzero(both)
        telling = telling[:: 1 + len(telling) // _TELLING]
        light = light_between(moved.reshape(-1, 3)[telling], image.reshape(-1, 3)[telling])
        lit = np.clip(Laid((), *light).lit(moved), 0, 1)
        off = np.where(both, sum(cv2.split((image - lit) ** 2)) / np.float32(3), np.float32(0))
        error = _filled(resize(off, grid), resize(both.astype(np.float32), grid), windows)
        error = np.maximum(resize(error, (width, height))[near], np.float32(_LEAST))
        shown.append(lit[near])
        errors.append(np.where(seen[near], error, np.float32(np.inf)))
    if not shown:
        return None
    colour, variance = _together(np.stack(shown), np.stack(errors))
    known = np.isfinite(variance)
    result, error = image.copy(), np.zeros((height, width), np.float32)
    where = near.copy()
    where[near] = known
    result[where], error[where] = colour[known], variance[known]
    return _Uncovered(result, where, error)


def _moved(one: Sighting, placed: NDArray[np.float64], size: tuple[int, int]) -> tuple[FloatImage, Mask]:
    """What a frame shows under pixels of the picture, and where that is background."""
    back = cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(
        one.image, placed, size, flags=back | cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )  # linear would blur what the picture shows sharp
    free = cv2.warpPerspective(one.free.astype(np.uint8), placed, size, flags=back | cv2.INTER_NEAREST)
    return np.asarray(moved, np.float32), free > 0


def _filled(off: FloatImage, seen: FloatImage, windows: Sequence[int]) -> FloatImage:
    """Mean of what is `off` around every place where it is `seen`, from near by, or else from further around."""
    total, weight = np.zeros_like(off), np.full_like(off, 1e-6)
    for radius, share in zip(windows, (1.0, _FURTHER), strict=True):
        total += np.float32(share) * box_mean(box_mean(off, radius), radius)
        weight += np.float32(share) * box_mean(box_mean(seen, radius), radius)
    return total / weight


def _together(shown: FloatImage, errors: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Of n places as k frames show them, k x n x 3, with their variances, k x n (infinite where they do not): the
    colour, n x 3, and its variance, n."""
    order = np.argsort(errors, axis=0)[:_BEST]
    best = np.take_along_axis(shown, order[..., None], axis=0)
    variances = np.take_along_axis(errors, order, axis=0)
    weight = 1 / variances
    total = weight.sum(axis=0)
    count = np.isfinite(variances).sum(axis=0)
    colour = (weight[..., None] * best).sum(axis=0) / np.maximum(total, 1e-9)[:, None]
    if len(best) == _BEST:
        every = count == _BEST
        colour[every] = np.median(best[:, every], axis=0)  # one that shows something else does not count
    red, green, blue = np.moveaxis((best - colour) ** 2, 2, 0)
    apart = (weight * np.maximum(np.maximum(red, green), blue)).sum(axis=0) / np.maximum(total, 1e-9)
    variance = np.where(np.isfinite(variances), variances, 0).sum(axis=0) / np.maximum(count, 1)
    variance = np.where(count == 1, variance + _ALONE, variance + apart)
    return colour, np.asarray(np.where(count > 0, variance, np.inf), np.float32)


def _solved(
    image: FloatImage,
    alpha: FloatImage,
    doubt: FloatImage,
    asked: Mask,
    behind: _Uncovered,
    free: Mask,
    long_side: int,
) -> FloatImage:
    """Alpha of a part of the picture where it is asked for, in the light in which it is mixed."""
    noise = noise_of(image - behind.image, behind.known & free)
    behind_error = (noise**2 / 2 + MISPLACED**2 * steepness(behind.image) + behind.error)[asked]

    def pixels(now: FloatImage, window: float, light: Light) -> Pixels:
        radius = max(2, round(window * long_side))
        around = foreground(image, now, behind.image, radius, asked, light, max(1, radius // _SHRUNK))
        return Pixels(image[asked], behind.image[asked], *around, noise**2 / 2, behind_error)

    expected = Expected(alpha[asked], doubt[asked])
    soft = np.flatnonzero((expected.alpha > _SOFT) & (expected.alpha < 1 - _SOFT))
    soft = soft[:: 1 + len(soft) // _MIXING]
    said = Expected(*(one[soft] for one in expected))
    evidence = []
    for light in LIGHTS:
        seen, beyond, mean, covariance, grain, error = pixels(alpha, _WINDOWS[0], light)
        some = Pixels(seen[soft], beyond[soft], mean[soft], covariance[soft], grain, error[soft])
        evidence.append(likely(some, light, said)[1])
    share = share_of_light(*evidence)
    result = np.zeros_like(alpha)
    for part, light in ((share, LINEAR), (1 - share, ENCODED)):
        if part > 0:
            now = alpha.copy()
            for window in _WINDOWS:
                now[asked], told = explained(pixels(now, window, light), light, now[asked], expected)
            result += np.float32(part) * _shared(alpha, now, told, asked, doubt, long_side)
    return result


def _shared(
    before: FloatImage, now: FloatImage, told: FloatImage, asked: Mask, doubt: FloatImage, long_side: int
) -> FloatImage:
    """Alpha `now`, and where the equation tells little or nothing what it changed `before` around there: the head is as
    wrong in one soft place as next to it. `told`: how much it tells of the places it was `asked` for, 0..1."""
    changed, known = now - before, np.zeros_like(now)
    known[asked] = told
    mean, total = np.zeros_like(now), np.full_like(now, _UNCHANGED)
    for window, share in _SHARED:
        radius = max(1, round(window * long_side))
        mean += np.float32(share) * box_mean(box_mean(changed, radius), radius)
        total += np.float32(share) * box_mean(box_mean(known, radius), radius)
    untold = np.where(asked, 1 - known, np.minimum(doubt / np.float32(_UNTOLD), 1))
    untold *= np.minimum(before * (1 - before) / np.float32(_SURE), 1)
    return np.asarray(np.clip(now + untold * mean / total, 0, 1), np.float32)
