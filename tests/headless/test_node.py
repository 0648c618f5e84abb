"""On a machine that nobody sits at: the whole way, the ends by signals, and the same pixels whatever happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.signals import signalled
from wisp.cache import read_matte

from .conftest import FRAMES, Wisp, command, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and nice")


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def pixels(cache: Path) -> dict[str, bytes]:
    """Frame file -> its pixels; reading raises where a file is not whole."""
    return {path.name: read_matte(path)[0].tobytes() for path in sorted(cache.glob("*/disk-*/alpha.*.exr"))}


@pytest.mark.parametrize("home", [None, f"{os.devnull}/home"], ids=["no HOME", "a HOME that is not there"])
def test_solve_and_deliver_without_display_home_or_write_access_to_the_input(
    shot: Path, tmp_path: Path, home: str | None
) -> None:
    before = contents(shot.parent)
    variables = environment() if home is None else environment(HOME=home)
    assert not {"DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"} & variables.keys()
    frames = ("--frames", "1001-1003")
    cache = ("--cache", tmp_path / "cache")
    drawn = ("--box", "1001:10,16,42,48", "--tracker", "flow", "--head", "guided")
    for arguments in (
        ("solve", shot, *frames, *cache),
        ("deliver", shot, *frames, *cache, "-o", tmp_path / "delivery"),
        ("matte", shot.parent / "plates/sh010.%04d.png", *drawn, *frames, "-o", tmp_path / "out"),
    ):
        done = subprocess.run(
            ["nice", "-n", "19", *command(*arguments)],
            cwd=tmp_path,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert len(pixels(tmp_path / "cache")) == 3
    assert len(list((tmp_path / "delivery").rglob("*.exr"))) == 3
    assert len(list((tmp_path / "out/object1").glob("*.exr"))) == 3
    assert contents(shot.parent) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_and_two_that_were_stopped_and_resumed_give_the_same_pixels(
    wisp: Wisp, shot: Path, tmp_path: Path
) -> None:
    done = wisp("solve", shot, "--cache", tmp_path / "whole")
    assert done.returncode == 0, done.stderr
    expected = pixels(tmp_path / "whole")
    assert len(expected) == len(FRAMES) and len(set(expected.values())) == len(FRAMES)
    for number, code in ((signal.SIGTERM, 7), (signal.SIGINT, 130)):
        cache = tmp_path / f"stopped-{code}"
        arguments = command("solve", shot, "--cache", cache, "--json")
        left, last = signalled(arguments, number, environment())
        assert (left, last["event"], last["code"]) == (code, "stopped", code)
        kept = pixels(cache)
        assert 2 <= len(kept) < len(FRAMES), "the frame under way is finished, the rest is not begun"
        assert kept == {name: expected[name] for name in kept}
        done = wisp("solve", shot, "--cache", cache, "--json")
        summary = json.loads(done.stdout.splitlines()[-1])
        assert (summary["matted"], summary["cached"]) == (len(FRAMES) - len(kept), len(kept))
        assert pixels(cache) == expected
