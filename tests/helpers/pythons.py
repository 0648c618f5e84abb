"""Other Pythons of this machine, for hosts that bring theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def python_of(version: str) -> str | None:
    """An interpreter of that version ("3.13") that runs: this one, one that pyenv keeps, or one on PATH.

    What pyenv puts on PATH is a stand-in that fails unless that version is switched on, hence the order and the trial.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path("~/.pyenv").expanduser()) / "versions"
    own = [str(sys._base_executable)] if sys.version.startswith(f"{version}.") else []
    kept = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    for python in [*own, *kept, shutil.which(f"python{version}") or ""]:
        if not python:
            continue
        told = subprocess.run([python, "-V"], capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.startswith(f"Python {version}."):
            return python
    return None
