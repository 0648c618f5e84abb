"""Steadiness over time: what moves with the truth costs nothing, what flickers does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp import metrics


def blob(cx: float, cy: float = 48.0, gain: float = 1.0) -> np.ndarray:
    y, x = np.mgrid[0:96, 0:128] + 0.5
    return (gain * np.clip((22 - np.hypot(x - cx, y - cy)) / 8 + 0.5, 0, 1)).astype(np.float32)


def test_dtssd_ignores_a_constant_error_and_sees_flicker() -> None:
    truth = [blob(50.0)] * 3
    assert metrics.dtssd([blob(50.0, gain=0.8)] * 3, truth) == 0.0
    assert metrics.dtssd([blob(50.0), blob(50.0, gain=0.8), blob(50.0)], truth) > 1.0


def test_dtssd_by_hand() -> None:
    """One of four pixels changes by 0.6 against a still truth: 100 * sqrt(0.36 / 4) = 30."""
    still = np.zeros((2, 2))
    changed = still.copy()
    changed[0, 0] = 0.6
    assert metrics.dtssd_pair(still, changed, still, still) == pytest.approx(30.0, rel=1e-6)
    assert metrics.dtssd([still, changed], [still, still]) == pytest.approx(15.0, rel=1e-6)


@pytest.mark.parametrize("clips", [0, 1])
def test_too_short_clips_are_refused(clips: int) -> None:
    frames = [blob(50.0)] * clips
    pictures = [np.zeros((96, 128, 3), np.uint8)] * clips
    for call in (
        lambda: metrics.dtssd(frames, frames),
        lambda: metrics.messddt(frames, frames),
        lambda: metrics.f_warp(frames, pictures),
    ):
        with pytest.raises(ValueError, match="two frames"):
            call()


def test_mean_over_clips_weighs_by_frame_index() -> None:
    assert metrics.mean_over_clips([[1.0, 2.0], [3.0, 4.0]]) == 2.5
    # Index 0 averages to 2, index 1 has only the longer clip.
    assert metrics.mean_over_clips([[1.0, 8.0], [3.0]]) == 5.0
    with pytest.raises(ValueError, match="no score"):
        metrics.mean_over_clips([[], []])


def test_messddt_follows_the_motion() -> None:
    """An error that travels with the object changes less along the flow than in place."""
    truth = [blob(40.0 + 4 * t) for t in range(4)]
    travelling = [np.clip(blob(40.0 + 4 * t) * 0.7, 0, 1) for t in range(4)]
    in_place = sum(
        np.abs((travelling[t] - truth[t]) ** 2 - (travelling[t + 1] - truth[t + 1]) ** 2).mean() for t in range(3)
    )
    left_behind = [np.abs(alpha - 0.3 * blob(40.0)) for alpha in truth]
    assert metrics.messddt(travelling, truth) < 0.05 * (in_place / 3 * 1e4)
    assert metrics.messddt(left_behind, truth) > 0.2 * (in_place / 3 * 1e4)


def test_messddt_by_hand_where_nothing_moves() -> None:
    truth = [blob(60.0)] * 2
    pred = [truth[0], np.clip(truth[0] - 0.1, 0, None)]
    expected = np.mean((pred[1].astype(float) - truth[1]) ** 2) * 1e4
    assert metrics.messddt(pred, truth) == pytest.approx(expected, rel=1e-6)
    left = np.zeros((96, 128), bool)
    left[:, :64] = True
    expected_left = np.mean((pred[1].astype(float) - truth[1])[left] ** 2) * 1e4
    assert metrics.messddt(pred, truth, [left, left]) == pytest.approx(expected_left, rel=1e-6)


def test_messddt_reads_x_as_x() -> None:
    """Motion to the right must not be sampled downwards: both ways an error that travels costs next to nothing."""
    truth = [blob(40.0 + 5 * t) for t in range(3)]
    pred = [alpha * 0.7 for alpha in truth]
    assert metrics.messddt(pred, truth) < 1.0
    assert metrics.messddt([p.T.copy() for p in pred], [g.T.copy() for g in truth]) < 1.0


def test_f_warp_is_small_for_a_matte_that_moves_with_the_picture() -> None:
    rng = np.random.default_rng(1)
    texture = cv2.GaussianBlur(rng.random((96, 160)).astype(np.float32), (0, 0), 2)
    texture = ((texture - texture.min()) / np.ptp(texture) * 255).astype(np.uint8)
    pictures = [np.repeat(texture[:, 3 * t : 3 * t + 128, None], 3, axis=2) for t in range(4)]
    moving = [blob(70.0 - 3 * t) for t in range(4)]
    stuck = [blob(70.0)] * 4
    flicker = [alpha * (1.0 if t % 2 else 0.7) for t, alpha in enumerate(moving)]
    assert metrics.f_warp(moving, pictures) < 0.1 * metrics.f_warp(stuck, pictures)
    assert metrics.f_warp(moving, pictures) < 0.1 * metrics.f_warp(flicker, pictures)
