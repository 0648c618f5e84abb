"""Plates of one file per frame, and what happens to missing frames."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from wisp.errors import FrameReadError, InputError, UsageError
from wisp.plates import apply_missing, files_state, open_plate
from wisp.plates.exr_writer import write_exr
from wisp.plates.missing import Policy
from wisp.plates.plate import Plate, Window


def frame_file(folder: Path, frame: int, size: tuple[int, int] = (6, 4), value: float | None = None) -> Path:
    """`p.NNNN.exr`, every pixel of which holds the frame number."""
    path = folder / f"p.{frame:04d}.exr"
    plane = np.full((size[1], size[0]), frame if value is None else value, np.float32)
    write_exr(path, dict.fromkeys("RGB", plane), display=Window(0, 0, *size), half=False)
    return path


@pytest.fixture
def gappy(tmp_path: Path) -> Path:
    """Frames 11-19 without 13 and 16; 17 has a broken header, 18 broken pixels."""
    for frame in (11, 12, 14, 15, 17, 18, 19):
        frame_file(tmp_path, frame)
    (tmp_path / "p.0017.exr").write_bytes(b"broken")
    whole = (tmp_path / "p.0018.exr").read_bytes()
    (tmp_path / "p.0018.exr").write_bytes(whole[:-20])
    return tmp_path / "p.%04d.exr"


def values(plate: Plate) -> list[float]:
    return [float(plate.read(frame).rgb.mean()) for frame in plate.frames]


def test_what_a_plate_tells(gappy: Path) -> None:
    plate = open_plate(gappy)
    assert plate.path == str(gappy)
    assert (plate.name, plate.padding, plate.width, plate.height) == ("p", 4, 6, 4)
    assert plate.frames == (11, 12, 14, 15, 17, 18, 19)
    assert plate.expected == tuple(range(11, 20))
    assert plate.colorspace == "scene_linear"
    frame = plate.read(14)
    assert (frame.number, frame.rgb.dtype, frame.rgb[0, 0, 0]) == (14, np.float32, 14.0)


def test_read_is_full_precision(tmp_path: Path) -> None:
    frame_file(tmp_path, 1, value=0.123456789)
    assert open_plate(tmp_path / "p.%04d.exr").read(1).rgb[0, 0, 0] == np.float32(0.123456789)


def test_errors_name_file_and_frame(gappy: Path) -> None:
    plate = open_plate(gappy)
    for frame in (17, 18):
        with pytest.raises(FrameReadError, match=rf"p\.00{frame}\.exr \(frame {frame}\)") as caught:
            plate.read(frame)
        assert caught.value.frame == frame
    with pytest.raises(FrameReadError, match="no such frame"):
        plate.read(13)


def test_renumbering_and_narrowing(gappy: Path) -> None:
    plate = open_plate(gappy, first=1001)
    assert plate.frames == (1001, 1002, 1004, 1005, 1007, 1008, 1009)
    assert plate.read(1004).rgb[0, 0, 0] == 14.0
    assert plate.read(1004).number == 1004
    narrow = open_plate(gappy, first=1001, frames=[1002, 1003, 1004])
    assert (narrow.frames, narrow.expected) == ((1002, 1004), (1002, 1003, 1004))
    with pytest.raises(InputError, match=r"none of the frames 1-5.*It has 11-12,14-15,17-19"):
        open_plate(gappy, frames=range(1, 6))


def test_a_range_in_the_text_is_renumbered_from_its_own_first(gappy: Path) -> None:
    plate = open_plate(f"{gappy} 12-18x2", first=1)
    assert plate.frames == (1, 3, 7)
    assert plate.expected == (1, 3, 5, 7)
    assert plate.read(3).rgb[0, 0, 0] == 14.0


def test_numbers_do_not_depend_on_which_frames_are_there_yet(tmp_path: Path) -> None:
    spec = f"{tmp_path}/p.%04d.exr 11-15"
    for frame in (12, 13):
        frame_file(tmp_path, frame)
    before = open_plate(spec, first=1)
    assert (before.offset, before.frames, values(before)) == (-10, (2, 3), [12.0, 13.0])
    frame_file(tmp_path, 11)
    for plate in (open_plate(spec, first=1), open_plate(spec, offset=-10)):
        assert (plate.offset, plate.frames, values(plate)) == (-10, (1, 2, 3), [11.0, 12.0, 13.0])
        assert plate.expected == (1, 2, 3, 4, 5)


def test_the_files_of_a_plate_have_a_state(tmp_path: Path) -> None:
    spec = f"{tmp_path}/p.%04d.exr 11-13"
    frame_file(tmp_path, 12)
    states = [files_state(spec)]
    frame_file(tmp_path, 14)
    assert files_state(spec) == states[0], "it is not one of them"
    frame_file(tmp_path, 11)
    states.append(files_state(spec))
    frame_file(tmp_path, 12, size=(8, 4))
    states.append(files_state(spec))
    (tmp_path / "p.0011.exr").unlink()
    states.append(files_state(spec))
    assert len(set(states)) == 4


def test_frames_of_another_size_are_refused_by_name(tmp_path: Path) -> None:
    frame_file(tmp_path, 1)
    frame_file(tmp_path, 2, size=(8, 4))
    plate = open_plate(tmp_path / "p.%04d.exr")
    for ask in (plate.read, plate.header):
        with pytest.raises(FrameReadError, match="it is 8x4 but the plate is 6x4"):
            ask(2)


def test_a_plate_whose_first_frame_is_broken_still_opens(tmp_path: Path) -> None:
    (tmp_path / "p.0001.exr").write_bytes(b"broken")
    frame_file(tmp_path, 2)
    assert open_plate(tmp_path / "p.%04d.exr").frames == (1, 2)
    (tmp_path / "p.0002.exr").write_bytes(b"broken")
    with pytest.raises(FrameReadError, match="frame 1"):
        open_plate(tmp_path / "p.%04d.exr")


def test_layers_belong_to_exr_and_change_the_identity(shared: Path, tmp_path: Path) -> None:
    fog = shared / "data/exr/valid/Fog.exr"
    left, right = open_plate(fog), open_plate(fog, layer="right")
    assert not np.array_equal(left.read(1).rgb, right.read(1).rgb)
    assert left.identity(1) != right.identity(1)
    with pytest.raises(FrameReadError, match="no layer 'up'"):
        open_plate(fog, layer="up")
    with pytest.raises(FrameReadError, match="only EXR"):
        open_plate(shared / "data/clips/davis_dog/frames/00000.jpg", layer="right")


def test_identity_survives_moving_and_renumbering(tmp_path: Path) -> None:
    frame_file(tmp_path, 1)
    frame_file(tmp_path, 2)
    plate = open_plate(tmp_path / "p.%04d.exr")
    shutil.copytree(tmp_path, tmp_path / "moved")
    moved = open_plate(tmp_path / "moved/p.%04d.exr", first=101)
    assert plate.identity(1) == moved.identity(101)
    assert plate.identity(1) != plate.identity(2)


def test_importing_plates_is_light() -> None:
    heavy = "{'OpenEXR', 'OpenImageIO', 'PyOpenColorIO', 'av', 'cv2', 'torch'}"
    program = f"import sys, wisp.plates, wisp.plates.clip, wisp.plates.colour; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_movie_without_pyav_tells_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "clip.mov").touch()
    program = """
import sys
sys.modules["av"] = None
from wisp.errors import InputError
from wisp.plates import open_plate
from wisp.plates.exr_writer import write_exr
try:
    open_plate(sys.argv[1])
except InputError as error:
    print(error)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "clip.mov")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Movies cannot be read: PyAV is not installed. Run: pip install 'wisp-roto[movies]'"


# --- missing frames --------------------------------------------------------------------------------


def test_error_lists_every_gap(gappy: Path) -> None:
    with pytest.raises(InputError) as caught:
        apply_missing(open_plate(gappy), "error", 11, 21)
    assert "frames 13,16,20-21 are missing" in str(caught.value)
    assert "frame 17 cannot be read" in str(caught.value)


def test_error_is_silent_without_gaps(gappy: Path) -> None:
    plate = apply_missing(open_plate(gappy), "error", 14, 15)
    assert plate.frames == (14, 15)
    assert values(plate) == [14, 15]


def test_hold_repeats_the_nearest_earlier_readable_frame(gappy: Path) -> None:
    plate = apply_missing(open_plate(gappy), "hold", 9, 20)
    assert plate.frames == tuple(range(9, 21))
    assert values(plate) == [11, 11, 11, 12, 12, 14, 15, 15, 15, 15, 19, 19]
    assert [plate.read(frame).number for frame in plate.frames] == list(plate.frames)


def test_black_and_skip(gappy: Path) -> None:
    black = apply_missing(open_plate(gappy), "black", 11, 19)
    assert values(black) == [11, 12, 0, 14, 15, 0, 0, 0, 19]
    assert black.header(13).display == Window(0, 0, 6, 4)
    skip = apply_missing(open_plate(gappy), "skip", 11, 19)
    assert skip.frames == (11, 12, 14, 15, 18, 19)
    with pytest.raises(FrameReadError, match="frame 18"):
        skip.read(18)


def test_steps_are_no_gaps(gappy: Path) -> None:
    plate = apply_missing(open_plate(f"{gappy} 11-15x4"), "error", 11, 15)
    assert plate.frames == (11, 15)


@pytest.mark.parametrize("policy", ["hold", "black", "skip"])
def test_nothing_readable_is_an_error_by_every_policy(gappy: Path, policy: Policy) -> None:
    with pytest.raises(InputError, match="30-32 are missing"):
        apply_missing(open_plate(gappy), policy, 30, 32)


def test_identity_of_a_held_frame_follows_the_held_one(gappy: Path) -> None:
    held = apply_missing(open_plate(gappy), "hold", 11, 19)
    before = {frame: held.identity(frame) for frame in held.frames}
    assert before[13] not in (before[12], before[14])
    frame_file(gappy.parent, 12, value=7.5)
    after = apply_missing(open_plate(gappy), "hold", 11, 19)
    changed = {frame for frame in before if after.identity(frame) != before[frame]}
    assert changed == {11, 12, 13, 14}, "12 is also what would be shown if 11 or 14 turned out damaged"
    assert after.read(13).rgb[0, 0, 0] == 7.5
    black = apply_missing(open_plate(gappy), "black", 11, 19)
    assert black.identity(13) == black.identity(16) != held.identity(13)


def test_identity_of_a_frame_with_damaged_pixels_follows_the_frame_it_shows(gappy: Path) -> None:
    held = apply_missing(open_plate(gappy), "hold", 11, 19)
    assert held.read(18).rgb[0, 0, 0] == 15, "its header is whole, its pixels are not"
    before = held.identity(18)
    frame_file(gappy.parent, 15, value=7.5)
    after = apply_missing(open_plate(gappy), "hold", 11, 19)
    assert after.read(18).rgb[0, 0, 0] == 7.5
    assert after.identity(18) != before


def test_an_unknown_policy_is_refused(gappy: Path) -> None:
    with pytest.raises(UsageError, match="'guess'"):
        apply_missing(open_plate(gappy), "guess", 11, 12)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["gif", "tif"])
def test_all_pages_of_one_file_are_frames(tmp_path: Path, suffix: str) -> None:
    pages = [Image.fromarray(np.full((8, 12, 3), 40 + 20 * index, np.uint8)) for index in range(5)]
    path = tmp_path / f"a.{suffix}"
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=40)
    plate = open_plate(path)
    assert [round(float(plate.read(frame).rgb.mean()) * 255) for frame in plate.frames] == [40, 60, 80, 100, 120]
    assert len({plate.identity(frame) for frame in plate.frames}) == 5
    assert open_plate(path, first=1001).read(1003).rgb.mean() == pytest.approx(80 / 255)
    assert open_plate(path, frames=[2, 4]).frames == (2, 4)


def test_of_numbered_files_of_several_pages_the_first_is_taken_and_that_is_said(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((8, 12, 3), 40 + 20 * index, np.uint8)) for index in range(3)]
    for frame in (1, 2):
        pages[0].save(tmp_path / f"p.000{frame}.tif", save_all=True, append_images=pages[1:])
    plate = open_plate(tmp_path / "p.%04d.tif")
    assert plate.frames == (1, 2) and plate.notes == ("p.0001.tif holds 3 pictures; of each file the first is taken.",)
