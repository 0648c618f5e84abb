# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when the file is loaded, saved, undone or rendered, and when a setting of it is changed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import abandoned, carrying, filing, foresight, model, outputs, places, plates, session
from .client.errors import ignore
from .client.wording import counted
from .runs import runs

#: (scene, strip) of what shows its plate while the file is not being saved.
_bypassed: list[tuple[str, str]] = []


@persistent
def loaded(*_: Any) -> None:
    foresight.forget()
    session.forget()
    outputs.forget()
    carrying.forget()
    plates.forget()
    if not bpy.app.background:  # a farm's machines render what is there, and leave it alone
        carrying.adopt()
        session.recall()


@persistent
def undone(*_: Any) -> None:
    outputs.expect_changes()
    session.undone()


@persistent
def before_save(path: str, *_: Any) -> None:
    """What is saved must render masked, also where this add-on is not installed, from files beside it."""
    _bypassed[:] = outputs.end_bypass()
    if path:
        carrying.depart(Path(path))


@persistent
def saved(*_: Any) -> None:
    carrying.arrive()
    session.keep_here()
    carrying.drop_session_files()
    _bypass_again()


@persistent
def not_saved(*_: Any) -> None:
    carrying.stay()
    _bypass_again()


def _bypass_again() -> None:
    for scene, strip in list(outputs.joined()):
        if (scene.name, strip.name) in _bypassed:
            strip.wisp.bypass = True


@persistent
def before_render(*_: Any) -> None:
    """Say which plates are about to be rendered with frames that are not solved."""
    outputs.end_bypass()
    carrying.bring_linked()
    outputs.follow()  # a script may have moved plates, or changed the sequencer's colour space, just before
    for scene, strip in outputs.joined():
        run = runs.get(strip.wisp.uid)
        stale = sum(len(frames & _shown(scene, strip)) for frames in run.dirty.values()) if run else 0
        if stale:
            print(f"Wisp: {counted(stale, 'matte')} of {strip.name} out of date; track the strip to renew them.")


def _shown(scene: Any, strip: Any) -> set[int]:
    """The plate frames that a strip shows: a half of a plate needs no mattes of the other."""
    try:
        return set(plates.shown_frames(scene, strip).values())
    except plates.Refusal:
        return set()


def edited() -> None:
    """The session compares what plates ask for, and sends it."""
    session.schedule_update()
    session.redraw()


def output_changed(wisp: Any) -> None:
    """Bring what shows a plate's mattes in line with its chosen output. Pieces of a plate each have their own."""
    for scene, strip in list(model.plates()):
        if strip.wisp == wisp and outputs.matte_strip(strip) is not None:
            with contextlib.suppress(plates.Refusal):  # the panel says why
                outputs.update(scene, strip)


HANDLERS = {
    "load_post": loaded,
    "undo_post": undone,
    "redo_post": undone,
    "save_pre": before_save,
    "save_post": saved,
    "save_post_fail": not_saved,
    "render_init": before_render,
}


def register() -> None:
    for name, function in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(function)
    model.document_changed.connect(edited)
    model.output_changed.connect(output_changed)
    if not bpy.app.background:
        bpy.app.timers.register(loaded)  # switched on in a file that is open: it can be read once this is over
        unsaved, own = places.session_root().parent, places.session_root()
        if any(folder != own for folder in unsaved.iterdir()):
            filing.submit(abandoned.remove, unsaved, then=ignore, failed=ignore)


def unregister() -> None:
    if bpy.app.timers.is_registered(loaded):
        bpy.app.timers.unregister(loaded)
    for name, function in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(function)
    model.document_changed.disconnect(edited)
    model.output_changed.disconnect(output_changed)
