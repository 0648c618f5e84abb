"""Refinement at plate resolution against bilinear enlargement, with known alphas."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.bench.stills import read_stills
from wisp.heads.refine import refine_alpha
from wisp.metrics.matting import mad_t


def enlarge(alpha, image):
    return cv2.resize(alpha, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def shrink(alpha, factor):
    height, width = alpha.shape[0] // factor, alpha.shape[1] // factor
    return cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)


def errors(stills, factor, noise=0.0):
    """Mean MAD-T of (bilinear, refined) over stills whose alpha was shrunk by `factor`."""
    rng = np.random.default_rng(0)
    found = []
    for still in stills:
        image = still.image + noise * rng.standard_normal(still.image.shape).astype(np.float32)
        low = shrink(still.alpha, factor)
        found.append(
            (mad_t(enlarge(low, image), still.alpha), mad_t(refine_alpha(low, np.clip(image, 0, 1)), still.alpha))
        )
    return np.mean(found, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "part"), [(2, 0.46), (4, 0.43)])
def test_beats_bilinear_on_real_stills(shared, factor, part):
    bilinear, refined = errors(read_stills(shared / "data" / "stills"), factor)
    assert refined < part * bilinear


@pytest.mark.slow
def test_grain_does_not_get_into_the_matte(shared):
    bilinear, refined = errors(read_stills(shared / "data" / "stills"), 2, noise=0.03)
    assert refined < 0.6 * bilinear


def test_every_cell_keeps_its_coverage(scene):
    image, truth, _ = scene(1.0)
    low = shrink(truth, 4)
    again = shrink(refine_alpha(low, image), 4)
    assert np.abs(again - low).max() < 0.03
    assert np.abs(again - low).max() < 0.2 * np.abs(shrink(enlarge(low, image), 4) - low).max()


def test_a_square_matte_of_a_wide_picture(scene):
    image, truth, _ = scene(1.0)
    low = cv2.resize(truth, (100, 100), interpolation=cv2.INTER_AREA)
    refined = refine_alpha(low, image)
    assert refined.shape == truth.shape
    assert np.abs(refined - truth).mean() < 0.6 * np.abs(enlarge(low, image) - truth).mean()


def test_only_the_unknown_region_is_touched(scene):
    image, truth, _ = scene(1.0)
    low = shrink(truth, 4)
    unknown = np.zeros(low.shape, bool)
    unknown[:, :50] = True
    refined, bilinear = refine_alpha(low, image, unknown), enlarge(low, image)
    np.testing.assert_array_equal(refined[:, 208:], bilinear[:, 208:])
    assert np.abs(refined[:, :192] - bilinear[:, :192]).max() > 0.1


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_constant_matte_stays_constant(value):
    image = np.random.default_rng(0).random((60, 80, 3), np.float32)
    np.testing.assert_array_equal(refine_alpha(np.full((15, 20), value, np.float32), image), np.float32(value))


def test_stays_an_alpha():
    rng = np.random.default_rng(0)
    refined = refine_alpha(rng.random((8, 8), np.float32), rng.random((61, 83, 3), np.float32))
    assert refined.dtype == np.float32
    assert refined.min() >= 0
    assert refined.max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (8, 3)])
def test_pictures_that_are_not_larger_than_the_matte(size):
    alpha = np.random.default_rng(0).random((8, 5), np.float32)
    refined = refine_alpha(alpha, np.zeros((*size, 3), np.float32))
    assert refined.shape == size
    assert np.isfinite(refined).all()
