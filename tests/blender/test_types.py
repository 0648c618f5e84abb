"""The add-on's own code under mypy, laid out as it is installed.

The host's names count as unknown: no stubs fit 4.2 to 5.2. The real hosts of the other tests judge those.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from wisp.install import stage_blender


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy.api", reason="needs mypy (the test extra)")
    # `valid-type`: the host's properties are annotations that call a function.
    options = ["--check-untyped-defs", "--ignore-missing-imports", "--disable-error-code=valid-type"]
    command = [sys.executable, "-m", "mypy", "--config-file=", "--python-version", "3.11", *options]
    place = ["--cache-dir", str(folder / "cache"), "-p", "wisp_roto"]
    return subprocess.run([*command, *place], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_types(tmp_path: Path) -> None:
    folder = tmp_path / "wisp_roto"
    stage_blender(folder)
    run = checked(tmp_path)
    assert run.returncode == 0, run.stdout
    (folder / "wrong.py").write_text("from . import session\n\nsession.sinc(1)\nsession.finished(1)\n")
    found = checked(tmp_path).stdout
    assert "sinc" in found and 'expected "Run"' in found, "otherwise the check above would prove nothing"
