"""Delivery: names, layers, windows, and what happens to files that are there already."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.solving import ChainTracker, SmoothHead, box, shot, solver, write_plate
from wisp.cache import read_matte
from wisp.deliver import Delivery, Pattern, to_data_window
from wisp.errors import InputError, OutputError, UsageError
from wisp.plates.exr import read_channels
from wisp.plates.plate import PlateHeader, Window

SECOND = {"id": 2, "name": "prop", "prompts": [box(1012, x=5)], "first": 1005, "last": 1030}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from wisp.weights.models import ModelStamp

    write_plate(tmp_path / "plates")
    monkeypatch.setattr("wisp.solve.solver.load_tracker", lambda *_: ChainTracker())
    monkeypatch.setattr("wisp.solve.solver.load_head", lambda *_: SmoothHead())
    monkeypatch.setattr("wisp.solve.solver.model_stamp", lambda name, *_: ModelStamp(name, "1", "", "Apache-2.0", True))
    result = solver(shot(box(1001), others=[SECOND]), tmp_path)
    result.run()
    return result


@pytest.mark.parametrize(
    ("text", "frame", "expected"),
    [
        ("out/%04d.exr", 7, "out/0007.exr"),
        ("out/####.exr", -7, "out/-007.exr"),
        ("out/%d.exr", 12345, "out/12345.exr"),
        ("o/{object}/{object}_##.exr", 1001, "o/hero/hero_1001.exr"),
    ],
)
def test_names(text: str, frame: int, expected: str) -> None:
    assert Pattern(text).path(frame, "hero") == Path(expected)


def test_layers_are_in_every_frame_and_their_union_is_the_alpha(made, tmp_path: Path) -> None:
    assert Delivery(made, str(tmp_path / "out" / "sh.%04d.exr"), layout="layers").write() == 40
    for frame in (1001, 1012, 1040):  # the second object does not exist in the first and last of these
        channels, _ = read_channels(tmp_path / "out" / f"sh.{frame}.exr")
        assert set(channels) == {"A", "matte.hero", "matte.prop"}
        hero, prop = (read_matte(made.work(name).path(frame))[0] for name in ("hero", "prop"))
        np.testing.assert_array_equal(channels["matte.hero"].astype(np.float32), hero)
        np.testing.assert_allclose(channels["A"].astype(np.float32), 1 - (1 - hero) * (1 - prop), atol=1e-3)
    assert not channels["matte.prop"].any()


def test_png_has_sixteen_bits(made, tmp_path: Path) -> None:
    Delivery(made, str(tmp_path / "png"), suffix="png", objects=["hero"], frames=[1010]).write()
    stored = cv2.imread(str(tmp_path / "png" / "hero" / "hero.1010.png"), cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16 and stored.ndim == 2
    alpha = read_matte(made.work("hero").path(1010))[0]
    assert np.abs(stored / 65535 - alpha).max() < 1 / 65535


def test_a_second_delivery_skips_what_is_there_and_refuses_to_replace_other_files(made, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert Delivery(made, out).write() == 80
    again = Delivery(made, out)
    assert (again.write(), again.skipped) == (0, 80)
    stranger = tmp_path / "out" / "hero" / "hero.1003.exr"
    stranger.write_bytes(b"somebody's work")
    with pytest.raises(OutputError, match=r"hero\.1003\.exr would be overwritten"):
        Delivery(made, out)
    assert stranger.read_bytes() == b"somebody's work"
    assert Delivery(made, out, overwrite=True).write() == 1


def test_frames_not_solved_are_named_before_anything_is_written(made, tmp_path: Path) -> None:
    changed = solver(shot(box(1001, x=7), others=[SECOND]), tmp_path)
    with pytest.raises(InputError, match="'hero' on 1001-1040"):
        Delivery(changed, str(tmp_path / "out")).write()
    assert not (tmp_path / "out").exists()


def test_two_objects_need_two_names(made, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 objects to the same files"):
        Delivery(made, str(tmp_path / "out.%04d.exr"))
    with pytest.raises(UsageError, match=r"does not end in \.png"):
        Delivery(made, str(tmp_path / "{object}.%04d.exr"), suffix="png")


def test_alpha_is_cut_or_continued_to_the_plates_data_window() -> None:
    alpha = np.arange(12, dtype=np.float32).reshape(3, 4)
    smaller = to_data_window(alpha, PlateHeader(Window(10, 20, 14, 23), Window(11, 21, 13, 23)))
    np.testing.assert_array_equal(smaller, [[5, 6], [9, 10]])
    larger = to_data_window(alpha, PlateHeader(Window(0, 0, 4, 3), Window(-1, -1, 5, 4)))
    assert larger.shape == (5, 6)
    np.testing.assert_array_equal(larger[1:4, 1:5], alpha)
    assert larger[0, 0] == 0 and larger[-1, -1] == 11 and larger[0, 3] == alpha[0, 2]
