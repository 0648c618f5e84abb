"""Moving subjects are smeared as their shutter says, and errors are counted in the smear."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from wisp.bench.motion_blur import MIXED, SHUTTERS, blurred, shots, table
from wisp.plates.clip import FloatImage


def subjects() -> list[tuple[FloatImage, FloatImage]]:
    """A bright disc before dark ground, and a dark one before bright ground."""
    y, x = np.mgrid[:128, :160]
    alpha = np.clip(40.5 - np.hypot(y - 64, x - 80), 0, 1).astype(np.float32)
    return [
        ((alpha * top + (1 - alpha) * ground)[..., None].repeat(3, 2).astype(np.float32), alpha)
        for top, ground in ((0.9, 0.1), (0.2, 0.8))
    ]


def test_a_longer_shutter_smears_more_and_the_masks_are_both() -> None:
    half, whole = (list(shots(subjects(), shutter, linear=False)) for shutter in SHUTTERS)
    for short, long in zip(half, whole, strict=True):
        assert 1.4 < long.band.sum() / short.band.sum() < 2.6
        assert long.alpha.sum() == pytest.approx(short.alpha.sum(), rel=1e-3)  # what is moved is not lost
        for shot in (short, long):
            assert 0 <= shot.image.min() <= shot.image.max() <= 1
            assert shot.masks["smear"][64, 80] and shot.masks["middle"][64, 80]
            np.testing.assert_array_equal(shot.masks["smear"], shot.alpha >= 0.5)
        assert (long.masks["smear"] != long.masks["middle"]).any()


def test_light_that_is_mixed_shows_more_of_what_is_bright() -> None:
    encoded, light = (next(shots(subjects(), 180, linear=linear)) for linear in (False, True))
    assert (light.image >= encoded.image - 1e-6).all() and light.image[light.band].mean() > encoded.image[
        encoded.band
    ].mean()
    np.testing.assert_array_equal(light.alpha, encoded.alpha)


def test_errors_are_those_in_the_smear() -> None:
    def grey(image: FloatImage, mask: np.ndarray) -> FloatImage:
        return np.full(mask.shape, 0.5, np.float32)

    rows = blurred(subjects(), {"grey": grey})
    found = {(row.name, row.mixed, row.shutter, row.outline): row.mad for row in rows}
    assert len(found) == 2 * 2 * 2 * 2
    for mixed, shutter in product(MIXED, SHUTTERS):
        # Alpha runs evenly from 0 to 1 across the smear, so one half is off by a quarter in the mean, as the mask is.
        assert 180 < found["grey", mixed, shutter, "smear"] < 320
        assert 180 < found["the mask", mixed, shutter, "smear"] < 320
        assert found["the mask", mixed, shutter, "smear"] <= found["the mask", mixed, shutter, "middle"]
    lines = table(rows).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["the", "grey", "the", "grey"]
    assert all(len(line.split("°")) == 5 for line in lines[1:2])
