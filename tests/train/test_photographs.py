"""Samples from photographs: the same again, exact, of the subject that was given."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.errors import InputError
from wisp.train.photographs import PhotographSource


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> PhotographSource:
    """A disc with a soft rim, over stripes."""
    folder = tmp_path_factory.mktemp("photographs")
    y, x = np.mgrid[:200, :240]
    alpha = np.clip((70 - np.hypot(y - 100, x - 120)) / 20, 0, 1)
    colour = alpha[..., None] * (30, 160, 220) + (1 - alpha[..., None]) * (90, 40, 20)
    for name in ("subjects", "pool"):
        (folder / name).mkdir()
    cv2.imwrite(str(folder / "subjects" / "disc.jpg"), colour.astype(np.uint8))
    cv2.imwrite(str(folder / "subjects" / "disc.alpha.png"), (255 * alpha).round().astype(np.uint8))
    cv2.imwrite(str(folder / "pool" / "stripes.png"), np.repeat((x % 16 * 15)[..., None], 3, 2).astype(np.uint8))
    return PhotographSource(folder / "subjects", folder / "pool", 96, 5)


def test_a_number_gives_the_same_sample_again(source: PhotographSource) -> None:
    one, again, other = source(3), source(3), source(4)
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.mask, again.mask)
    assert (one.alpha != other.alpha).any()


def test_samples_are_soft_pictures_with_masks_of_either_kind(source: PhotographSource) -> None:
    samples = [source(number) for number in range(24)]
    for sample in samples:
        assert sample.image.shape == (96, 96, 3)
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
        assert 0.02 < (sample.alpha >= 0.5).mean() < 0.98
    np.testing.assert_array_equal(source(2, "exact").mask, source(2).alpha >= 0.5)


def test_empty_folders_and_lonely_pictures_are_named(source: PhotographSource, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        [PhotographSource(tmp_path, source.backgrounds, 96)(number) for number in range(9)]
    cv2.imwrite(str(tmp_path / "alone.jpg"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"alone\.alpha\.png"):
        [PhotographSource(tmp_path, source.backgrounds, 96)(number) for number in range(9)]
