"""What is read is what was looked at: nothing outside the fence, no pipes, no playlists, and names of any bytes."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.errors import FrameReadError, InputError, UsageError, WispError
from wisp.plates import open_plate
from wisp.plates.exr_writer import write_exr
from wisp.plates.opening import Fence, opened
from wisp.plates.plate import Window
from wisp.plates.stills import read_mask
from wisp.shot import PlateSpec
from wisp.solve.source import Source

SUFFIXES = ["exr", "png", "jpg", "tif"]


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".exr":
        write_exr(path, dict.fromkeys("RGB", np.full((8, 12), 0.5, np.float32)), display=Window(0, 0, 12, 8))
    else:
        good, data = cv2.imencode(path.suffix, np.full((8, 12, 3), 200, np.uint8))
        assert good
        path.write_bytes(data.tobytes())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_frame_that_becomes_a_link_is_not_followed_out(tmp_path: Path, suffix: str) -> None:
    for frame in (1, 2, 3):
        picture(tmp_path / "root" / f"p.000{frame}.{suffix}")
    picture(tmp_path / "secret" / f"s.{suffix}")
    fence = Fence([tmp_path / "root"])
    plate = open_plate(tmp_path / "root" / f"p.%04d.{suffix}", fence=fence)
    assert plate.read(2).rgb.shape == (8, 12, 3)
    path = tmp_path / "root" / f"p.0002.{suffix}"
    path.unlink()
    path.symlink_to(tmp_path / "secret" / f"s.{suffix}")
    for read in (plate.read, plate.header):
        with pytest.raises(FrameReadError, match="outside the folders"):
            read(2)
    path.unlink()
    path.symlink_to(tmp_path / "root" / f"p.0001.{suffix}")
    assert plate.read(2).rgb.shape == (8, 12, 3)


def test_a_folder_that_becomes_a_link_is_not_followed_out(tmp_path: Path) -> None:
    for folder in ("root/plates", "secret"):
        picture(tmp_path / folder / "p.0001.png")
        picture(tmp_path / folder / "m.png")
    spec = PlateSpec(path="plates/p.%04d.png", first=1, last=1, width=12, height=8)
    source = Source(spec, tmp_path / "root", Fence([tmp_path / "root"]))
    source.plate.read(1)
    mask = source.locate("plates/m.png")
    (tmp_path / "root" / "plates").rename(tmp_path / "root" / "old")
    (tmp_path / "root" / "plates").symlink_to(tmp_path / "secret")
    with pytest.raises(FrameReadError, match="outside the folders"):
        source.plate.read(1)
    with pytest.raises(UsageError, match="outside the folders"):
        source.locate("plates/m.png")
    with pytest.raises(FrameReadError, match="outside the folders"):
        read_mask(mask, 12, 8, source.fence)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"p.0001.{suffix}")
    with pytest.raises(WispError):
        open_plate(f"{tmp_path}/p.%04d.{suffix}")
    with pytest.raises(FrameReadError, match="no ordinary file"), opened(tmp_path / f"p.0001.{suffix}"):
        pass


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv", "avi", "mxf", "ts"])
@pytest.mark.parametrize(
    "text", ["ffconcat version 1.0\nfile 'SECRET'\n", "#EXTM3U\n#EXTINF:1,\nSECRET\n", "[playlist]\nFile1=SECRET"]
)
def test_a_playlist_is_no_movie(tmp_path: Path, suffix: str, text: str) -> None:
    secret = tmp_path / "secret.png"
    picture(secret)
    (tmp_path / f"list.{suffix}").write_text(text.replace("SECRET", str(secret)))
    with pytest.raises(InputError):
        open_plate(tmp_path / f"list.{suffix}")


@pytest.mark.skipif(os.name != "posix", reason="names are bytes only there")
@pytest.mark.parametrize("suffix", ["exr", "png", "tif"])
def test_names_may_be_any_bytes(tmp_path: Path, suffix: str) -> None:
    picture(tmp_path / f"plain.{suffix}")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/t\xe9 #1"))
    odd.mkdir()
    for frame in (1, 2):
        (odd / os.fsdecode(b"p\xe9.000%d." % frame + suffix.encode())).write_bytes(
            (tmp_path / f"plain.{suffix}").read_bytes()
        )
    plate = open_plate(odd)
    assert plate.frames == (1, 2) and plate.read(2).rgb.shape == (8, 12, 3)
    write_exr(odd / "out.exr", {"A": np.zeros((8, 12), np.float32)}, display=Window(0, 0, 12, 8))
    assert open_plate(odd / "out.exr").read(1).rgb.max() == 0
