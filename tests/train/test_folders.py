"""A studio's folders as samples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.errors import InputError, UsageError
from wisp.train.folders import FolderSource


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def disc(size: int = 120) -> np.ndarray:
    y, x = np.mgrid[:size, :size] + 0.5
    return (65535 * np.clip((40 - np.hypot(x - size / 2, y - size / 2)) / 6 + 0.5, 0, 1)).astype(np.uint16)


@pytest.fixture
def cutouts(tmp_path: Path) -> Path:
    """Red discs for ground that is blue."""
    for number in range(3):
        write(tmp_path / "fg" / f"a{number}.png", np.full((120, 120, 3), (0, 0, 255), np.uint8))
        write(tmp_path / "alpha" / f"a{number}.png", disc())
    write(tmp_path / "bg" / "sky.png", np.full((200, 150, 3), (255, 0, 0), np.uint8))
    return tmp_path


def test_cutouts_are_laid_over_backgrounds(cutouts: Path) -> None:
    sample = FolderSource(cutouts, 64)(3)
    assert sample.image.shape == (64, 64, 3)
    assert sample.mask.shape == sample.alpha.shape == (64, 64)
    inside, outside = sample.alpha > 0.99, sample.alpha < 0.01
    assert inside.any()
    assert outside.any()
    assert (sample.image[inside][:, 0] > sample.image[inside][:, 2] + 0.5).all()
    assert (sample.image[outside][:, 2] > sample.image[outside][:, 0] + 0.5).all()


def test_numbers_give_the_same_and_other_samples(cutouts: Path) -> None:
    source = FolderSource(cutouts, 64)
    np.testing.assert_array_equal(source(5).image, FolderSource(cutouts, 64)(5).image)
    assert (source(5).alpha != source(6).alpha).any()


def test_backgrounds_may_be_made(cutouts: Path) -> None:
    (cutouts / "bg" / "sky.png").unlink()
    sample = FolderSource(cutouts, 64)(1)
    assert sample.image[sample.alpha < 0.01].std() > 0.01


def test_finished_shots_keep_their_pixels(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, 255, 120).astype(np.uint8)[None, :, None], 120, 0).repeat(3, 2)
    for frame in (1001, 1002):
        write(tmp_path / "plate" / "sh010" / f"sh010.{frame}.png", ramp)
        write(tmp_path / "matte" / "sh010" / f"sh010.{frame}.png", disc())
    sample = FolderSource(tmp_path, 96)(0)
    rising = np.diff(sample.image[..., 0], axis=1)
    assert (rising >= -1e-6).all() or (rising <= 1e-6).all()
    assert 0 < sample.alpha.mean() < 1


def test_every_tenth_subject_is_held_out(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / "plate" / f"{number}.png", np.full((64, 64, 3), 20 * number, np.uint8))
        write(tmp_path / "matte" / f"{number}.png", disc(64))
    kept = {round(float(FolderSource(tmp_path, 32)(n).image.mean() * 255)) for n in range(60)}
    held = {round(float(FolderSource(tmp_path, 32, held_out=True)(n).image.mean() * 255)) for n in range(10)}
    assert held == {180}
    assert kept == {20 * number for number in range(9)}


def shades(source: FolderSource) -> set[int]:
    return {round(float(source(number).image.mean() * 255)) for number in range(40)}


def test_a_shot_is_held_out_whole(tmp_path: Path) -> None:
    """Its frames are much alike: those beside a frame that is trained on would tell nothing."""
    for number, shot in enumerate(("a", "b", "c")):
        for frame in range(11):
            write(tmp_path / "plate" / shot / f"{frame}.png", np.full((64, 64, 3), 60 * number, np.uint8))
            write(tmp_path / "matte" / shot / f"{frame}.png", disc(64))
    kept, held = FolderSource(tmp_path, 32), FolderSource(tmp_path, 32, held_out=True)
    assert (shades(kept), shades(held), held.seen) == ({0, 60}, {120}, False)


def test_few_cut_outs_are_held_out_too_and_one_shot_is_told(cutouts: Path, tmp_path: Path) -> None:
    assert not FolderSource(cutouts, 32).seen
    kept, held = (FolderSource(cutouts, 32, held_out=held)._subjects() for held in (False, True))
    assert [[subject.colour.stem for subject in some] for some in (kept, held)] == [["a0", "a1"], ["a2"]]
    for frame in range(20):
        write(tmp_path / "shot" / "plate" / f"{frame:02d}.png", np.zeros((64, 64, 3), np.uint8))
        write(tmp_path / "shot" / "matte" / f"{frame:02d}.png", disc(64))
    one = FolderSource(tmp_path / "shot", 32, held_out=True)
    assert one.seen and [subject.colour.stem for subject in one._subjects()] == ["09", "19"]


def test_faults_are_named(cutouts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training data"):
        FolderSource(tmp_path / "nothing", 64)
    write(cutouts / "fg" / "a9.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"a9\.png has no alpha"):
        FolderSource(cutouts, 48)


def test_sizes_that_differ_are_named(tmp_path: Path) -> None:
    write(tmp_path / "plate" / "a.png", np.zeros((64, 64, 3), np.uint8))
    write(tmp_path / "matte" / "a.png", disc(80))
    with pytest.raises(UsageError, match=r"a\.png is 80x80 but the plate is 64x64"):
        FolderSource(tmp_path, 32)(0)


def test_a_matte_with_alpha_is_read_from_that(cutouts: Path) -> None:
    """Red everywhere, the object in the alpha channel: as core and garbage mattes are read."""
    for number in range(3):
        red = np.dstack([np.zeros((120, 120, 2), np.uint16), np.full((120, 120), 65535, np.uint16), disc()])
        write(cutouts / "alpha" / f"a{number}.png", red)
    assert FolderSource(cutouts, 64)(3).alpha.min() == 0
