# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when the file is loaded, saved, undone or rendered."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import outputs, places, plates, session

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
def before_save(*_: Any) -> None:
    """What is saved must render masked, also where this add-on is not installed."""
    _bypassed[:] = outputs.end_bypass()


@persistent
def saved(*_: Any) -> None:
    for _scene, strip in list(outputs.joined()):
        if strip.wisp.uid in _bypassed:
            strip.wisp.bypass = True
    keep_session_files()


def keep_session_files() -> None:
    """After the first save: bring the files of this session beside the blend file and point the strips there."""
    old, new = places.session_root(), places.root()
    if new == old or not old.is_dir():
        return
    shutil.copytree(old, new, dirs_exist_ok=True)
    shutil.rmtree(old)
    for scene, strip in list(outputs.joined()):
        with contextlib.suppress(plates.Refusal):  # the panel says why, and its button mends it
            outputs.update(scene, strip)
    session.wake()


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
