"""The Qt lines of Nuke 13, 15 and 16, each on its own Python, for the panel's tests.

Run as a module (`python -m helpers.qt_lines` in `tests`) it makes what can be made under `.boot/qt`: for every line
whose Python is on this machine a virtual environment with that line's Qt. What cannot be had is written down, and its
test is skipped with those words.
Standard library only.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from helpers.pythons import python_of

FOLDER = Path(__file__).resolve().parents[2] / ".boot" / "qt"
#: Seconds for all lines together; what is not there by then is left out.
PATIENCE = 80.0


class Line(NamedTuple):
    """A Python version and the packages of its Qt."""

    python: str
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.packages[0].replace('==', ' ')} on Python {self.python}"

    @property
    def folder(self) -> Path:
        return FOLDER / f"python{self.python}-{self.packages[0].replace('==', '-')}"

    @property
    def interpreter(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def lack(self) -> str:
        """Why the line cannot be tested here; empty where it can."""
        try:
            return (self.folder / "lack.txt").read_text(encoding="utf-8")
        except FileNotFoundError:
            return "it was not set up; `python3 dev.py test` tries to"


LINES = (
    Line("3.7", ("PySide2==5.12.2", "shiboken2==5.12.2")),
    Line("3.10", ("PySide2==5.15.2.1", "shiboken2==5.15.2.1")),
    Line("3.11", ("PySide6_Essentials==6.5.3", "shiboken6==6.5.3")),
)


def make(line: Line, deadline: float) -> str:
    """Make the line's environment if it is not there; returns what is lacking, empty for nothing."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "the old lines of Qt are set up on Linux for x86-64 only"
    python = python_of(line.python)
    if python is None:
        return f"there is no Python {line.python} on this machine"
    shutil.rmtree(line.folder, ignore_errors=True)
    wheels = line.folder / "wheels"
    # This Python's pip fetches for the other one: newer pips do not run on Python 3.7. A wheel is a zip file.
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--timeout", "10", "--retries", "1"]
    target = ["--dest", str(wheels), "--python-version", line.python, "--only-binary=:all:", "--no-deps"]
    try:
        for command in ([python, "-m", "venv", "--without-pip", str(line.folder)], [*fetch, *target, *line.packages]):
            left = max(deadline - time.monotonic(), 0.1)
            done = subprocess.run(command, capture_output=True, text=True, timeout=left, check=False)
            if done.returncode != 0:
                return "it could not be fetched: " + ((done.stderr.strip() or "no reason given").splitlines()[-1])
    except subprocess.TimeoutExpired:
        return "it could not be fetched in time"
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(line.folder / "lib" / f"python{line.python}" / "site-packages")
    shutil.rmtree(wheels)
    proof = f"from {line.packages[0][:7]} import QtTest, QtWidgets; QtWidgets.QApplication([])"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    tried = subprocess.run([line.interpreter, "-c", proof], capture_output=True, text=True, env=environment)
    return "" if tried.returncode == 0 else "it does not start: " + (tried.stderr.strip() or "?").splitlines()[-1]


def main() -> None:
    """Make all lines, saying what came of each."""
    deadline = time.monotonic() + PATIENCE
    for line in LINES:
        if not line.lack:
            continue
        lack = make(line, deadline)
        line.folder.mkdir(parents=True, exist_ok=True)
        (line.folder / "lack.txt").write_text(lack, encoding="utf-8")
        print(f"  {line.name}: {lack or 'ready'}", flush=True)


if __name__ == "__main__":
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    main()
