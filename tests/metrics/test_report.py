"""Comparing two sequences: streaming, gaps, averages, and errors that name the frame."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from wisp import metrics
from wisp.errors import UsageError


def matte(frame: int, error: float = 0.0) -> np.ndarray:
    alpha = np.zeros((24, 32), np.float32)
    alpha[6:18, 8 + frame % 5 : 20 + frame % 5] = 1.0 - error
    return alpha


def numbered(frames: range | list[int], error: float = 0.0) -> Iterator[tuple[int, np.ndarray]]:
    return ((frame, matte(frame, error * (frame % 3))) for frame in frames)


def test_rows_equal_the_single_functions() -> None:
    report = metrics.compare_sequences(numbered(range(1001, 1005), 0.1), numbered(range(1001, 1005)))
    third = report.frames[2]
    p, g = matte(1003, 0.1 * (1003 % 3)), matte(1003)
    assert third.frame == 1003
    for name in ("mad", "mse", "sad", "grad", "conn", "mad_t"):
        assert getattr(third, name) == getattr(metrics, name)(p, g)
    assert third.j == metrics.jaccard(p, g)
    assert third.f == metrics.boundary_f(p, g)
    before = matte(1002, 0.1 * (1002 % 3)), matte(1002)
    assert third.dtssd == metrics.dtssd_pair(before[0], p, before[1], g)


def test_the_mean_of_dtssd_follows_the_chosen_rule() -> None:
    for first_frame_zero in (True, False):
        report = metrics.compare_sequences(
            numbered(range(5), 0.1), numbered(range(5)), first_frame_zero=first_frame_zero
        )
        whole = metrics.dtssd(
            (a for _, a in numbered(range(5), 0.1)),
            (a for _, a in numbered(range(5))),
            first_frame_zero=first_frame_zero,
        )
        assert report.means["dtssd"] == pytest.approx(whole, rel=1e-12)
        assert report.frames[0].dtssd is None


def test_frames_of_one_side_are_named_and_break_the_pairs() -> None:
    report = metrics.compare_sequences(numbered([1, 2, 4, 5, 9], 0.1), numbered(range(2, 7)))
    assert [score.frame for score in report.frames] == [2, 4, 5]
    assert report.only_pred == (1, 9)
    assert report.only_truth == (3, 6)
    assert [score.dtssd is None for score in report.frames] == [True, True, False]
    assert report.as_dict()["only_truth"] == "3,6"


def test_a_report_is_plain_json() -> None:
    report = metrics.compare_sequences(numbered(range(3), 0.1), numbered(range(3)))
    data = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert list(data["frames"][0]) == ["frame", *metrics.METRICS]
    assert data["means"]["j_and_f"] == pytest.approx((data["means"]["j"] + data["means"]["f"]) / 2)


def test_a_single_frame_has_no_dtssd() -> None:
    report = metrics.compare_sequences(numbered([7]), numbered([7]))
    assert report.means["dtssd"] is None
    assert report.means["mad"] == 0.0


def test_eight_bit_rounds_both_sides() -> None:
    truth = np.full((8, 8), 0.5)
    report = metrics.compare_sequences([(1, truth + 0.001)], [(1, truth)], eight_bit=True)
    assert report.means["mad"] == 0.0
    assert metrics.compare_sequences([(1, truth + 0.001)], [(1, truth)]).means["mad"] == pytest.approx(1.0, rel=1e-3)


def test_memory_does_not_grow_with_the_clip() -> None:
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def frames() -> Iterator[tuple[int, np.ndarray]]:
        nonlocal most
        for frame in range(40):
            alpha = matte(frame)
            alive.append(weakref.ref(alpha))
            most = max(most, sum(reference() is not None for reference in alive))
            yield frame, alpha

    metrics.compare_sequences(frames(), numbered(range(40)))
    assert len(alive) == 40
    assert most <= 3


def test_errors_name_the_frame() -> None:
    with pytest.raises(UsageError, match=r"Frame 12.*32x24.*10x20"):
        metrics.compare_sequences(numbered([12]), [(12, np.zeros((20, 10)))])
    broken = matte(12)
    broken[0, 0] = np.nan
    with pytest.raises(UsageError, match=r"Frame 12.*prediction.*NaN"):
        metrics.compare_sequences([(12, broken)], numbered([12]))
    with pytest.raises(UsageError, match=r"truth do not ascend: 3 comes after 4"):
        metrics.compare_sequences(numbered([3, 4]), numbered([4, 3]))
    with pytest.raises(UsageError, match=r"1-3.*11-13.*no frame in common"):
        metrics.compare_sequences(numbered(range(1, 4)), numbered(range(11, 14)))
    with pytest.raises(UsageError, match=r"none.*no frame in common"):
        metrics.compare_sequences([], numbered([1]))
