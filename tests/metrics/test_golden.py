"""The golden clip: numbers produced by the benchmarks' own scripts, to 1e-5 relative."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from wisp import metrics
from wisp.metrics.instances import instance_errors

Clip = list[NDArray[np.float32]]


def disk(cx: float, cy: float, radius: float, softness: float) -> NDArray[np.float32]:
    y, x = np.mgrid[0:48, 0:64]
    alpha = np.clip((radius - np.hypot(x - cx, y - cy)) / softness + 0.5, 0, 1)
    return (np.round(255 * alpha) / 255).astype(np.float32)


@pytest.fixture(scope="module")
def truth() -> Clip:
    return [disk(30 + 1.5 * t, 24, 12, 6) for t in range(4)]


@pytest.fixture(scope="module")
def pred() -> Clip:
    return [disk(30 + 1.5 * t + (0.75 if t % 2 else -0.5), 24.25, 12.5, 9) for t in range(4)]


def golden(*values: float) -> object:
    return pytest.approx(values, rel=1e-5)


def test_mad(pred: Clip, truth: Clip) -> None:
    assert tuple(map(metrics.mad, pred, truth)) == golden(24.013227, 25.091911, 24.013227, 25.091911)


def test_mse(pred: Clip, truth: Clip) -> None:
    assert tuple(map(metrics.mse, pred, truth)) == golden(3.626124, 4.018697, 3.626124, 4.018697)


@pytest.mark.parametrize("normalize", [False, True])
def test_grad(pred: Clip, truth: Clip, normalize: bool) -> None:
    scores = tuple(metrics.grad(p, g, normalize=normalize) for p, g in zip(pred, truth, strict=True))
    assert scores == golden(0.108880, 0.113392, 0.108880, 0.113392)


def test_conn(pred: Clip, truth: Clip) -> None:
    assert tuple(map(metrics.conn, pred, truth)) == golden(0.062478, 0.067649, 0.062478, 0.067649)


def test_dtssd_pairs(pred: Clip, truth: Clip) -> None:
    scores = tuple(metrics.dtssd_pair(pred[t - 1], pred[t], truth[t - 1], truth[t]) for t in (1, 2, 3))
    assert scores == golden(5.365058, 5.782786, 5.365058)


def test_dtssd_of_the_clip(pred: Clip, truth: Clip) -> None:
    pairs = 5.365058 + 5.782786 + 5.365058
    assert metrics.dtssd(pred, truth) == pytest.approx(pairs / 4, rel=1e-5)
    assert metrics.dtssd(pred, truth, first_frame_zero=False) == pytest.approx(pairs / 3, rel=1e-5)


def test_sad(pred: Clip, truth: Clip) -> None:
    assert metrics.sad(pred[1], truth[1]) == pytest.approx(0.0770824, rel=1e-5)


def test_mad_over_the_unknown_region(pred: Clip, truth: Clip) -> None:
    assert np.count_nonzero(metrics.unknown_region(truth[1])) == 1179
    assert metrics.mad_t(pred[1], truth[1]) == pytest.approx(65.379433, rel=1e-5)


def test_iou_of_the_supports(pred: Clip, truth: Clip) -> None:
    assert metrics.jaccard(pred[1] > 0, truth[1] > 0) == pytest.approx(0.768722, rel=1e-5)


def test_errors_of_a_matched_instance(pred: Clip, truth: Clip) -> None:
    assert instance_errors(pred[1], truth[1])[0] == pytest.approx(0.0847991, rel=1e-5)
    quality = metrics.imq([([pred[1]], [truth[1]])])
    assert quality.mad == pytest.approx(15.20093, rel=1e-5)
    assert (quality.found, quality.invented, quality.missed) == (1, 0, 0)


def test_report(pred: Clip, truth: Clip) -> None:
    report = metrics.compare_sequences(enumerate(pred, 1001), enumerate(truth, 1001))
    means = report.means
    assert means["mad"] == pytest.approx(24.552569, rel=1e-5)
    assert means["mse"] == pytest.approx(3.8224105, rel=1e-5)
    assert means["grad"] == pytest.approx(0.111136, rel=1e-5)
    assert means["conn"] == pytest.approx(0.0650637, rel=1e-5)
    assert means["dtssd"] == pytest.approx((5.365058 + 5.782786 + 5.365058) / 4, rel=1e-5)
    assert report.frames[1].mad_t == pytest.approx(65.379433, rel=1e-5)
    assert [row["frame"] for row in report.as_rows()] == [1001, 1002, 1003, 1004]


def test_maggie_scale(pred: Clip, truth: Clip) -> None:
    def mean(metric: object) -> float:
        return float(np.mean([metric(p, g) for p, g in zip(pred, truth, strict=True)]))  # type: ignore[operator]

    assert mean(metrics.mad) == pytest.approx(metrics.maggie_to_mad(79923.73, 64, 48), rel=1e-5)
    assert mean(metrics.mse) == pytest.approx(metrics.maggie_to_mad(12442.74, 64, 48), rel=1e-5)
    assert mean(metrics.sad) == pytest.approx(0.0754255, rel=1e-5)
