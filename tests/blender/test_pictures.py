"""The add-on's own reader and writer of mattes and masks, against the project's readers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from wisp.plates.exr import read_channels
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.plates.stills import read_mask

from blender_addon import lasso, mattes, pictures


def noise(height: int = 37, width: int = 53) -> np.ndarray:
    alpha = np.random.default_rng(5).random((height, width)).astype(np.float32)
    alpha[: height // 2] = np.round(alpha[: height // 2])  # flat parts compress, noise does not
    return alpha.astype(np.float16).astype(np.float32)


def test_written_mattes_are_read_by_openexr(tmp_path: Path) -> None:
    pictures.write_matte(tmp_path / "a.exr", noise())
    channels, header = read_channels(tmp_path / "a.exr")
    for name in "RGB":
        assert np.array_equal(channels[name].astype(np.float32), noise())
    assert header.display == Window(0, 0, 53, 37)


def test_mattes_of_the_engine_are_read(tmp_path: Path) -> None:
    half, window = noise().astype(np.float16), Window(0, 0, 53, 37)
    write_exr(tmp_path / "a.exr", {"R": half, "G": half, "B": half}, display=window, data=window)
    assert np.array_equal(pictures.read_matte(tmp_path / "a.exr"), noise())


def test_a_placeholder_never_takes_the_place_of_a_matte(tmp_path: Path) -> None:
    placeholder, matte, shown = (tmp_path / name for name in ("p.exr", "m.exr", "all/alpha.1.exr"))
    pictures.write_matte(placeholder, np.zeros((2, 2)))
    pictures.write_matte(matte, np.ones((2, 2)))
    pictures.place_where_nothing_is(placeholder, shown)
    assert shown.samefile(placeholder)
    pictures.place(matte, shown)
    pictures.place_where_nothing_is(placeholder, shown)
    assert shown.samefile(matte) and [path.name for path in shown.parent.iterdir()] == ["alpha.1.exr"]


def test_a_name_that_was_left_behind_is_not_written_through(tmp_path: Path) -> None:
    """By a process that was killed between its link and its end, whose number another one has now."""
    kept, left = tmp_path / "kept.exr", tmp_path / f".a.exr.{os.getpid()}.tmp"
    pictures.write_matte(kept, noise())
    os.link(kept, left)
    pictures.write_matte(tmp_path / "a.exr", np.zeros((2, 2)))
    assert np.array_equal(pictures.read_matte(kept), noise())


def test_a_damaged_matte_is_an_error(tmp_path: Path) -> None:
    pictures.write_matte(tmp_path / "a.exr", noise())
    whole = (tmp_path / "a.exr").read_bytes()
    for stop in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "b.exr").write_bytes(whole[:stop])
        with pytest.raises(pictures.PictureError):
            pictures.read_matte(tmp_path / "b.exr")


def test_masks_are_read_by_the_engine(tmp_path: Path) -> None:
    mask = noise() > 0.5
    pictures.write_mask(tmp_path / "a.png", mask)
    assert np.array_equal(read_mask(tmp_path / "a.png", 53, 37), mask)


CIRCLE = [(50 + 30 * np.cos(a), 40 + 30 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 90, endpoint=False)]
YS, XS = np.mgrid[0:80, 0:100] + 0.5
distance = np.hypot(XS - 50, YS - 40)


def test_the_inside_of_an_outline_is_exact() -> None:
    wrong = lasso.inside(CIRCLE, 100, 80) != (distance < 30)
    assert not wrong[np.abs(distance - 30) > 0.2].any()


def test_the_inside_follows_the_even_odd_rule_also_past_the_border() -> None:
    rng = np.random.default_rng(7)
    for width, height, count in ((1, 1, 3), (9, 5, 4), (40, 23, 7), (12, 30, 2)):
        outline = [(float(x), float(y)) for x, y in np.round(rng.uniform(-20, 60, (count, 2)) * 2) / 2]
        ends = list(zip(outline, [*outline[1:], outline[0]], strict=True))
        for (row, column), inside in np.ndenumerate(lasso.inside(outline, width, height)):
            x, y = column + 0.5, row + 0.5
            left = [xa + (y - ya) * (xb - xa) / (yb - ya) <= x for (xa, ya), (xb, yb) in ends if (ya <= y) != (yb <= y)]
            assert inside == sum(left) % 2, (outline, row, column)


def test_hatching_covers_the_inside_and_little_else() -> None:
    from wisp.trackers.prompts import stroke_mask

    strokes, radius = lasso.hatching(CIRCLE)
    covered = np.zeros((80, 100), bool)
    for line in strokes:
        covered |= stroke_mask(np.array(line, np.float32), radius, (100, 80), (100, 80))
    assert covered[distance < 30 - 2 * radius].all()
    assert not covered[distance > 30 + radius].any()


def test_the_union_is_that_of_delivered_layers(tmp_path: Path) -> None:
    folder = mattes.MatteFolder(tmp_path / "plate")
    folder.fill([7, 8], 4, 3, opaque=False)
    assert folder.complete([7, 8]) and not folder.complete([7, 9])
    for number, value in ((1, 0.5), (2, 0.25)):
        pictures.write_matte(tmp_path / f"{number}.exr", np.full((3, 4), value, np.float32))
        assert folder.place(number, 7, tmp_path / f"{number}.exr", (1, 2))
    assert np.allclose(pictures.read_matte(folder.union_path(7)), 1 - 0.5 * 0.75, atol=1e-3)
    assert np.all(pictures.read_matte(folder.union_path(8)) == 0.0)
    folder.combine(7, (2,))
    assert np.all(pictures.read_matte(folder.union_path(7)) == 0.25)
    folder.combine(7, ())
    assert np.all(pictures.read_matte(folder.union_path(7)) == 0.0)
    assert folder.place(1, 7, tmp_path / "gone.exr", (1,)) is False


def test_a_union_is_made_anew_only_when_its_parts_changed(tmp_path: Path) -> None:
    folder = mattes.MatteFolder(tmp_path / "plate")
    for number in (1, 2):
        pictures.write_matte(tmp_path / f"{number}.exr", np.full((3, 4), 0.5, np.float32))
        folder.place(number, 7, tmp_path / f"{number}.exr", (1, 2))
    assert not folder.combine(7, (1, 2))
    assert not folder.place(1, 7, tmp_path / "1.exr", (1, 2))
    pictures.write_matte(tmp_path / "other.exr", np.full((3, 4), 1.0, np.float32))
    assert folder.place(2, 7, tmp_path / "other.exr", (1, 2))
    assert np.all(pictures.read_matte(folder.union_path(7)) == 1.0)


def test_mattes_of_another_size_than_the_plates_are_not_shown(tmp_path: Path) -> None:
    """As where a proxy was exchanged for the full pictures, and one object was tracked since."""
    folder = mattes.MatteFolder(tmp_path / "plate")
    for number, shape in ((1, (3, 4)), (2, (6, 8))):
        pictures.write_matte(folder.object_path(number, 7), np.full(shape, 0.5, np.float32))
    folder.fill([7], 8, 6, opaque=False)
    folder.fill_single(1, [7], (1, 2))
    assert folder.combine(7, (1, 2))
    assert np.array_equal(pictures.read_matte(folder.union_path(7)), np.full((6, 8), 0.5))
    assert np.array_equal(pictures.read_matte(folder.single_folder(1) / folder.name(7)), np.zeros((6, 8)))


def test_a_folder_that_somebody_copied_is_no_objects(tmp_path: Path) -> None:
    folder = mattes.MatteFolder(tmp_path)
    pictures.write_matte(folder.object_path(1, 7), np.ones((2, 2), np.float32))
    for stray in ("object1 (conflicted copy)", "single1.old", "objects"):
        (tmp_path / stray).mkdir()
    assert folder.all_told([7]).keys() == {1} and folder.last_number() == 1
    assert folder.combine(7, (1,))


def test_what_the_tracker_doubted_is_read_from_the_header(tmp_path: Path) -> None:
    states = [
        ("tracked", 0.9, ""),
        ("tracked", 0.3, "the tracker's confidence is 0.30"),
        ("lost", 0.0, "lost"),
        ("keyframe", 0.1, ""),
    ]
    for number, (state, confidence, doubt) in enumerate(states):
        path = tmp_path / f"{number}.exr"
        half, window = noise().astype(np.float16), Window(0, 0, 53, 37)
        attributes = {"wisp/track_state": state, "wisp/confidence": confidence}
        write_exr(path, {"R": half, "G": half, "B": half}, display=window, data=window, attributes=attributes)
        assert mattes.told_by(path).doubt == doubt
    (tmp_path / "bad.exr").write_bytes(b"no picture")
    assert mattes.told_by(tmp_path / "bad.exr").doubt == "unreadable"
