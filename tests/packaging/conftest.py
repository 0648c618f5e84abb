"""One wheel for all tests of this room, and Python as it is where only that wheel is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from helpers.wheels import Run, build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python code where Wisp is the wheel alone: its dependencies are those of this environment, less `sam2`."""
    root = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(root / "wisp-roto")
    packages = root / "packages"
    packages.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("sam2", "wisp", "_wisp", "__editable__")) and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        paths = f"import sys; sys.path[:0] = {[str(root / 'wisp-roto'), str(packages)]!r}\n"
        environment = {name: value for name, value in os.environ.items() if name not in ("OCIO", "WISP_WEIGHTS")}
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", paths + code, *arguments],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run
