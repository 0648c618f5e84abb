"""The window on a real X server without a screen: what the offscreen platform leaves out is there (a window manager's
absence, an X server's focus, its pictures)."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import PySide6
import pytest

#: Tests of the window that need no engine's work.
CHOSEN = "objects_tools or zoom_keeps or timeline_goes or lasso_becomes"


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """The number of an X server of this test's own. Skips where there is none, or Qt's side of it lacks a library."""
    server = shutil.which("Xvfb")
    if server is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux with Xvfb (Debian: apt install xvfb)")
    platform = next(Path(PySide6.__file__).parent.rglob("libqxcb.so"))
    try:
        ctypes.CDLL(str(platform))
    except OSError as error:
        pytest.skip(f"Qt's xcb platform lacks a library here: {error}")
    command = [server, "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"]
    log = tmp_path / "xvfb.log"
    with log.open("w") as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as running:
        assert running.stdout is not None
        number = running.stdout.readline().strip()  # it says so when it is ready
        assert number, f"Xvfb does not start: {log.read_text()}"
        yield f":{number}"
        running.terminate()


@pytest.mark.slow
def test_the_window_under_x11(display: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    tests = Path(__file__).with_name("test_window.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests), "-k", CHOSEN]
    options = ["-p", "no:xdist", "--basetemp", str(tmp_path / "inner")]
    run = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and "4 passed" in run.stdout, run.stdout + run.stderr
