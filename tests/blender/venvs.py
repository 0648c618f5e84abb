"""Virtual environments with Blender's Python module, kept between runs outside the project (about 1 GB each).

Run as a module (`python -m blender.venvs` in `tests`) it makes those that the tests ask for. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from helpers.pythons import python_of

#: Blender -> the Python that its wheel is built for.
PYTHONS = {"4.2": "3.11", "4.5": "3.11", "5.0": "3.11", "5.1": "3.13", "5.2": "3.13", "5.3": "3.13"}

#: Versions in which every case runs, and those in which one story and the soft values do.
VERSIONS = os.environ.get("WISP_BPY", "4.2 5.2").split()
OTHERS = os.environ.get("WISP_BPY_OTHERS", "4.5 5.0").split()


class BpyMissing(Exception):  # noqa: N818 (a state of the machine)
    """There is no such Blender here and it cannot be had; the text says why."""


def folder() -> Path:
    """Where they are kept: WISP_BPY_VENVS, else the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(os.environ.get("WISP_BPY_VENVS") or Path(cache) / "wisp-bpy")


def bpy_python(version: str) -> Path:
    """The interpreter that can import `bpy` of that version, made if missing. Raises BpyMissing."""
    with _alone(version):
        return _made(version)


@contextlib.contextmanager
def _alone(version: str) -> Iterator[None]:
    """One maker at a time: the tests run in several processes."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / f"{version}.lock").open("w") as lock:
        if os.name != "nt":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(version: str) -> Path:
    place = folder() / version
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if (place / "ready").exists():
        return python
    wanted = PYTHONS[version]
    base = python_of(wanted)
    if base is None:
        raise BpyMissing(f"bpy {version} needs Python {wanted}, which is not here.")
    shutil.rmtree(place, ignore_errors=True)
    for command in ([base, "-m", "venv", place], [python, "-m", "pip", "install", "-q", f"bpy=={version}.*"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        except subprocess.TimeoutExpired:
            raise BpyMissing(f"bpy {version} could not be installed within 10 minutes.") from None
        if done.returncode != 0:
            raise BpyMissing(f"bpy {version} cannot be installed: {done.stderr.strip()[-300:]}")
    (place / "ready").touch()
    return python


def main() -> None:
    """Make all of them, saying what came of each."""
    for version in [*VERSIONS, *OTHERS]:
        try:
            bpy_python(version)
            print(f"  Blender {version}: ready", flush=True)
        except BpyMissing as missing:
            print(f"  Blender {version}: {missing}", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # what is half made is made anew
        main()
