"""Guidance masks with the errors of real trackers: exact, slightly wrong, coarse."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..heads.band import Mask
from ..plates.clip import FloatImage

#: How often a mask is exact, off by a pixel or two, or of a coarse grid.
SHARES = {"exact": 0.36, "slight": 0.16, "coarse": 0.48}


def guidance_mask(rng: np.random.Generator, alpha: FloatImage, kind: str | None = None) -> Mask:
    """A mask for the true `alpha` (H x W, 0..1) as some tracker would have given it; `kind` is one of `SHARES`."""
    kind = kind or str(rng.choice(list(SHARES), p=list(SHARES.values())))
    if kind == "exact":
        return alpha >= 0.5
    if kind == "slight":
        mask = displaced(rng, alpha, rng.uniform(0.3, 1.5)) >= rng.uniform(0.25, 0.75)
        return grown(mask, rng.uniform(-1.5, 1.5))
    mask = on_grid(rng, alpha, float(np.exp(rng.uniform(np.log(2.0), np.log(9.0)))))
    draw = rng.random()
    if draw < 0.15:  # thin parts not seen
        mask = grown(grown(mask, -(radius := rng.uniform(1.5, 8))), radius)
    elif draw < 0.25:  # hair taken for a solid
        mask = grown(grown(mask, radius := rng.uniform(1.5, 8)), -radius)
    if rng.random() < 0.2:
        mask = polygonal(mask, rng.uniform(0.5, 3.0))
    if rng.random() < 0.2:
        mask = grown(mask, rng.uniform(-4, 4))
    if rng.random() < 0.12:
        mask = shifted(mask, rng.normal(scale=3.0, size=2))
    if rng.random() < 0.12:
        mask = torn(rng, mask)
    return mask


def displaced(rng: np.random.Generator, alpha: FloatImage, amplitude: float) -> FloatImage:
    """`alpha` seen through a wobbly glass: moved by about `amplitude` pixels, differently every few pixels."""
    height, width = alpha.shape
    cells = max(2, round(max(height, width) / rng.uniform(6, 40)))
    shift = cv2.resize(
        rng.normal(size=(cells, cells, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved: FloatImage = cv2.remap(
        alpha,
        x + amplitude * shift[..., 0],
        y + amplitude * shift[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return moved


def on_grid(rng: np.random.Generator, alpha: FloatImage, cell: float) -> Mask:
    """A tracker's mask: decided on a grid of `cell` pixels with a wandering outline, then enlarged."""
    height, width = alpha.shape
    grid = (max(4, round(width / cell)), max(4, round(height / cell)))
    moved = displaced(rng, alpha, cell * rng.uniform(0.0, 0.6))
    small = cv2.resize((moved >= 0.5).astype(np.float32), grid, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:  # logits, which keep where in a cell the edge runs; or a binary mask, which does not
        small = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.5, 1.2))
        small = small + rng.normal(scale=0.08, size=small.shape).astype(np.float32)
    else:
        small = (small >= rng.uniform(0.35, 0.65)).astype(np.float32)
    enlarged = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        enlarged = cv2.GaussianBlur(enlarged, (0, 0), cell / 2)
    return np.asarray(enlarged > 0.5)


def grown(mask: Mask, radius: float) -> Mask:
    """Dilated by `radius` pixels, eroded where it is negative."""
    size = 2 * round(abs(radius)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    change = cv2.dilate if radius > 0 else cv2.erode
    return np.asarray(change(mask.astype(np.uint8), kernel) > 0)


def polygonal(mask: Mask, tolerance: float) -> Mask:
    """Every contour replaced by a polygon that stays within `tolerance` pixels."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(drawn, [cv2.approxPolyDP(contour, tolerance, True) for contour in contours], 1)
    return np.asarray(drawn > 0)


def shifted(mask: Mask, by: NDArray[np.float64]) -> Mask:
    """Lagging behind the picture by `by` (x, y) pixels."""
    matrix = np.array([[1, 0, by[0]], [0, 1, by[1]]])
    moved = cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved > 0)


def torn(rng: np.random.Generator, mask: Mask) -> Mask:
    """With a hole in it or a piece missed, at a random place of its edge."""
    edge = np.argwhere(mask != grown(mask, -1))
    if not len(edge):
        return mask
    y, x = edge[rng.integers(len(edge))]
    drawn = mask.astype(np.uint8)
    axes = rng.uniform(2, 10, 2).round().astype(int)
    cv2.ellipse(drawn, (int(x), int(y)), axes.tolist(), rng.uniform(0, 180), 0, 360, int(rng.random() < 0.4), -1)
    return np.asarray(drawn > 0)
