"""What the frame metrics mean, on pictures small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from wisp import metrics
from wisp.metrics.matting import connectivity_map, largest_component


def square(size: int = 32, margin: int = 8) -> np.ndarray:
    alpha = np.zeros((size, size), np.float32)
    alpha[margin:-margin, margin:-margin] = 1.0
    return alpha


@pytest.mark.parametrize("metric", [metrics.sad, metrics.mad, metrics.mse, metrics.grad, metrics.conn, metrics.mad_t])
def test_a_perfect_matte_has_no_error_and_a_wrong_one_has(metric: object) -> None:
    truth = square()
    wrong = np.roll(truth, 3, axis=1)
    assert metric(truth, truth) == 0.0  # type: ignore[operator]
    assert metric(wrong, truth) > 0.0  # type: ignore[operator]


def test_scales() -> None:
    truth = np.zeros((10, 20), np.float32)
    pred = np.full((10, 20), 0.5, np.float32)
    assert metrics.sad(pred, truth) == pytest.approx(0.1)
    assert metrics.mad(pred, truth) == pytest.approx(500.0)
    assert metrics.mse(pred, truth) == pytest.approx(250.0)


def test_region_restricts_sums_and_means() -> None:
    truth = np.zeros((4, 4), np.float32)
    pred = truth.copy()
    pred[0] = 1.0
    top = np.zeros((4, 4), bool)
    top[:2] = True
    assert metrics.mad(pred, truth, top) == pytest.approx(500.0)
    assert metrics.sad(pred, truth, ~top) == 0.0
    assert metrics.mad(pred, truth, np.zeros((4, 4), bool)) == 0.0


def test_integer_and_bool_alphas_mean_the_same_as_floats() -> None:
    truth = square()
    pred = np.clip(truth * 0.6, 0, 1)
    assert metrics.mad(metrics.quantise(pred), truth) == pytest.approx(metrics.mad(pred, truth), rel=1e-6)
    assert metrics.mad(pred, truth > 0.5) == metrics.mad(pred, truth)
    assert metrics.mad((pred * 65535).round().astype(np.uint16), truth) == pytest.approx(
        metrics.mad(pred, truth), rel=1e-5
    )


def test_eight_bit_rounding_is_half_to_even() -> None:
    halves = np.array([[0.5 / 255, 1.5 / 255, 2.5 / 255, -1.0, 2.0]])
    assert metrics.quantise(halves).tolist() == [[0, 2, 2, 0, 255]]


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.int32), np.zeros((4, 5))])
def test_arrays_that_mean_nothing_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"alpha|differ"):
        metrics.mad(bad, np.zeros((4, 4)) if bad.shape != (4, 4, 3) else bad)


def test_gradient_stretch_changes_only_pictures_that_do_not_fill_the_range() -> None:
    truth = square()
    faint = truth * 0.1
    assert metrics.grad(faint, truth) > 0.1
    assert metrics.grad(faint, truth, normalize=True) == pytest.approx(0.0, abs=1e-9)
    assert metrics.grad(np.zeros_like(truth), truth, normalize=True) > 0.1


def test_gradient_error_knows_no_direction() -> None:
    truth = square()
    pred = np.roll(truth, 2, axis=1)
    assert metrics.grad(pred.T, truth.T) == pytest.approx(metrics.grad(pred, truth), rel=1e-9)
    assert metrics.grad(1 - pred, 1 - truth) == pytest.approx(metrics.grad(pred, truth), rel=1e-6)


def test_connectivity_counts_an_island_that_hangs_on_nothing() -> None:
    truth = square()
    pred = truth.copy()
    pred[1:4, 1:4] = 0.8
    phi_change = connectivity_map(pred, truth)
    assert phi_change[2, 2] == pytest.approx(0.8)
    assert phi_change[16, 16] == 0.0
    assert metrics.conn(pred, truth) == pytest.approx(9 * 0.8 / 1000)


def test_connectivity_forgives_less_than_fifteen_hundredths() -> None:
    truth = square()
    pred = truth.copy()
    pred[16, 16] = 0.9 - 0.04
    # Below 0.9 the pixel leaves the whole: its level is 0.8, its own excess 0.06, the truth's 0.2.
    assert connectivity_map(pred, truth)[16, 16] == pytest.approx(0.2, abs=1e-6)
    pred[16, 16] = 0.95
    assert connectivity_map(pred, truth)[16, 16] == 0.0


def test_a_level_that_reaches_the_threshold_exactly_counts() -> None:
    truth = square()
    pred = (square() * 255).astype(np.uint8)
    pred[16, 16] = 153  # 0.6
    # Reaches 0.6 and leaves at 0.7: the level is 0.6 and the truth's excess 0.4.
    assert connectivity_map(pred, truth)[16, 16] == pytest.approx(0.4, abs=1e-6)


def test_largest_component_is_by_edges_not_corners() -> None:
    mask = np.zeros((6, 6), bool)
    mask[0, 0:2] = mask[1, 2:5] = True
    assert largest_component(mask).sum() == 3
    assert not largest_component(np.zeros((3, 3), bool)).any()


def test_unknown_region_of_a_hard_edge_lies_on_both_sides_of_it() -> None:
    region = metrics.unknown_region(square(64, 20))
    assert region[32, 20] and region[32, 18]
    assert not region[32, 32] and not region[0, 0]
    assert not metrics.unknown_region(np.ones((32, 32))).any()
    assert metrics.mad_t(np.zeros((32, 32)), np.ones((32, 32))) == 0.0


def test_the_stills_of_real_subjects_order_good_before_bad(shared) -> None:  # type: ignore[no-untyped-def]
    import cv2

    folder = shared / "stills" if (shared / "stills").is_dir() else shared / "data" / "stills"
    truth = cv2.imread(str(folder / "lemur_fur" / "alpha.png"), cv2.IMREAD_UNCHANGED)
    hard = cv2.imread(str(folder / "lemur_fur" / "mask.png"), cv2.IMREAD_GRAYSCALE)
    coarse = cv2.imread(str(folder / "lemur_fur" / "mask_coarse.png"), cv2.IMREAD_GRAYSCALE)
    for metric in (metrics.mad, metrics.mse, metrics.mad_t, metrics.grad):
        assert 0 < metric(hard, truth) < metric(coarse, truth)
