# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Wisp keeps its files: beside the blend file, in a folder of the user's choice, or for this session only."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from . import preferences


def root() -> Path:
    """`wisp` beside the blend file unless the preferences say otherwise."""
    return root_beside(Path(bpy.data.filepath)) if bpy.data.is_saved or _custom() else session_root()


def root_beside(blend: Path) -> Path:
    """The root for a blend file of that path."""
    return _custom() or blend.parent / "wisp"


def _custom() -> Path | None:
    prefs = preferences.get()
    return Path(bpy.path.abspath(prefs.folder)) if prefs.place == "custom" and prefs.folder else None


def session_root() -> Path:
    """What holds the files of a blend file that was never saved, for this process alone."""
    return Path(bpy.utils.extension_path_user(__package__, path="unsaved", create=True)) / str(os.getpid())


def cache() -> Path:
    """The engine's cache, shared by all plates."""
    return root() / "cache"


def mattes(uid: str) -> Path:
    """The files of one plate."""
    return root() / "mattes" / uid
