# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that go along when a blend file is saved elsewhere, or under another name.

They are linked, not copied, wherever the file system has hard links: a matte is only ever replaced as a whole, so two
names of one file never disturb each other. Onto another disk the mattes are copied, because the saved file shows them;
of the engine's cache only what is approved, because the rest may be many times as large and can be computed again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import bpy

from . import compat, mattes, model, outputs, pictures, places, references
from .client.locks import LOCKED
from .client.tables import INDEX
from .references import Reference
from .runs import runs


class _Moved(NamedTuple):
    """A path that the file to be saved has otherwise than the one that is open: as it was, and where it leads."""

    reference: Reference
    before: str
    path: Path


#: From the beginning of saving to its end: the file that was open, what was changed, and the folders that were made.
_open = ""
_moved: list[_Moved] = []
_made: list[Path] = []


def depart(blend: Path) -> None:
    """The blend file is about to be saved under this name: take its files there, and point to them.

    Where they cannot be taken along, what is saved shows those of before.
    """
    global _open
    _forget_departure()
    _open = bpy.data.filepath
    if not blend.parent.is_dir():
        return  # nothing can be saved there
    old, new = places.here(), places.beside(blend)
    found = []
    if new != old:
        _made[:] = [made for made in map(_first_missing, (new.mattes, new.cache)) if made is not None]
        try:
            _bring(old, new)
        except OSError as error:
            print(f"Wisp: the mattes cannot be taken along: {error}. They stay in {old.mattes}.")
        else:
            found += [(each, new.mattes / each.path.relative_to(old.mattes)) for each in references.below(old.mattes)]
    if bpy.data.is_saved and Path(_open).parent != blend.parent:
        taken = {(each.owner, each.name) for each, _ in found}
        named = (each for each in references.references() if not each.hosts and each.stored.startswith("//"))
        found += [(each, each.path) for each in named if (each.owner, each.name) not in taken]
    for each, path in found:
        _moved.append(_Moved(each, each.stored, path))
    for each, _, path in _moved:
        each.point_to(path, blend.parent)


def arrive() -> None:
    """It is saved. Where that was a copy, the file that is open goes on with its own files."""
    if bpy.data.filepath != _open:
        for each, _, path in _moved:
            each.point_to(path, Path(bpy.data.filepath).parent)  # the host may have been told to rewrite nothing
    else:
        _point_back()
    _forget_departure()


def stay() -> None:
    """It could not be saved: all is as before."""
    _point_back()
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
    _forget_departure()


def _point_back() -> None:
    for reference, before, _ in _moved:
        reference.store(before)


def _forget_departure() -> None:
    _moved.clear()
    _made.clear()


def _first_missing(folder: Path) -> Path | None:
    """What has to be made first to have this folder; None where it is there."""
    missing = None
    for each in (folder, *folder.parents):
        if each.exists():
            return missing
        missing = each
    return missing


def _bring(old: places.Places, new: places.Places) -> None:
    for uid in {strip.wisp.uid for _scene, strip in model.plates()}:
        _bring_folder(old.plate(uid), new.plate(uid))
    _bring_cache(old, new)


def _bring_cache(old: places.Places, new: places.Places) -> None:
    if old.cache == new.cache:
        return
    if old == places.of_session():
        _bring_folder(old.cache, new.cache)  # it is about to be deleted
    else:
        bring_locked(old, new)
        _link_folder(old.cache, new.cache)


def bring_locked(old: places.Places, new: places.Places) -> None:
    """Have approved mattes in another cache, too. Raises OSError."""
    if old.cache != new.cache:
        _bring_folder(old.cache / LOCKED, new.cache / LOCKED)


def follow(uid: str, old: places.Places, new: places.Places) -> None:
    """Take along what a job of this plate has made after the blend file was saved elsewhere. Raises OSError."""
    mattes.MatteFolder(new.plate(uid)).take_over(old.plate(uid))
    _bring_cache(old, new)


def drop_session_files() -> None:
    """Remove what was kept for the blend file until it was saved, once nothing of it is shown or worked with."""
    session, root = places.of_session(), places.session_root()
    if not bpy.data.is_saved or not root.exists():
        return
    worked_with = any(run.busy and run.place == session for run in runs.values())
    if not worked_with and not any(references.below(root)):
        shutil.rmtree(root, ignore_errors=True)


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


def adopt() -> None:
    """Take over files that lie where the blend file was when it was copied or renamed outside the host. What cannot be
    written can still be looked at."""
    for _scene, strip in list(model.plates()):
        own = places.here().plate(strip.wisp.uid)
        source = outputs.shown_folder(strip, outputs.matte_strip(strip))
        with contextlib.suppress(OSError):
            if source is not None and source != own and source.name == own.name:
                _bring_folder(source, own)
                references.move(source, own)


def _bring_folder(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file() and not path.name.startswith((INDEX, ".")):
            with contextlib.suppress(FileNotFoundError):  # the engine has replaced it just now
                pictures.place(path, target / path.relative_to(source))


def forget() -> None:
    """Another file is loaded."""
    _brought.clear()


def _link_folder(source: Path, target: Path) -> None:
    """Nothing at all where files cannot be linked: it is another disk."""
    for path in source.rglob("*"):
        link = target / path.relative_to(source)
        if path.is_file() and not path.name.startswith((INDEX, ".")) and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, link)
            except FileNotFoundError:  # the engine has replaced it just now
                continue
            except OSError:
                return
