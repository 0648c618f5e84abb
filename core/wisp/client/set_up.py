"""Set the engine up for a user who has only a host's plug-in: an environment of its own, filled by pip, in one folder.

Nothing here starts by itself: a host asks its user first, starts a `SetUp`, polls it, and shows what it says. Removing
the folder removes everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional

from .process import clean_environment

#: What pip is asked for; a host may name a wheel instead.
PACKAGE = "wisp-roto[movies]"
OLDEST = (3, 11)
#: On Linux the plain PyTorch is the CUDA build of several GB; without such a GPU this index has a small one.
_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
_STAMP, _LOG = "set-up.json", "set-up.log"
_ASK = "import sys, venv, ensurepip; print(*sys.version_info[:2])"


class Step(NamedTuple):
    """What is said, and the command."""

    say: str
    command: List[str]


def consent(folder: Path) -> List[str]:
    """The sentences that a user agrees to before anything is fetched."""
    size = "about 3 GB" if platform.system() == "Linux" and nvidia() else "about 400 MB"
    return [
        f"Fetches Wisp, PyTorch and what they need with pip ({size}) from the package index that pip is set to.",
        f"Everything lies in {folder}; nothing is installed anywhere else. It takes some minutes.",
    ]


def nvidia() -> bool:
    """Whether an NVIDIA driver is visible."""
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()


def installed(folder: Path) -> Optional[Path]:
    """The interpreter of an engine that was set up in `folder` to the end; None where there is none."""
    try:
        python = Path(json.loads((folder / _STAMP).read_text(encoding="utf-8"))["python"])
    except (OSError, ValueError, KeyError):
        return None
    return python if python.is_file() else None


def remove(folder: Path) -> None:
    """Take an engine that was set up away. OSError where a file is in use."""
    if folder.is_dir():
        (folder / _STAMP).unlink() if (folder / _STAMP).exists() else None
        shutil.rmtree(str(folder))


def find_base(own: str = sys.executable) -> Optional[str]:
    """A Python that can make the environment: the host's `own` one, else one on PATH; None where none is new enough."""
    named = ["python3.13", "python3.12", "python3.11", "python3", "python"]
    for python in [own, *filter(None, map(shutil.which, named))]:
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            told = subprocess.run(
                [python, "-I", "-c", _ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
            )
            if told.returncode == 0 and tuple(map(int, told.stdout.split())) >= OLDEST:
                return python
    return None


class SetUp:
    """The set-up under way, in steps of other processes. Call `poll` now and then; it never blocks for long.

    `state`: running, done, failed or cancelled. `text`: what it does just now, or what went wrong. `log`: all that was
    said, one file.
    """

    def __init__(self, folder: Path, base: str, package: str = PACKAGE) -> None:
        """`base`: as `find_base` gives it. Begins at once, in place of what is in `folder`. OSError."""
        remove(folder)
        folder.mkdir(parents=True)
        self.folder = folder
        self.log = folder / _LOG
        self.state, self.text = "running", ""
        python = folder / "engine" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.python = python
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-compile"]
        if platform.system() == "Linux" and not nvidia():
            pip += ["--extra-index-url", _CPU_INDEX]
        self._steps = [
            Step("making an environment", [base, "-I", "-m", "venv", str(folder / "engine")]),
            Step("fetching Wisp and PyTorch", [*pip, package]),
            Step("trying it out", [str(python), "-I", "-m", "wisp", "--version"]),
        ]
        self._at = -1
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._next()

    @property
    def part(self) -> float:
        """How far it is, 0..1, by lines of the log: a guess."""
        lines = self._tail(200_000).count("\n")
        return 1.0 if self.state == "done" else min(0.95, 0.05 + 0.9 * lines / 400)

    def poll(self) -> bool:
        """Go on where a step has ended; whether it still runs."""
        if self.state != "running" or self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            last = self._tail(2000).strip().splitlines()
            self.text = f"{self._steps[self._at].say}: {last[-1][:100]}" if last else self._steps[self._at].say
            return True
        if code != 0:
            last = self._tail(4000).strip().splitlines()
            self._end(
                "failed", f"{self._steps[self._at].say} failed: {last[-1][:200] if last else code}. See {self.log}"
            )
            return False
        return self._next()

    def cancel(self) -> None:
        """Stop and take away what there is, but for the log."""
        if self.state == "running" and self._process is not None:
            self._process.kill()
            self._process.wait()
            self._end("cancelled", "stopped; nothing was set up")

    def _next(self) -> bool:
        self._at += 1
        if self._at == len(self._steps):
            content = json.dumps({"python": str(self.python)})
            (self.folder / _STAMP).write_text(content + "\n", encoding="utf-8")
            self.state, self.text = "done", "the engine is set up"
            return False
        step = self._steps[self._at]
        self.text = step.say
        with self.log.open("ab") as log:
            log.write(("$ " + " ".join(step.command) + "\n").encode("utf-8"))
            log.flush()
            try:
                self._process = subprocess.Popen(
                    step.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=clean_environment(os.environ),
                    cwd=str(self.folder),
                )
            except OSError as error:
                self._end("failed", f"{step.say} failed: {error}")
                return False
        return True

    def _end(self, state: str, text: str) -> None:
        shutil.rmtree(str(self.folder / "engine"), ignore_errors=True)
        self.state, self.text = state, text

    def _tail(self, size: int) -> str:
        with self.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - size))
            return log.read().decode("utf-8", "replace")
