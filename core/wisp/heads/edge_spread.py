"""How far from a mask's edge the picture's own edge is spread: softness of the subject and error of the mask in one.

The slanted-edge method of ISO 12233, with the mask's outline in place of the chart's edge: colours near the outline
are projected on the line between the colours further inside and further outside and averaged by signed distance to
the outline. The spread is the standard deviation of the normal distribution that this edge profile follows best. A soft
subject and an outline that wanders around a sharp one widen the profile alike, and both ask for the same thing of a
matting filter: wider windows.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .band import Mask, signed_distance
from .guided_filter import box_mean

#: Pictures are measured at this long side at most: spreads grow with resolution, their measurement need not.
LONG_SIDE = 1024
#: Reach of the profile on either side of the outline, in pixels, tried in turn until it is wide enough ...
_REACHES = (6, 12, 24)
#: ... which is when the spread is below this part of it. A wider one says at most so many times what one before it did.
_ENOUGH, _WIDER = 0.3, 1.6
#: Spreads that are tried, 3 % apart: wider ones than half the reach look alike.
_SPREADS = np.exp(np.linspace(math.log(0.4), math.log(_REACHES[-1] / 2), 115))


def edge_spread(image: FloatImage, mask: Mask) -> float | None:
    """Standard deviation, in pixels of `image`, of the picture's edge around the mask's outline.

    `image`: H x W x 3 float32, display RGB in 0..1. `mask`: H x W. About 0.6 for a sharp edge that the mask
    meets to the pixel. None where nothing can be measured: no outline, no contrast, or an object too thin to
    show a colour of its own.
    """
    height, width = mask.shape
    scale = max(1.0, max(height, width) / LONG_SIDE)
    if scale > 1:
        small = (max(1, round(width / scale)), max(1, round(height / scale)))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.5
    distance = signed_distance(mask)
    spread: float | None = None
    for reach in _REACHES:
        profile = edge_profile(image, distance, reach)
        found = None if profile is None else _spread(profile)
        if found is None:
            break
        spread = found if spread is None else float(np.clip(found, spread, _WIDER * spread))
        if spread < _ENOUGH * reach:
            break
    return None if spread is None else spread * scale


def likely_spread(image: FloatImage, mask: Mask, grid: tuple[int, ...]) -> float:
    """`edge_spread`, or where nothing can be measured that of a mask accurate to one cell of its grid h x w."""
    measured = edge_spread(image, mask)
    if measured is not None:
        return measured
    height, width = mask.shape
    return float(max(1.0, max(height, width) / 1000, 0.5 * width / grid[1], 0.5 * height / grid[0]))


def edge_profile(image: FloatImage, distance: FloatImage, reach: int) -> NDArray[np.float64] | None:
    """Mean foreground share at signed distances -reach+0.5 ... reach-0.5 from the outline: 2 reach values.

    `distance`: signed distance to the outline, H x W (see `band.signed_distance`). About 0 outside, about 1
    inside. Foreground and background colour of a place are the means over the pixels between one and two
    reaches away from the outline, within three reaches of that place. Places with more contrast count more.
    None where a distance has no samples or there is no contrast.
    """
    window = 3 * reach
    inner = ((distance > reach) & (distance < 2 * reach)).astype(np.float32)
    outer = ((distance < -reach) & (distance > -2 * reach)).astype(np.float32)
    inner_share, outer_share = box_mean(inner, window), box_mean(outer, window)
    near = (np.abs(distance) <= reach) & (inner_share > 0.01) & (outer_share > 0.01)
    if not near.any():
        return None
    projected = np.zeros(int(near.sum()), np.float32)
    contrast = np.zeros_like(projected)
    for channel in cv2.split(image):
        foreground = box_mean(channel * inner, window)[near] / inner_share[near]
        background = box_mean(channel * outer, window)[near] / outer_share[near]
        projected += (channel[near] - background) * (foreground - background)
        contrast += (foreground - background) ** 2
    bins = np.floor(distance[near] + reach).astype(np.intp)
    total = np.bincount(bins, contrast, minlength=2 * reach)[: 2 * reach]
    if total.min() <= 1e-6:
        return None
    share: NDArray[np.float64] = np.bincount(bins, projected, minlength=2 * reach)[: 2 * reach] / total
    return share


def _spread(profile: NDArray[np.float64]) -> float | None:
    """Standard deviation in pixels of the normal distribution around the outline that the profile follows best, none
    wider than half its reach; None where it rises with none.

    All of the profile is asked: that of few strands is rough, and where it stops rising for a pixel it need not end.
    """
    reach = profile.size // 2
    off = profile - profile.mean()
    length = float(np.linalg.norm(off))
    if length == 0:
        return None
    likeness = _normal_profiles(reach) @ off / length
    best = int(np.argmax(likeness))
    return float(_SPREADS[best]) if likeness[best] > 0 else None


@lru_cache(maxsize=len(_REACHES))
def _normal_profiles(reach: int) -> NDArray[np.float64]:
    """Normal distributions as `edge_profile` would show them, a row for each spread that is tried, of mean 0 and length
    1."""
    spreads = _SPREADS[: np.searchsorted(_SPREADS, reach / 2, side="right")]
    at = (np.arange(2 * reach) + 0.5 - reach) / (math.sqrt(2) * spreads[:, None])
    rows = np.vectorize(math.erf)(at)  # as high inside as it is low outside: the mean is 0
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float64)
