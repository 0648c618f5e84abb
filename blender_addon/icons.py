# SPDX-License-Identifier: GPL-3.0-or-later
"""Wisp's own icons, from the pictures that the package brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

FOLDER = Path(__file__).parent / "icons"
_previews: Any = None


def icon(name: str) -> int:
    """The value for `icon_value`; 0, no icon, where there is no such picture."""
    return _previews[name].icon_id if _previews is not None and name in _previews else 0


def register() -> None:
    global _previews
    _previews = bpy.utils.previews.new()
    for path in sorted(FOLDER.glob("*-48.png")):
        _previews.load(path.stem.removesuffix("-48"), str(path), "IMAGE")


def unregister() -> None:
    global _previews
    bpy.utils.previews.remove(_previews)
    _previews = None
