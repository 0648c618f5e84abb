"""What every metric does to its inputs first: one type, one range, one size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.float32]
Mask = NDArray[np.bool_]


def as_alpha(array: NDArray[Any]) -> Alpha:
    """`array` (height x width) as float32 alpha.

    Floats are taken as they are (0..1), unsigned integers are divided by their largest value, booleans become
    0 and 1. ValueError for any other type or shape: the metrics would give a number that means nothing.
    """
    if array.ndim != 2:
        raise ValueError(f"an alpha has two dimensions, height and width; this array is {array.shape}")
    if array.dtype.kind in "fb":
        return np.asarray(array, dtype=np.float32)
    if array.dtype.kind == "u":
        return np.asarray(array, dtype=np.float32) / np.float32(np.iinfo(array.dtype).max)
    raise ValueError(f"an alpha is float, unsigned integer or bool, not {array.dtype}")


def as_pair(pred: NDArray[Any], truth: NDArray[Any]) -> tuple[Alpha, Alpha]:
    """Predicted and true alpha as float32; ValueError where their sizes differ."""
    if pred.shape != truth.shape:
        raise ValueError(f"prediction {pred.shape} and truth {truth.shape} differ in size")
    return as_alpha(pred), as_alpha(truth)


def difference(pred: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """`pred - truth` per pixel, in double precision so that sums over millions of pixels stay exact."""
    p, g = as_pair(pred, truth)
    return np.subtract(p, g, dtype=np.float64)


def quantise(alpha: NDArray[Any]) -> NDArray[np.uint8]:
    """Alpha as an 8-bit file stores it: clipped to 0..1, times 255, rounded half to even.

    Published scores are computed on 8-bit files; quantise both sides before comparing with them.
    """
    return np.asarray(np.rint(np.clip(as_alpha(alpha), 0.0, 1.0) * 255.0), dtype=np.uint8)
