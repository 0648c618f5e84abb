"""Errors of the estimated foreground colour, over the pixels where the true alpha is not 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import as_alpha


def colour_mad(pred: NDArray[np.floating], truth: NDArray[np.floating], alpha: NDArray[Any]) -> float:
    """Mean absolute difference of RGB over {alpha > 0} and the three channels, * 1e3; 0 where that is empty.

    `pred`, `truth`: un-premultiplied colours, float 0..1, height x width x 3; `alpha` the true alpha.
    """
    return _mean(np.abs(_difference(pred, truth, alpha)))


def colour_mse(pred: NDArray[np.floating], truth: NDArray[np.floating], alpha: NDArray[Any]) -> float:
    """Mean squared error of RGB over {alpha > 0} and the three channels, * 1e3; 0 where that is empty.

    The foreground error of Lin et al., "Robust High-Resolution Video Matting", WACV 2022. Arrays as in
    `colour_mad`.
    """
    return _mean(_difference(pred, truth, alpha) ** 2)


def _difference(pred: NDArray[np.floating], truth: NDArray[np.floating], alpha: NDArray[Any]) -> NDArray[np.float64]:
    """`pred - truth` of the counted pixels, pixels x 3."""
    if pred.shape != truth.shape or pred.shape != (*alpha.shape, 3):
        raise ValueError(f"colours {pred.shape}, {truth.shape} and alpha {alpha.shape} do not fit together")
    if pred.dtype.kind != "f" or truth.dtype.kind != "f":
        raise ValueError(f"colours are float, not {pred.dtype} and {truth.dtype}")
    counted = as_alpha(alpha) > 0
    return np.asarray(np.subtract(pred[counted], truth[counted], dtype=np.float64))


def _mean(errors: NDArray[np.float64]) -> float:
    return float(errors.mean()) * 1e3 if errors.size else 0.0
