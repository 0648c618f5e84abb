# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when the file is loaded, saved, undone or rendered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import outputs, places, session

_bypassed: list[str] = []


@persistent
def loaded(*_: Any) -> None:
    session.forget()
    outputs.forget()


@persistent
def undone(*_: Any) -> None:
    outputs.forget()
    session.wake()


@persistent
def before_save(path: str, *_: Any) -> None:
    """What is saved must render masked, also where this add-on is not installed, from files beside it."""
    _bypassed[:] = outputs.end_bypass()
    if path:
        bring_files(places.root(), places.root_beside(Path(path)))


@persistent
def saved(*_: Any) -> None:
    for _scene, strip in list(outputs.joined()):
        if strip.wisp.uid in _bypassed:
            strip.wisp.bypass = True
    if places.root() != places.session_root():
        shutil.rmtree(places.session_root(), ignore_errors=True)
    session.wake()


def bring_files(old: Path, new: Path) -> None:
    """Copy the mattes of this file's plates to where it is being saved, and point its strips there.

    The first save takes along the engine's cache too; what it comes from is for this session only.
    """
    if new == old:
        return
    if old == places.session_root() and (old / "cache").is_dir():
        shutil.copytree(old / "cache", new / "cache", dirs_exist_ok=True)
    for _scene, strip in outputs.joined():
        source, target = old / "mattes" / strip.wisp.uid, new / "mattes" / strip.wisp.uid
        matte = outputs.matte_strip(strip)
        if source.is_dir() and matte is not None:
            shutil.copytree(source, target, dirs_exist_ok=True)
            outputs.point_to(matte, target / "all")


@persistent
def before_render(*_: Any) -> None:
    """Say which plates are about to be rendered with frames that are not solved."""
    outputs.end_bypass()
    for _scene, strip in outputs.joined():
        run = session.runs.get(strip.wisp.uid)
        stale = sum(len(frames) for frames in run.dirty.values()) if run else 0
        if stale:
            print(f"Wisp: {stale} mattes of {strip.name} are out of date; track the strip to renew them.")


HANDLERS = {
    "load_post": loaded,
    "undo_post": undone,
    "redo_post": undone,
    "save_pre": before_save,
    "save_post": saved,
    "render_init": before_render,
}


def register() -> None:
    for name, function in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(function)


def unregister() -> None:
    for name, function in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(function)
