"""Grow, soften, levels, gamma, border, core and garbage, against what geometry says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.finish.edge import extend_to_border, finish_edge, mend, shape
from wisp.shot import Edge

SIZE = 96


def disc(radius: float) -> np.ndarray:
    y, x = np.indices((SIZE, SIZE)) + 0.5
    return np.clip(radius - np.hypot(x - SIZE / 2, y - SIZE / 2) + 0.5, 0, 1).astype(np.float32)


def radius_of(alpha: np.ndarray) -> float:
    return float(np.sqrt(alpha.sum() / np.pi))


@pytest.mark.parametrize("grow", [-4.5, -1.0, -0.25, 0.4, 1.0, 2.5, 6.0])
def test_growing_moves_the_edge_by_that_many_pixels(grow: float) -> None:
    before = disc(30.0)
    assert radius_of(finish_edge(before, Edge(grow=grow))) - radius_of(before) == pytest.approx(grow, abs=0.3)


@pytest.mark.parametrize("radius", [2, 15, 16, 17, 33])
def test_growth_is_the_largest_value_of_a_disk_and_shrinking_the_least(radius: int) -> None:
    soft = np.clip(3 * cv2.GaussianBlur(np.random.default_rng(radius).random((90, 130)), (0, 0), 5) - 1, 0, 1)
    soft = np.pad(soft, ((0, 40), (60, 0))).astype(np.float32)  # at two borders of the picture, away from two
    span = np.arange(-radius, radius + 1)
    disk = (span[:, None] ** 2 + span**2 <= (radius + 0.25) ** 2).astype(np.uint8)
    for grow, morph in ((radius, cv2.dilate), (-radius, cv2.erode)):
        found = finish_edge(soft, Edge(grow=float(grow)))
        np.testing.assert_array_equal(found, morph(soft, disk))
        assert not np.signbit(found).any()


def test_growth_is_continuous_in_its_radius() -> None:
    radii = [radius_of(finish_edge(disc(30.0), Edge(grow=grow))) for grow in np.linspace(-2, 2, 17)]
    steps = np.diff(radii)
    assert steps.min() > 0.1 and steps.max() < 0.45  # a quarter of a pixel each


def test_softening_widens_the_border_and_keeps_the_place() -> None:
    soft = finish_edge(disc(30.0), Edge(soften=8.0))
    row = soft[SIZE // 2, SIZE // 2 :]
    width = np.interp(-0.05, -row, np.arange(len(row))) - np.interp(-0.95, -row, np.arange(len(row)))
    assert width == pytest.approx(8.0, abs=1.0)
    assert radius_of(soft) == pytest.approx(30.0, abs=0.3)


def test_levels_and_gamma() -> None:
    ramp = np.linspace(0, 1, 101, dtype=np.float32)[None].repeat(2, 0)
    cut = finish_edge(ramp, Edge(black=0.25, white=0.75))
    np.testing.assert_allclose(cut[0, [0, 25, 50, 75, 100]], [0, 0, 0.5, 1, 1], atol=1e-6)
    np.testing.assert_allclose(finish_edge(ramp, Edge(gamma=2.0))[0, 25], 0.5, atol=1e-6)


def test_the_defaults_change_nothing() -> None:
    alpha = np.random.default_rng(0).random((20, 30), dtype=np.float32)
    np.testing.assert_array_equal(shape(mend(alpha, Edge()), Edge()), alpha)


def test_the_border_is_made_of_what_lies_inside_of_it() -> None:
    alpha = np.zeros((10, 12), np.float32)
    alpha[2:8, 2:5] = 1  # cut off two pixels before the bottom and the top
    mended = extend_to_border(alpha, 2)
    assert mended[:, 2:5].all() and mended[:, :2].all() and not mended[:, 5:].any()
    np.testing.assert_array_equal(extend_to_border(alpha, 0), alpha)
    assert np.unique(extend_to_border(np.random.default_rng(0).random((5, 5), np.float32), 100)).size == 1


def test_no_edge_setting_weakens_core_and_garbage() -> None:
    core, garbage = np.zeros((2, SIZE, SIZE), np.float32)
    core[:40], garbage[30:] = 1, 1
    garbage[29] = 0.25
    finished = shape(disc(20.0), Edge(grow=-10.0, white=0.5, soften=3.0), core, garbage)
    np.testing.assert_array_equal(finished[:29], 1)
    np.testing.assert_array_equal(finished[29], 0.75)
    np.testing.assert_array_equal(finished[30:], 0)
