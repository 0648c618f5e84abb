# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Wisp keeps its files: beside the blend file, in a folder of the user's choice, or for this session only.

ROOT/mattes/<blend file>/<plate uid>/   what the strips show: each blend file has its own, also its next version
ROOT/cache/                             the engine's, for all blend files; named by content, so sharing is safe
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import bpy

from . import preferences


class Places(NamedTuple):
    """The folders of one blend file."""

    mattes: Path
    cache: Path

    def plate(self, uid: str) -> Path:
        """The files of one plate."""
        return self.mattes / uid


def here() -> Places:
    """Those of the blend file that is open."""
    return beside(Path(bpy.data.filepath)) if bpy.data.is_saved else of_session()


def beside(blend: Path) -> Places:
    """Those of a blend file of that path."""
    prefs = preferences.get()
    name = blend.name.removesuffix(".blend")  # the host's backups, shot.blend1, are other files
    if prefs.place == "custom" and prefs.folder:
        # Files of the same name may come from many folders.
        root = resolved(prefs.folder, blend.parent)
        return Places(root / "mattes" / f"{name}-{_key(blend.parent)}", root / "cache")
    root = blend.parent / "wisp"
    return Places(root / "mattes" / name, root / "cache")


def resolved(path: str, start: Path | None = None) -> Path:
    """A path as the host keeps it, `//` meaning the folder of the blend file, or `start`. Without `..`, so that two
    paths can be compared."""
    return Path(os.path.normpath(bpy.path.abspath(path, start=None if start is None else str(start))))


def named(path: Path, start: Path | None = None) -> str:
    """A path as the host keeps it: from the folder `start`, or from that of the blend file that is open; absolute
    where there is none, or on another drive."""
    if start is not None or bpy.data.is_saved:
        with contextlib.suppress(ValueError):  # another drive on Windows
            return str(bpy.path.relpath(str(path), start=None if start is None else str(start)))
    return str(path)


def _key(folder: Path) -> str:
    return hashlib.sha256(folder.as_posix().encode()).hexdigest()[:8]


def session_root() -> Path:
    """What holds the files of a blend file that was never saved, for this process alone."""
    return Path(bpy.utils.extension_path_user(__package__, path="unsaved", create=True)) / str(os.getpid())


def of_session() -> Places:
    """Those of a blend file that was never saved."""
    return Places(session_root() / "mattes", session_root() / "cache")
