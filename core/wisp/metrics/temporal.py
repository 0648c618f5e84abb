"""How steady an alpha is over time. Sequences are read one frame at a time and may be generators."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.flow import Flow, FlowEstimator, pull
from .arrays import as_alpha, difference, quantise


def dtssd_pair(pred_before: NDArray[Any], pred: NDArray[Any], truth_before: NDArray[Any], truth: NDArray[Any]) -> float:
    """dtSSD of two successive frames: 100 * sqrt(mean [(p_t - p_t-1) - (g_t - g_t-1)]^2).

    Erofeev et al., "Perceptually Motivated Benchmark for Video Matting", BMVC 2015, in the scale of the RVM
    benchmark. Height x width alphas, 0..1.
    """
    change = difference(pred, truth) - difference(pred_before, truth_before)
    return 100.0 * math.sqrt(float(np.mean(change**2)))


def dtssd(pred: Iterable[NDArray[Any]], truth: Iterable[NDArray[Any]], *, first_frame_zero: bool = True) -> float:
    """Mean of `dtssd_pair` over a clip.

    `first_frame_zero` counts the first frame as 0, as the benchmark scripts do: a clip of T frames then scores
    (T - 1) / T of what its pairs say. ValueError for less than two frames or lengths that differ.
    """
    pairs = pairwise(zip(pred, truth, strict=True))
    scores = [dtssd_pair(p_before, p, g_before, g) for (p_before, g_before), (p, g) in pairs]
    if not scores:
        raise ValueError("dtSSD needs two frames or more")
    return sum(scores) / (len(scores) + first_frame_zero)


def mean_over_clips(clips: Sequence[Sequence[float]]) -> float:
    """The benchmarks' average of per-frame scores: over clips for each frame index, then over the indices.

    It is the plain mean where all clips are equally long; otherwise frames of the longer clips weigh more.
    ValueError where there is no score.
    """
    length = max((len(clip) for clip in clips), default=0)
    if length == 0:
        raise ValueError("no score to average")
    by_index = [[clip[index] for clip in clips if index < len(clip)] for index in range(length)]
    return sum(sum(scores) / len(scores) for scores in by_index) / length


def messddt(
    pred: Iterable[NDArray[Any]], truth: Iterable[NDArray[Any]], regions: Iterable[NDArray[Any]] | None = None
) -> float:
    """Change of the squared error along the motion of the truth (Erofeev et al. 2015), * 1e4.

    sum_t,x m_t(x) |e_t(x) - e_t+1(x + F_t(x))| / sum_t,x m_t(x) over successive frames, where e = (p - g)^2, F is
    the optical flow between the true alphas rounded to whole pixels, and m the bool `regions` (None: all
    pixels). Positions that leave the picture are moved to its border. Values published with the MaGGIe code are
    not comparable: it exchanges x and y. ValueError for less than two frames or lengths that differ.
    """
    total, weight, pairs = 0.0, 0, 0
    for (truth_now, error_now, region), (truth_next, error_next, _) in pairwise(_errors(pred, truth, regions)):
        flow = _alpha_flow(truth_now, truth_next)
        height, width = error_now.shape
        y, x = np.indices(error_now.shape)
        x_next = np.clip(x + np.rint(flow[..., 0]).astype(int), 0, width - 1)
        y_next = np.clip(y + np.rint(flow[..., 1]).astype(int), 0, height - 1)
        change = np.abs(error_now - error_next[y_next, x_next])
        total += float(change[region].sum())
        weight += int(np.count_nonzero(region))
        pairs += 1
    if not pairs:
        raise ValueError("MESSDdt needs two frames or more")
    return total / weight * 1e4 if weight else 0.0


def f_warp(alphas: Iterable[NDArray[Any]], pictures: Iterable[NDArray[np.uint8]]) -> float:
    """Flicker without truth: mean (a_t - warp(a_t+1))^2 * 1e3 over successive frames, then over the pairs.

    `pictures` are the plate's RGB (height x width x 3, uint8, as displayed); a_t+1 is warped back to t along
    their DIS optical flow. The measure is SAM2Matting's, which takes its flow from RAFT: compare only values
    of this function. ValueError for less than two frames or lengths that differ.
    """
    estimate = FlowEstimator(fine=False)
    frames = ((as_alpha(a), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)) for a, rgb in zip(alphas, pictures, strict=True))
    scores = [
        float(np.mean(difference(now, pull(after, estimate(grey_now, grey_after))) ** 2)) * 1e3
        for (now, grey_now), (after, grey_after) in pairwise(frames)
    ]
    if not scores:
        raise ValueError("F_warp needs two frames or more")
    return sum(scores) / len(scores)


def _errors(
    pred: Iterable[NDArray[Any]], truth: Iterable[NDArray[Any]], regions: Iterable[NDArray[Any]] | None
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.bool_]]]:
    """Per frame: the 8-bit truth, the squared error, and the pixels that count."""
    if regions is None:
        for p, g in zip(pred, truth, strict=True):
            yield quantise(g), difference(p, g) ** 2, np.ones(g.shape, dtype=np.bool_)
    else:
        for p, g, region in zip(pred, truth, regions, strict=True):
            yield quantise(g), difference(p, g) ** 2, region.astype(np.bool_)


def _alpha_flow(now: NDArray[np.uint8], after: NDArray[np.uint8]) -> Flow:
    """Farneback flow (x, y in pixels) from one 8-bit alpha to the next."""
    flow = cv2.calcOpticalFlowFarneback(
        now,
        after,
        None,
        pyr_scale=0.5,
        levels=5,
        winsize=10,
        iterations=2,
        poly_n=7,
        poly_sigma=1.5,
        flags=cv2.OPTFLOW_FARNEBACK_GAUSSIAN,
    )
    return np.asarray(flow, dtype=np.float32)
