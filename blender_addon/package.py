# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zip: the add-on, the host side of the engine, the icons. Not part of the zip itself.

`python package.py [FOLDER]` writes `wisp_roto-VERSION.zip` into FOLDER (default `dist`), and has Blender's own command
check it where a Blender or its Python module is at hand.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "core"))  # any Python will do: nothing needs to be installed for this
from wisp.install import stage_blender  # noqa: E402

#: What every build stamps its files with, so that equal sources give equal zips.
EPOCH = (2026, 1, 1, 0, 0, 0)


def build(target: Path) -> Path:
    """Write the zip into the folder `target`; returns its path."""
    version = tomllib.loads((HERE / "blender_manifest.toml").read_text())["version"]
    path = target / f"wisp_roto-{version}.zip"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(temporary) / "wisp_roto"
        stage_blender(folder)
        for file in sorted(item for item in folder.rglob("*") if item.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return path


def validator() -> list[str] | None:
    """The command that checks an extension: that of $BLENDER or a Blender on PATH, or that of a `bpy` here."""
    blender = os.environ.get("BLENDER") or shutil.which("blender")
    if blender:
        return [blender, "--factory-startup", "--command", "extension", "validate"]
    for folder in map(Path, sys.path):
        for script in folder.glob("bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"):
            return [sys.executable, str(script), "validate"]
    return None


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="package blender", description="Build the Blender extension.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist")
    path = build(parser.parse_args(arguments).folder)
    print(f"{path} ({path.stat().st_size // 1024} KiB)")
    command = validator()
    if command is None:
        print("Not validated: there is no Blender on PATH (name one in the variable BLENDER).")
        return 0
    return subprocess.run([*command, str(path)]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
