"""Every documented exit code, from the real command line; each failure is one sentence that says what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.cli import EXIT_CODES

from .conftest import Wisp, command, environment, write_shot

ONE_FRAME = ("--frames", "1001")


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line for a person."""
    return done.stderr.strip().splitlines()[-1]


def test_all_of_them_are_tested_here_or_where_signals_are() -> None:
    told = {int(word) for word in EXIT_CODES.replace("\n", " ").split() if word.isdigit()}
    assert told == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 141}


def test_0_ok(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    done = wisp("solve", shot, *ONE_FRAME, "--cache", tmp_path / "cache", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["started", "progress", "frame", "progress", "done"]
    assert Path(events[2]["path"]).is_file()


def test_1_a_bug_with_its_traceback_in_the_log(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    """A library that is installed and broken in a way that nobody foresaw."""
    (tmp_path / "site" / "cv2").mkdir(parents=True)
    (tmp_path / "site" / "cv2" / "__init__.py").write_text("raise ZeroDivisionError('a broken build')\n")
    done = wisp(
        "solve",
        shot,
        *ONE_FRAME,
        "--cache",
        tmp_path / "cache",
        "--json",
        PYTHONPATH=str(tmp_path / "site"),
        XDG_STATE_HOME=str(tmp_path / "state"),
        LOCALAPPDATA=str(tmp_path / "state"),
        HOME=str(tmp_path / "state"),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "ZeroDivisionError: a broken build. This is a bug; a report of it needs " in said(done)
    assert "Traceback" in Path(said(done).partition(" needs ")[2].removesuffix(".")).read_text("utf-8")
    assert json.loads(done.stdout.splitlines()[-1])["code"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--frobnicate"], "--frobnicate"), ([*ONE_FRAME, "--objects", "nobody"], "There is no object 'nobody'")],
)
def test_2_usage(wisp: Wisp, shot: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    done = wisp("solve", shot, "--cache", tmp_path / "cache", *arguments)
    assert done.returncode == 2
    assert words in said(done)


def test_3_input_missing(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    done = wisp("matte", shot.parent / "plates" / "sh020.%04d.png", "--box", "1001:1,1,9,9", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "sh020" in said(done)


def test_4_weights_missing(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    done = wisp(
        "matte",
        shot.parent / "plates" / "sh010.%04d.png",
        "--box",
        "1001:1,1,9,9",
        "-o",
        tmp_path / "out",
        "--head",
        "sam2matting-sam2.1-tiny",
        WISP_WEIGHTS=str(tmp_path / "none"),
    )
    assert done.returncode == 4
    assert "wisp models get sam2matting-sam2.1-tiny" in said(done)


def test_5_no_such_device(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    done = wisp("solve", shot, "--cache", tmp_path / "cache", "--device", "abacus")
    assert done.returncode == 5
    assert "abacus" in said(done)


#: Loads what solving needs, then allows that and so many MB more, then is the command line.
CONFINED = """
import resource, sys
import PyOpenColorIO, cv2, numpy, wisp.cli, wisp.commands.matte, wisp.deliver, wisp.heads.guided, wisp.plates.stills
import wisp.solve, wisp.trackers.flow.passes
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize")) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]) * 2**20,) * 2)
sys.exit(wisp.cli.main(sys.argv[2:]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="what a process uses is read from /proc")
def test_6_out_of_memory(tmp_path: Path) -> None:
    """A real limit, and a plate of 500 MB in floating point."""
    cv2.imwrite(str(tmp_path / "big.1001.png"), np.zeros((4000, 10000, 3), np.uint8))
    plate = str(tmp_path / "big.%04d.png")
    models = ["--tracker", "flow", "--head", "guided"]
    arguments = ["120", "matte", plate, "--box", "1001:100,100,900,900", *models, "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert "not enough memory" in said(done) and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.exr"))


def test_8_cannot_write(wisp: Wisp, shot: Path, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, no folder")
    done = wisp("solve", shot, *ONE_FRAME, "--cache", tmp_path / "blocked" / "cache")
    assert done.returncode == 8
    assert "blocked" in said(done)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_8_a_disk_that_takes_no_more(shot: Path, tmp_path: Path) -> None:
    """Every file ends after 2000 bytes: what was not written whole is not there, and the next run goes on.

    No module is compiled meanwhile: Python would keep the first 2000 bytes of it for all who come after.
    """
    import resource

    cache = tmp_path / "cache"
    done = subprocess.run(
        command("solve", shot, *ONE_FRAME, "--cache", cache),
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert done.returncode == 8, done.stderr
    assert "Cannot write" in said(done) and "Traceback" not in done.stderr
    assert not list(cache.rglob("alpha.*")) and not list(cache.rglob(".*"))


def test_9_the_check_fails(wisp: Wisp, tmp_path: Path) -> None:
    """The object is gone from one frame to the next, in the middle of the picture."""
    shot = write_shot(tmp_path / "store", hidden=(1005, 1006), frames=range(1001, 1007))
    solved = wisp("solve", shot)
    assert solved.returncode == 0, solved.stderr
    assert "was lost on 1005-1006" in solved.stderr
    done = wisp("check", shot, "--fail-on", "suspicious")
    assert done.returncode == 9, done.stderr
    assert "2 of 6 frames" in said(done)
