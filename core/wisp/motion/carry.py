"""Where an object's pixels were on another frame, however far away: two pictures and two masks are enough.

Masks say where the object is on both frames, which brings one picture roughly over the other; flow finds the rest.
Nothing adds up from frame to frame, and any frame can be asked for alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .flow import Flow, FlowEstimator, Grey, Plane, pixel_grid, trust

#: Times the picture is brought over the other one anew, by what flow has found.
_ROUNDS = 2
#: How far a pixel's motion speaks for those around it: two widths as parts of the longer side, and their weights. The
#: wide one reaches what lies far from the object.
_REACHES = ((0.04, 1.0), (0.2, 0.01))
#: Share of the object that flow must have followed to be believed at all.
_LEAST_SEEN = 0.05


@dataclass(frozen=True)
class Sight:
    """An object on a frame: the picture and the object's mask on one grid, h x w."""

    grey: Grey
    mask: NDArray[np.bool_]


def object_motion(estimate: FlowEstimator, now: Sight, then: Sight) -> Flow:
    """From each pixel of `now` to where it was on `then`, if it moves with the object: h x w x 2 in grid pixels.

    Beside the object that is the motion of its nearest parts, not of what is seen there. Zero where one of the frames
    does not show the object.
    """
    height, width = now.grey.shape
    grid = pixel_grid(height, width)
    if not now.mask.any() or not then.mask.any():
        return np.zeros_like(grid)
    similar = _of_masks(now.mask, then.mask)
    overlap = _overlap(similar, now.mask, then.mask)
    rest, seen = np.zeros_like(grid), np.zeros((height, width), np.float32)
    for _ in range(_ROUNDS):
        brought = brought_over(then.grey, similar, cv2.INTER_LINEAR)
        there = estimate(now.grey, brought)
        weight = np.asarray(trust(there, estimate(brought, now.grey)) * now.mask, np.float32)
        if weight.sum() < _LEAST_SEEN * now.mask.sum():
            break
        place = applied(similar, grid + there)
        found = fitted(grid, place, weight)
        better = _overlap(found, now.mask, then.mask)
        if better < 0.95 * overlap:  # the masks know better: flow has followed something else
            break
        similar, overlap = found, max(better, overlap)
        rest, seen = place - applied(similar, grid), weight
    moved: Flow = applied(similar, grid) + spread(rest, seen) - grid
    return moved


def _of_masks(now: NDArray[np.bool_], then: NDArray[np.bool_]) -> NDArray[np.float64]:
    """2 x 3: centre onto centre, area onto area."""
    (y, x), (v, u) = np.nonzero(now), np.nonzero(then)
    scale = float(np.sqrt(u.size / x.size))
    return np.array([[scale, 0, u.mean() - scale * x.mean()], [0, scale, v.mean() - scale * y.mean()]])


def fitted(points: Flow, places: Flow, weight: Plane) -> NDArray[np.float64]:
    """The similarity, 2 x 3, that takes points to their places with the least weighted squared error (Umeyama, 1991, in
    the plane)."""
    known = weight > 0
    w = weight[known].astype(np.float64)
    p, q = ((field[..., 0] + 1j * field[..., 1])[known].astype(np.complex128) for field in (points, places))
    total = w.sum()
    centre, target = (w * p).sum() / total, (w * q).sum() / total
    spread = (w * np.abs(p - centre) ** 2).sum()
    turn = (w * np.conj(p - centre) * (q - target)).sum() / max(spread, 1e-9)
    shift = target - turn * centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def applied(similar: NDArray[np.float64], points: Flow) -> Flow:
    return np.asarray(points @ similar[:, :2].T + similar[:, 2], np.float32)


def brought_over(picture: Grey, similar: NDArray[np.float64], how: int) -> Grey:
    """`picture` of the other frame as it lies on this one."""
    height, width = picture.shape
    flags = how | cv2.WARP_INVERSE_MAP
    brought: Grey = cv2.warpAffine(picture, similar, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return brought


def _overlap(similar: NDArray[np.float64], now: NDArray[np.bool_], then: NDArray[np.bool_]) -> float:
    """Intersection over union of the two masks where `similar` lays the other over this one."""
    brought = brought_over(then.astype(np.uint8), similar, cv2.INTER_NEAREST) > 0
    return float((brought & now).sum() / max((brought | now).sum(), 1))


def spread(field: Flow, weight: Plane) -> Flow:
    """The field's weighted mean around every pixel, also where nothing is known."""
    sums, total = np.zeros_like(field), np.full(weight.shape, 1e-6, np.float32)
    for reach, share in _REACHES:
        sigma = reach * max(weight.shape)
        sums += share * cv2.GaussianBlur(field * weight[..., None], (0, 0), sigma)
        total += share * cv2.GaussianBlur(weight, (0, 0), sigma)
    return sums / total[..., None]
