"""How steady an alpha is over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import difference


def dtssd_pair(pred_before: NDArray[Any], pred: NDArray[Any], truth_before: NDArray[Any], truth: NDArray[Any]) -> float:
    """dtSSD of two successive frames: 100 * sqrt(mean [(p_t - p_t-1) - (g_t - g_t-1)]^2).

    Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", BMVC 2015, in the scale of the RVM
    benchmark. Height x width alphas, 0..1.
    """
    change = difference(pred, truth) - difference(pred_before, truth_before)
    return 100.0 * math.sqrt(float(np.mean(change**2)))


def dtssd(pred: Iterable[NDArray[Any]], truth: Iterable[NDArray[Any]], *, first_frame_zero: bool = True) -> float:
    """Mean of `dtssd_pair` over a clip, read one frame at a time.

    `first_frame_zero` counts the first frame as 0, as the benchmark scripts do: a clip of T frames then scores
    (T - 1) / T of what its pairs say. ValueError where there is nothing to average or the lengths differ.
    """
    scores = [0.0] if first_frame_zero else []
    before: tuple[NDArray[Any], NDArray[Any]] | None = None
    count = 0
    for p, g in zip(pred, truth, strict=True):
        if before is not None:
            scores.append(dtssd_pair(before[0], p, before[1], g))
        before = p, g
        count += 1
    if count == 0 or not scores:
        raise ValueError("dtSSD needs at least two frames, or one with first_frame_zero")
    return sum(scores) / len(scores)
