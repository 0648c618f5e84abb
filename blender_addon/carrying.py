# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that go along when a blend file is saved elsewhere, or under another name.

They are linked, not copied, wherever the file system has hard links: a matte is only ever replaced as a whole, so two
names of one file never disturb each other. Onto another disk the mattes are copied, because the saved file shows them;
of the engine's cache only what is approved, because the rest may be many times as large and can be computed again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import bpy

from . import compat, mattes, model, outputs, pictures, places
from .client.locks import LOCKED

#: The one file of the cache that is changed in place. The engine makes it anew where it is missing.
_INDEX = "index.sqlite"


def bring(old: places.Places, new: places.Places) -> None:
    """Take the files of every plate to where the blend file is being saved, and point its strips there."""
    if new == old:
        return
    for _scene, strip in model.plates():
        source, target = old.plate(strip.wisp.uid), new.plate(strip.wisp.uid)
        if source.is_dir():
            _bring_folder(source, target)
            _point(strip, target)
    if old.cache != new.cache and old.cache.is_dir():
        if old == places.of_session():
            _bring_folder(old.cache, new.cache)  # it is about to be deleted
        else:
            _bring_folder(old.cache / LOCKED, new.cache / LOCKED)
            _link_folder(old.cache, new.cache)


_brought: set[tuple[str, str]] = set()


def bring_linked() -> None:
    """Have the mattes of linked scenes found where the host looks for them; the linked data stays as it is."""
    if not compat.LINKED_BESIDE_LINKING or not bpy.data.is_saved:
        return
    for scene in bpy.data.scenes:
        if scene.library is None or scene.sequence_editor is None:
            continue
        for strip in compat.all_strips(scene):
            key = (scene.library.filepath, strip.directory if strip.wisp.role in ("matte", "single") else "")
            if key[1].startswith("//") and key not in _brought:
                _brought.add(key)
                source, target = (Path(bpy.path.abspath(key[1], library=where)) for where in (scene.library, None))
                if source.is_dir() and not (target.exists() and target.samefile(source)):
                    with contextlib.suppress(OSError):  # a folder that cannot be written can still be looked at
                        mattes.MatteFolder(target).take_over(source)


def adopt(strip: Any) -> None:
    """Take over mattes that lie where the blend file was when it was copied or renamed outside the host."""
    matte = outputs.matte_strip(strip)
    if matte is None:
        return
    target = places.here().plate(matte.wisp.uid)
    shown = Path(bpy.path.abspath(matte.directory))
    source = shown.parent
    if shown.name == "all" and source != target and source.is_dir():
        _bring_folder(source, target)
        _point(strip, target)


def point_home() -> None:
    """Have every matte strip read the files of the blend file that is open: a copy may just have been saved."""
    for _scene, strip in outputs.joined():
        target = places.here().plate(strip.wisp.uid)
        if target.is_dir():
            _point(strip, target)


def _point(strip: Any, folder: Path) -> None:
    matte = outputs.matte_strip(strip)
    if matte is not None:
        outputs.point_to(strip, matte, folder)


def _bring_folder(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file() and not path.name.startswith(_INDEX):
            pictures.place(path, target / path.relative_to(source))


def forget() -> None:
    """Another file is loaded."""
    _brought.clear()


def _link_folder(source: Path, target: Path) -> None:
    """Nothing at all where files cannot be linked: it is another disk."""
    for path in source.rglob("*"):
        link = target / path.relative_to(source)
        if path.is_file() and not path.name.startswith(_INDEX) and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, link)
            except OSError:
                return
