"""Masks from logits, distance to their edge, band and tiles."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from wisp.heads.band import grow, mask_from_logits, signed_distance, tiles, trimap, unknown_region
from wisp.plates.plate import Window

masks = arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def disk_distance(height, width, cx, cy, radius):
    y, x = np.mgrid[:height, :width] + 0.5
    return (radius - np.hypot(x - cx, y - cy)).astype(np.float32)


def test_distance_of_a_straight_edge_counts_from_between_the_pixels():
    mask = np.zeros((4, 8), bool)
    mask[:, 3:] = True
    np.testing.assert_allclose(signed_distance(mask)[1], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5], atol=0.01)


@given(masks)
def test_distance_has_the_sign_of_the_mask(mask):
    assert ((signed_distance(mask) > 0) == mask).all()


@given(masks, st.floats(0.5, 6), st.floats(0.1, 6))
def test_a_wider_band_holds_the_narrower_one(mask, width, more):
    narrow, wide = unknown_region(mask, width), unknown_region(mask, width + more)
    assert not (narrow & ~wide).any()


@given(masks)
def test_inside_and_outside_share_one_band(mask):
    assert (unknown_region(mask, 2) == unknown_region(~mask, 2)).all()


@given(masks, st.floats(0.5, 4))
def test_trimap_is_the_mask_wherever_it_is_sure(mask, width):
    three = trimap(mask, width)
    assert set(np.unique(three)) <= {0.0, 0.5, 1.0}
    sure = three != 0.5
    assert (three[sure] == mask[sure]).all()
    assert (sure == ~unknown_region(mask, width)).all()


def test_no_edge_no_band():
    assert not unknown_region(np.zeros((5, 7), bool), 3).any()
    assert not unknown_region(np.ones((5, 7), bool), 3).any()


@given(masks, st.integers(1, 9))
def test_tiles_hold_the_region_exactly_once(region, size):
    seen = np.zeros(region.shape, int)
    for tile in tiles(region, size):
        part = region[tile.y0 : tile.y1, tile.x0 : tile.x1]
        assert part.any(), "a tile without anything to do"
        assert tile.width <= size
        assert tile.height <= size
        seen[tile.y0 : tile.y1, tile.x0 : tile.x1] += 1
    assert seen.max(initial=0) <= 1
    assert (seen[region] == 1).all()


def test_growing_stops_at_the_picture():
    assert grow(Window(2, 3, 6, 7), 3, 8, 20) == Window(0, 0, 8, 10)


def test_logits_of_picture_size_are_only_compared_with_zero():
    logits = np.array([[-0.001, 0.001], [0.0, 30.0]], np.float32)
    assert mask_from_logits(logits, 2, 2).tolist() == [[False, True], [False, True]]


@pytest.mark.parametrize("grid", [(54, 96), (64, 64), (256, 256)])
def test_soft_logits_of_a_small_grid_give_an_edge_between_the_grid_points(grid):
    """No staircase: the outline of a disk stays within a tenth of a grid cell (and the pixel grid) of the circle."""
    height, width = 540, 960
    exact = disk_distance(height, width, 470, 260, 150)
    soft = cv2.resize(exact, grid[::-1], interpolation=cv2.INTER_AREA)
    mask = mask_from_logits(soft, width, height)
    cell = max(height / grid[0], width / grid[1])
    wrong = mask != (exact > 0)
    assert np.abs(exact[wrong]).max(initial=0) < 0.5 + 0.1 * cell


def test_binary_logits_of_a_small_grid_are_rounded_off():
    height, width, grid = 540, 960, (54, 96)
    exact = disk_distance(height, width, 470, 260, 150)
    binary = np.where(cv2.resize(exact, grid[::-1], interpolation=cv2.INTER_AREA) > 0, 8, -8).astype(np.float32)
    staircase = cv2.resize(binary, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    mask = mask_from_logits(binary, width, height)
    assert np.abs(exact[mask != (exact > 0)]).max() < 0.75 * np.abs(exact[staircase != (exact > 0)]).max()


def test_a_larger_grid_than_the_picture_is_averaged():
    exact = disk_distance(400, 400, 200, 200, 100)
    mask = mask_from_logits(exact, 100, 100)
    assert (mask == (disk_distance(100, 100, 50, 50, 25) > 0)).mean() > 0.999


def test_logits_that_are_not_numbers_are_outside():
    assert not mask_from_logits(np.full((3, 3), np.nan, np.float32), 6, 6).any()
