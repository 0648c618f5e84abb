"""The wheel of this checkout, and what runs where it alone is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: The files of a Wisp that only says its version.
TINY = {
    "wisp/__init__.py": "",
    "wisp/__main__.py": "print('wisp 0.0')",
    "wisp_roto-0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: wisp-roto\nVersion: 0.0\n",
    "wisp_roto-0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "wisp_roto-0.0.dist-info/RECORD": "",
}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def build_wheel(target: Path) -> Path:
    """As anybody builds it who has the source: by pip, in an environment of its own."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(target), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


def tiny_wheel(folder: Path) -> Path:
    """A wheel of a Wisp without anything in it, which pip installs in a moment."""
    place = folder / "wisp_roto-0.0-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in TINY.items():
            archive.writestr(name, text)
    return place
