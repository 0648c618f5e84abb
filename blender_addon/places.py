# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Wisp keeps its files: beside the blend file, in a folder of the user's choice, or for this session only.

ROOT/mattes/<blend file>/<plate uid>/   what the strips show: each blend file has its own, also its next version
ROOT/cache/                             the engine's, for all blend files; named by content, so sharing is safe
"""

from __future__ import annotations

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
    if prefs.place == "custom" and prefs.folder:
        # Files of the same name may come from many folders.
        root = Path(bpy.path.abspath(prefs.folder))
        return Places(root / "mattes" / f"{blend.stem}-{_key(blend.parent)}", root / "cache")
    root = blend.parent / "wisp"
    return Places(root / "mattes" / blend.stem, root / "cache")


def _key(folder: Path) -> str:
    return hashlib.sha256(folder.as_posix().encode()).hexdigest()[:8]


def session_root() -> Path:
    """What holds the files of a blend file that was never saved, for this process alone."""
    return Path(bpy.utils.extension_path_user(__package__, path="unsaved", create=True)) / str(os.getpid())


def of_session() -> Places:
    """Those of a blend file that was never saved."""
    return Places(session_root() / "mattes", session_root() / "cache")
