"""`wisp matte` on a small clip: bad input gets one sentence and its exit code, and nothing is lost."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.signals import signalled
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.cli import main
from wisp.commands.status import lane
from wisp.plates.exr import read_channels
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.solve.status import FrameStatus, ObjectStatus

SIZE = (96, 64)


def picture(frame: int) -> np.ndarray:
    """A bright textured disk that moves over a dark textured ground; BGR, 8 bits."""
    noise = np.random.default_rng(1).integers(0, 40, (SIZE[1], SIZE[0], 3))
    image = noise + np.array([20, 50, 30])
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    disk = np.hypot(x - 30 - 2 * frame, y - 32) < 16
    texture = np.random.default_rng(2).integers(0, 30, (200, 200, 3))[60:124, 60 - 2 * frame : 156 - 2 * frame]
    return np.where(disk[..., None], texture + np.array([60, 120, 220]), image).astype(np.uint8)


@pytest.fixture
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("plates").mkdir()
    for frame in range(6):
        cv2.imwrite(f"plates/sh010.{1001 + frame}.png", picture(frame))
    return "plates/sh010.%04d.png"


BOX = "1001:12,14,48,50"


def matte(*words: str) -> int:
    return main(["matte", *words, "-q"])


def says(capsys: pytest.CaptureFixture[str]) -> str:
    """What a person reads; always one line."""
    text = capsys.readouterr().err.strip()
    assert text.count("\n") == 0, text
    assert text.startswith("wisp")
    return text


def test_renumbering_counts_from_the_first_frame_that_was_named(plate: str) -> None:
    Path("plates/sh010.1001.png").unlink()
    words = ("--first", "1", "--missing", "hold", "--box", "2:14,14,50,50", "--frames", "2", "-o", "out")
    assert matte(f"{plate} 1001-1006", *words) == 0
    assert documents.load("out/sh010.wisp").plate.offset == -1000


def test_one_command_from_plate_to_mattes(plate: str, tmp_path: Path) -> None:
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    names = sorted(path.name for path in Path("out/object1").iterdir())
    assert names == [f"object1.{frame}.exr" for frame in range(1001, 1007)]
    alpha = read_matte(Path("out/object1/object1.1004.exr"))[0]
    y, x = np.mgrid[0:64, 0:96] + 0.5
    inside = np.hypot(x - 36, y - 32) < 16
    assert alpha[inside].mean() > 0.95 and alpha[~inside].mean() < 0.05
    channels, header = read_channels(Path("out/object1/object1.1004.exr"))
    assert set(channels) == set("RGBA") and header.display == Window(0, 0, 96, 64)
    assert documents.load("out/sh010.wisp").plate.path == "../plates/sh010.%04d.png"


def test_the_same_command_again_changes_nothing(plate: str) -> None:
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path("out").rglob("*.exr")}
    assert len(before) >= 6
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path("out").rglob("*.exr")} == before


def test_events_are_json_lines_on_stdout_and_text_is_not(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matte", plate, "--box", BOX, "-o", "out", "--json"]) == 0
    captured = capsys.readouterr()
    events = [json.loads(line) for line in captured.out.splitlines()]
    assert all(event["message"] for event in events if event["event"] == "notice")
    events = [event for event in events if event["event"] != "notice"]
    assert events[0]["event"] == "started" and events[-1]["event"] == "done"
    assert sorted(event["frame"] for event in events if event["event"] == "frame") == list(range(1001, 1007))
    assert "Progress: 100%" in captured.err


def test_a_long_shot_is_one_line_of_signs() -> None:
    frames = tuple(FrameStatus(frame, "dirty" if frame == 150 else "solved") for frame in range(1, 181))
    item = ObjectStatus(1, "hero", Path("x.%04d.exr"), (*frames, FrameStatus(181, "empty")))
    spec = documents.ObjectSpec(
        id=1, name="hero", color="#112233", locks=[(100, 100)], prompts=[documents.Point(frame=9, xy=(1, 1))]
    )
    line, keys, locks = lane(item, spec)
    assert line.startswith("1 ##") and line.endswith("#. 181  (4 frames a sign)") and line.count("-") == 1
    assert line.index("-") == 2 + 149 // 4 and keys == "  " + "  K"
    assert locks == "  " + " " * 24 + "L"
    assert lane(ObjectStatus(1, "hero", Path("x"), ()), spec) == []


def test_the_written_shot_is_edited_and_solved_further(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    shot = documents.load("out/sh010.wisp")
    shot.objects[0].prompts.append(documents.Point(frame=1004, xy=(80, 10), include=False))
    documents.save(shot, "out/sh010.wisp")
    assert main(["status", "out/sh010.wisp"]) == 0
    said = capsys.readouterr().out
    assert "prompt added at 1004" in said and "  1001 #----- 1006\n       K  K\n" in said
    assert main(["status", "out/sh010.wisp", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] | {"folder": ""} == {
        "event": "object",
        "name": "object1",
        "folder": "",
        "solved": "1001",
        "dirty": "1002-1006",
        "empty": "",
    }
    why = {row["frame"]: (row["state"], row["why"]) for row in rows if row["event"] == "frame"}
    assert why == {1001: ("solved", "")} | dict.fromkeys(range(1002, 1007), ("dirty", "prompt added at 1004"))
    assert main(["solve", "out/sh010.wisp", "-q"]) == 0
    assert main(["status", "out/sh010.wisp"]) == 0
    assert "solved 1001-1006\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["absent.%04d.png", "--box", BOX], 3, "absent"),
        (["PLATE"], 2, "There is no prompt"),
        (["PLATE", "--box", "1001:200,10,220,30"], 2, "outside the picture"),
        (["PLATE", "--point", "1001:-97,10"], 2, "outside the picture"),
        (["PLATE", "--box", "1:10,10,20,20"], 2, "frame 1, outside the plate's 1001-1006"),
        (["PLATE", "--box", BOX, "--frames", "1001-1010"], 2, "no frame 1007-1010"),
        (["PLATE", "--box", BOX, "--frames", "1005-1001"], 2, "ends before it begins"),
        (["PLATE", "--mask", "1001:absent.png"], 3, "absent.png does not exist"),
        (["PLATE", "--mask", "1001:small.png"], 2, "small.png"),
        (["PLATE", "--mask", "1001:empty.png"], 2, "empty.png"),
        (["PLATE", "--object", "a", "--box", BOX, "--object", "a", "--box", BOX], 2, "Two objects are named 'a'"),
        (["PLATE", "--object", "a b", "--box", BOX], 2, "Object name 'a b'"),
        (["PLATE", "--object", "a"], 2, "There is no prompt"),
        (["PLATE", "--box", BOX, "--tracker", "nonsense"], 2, "There is no tracker 'nonsense'"),
        (["PLATE", "--box", BOX, "--head", "nonsense"], 2, "There is no head 'nonsense'"),
        (["PLATE", "--box", BOX, "--head", "sam2matting-sam2.1-tiny"], 4, "wisp models get sam2matting-sam2.1-tiny"),
        (["PLATE", "--box", BOX, "--exact"], 2, "The head 'embedded' has no exact result"),
        (["PLATE", "--box", BOX, "--head", "guided", "--fast"], 2, "Leave out --fast"),
        (["PLATE", "--box", BOX, "--exact", "--region", "auto"], 2, "Leave out one of them"),
        (["PLATE", "--box", BOX, "--colorspace", "nonsense"], 2, "There is no colour space 'nonsense'"),
        (["PLATE", "--box", BOX, "--missing", "guess"], 2, "--missing"),
        (["PLATE", "--box", BOX, "--device", "abacus"], 5, "abacus"),
        (["PLATE", "--box", BOX, "--frobnicate"], 2, "--frobnicate"),
        (["PLATE", "--box", "1001:1,2,3"], 2, "expected 4 numbers"),
        (["PLATE", "--text", "the disk"], 4, "grounding-dino-tiny"),
    ],
)
def test_bad_input_gets_one_sentence_and_its_exit_code(
    plate: str, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite("small.png", np.full((10, 10), 255, np.uint8))
    cv2.imwrite("empty.png", np.zeros((64, 96), np.uint8))
    assert matte(*[plate if word == "PLATE" else word for word in words], "-o", "out") == code
    assert message in says(capsys)
    assert not list(Path().rglob("*.exr"))


def test_a_gap_is_named_and_policies_deal_with_it(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("plates/sh010.1003.png").unlink()
    assert matte(plate, "--box", BOX, "-o", "out") == 3
    assert "1003" in says(capsys)
    assert matte(plate, "--box", BOX, "-o", "skipped", "--missing", "skip") == 0
    assert not Path("skipped/object1/object1.1003.exr").exists()
    assert Path("skipped/object1/object1.1004.exr").exists()
    assert matte(plate, "--box", BOX, "-o", "held", "--missing", "hold") == 0
    held = [read_matte(Path(f"held/object1/object1.{frame}.exr"))[0] for frame in (1002, 1003)]
    assert np.abs(held[0] - held[1]).mean() < 0.02


def test_frames_of_different_size_are_named(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("plates/sh010.1004.png", np.zeros((32, 48, 3), np.uint8))
    assert matte(plate, "--box", BOX, "-o", "out") == 3
    text = says(capsys)
    assert "1004" in text and "48x32" in text and "96x64" in text


def test_other_results_are_not_overwritten_unless_asked(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    before = {path: path.read_bytes() for path in Path("out/object1").iterdir()}
    assert before
    document = Path("out/sh010.wisp").read_bytes()
    assert matte(plate, "--box", "1001:10,10,50,50", "-o", "out") == 8
    assert "--overwrite" in says(capsys)
    assert {path: path.read_bytes() for path in Path("out/object1").iterdir()} == before
    assert Path("out/sh010.wisp").read_bytes() == document
    assert matte(plate, "--box", "1001:10,10,50,50", "-o", "out", "--overwrite") == 0


def test_an_unwritable_place_exits_8(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("blocked").write_text("a file, not a folder")
    assert matte(plate, "--box", BOX, "-o", "blocked/out") == 8
    assert "blocked" in says(capsys)


@pytest.mark.parametrize(("said", "uncover"), [([], None), (["--uncover"], True), (["--no-uncover"], False)])
def test_the_background_is_uncovered_unless_it_is_not_wanted(plate: str, said: list[str], uncover: bool | None) -> None:
    assert matte(plate, "--box", BOX, "-o", "told", *said, "--frames", "1001") == 0
    assert documents.load(next(Path("told").glob("*.wisp"))).solve.uncover is uncover


def test_a_pair_and_a_backlit_plate_are_told_in_the_document(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name, grey in (("clean", 30), ("white", 220)):
        cv2.imwrite(f"plates/{name}.png", np.full((SIZE[1], SIZE[0], 3), grey, np.uint8))
    pair = ["--second-plate", plate, "--second-clean-plate", "plates/white.png"]
    assert matte(plate, "--box", BOX, "-o", "alone", *pair) == 2
    assert "there is no clean plate" in says(capsys) and not Path("alone").exists()
    assert matte(plate, "--box", BOX, "-o", "one", "--backlit") == 2
    assert "needs its backing" in says(capsys)
    # The same take twice: in its light the white backing is as dark as the other.
    assert matte(plate, "--box", BOX, "-o", "two", "--clean-plate", "plates/clean.png", *pair) == 3
    assert "look alike on frame 1001" in says(capsys)
    stored = documents.load(next(Path("two").glob("*.wisp"))).plate
    assert stored.beside == {
        "clean": "../plates/clean.png",
        "second": "../plates/sh010.%04d.png",
        "second_clean": "../plates/white.png",
    }
    assert not stored.backlit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wisp": 2}, "newer Wisp"),
        ({"surprise": 1}, "surprise: unknown key"),
        ({"solve": {"tracker": "flow", "speed": 11}}, "solve.speed: unknown key"),
    ],
)
def test_a_shot_of_another_kind_is_refused_with_the_key_named(
    plate: str, change: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    path = Path("out/sh010.wisp")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert main(["solve", str(path), "-q"]) == 2
    assert message in says(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 7)])
def test_an_interrupted_run_keeps_whole_frames_and_the_same_command_resumes(plate: str, number: int, code: int) -> None:
    for frame in range(6, 24):
        cv2.imwrite(f"plates/sh010.{1001 + frame}.png", picture(frame % 20))
    command = [sys.executable, "-m", "wisp", "matte", plate, "--box", BOX, "-o", "out", "--json"]
    assert signalled(command, number)[0] == code
    finished = sorted(Path("out/object1").glob("*.exr"))
    assert 2 <= len(finished) < 24
    for path in finished:
        assert read_matte(path)[0].shape == (64, 96)
    stamps = {path: path.stat().st_mtime_ns for path in finished}
    assert matte(plate, "--box", BOX, "-o", "out") == 0
    assert len(list(Path("out/object1").glob("*.exr"))) == 24
    assert {path: path.stat().st_mtime_ns for path in finished} == stamps


def test_a_damaged_frame_stops_the_run_and_finished_frames_stay(
    plate: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for frame in range(6):
        rgb = picture(frame)[..., ::-1].astype(np.float32) / 255
        planes = {name: rgb[..., index] for index, name in enumerate("RGB")}
        write_exr(tmp_path / f"plates/ex.{1001 + frame}.exr", planes, display=Window(0, 0, *SIZE))
    damaged = Path("plates/ex.1005.exr")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) * 2 // 3])
    command = ["plates/ex.%04d.exr", "--box", BOX, "-o", "out", "--colorspace", "lin_rec709"]
    assert matte(*command) == 3
    text = says(capsys)
    assert "1005" in text
    damaged.write_bytes(whole)
    assert matte(*command) == 0
    assert len(list(Path("out/object1").glob("*.exr"))) == 6
