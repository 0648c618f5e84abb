"""Errors of one alpha frame against its truth.

Notation in the formulas: p, g predicted and true alpha in 0..1; N the number of pixels. Arrays are
height x width, float 0..1, unsigned integer or bool. `region` (bool, same size) restricts sums and means to
the pixels where it is true; None means all of them; an empty region gives 0.

The scales are those of the video matting benchmarks (Lin et al., "Robust High-Resolution Video Matting",
WACV 2022): MAD and MSE times 1e3, SAD, Grad and Conn divided by 1000. SAD, Grad and Conn grow with the
resolution; MAD and MSE do not.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Alpha, Mask, as_alpha, as_pair, difference, quantise

ErrorMap = NDArray[np.float64]


def sad(pred: NDArray[Any], truth: NDArray[Any], region: Mask | None = None) -> float:
    """Sum of absolute differences: sum |p - g| / 1000."""
    return _total(np.abs(difference(pred, truth)), region) / 1e3


def mad(pred: NDArray[Any], truth: NDArray[Any], region: Mask | None = None) -> float:
    """Mean absolute difference: mean |p - g| * 1e3."""
    return _mean(np.abs(difference(pred, truth)), region) * 1e3


def mse(pred: NDArray[Any], truth: NDArray[Any], region: Mask | None = None) -> float:
    """Mean squared error: mean (p - g)^2 * 1e3."""
    return _mean(difference(pred, truth) ** 2, region) * 1e3


def grad(pred: NDArray[Any], truth: NDArray[Any], region: Mask | None = None, *, normalize: bool = False) -> float:
    """Gradient error: sum (|dp| - |dg|)^2 / 1000 (Rhemann et al., CVPR 2009).

    |d.| is the gradient magnitude by derivatives of a Gaussian with sigma 1.4. `normalize=True` first
    stretches each alpha to 0..1, as the low-resolution benchmark (512 x 288) does and the high-resolution one
    does not; on a frame that is nearly empty the stretch blows noise up.
    """
    return _total(gradient_map(pred, truth, normalize=normalize), region) / 1e3


def conn(pred: NDArray[Any], truth: NDArray[Any], region: Mask | None = None) -> float:
    """Connectivity error: sum |phi_p - phi_g| / 1000 (Rhemann et al., CVPR 2009)."""
    return _total(connectivity_map(pred, truth), region) / 1e3


def unknown_region(truth: NDArray[Any], size: int = 10) -> Mask:
    """Pixels at the soft edge of the true alpha (height x width, bool).

    The complement of the sure pixels: those whose 8-bit alpha is 255, and those where it is 0, each eroded by
    an ellipse of `size` pixels. Outside the picture counts as sure.
    """
    levels = quantise(truth)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    foreground = cv2.erode((levels == 255).astype(np.uint8), kernel)
    background = cv2.erode((levels == 0).astype(np.uint8), kernel)
    return np.asarray((foreground | background) == 0)


def mad_t(pred: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean absolute difference over the unknown region of the truth, * 1e3; 0 where that is empty.

    The best single number for the quality of an edge (used by VideoMaMa, 2026).
    """
    return mad(pred, truth, unknown_region(truth))


def maggie_to_mad(value: float, width: int, height: int) -> float:
    """MAD or MSE as the MaGGIe evaluation prints it, brought to the scale used here.

    That evaluation divides by the pixel count twice and multiplies by 1e10, so that its numbers depend on the
    picture's size: value * N / 1e7.
    """
    return value * width * height / 1e7


def gradient_map(pred: NDArray[Any], truth: NDArray[Any], *, normalize: bool = False) -> ErrorMap:
    """(|dp| - |dg|)^2 per pixel; see `grad`."""
    p, g = as_pair(pred, truth)
    if normalize:
        p, g = _stretch(p), _stretch(g)
    return np.asarray((_gradient_magnitude(p) - _gradient_magnitude(g)) ** 2)


def connectivity_map(pred: NDArray[Any], truth: NDArray[Any]) -> ErrorMap:
    """|phi_p - phi_g| per pixel, where phi falls as a pixel's alpha exceeds what connects it to the whole.

    For thresholds 0.1 .. 1.0 Omega is the largest 4-connected component of {p >= th and g >= th}. A pixel's level
    is the last threshold before the first at which it lies outside Omega, 1 if it never does;
    phi = 1 - d * [d >= 0.15] with d = alpha - level.
    """
    p, g = as_pair(pred, truth)
    level = np.ones(p.shape, dtype=np.float64)
    inside = np.ones(p.shape, dtype=np.bool_)
    both = np.minimum(p, g)
    for step in range(1, 11):
        # Compared in single precision: an 8-bit 153 is 0.6 and must count as reaching the threshold 0.6.
        omega = largest_component(both >= np.float32(step / 10))
        level[inside & ~omega] = (step - 1) / 10
        inside &= omega
    return np.abs(_connectedness(p, level) - _connectedness(g, level))


def largest_component(mask: Mask) -> Mask:
    """The largest 4-connected component of `mask`; empty if it is empty."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count == 1:
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _connectedness(alpha: Alpha, level: ErrorMap) -> ErrorMap:
    excess = alpha - level
    return np.asarray(1.0 - excess * (excess >= 0.15))


def _gradient_magnitude(alpha: Alpha, sigma: float = 1.4) -> ErrorMap:
    """Length of the gradient by a pair of derivative-of-Gaussian filters of unit Frobenius norm."""
    half = math.ceil(sigma * math.sqrt(-2.0 * math.log(math.sqrt(2.0 * math.pi) * sigma * 0.01)))
    t = np.arange(-half, half + 1, dtype=np.float64)
    gaussian = np.exp(-(t**2) / (2.0 * sigma**2)) / (sigma * math.sqrt(2.0 * math.pi))
    along_x = np.outer(gaussian, -t * gaussian / sigma**2)
    along_x /= np.linalg.norm(along_x)
    picture = alpha.astype(np.float64)
    dx = cv2.filter2D(picture, cv2.CV_64F, along_x, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.filter2D(picture, cv2.CV_64F, along_x.T, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.hypot(dx, dy))


def _stretch(alpha: Alpha) -> Alpha:
    """`alpha` with its least value at 0 and its largest at 1; unchanged where it is constant."""
    low, high = float(alpha.min()), float(alpha.max())
    return as_alpha((alpha - low) / (high - low)) if high > low else alpha


def _total(errors: ErrorMap, region: Mask | None) -> float:
    return float(errors.sum() if region is None else errors[region].sum())


def _mean(errors: ErrorMap, region: Mask | None) -> float:
    count = errors.size if region is None else int(np.count_nonzero(region))
    return _total(errors, region) / count if count else 0.0
