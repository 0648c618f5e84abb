"""Rendered subjects: plans and shapes are checked here, pictures where a Blender is at hand."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from blender.venvs import BpyMissing, bpy_python
from wisp.cli import main
from wisp.errors import InputError, UsageError
from wisp.train.photographs import PhotographSource
from wisp.train.render_scenes import KINDS, SHAPES, SIDES, name_of, plan
from wisp.train.renders import make_renders


def test_a_seed_gives_the_same_plan_and_every_kind_comes() -> None:
    plans = [plan(seed) for seed in range(120)]
    assert plans[7] == plan(7) != plan(8)
    assert {one.kind for one in plans} == set(KINDS)
    for one in plans:
        assert one.side in SIDES
        assert one.lamps
        assert all(0 <= part <= 1 for colour in one.colours for part in colour)
        np.testing.assert_allclose([np.linalg.norm(lamp.direction) for lamp in one.lamps], 1)
    assert Counter(one.kind for one in plans).most_common(1)[0][1] < 60


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes_are_whole_and_about_as_large_as_planned(kind: str) -> None:
    for seed in range(3):
        mesh, coats = SHAPES[kind](np.random.default_rng(seed), 0.004)
        numbers = {number for face in mesh.faces for number in face}
        assert 0 <= min(numbers) <= max(numbers) < len(mesh.vertices)
        assert np.isfinite(mesh.vertices).all()
        assert 0.2 < np.abs(mesh.vertices).max() < 4
        for coat in coats:
            assert coat.points.shape == (*coat.radii.shape, 3)
            assert np.isfinite(coat.points).all()
            assert (coat.radii > 0).all()
            assert np.abs(coat.points).max() < 6


def test_what_cannot_draw_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="cannot be started"):
        list(make_renders(tmp_path, 0, 1, tmp_path / "blender"))
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho done 0\necho No bpy here.\n")
    program.chmod(0o755)
    if os.name == "posix":
        with pytest.raises(InputError, match=r"drew 1 of 2 pictures: No bpy here\."):
            list(make_renders(tmp_path, 0, 2, program))
    assert main(["train", "renders", "-o", str(tmp_path), "--count", "0"]) == 2
    assert "--count must be 1 or more" in capsys.readouterr().err


@pytest.mark.timeout(900)  # where that Blender has to be fetched
@pytest.mark.parametrize("version", ["4.2", "5.2"])
def test_pictures_are_drawn_once_with_straight_colour(version: str, tmp_path: Path) -> None:
    try:
        program = bpy_python(version)
    except BpyMissing as missing:
        pytest.skip(str(missing))
    seed = next(number for number in range(99) if plan(number).kind == "straw")
    assert list(make_renders(tmp_path, seed, 1, program)) == [seed]
    path = tmp_path / name_of(seed)
    stamp = path.stat().st_mtime_ns
    assert list(make_renders(tmp_path, seed, 1, program)) == [seed]
    assert path.stat().st_mtime_ns == stamp
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == np.uint16
    assert picture.shape == (plan(seed).side,) * 2 + (4,)
    alpha = picture[..., 3] / 65535
    assert 0.01 < ((alpha > 0.02) & (alpha < 0.98)).mean() < 0.6
    # Straight: as bright where it covers half of a pixel as where it covers all of it.
    colour = picture[..., :3].mean(axis=2) / 65535
    half, whole = colour[(alpha > 0.3) & (alpha < 0.7)].mean(), colour[alpha > 0.99].mean()
    assert 0.6 < half / whole < 1.6


def test_rendered_subjects_are_laid_over_photographs(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("subjects", "pool", "renders"):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / "pool" / "grey.png"), np.full((80, 80, 3), 90, np.uint8))
    y, x = np.mgrid[:160, :160]
    alpha = np.clip((60 - np.hypot(y - 80, x - 80)) / 30, 0, 1)
    disc = np.dstack([rng.uniform(0, 1, (160, 160, 3)) * (alpha > 0)[..., None], alpha])
    cv2.imwrite(str(tmp_path / "renders" / "render_00001.png"), (65535 * disc).astype(np.uint16))
    cv2.imwrite(str(tmp_path / "renders" / "render_00003.png"), np.full((160, 160, 4), 255, np.uint8))  # nothing soft
    cv2.imwrite(str(tmp_path / "renders" / "render_00002.7.part.png"), np.zeros((4, 4), np.uint8))
    cv2.imwrite(str(tmp_path / "subjects" / "disc.jpg"), (255 * disc[..., :3]).astype(np.uint8))
    cv2.imwrite(str(tmp_path / "subjects" / "disc.alpha.png"), (255 * alpha).astype(np.uint8))
    places = tmp_path / "subjects", tmp_path / "pool", 96, 5
    with_renders = PhotographSource(*places, tmp_path / "renders")
    without = PhotographSource(*places)
    assert any((with_renders(number).alpha != without(number).alpha).any() for number in range(8))
    np.testing.assert_array_equal(with_renders(3).image, with_renders(3).image)
    (tmp_path / "flat").mkdir()
    cv2.imwrite(str(tmp_path / "flat" / "render_00001.png"), np.zeros((9, 9, 3), np.uint8))
    other = PhotographSource(*places, tmp_path / "flat")
    with pytest.raises(InputError, match="is not a picture with alpha"):
        [other(number) for number in range(12)]


def test_renders_need_something_to_stand_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["train", "preview", "-o", str(tmp_path / "a.png"), "--renders", str(tmp_path)]) == 2
    assert "--renders takes --subjects" in capsys.readouterr().err
