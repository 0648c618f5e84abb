"""The add-on in real Blenders, each case in a process of its own whose exit code counts.

The Blenders are the `bpy` wheels, in virtual environments outside the project that are kept between runs. Versions
come from WISP_BPY (default `4.2 5.0`); they need an interpreter of the same version as Blender's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .venvs import BpyMissing, bpy_python

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VERSIONS = os.environ.get("WISP_BPY", "4.2 5.0").split()
CASES = ("mapping",)
#: Seconds that one case may take, loading the engine's models included.
LIMIT = 240


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([sys.executable, ROOT / "blender_addon" / "package.py", folder], check=True)
    return next(folder.glob("*.zip"))
