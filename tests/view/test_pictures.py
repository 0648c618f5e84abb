"""Pictures for hosts that read neither EXR nor movies, as a process that answers lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wisp.errors import FrameReadError
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.shot import parse
from wisp.view.pictures import Pictures

SIZE = (6, 4)


def write(path: Path, value: float) -> None:
    window = Window(0, 0, *SIZE)
    write_exr(path, dict.fromkeys("RGB", np.full(SIZE[::-1], value, np.float16)), display=window, data=window)


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """`ask(request)` gives the head and the bytes of the answer."""
    for frame in (1, 2):
        write(tmp_path / f"plate.{frame:04d}.exr", 0.25 * frame)
    write(tmp_path / "matte.exr", 0.5)
    plate = {"path": "plate.%04d.exr", "first": 1, "last": 2, "width": 6, "height": 4, "colorspace": "lin_rec709"}
    command = [sys.executable, "-m", "wisp.view.pictures"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None

    def send(request: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()

    def ask(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        send(request)
        assert process.stdout is not None
        head = json.loads(process.stdout.readline())
        return head, process.stdout.read(head.get("width", 0) * head.get("height", 0) * head.get("channels", 0))

    ask.send = send  # type: ignore[attr-defined]
    ask.document = {"shot": {"wisp": 1, "plate": plate}, "root": str(tmp_path)}  # type: ignore[attr-defined]
    yield ask
    process.stdin.close()
    assert process.wait(30) == 0, "it ends with its stdin"


def test_plates_and_mattes(served: Any, tmp_path: Path) -> None:
    served.send(served.document)
    for frame, value in ((1, 137), (2, 188)):
        head, pixels = served({"plate": frame})
        assert (head["width"], head["height"], head["channels"]) == (6, 4, 4)
        assert pixels == bytes([value, value, value, 255]) * 24, "linear 0.25 and 0.5 on an sRGB display"
    head, pixels = served({"matte": str(tmp_path / "matte.exr")})
    assert head == {
        "width": 6,
        "height": 4,
        "channels": 1,
        "track_state": "tracked",
        "confidence": 1.0,
        "fingerprint": "",
    }
    assert pixels == bytes([128]) * 24


def test_a_missing_first_frame_moves_no_other(tmp_path: Path) -> None:
    write(tmp_path / "plate.1002.exr", 0.25)
    write(tmp_path / "plate.1003.exr", 0.5)
    plate = {"path": "plate.%04d.exr 1001-1003", "first": 1, "last": 3, "offset": -1000, "width": 6, "height": 4}
    pictures = Pictures(parse({"wisp": 1, "plate": {**plate, "colorspace": "lin_rec709"}}), tmp_path)
    assert [pictures.plate(frame)[0, 0, 0] for frame in (2, 3)] == [137, 188]


@pytest.mark.parametrize(("missing", "value"), [("hold", 137), ("black", 0)])
def test_a_missing_frame_is_shown_as_it_is_solved(tmp_path: Path, missing: str, value: int) -> None:
    for frame in (1, 3):
        write(tmp_path / f"plate.{frame:04d}.exr", 0.25)
    plate = {"path": "plate.%04d.exr", "first": 1, "last": 3, "width": 6, "height": 4, "missing": missing}
    pictures = Pictures(parse({"wisp": 1, "plate": {**plate, "colorspace": "lin_rec709"}}), tmp_path)
    assert (pictures.plate(1)[0, 0, 0], pictures.plate(2)[0, 0, 0]) == (137, value)
    pictures = Pictures(parse({"wisp": 1, "plate": {**plate, "missing": "error"}}), tmp_path)
    assert pictures.plate(1).any()
    with pytest.raises(FrameReadError, match="frame 2"):
        pictures.plate(2)


def test_what_is_written_anew_or_comes_later_is_shown(tmp_path: Path) -> None:
    write(tmp_path / "plate.0001.exr", 0.25)
    plate = {"path": "plate.%04d.exr", "first": 1, "last": 2, "width": 6, "height": 4, "colorspace": "lin_rec709"}
    pictures = Pictures(parse({"wisp": 1, "plate": plate}), tmp_path)
    mark = pictures.mark(1)
    assert pictures.plate(1)[0, 0, 0] == 137 and pictures.mark(1) == mark
    with pytest.raises(FrameReadError, match="frame 2"):
        pictures.plate(2)
    missing = pictures.mark(2)
    write(tmp_path / "plate.0001.exr", 0.5)
    write(tmp_path / "plate.0002.exr", 0.5)
    assert pictures.mark(1) != mark and pictures.mark(2) != missing
    assert pictures.plate(1)[0, 0, 0] == 188 and pictures.plate(2)[0, 0, 0] == 188


def test_every_fault_is_an_answer(served: Any, tmp_path: Path) -> None:
    assert "before the shot" in served({"plate": 1})[0]["error"]
    served.send(served.document)
    assert "7" in served({"plate": 7})[0]["error"]
    assert "none.exr" in served({"matte": str(tmp_path / "none.exr")})[0]["error"]
    assert "error" in served({})[0]
    assert served({"plate": 1})[0]["width"] == 6, "it goes on"
