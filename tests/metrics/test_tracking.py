"""J and F of masks against counts by hand and against the definition done the slow way."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from wisp.metrics import boundary_f, j_and_f, jaccard


def rectangle(left: int, top: int, right: int, bottom: int, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    mask = np.zeros(size, np.float32)
    mask[top:bottom, left:right] = 1.0
    return mask


def test_jaccard_of_shifted_rectangles() -> None:
    assert jaccard(rectangle(10, 10, 30, 30), rectangle(20, 10, 40, 30)) == pytest.approx(200 / 600)


def test_the_threshold_is_one_half_and_includes_it() -> None:
    truth = rectangle(10, 10, 30, 30)
    assert jaccard(truth * 0.5, truth) == 1.0
    assert jaccard(truth * 0.49, truth) == 0.0


@pytest.mark.parametrize("metric", [jaccard, boundary_f])
def test_empty_masks(metric: object) -> None:
    empty, full = np.zeros((40, 40)), rectangle(5, 5, 20, 20, (40, 40))
    assert metric(empty, empty) == 1.0  # type: ignore[operator]
    assert metric(full, empty) == 0.0  # type: ignore[operator]
    assert metric(empty, full) == 0.0  # type: ignore[operator]


def test_boundary_tolerance_is_the_ceiling_of_the_diagonal_share() -> None:
    truth = rectangle(40, 40, 80, 80)
    radius = math.ceil(0.008 * math.hypot(120, 160))
    assert radius == 2
    assert boundary_f(rectangle(42, 40, 82, 80), truth) == 1.0
    assert 0.4 < boundary_f(rectangle(43, 40, 83, 80), truth) < 1.0
    assert boundary_f(rectangle(100, 100, 110, 110), truth) == 0.0


def test_boundary_f_equals_dilation_by_a_disk() -> None:
    """The definition as written, with a dilated boundary, on ragged masks."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        p, g = (cv2.GaussianBlur(rng.random((300, 400)), (0, 0), 9) > 0.5 for _ in range(2))
        radius = math.ceil(0.008 * math.hypot(300, 400))
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        disk = (x * x + y * y <= radius * radius).astype(np.uint8)
        maps = []
        for mask in (p, g):
            edge = np.zeros_like(mask)
            edge[:, :-1] |= mask[:, :-1] != mask[:, 1:]
            edge[:-1] |= mask[:-1] != mask[1:]
            edge[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
            maps.append(edge)
        wide_p, wide_g = (cv2.dilate(edge.astype(np.uint8), disk) > 0 for edge in maps)
        precision, recall = (maps[0] & wide_g).sum() / maps[0].sum(), (maps[1] & wide_p).sum() / maps[1].sum()
        assert boundary_f(p, g) == pytest.approx(2 * precision * recall / (precision + recall), rel=1e-12)


def test_j_and_f_of_a_clip_and_its_ends() -> None:
    truth = [rectangle(40, 40, 80, 80)] * 4
    pred = [truth[0] * 0, truth[0], rectangle(40, 40, 80, 60), truth[0] * 0]
    whole = j_and_f(iter(pred), iter(truth))
    inner = j_and_f(pred, truth, drop_ends=True)
    assert inner[1] == pytest.approx((1.0 + 0.5) / 2)
    assert whole[1] == pytest.approx((1.0 + 0.5) / 4)
    assert whole[0] == pytest.approx((whole[1] + whole[2]) / 2)
    with pytest.raises(ValueError, match="no frame"):
        j_and_f(pred[:2], truth[:2], drop_ends=True)
    with pytest.raises(ValueError, match="longer"):
        j_and_f(pred[:3], truth)
