"""Whether a matte's confidence holds: errors as expected against errors as they are, on pictures with true alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

#: Expected errors between which pixels are told of together.
_STEPS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1.0)
#: Parts of the picture that are taken away, the most doubtful pixels first, to see how the rest gets better.
_PARTS = np.linspace(0, 0.99, 100)


@dataclass(frozen=True)
class Bin:
    """Pixels whose expected error is from `low` to `high`: their share of all, and both errors' means, 0..1."""

    low: float
    high: float
    share: float
    expected: float
    true: float


@dataclass(frozen=True)
class Calibration:
    """`expected`, `true`: mean absolute error of alpha, 0..1. `off`: mean over pixels of how far both are apart in the
    pixel's bin. `rank`: Spearman's correlation of both over the pixels where alpha is soft, mean over pictures.
    `found`: how much of what can be gained by taking away the most wrong pixels is gained by the most doubtful ones: 0
    as by chance, 1 as with the truth (1 minus the area under the sparsification error, AUSE, over that of chance)."""

    expected: float
    true: float
    off: float
    rank: float
    found: float
    bins: tuple[Bin, ...]


def calibration(pictures: Sequence[tuple[FloatImage, FloatImage, NDArray[np.bool_]]]) -> Calibration:
    """Of pictures: confidence, true absolute error, and where the true alpha is soft; each H x W."""
    expected = np.concatenate([(1 - confidence).ravel() for confidence, _, _ in pictures])
    true = np.concatenate([error.ravel() for _, error, _ in pictures])
    place = np.clip(np.searchsorted(_STEPS, expected, side="right") - 1, 0, len(_STEPS) - 2)
    bins = []
    for number, (low, high) in enumerate(pairwise(_STEPS)):
        here = place == number
        if here.any():
            means = (float(expected[here].mean()), float(true[here].mean()))
            bins.append(Bin(low, high, float(here.mean()), *means))
    return Calibration(
        expected=float(expected.mean()),
        true=float(true.mean()),
        off=float(sum(one.share * abs(one.expected - one.true) for one in bins)),
        rank=float(np.mean([_rank(1 - confidence[soft], error[soft]) for confidence, error, soft in pictures])),
        found=float(np.mean([_found(1 - confidence.ravel(), error.ravel()) for confidence, error, _ in pictures])),
        bins=tuple(bins),
    )


def table(found: Sequence[tuple[str, str, Calibration]]) -> str:
    """As aligned text: head by head its calibration, then its bins. Errors times 1000."""
    lines = [f"{'head':12} {'mask':7} {'expected':>9} {'true':>7} {'off':>7} {'rank':>6} {'found':>6}"]
    for head, kind, one in found:
        errors = f"{1e3 * one.expected:9.2f} {1e3 * one.true:7.2f} {1e3 * one.off:7.2f}"
        lines.append(f"{head:12} {kind:7} {errors} {one.rank:6.2f} {one.found:6.2f}")
    lines += ["", f"{'head':12} {'mask':7} {'expected error':>16} {'pixels':>8} {'expected':>9} {'true':>7}"]
    for head, kind, one in found:
        for part in one.bins:
            span = f"{1e3 * part.low:.0f} to {1e3 * part.high:.0f}"
            means = f"{1e3 * part.expected:9.1f} {1e3 * part.true:7.1f}"
            lines.append(f"{head:12} {kind:7} {span:>16} {part.share:8.2%} {means}")
    return "\n".join(lines)


def _rank(first: FloatImage, second: FloatImage) -> float:
    """Spearman's correlation; 0 where one of both does not vary."""
    if first.size < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: FloatImage) -> NDArray[np.float64]:
    """The place of each among them by size; equal ones share the mean of theirs."""
    _, number, count = np.unique(values, return_inverse=True, return_counts=True)
    places: NDArray[np.float64] = (np.cumsum(count) - (count - 1) / 2)[number]
    return places


def _found(expected: FloatImage, true: FloatImage) -> float:
    mean = float(true.mean())
    if mean == 0:
        return 1.0
    left = true.size - (_PARTS * true.size).astype(int)

    def remaining(order: NDArray[np.intp]) -> float:
        """The mean over `_PARTS` of the error that is left, as a part of all."""
        return float((np.cumsum(true[order], dtype=np.float64)[left - 1] / left).mean() / mean)

    by_truth, by_doubt = remaining(np.argsort(true)), remaining(np.argsort(expected, kind="stable"))
    return (1 - by_doubt) / (1 - by_truth) if by_truth < 1 else 1.0
