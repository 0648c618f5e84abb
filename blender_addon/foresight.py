# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at before it is done or believed: the matte that a click would give, and how far a matte is to be
believed. The engine is asked here and the overlay only looks; nothing of it is stored."""

from __future__ import annotations

import copy
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import bpy
from bpy.props import BoolProperty

from . import active, engine, plates, session
from .active import reporting
from .client.errors import EngineError, ignore
from .client.shots import RemoteShot
from .gestures import Click
from .runs import redraw, runs


class _Foreseen(NamedTuple):
    """`prompts`: how many the plate had then; another one, and it is out of date."""

    uid: str
    frame: int
    prompts: int
    path: Path | None


_foreseen = _Foreseen("", 0, 0, None)
#: A shot of its own beside the plate's, which is never saved, and the plate that it is of.
_shot: tuple[RemoteShot, Any] | None = None
#: The matte that is doubted -> the file of the errors to be expected of it, once it is there.
_errors: dict[Path, Path | None] = {}
#: Seconds until what was refused, as while another engine has the device, is asked for again; and when that is.
_PAUSE = 1.0
_not_before = 0.0


def seen(strip: Any, frame: int) -> Path | None:
    """The matte that the click in question would give on that frame."""
    fits = (strip.wisp.uid, frame, _count(strip)) == _foreseen[:3]
    return _foreseen.path if fits else None


def looking(strip: Any) -> bool:
    """Whether a click on the plate is in question."""
    return bool(_foreseen.uid) and strip.wisp.uid == _foreseen.uid


def errors_of(matte: str | None) -> Path | None:
    """How wrong a matte is to be expected at each pixel, 0..1, where that was asked for and is known."""
    return _errors.get(Path(matte)) if matte is not None else None


def ask_due(context: Any) -> None:
    """While doubt is looked at: ask for that of the mattes of the frame that is shown."""
    found = active.target(context) if context.window_manager.wisp_view == "doubt" else None
    run = runs.get(found[1].wisp.uid) if found is not None else None
    if found is None or run is None or not run.session.settled or time.monotonic() < _not_before:
        return
    frame = active.frame_in_view(context)
    if frame is None:
        return
    for number in run.enabled:
        path = run.session.mattes.path(number, frame)
        if path is not None and Path(path) not in _errors:
            _errors[Path(path)] = None

            def there(errors: str, matte: Path = Path(path)) -> None:
                _errors[matte] = Path(errors)
                redraw()

            def refused(matte: Path = Path(path)) -> None:
                global _not_before
                _not_before = time.monotonic() + _PAUSE
                _errors.pop(matte, None)

            if not run.session.ask_doubt(number, frame, there, refused):
                del _errors[Path(path)]


def forget() -> None:
    """Another file is loaded."""
    global _shot, _foreseen
    if _shot is not None:
        _shot[0].close()
    _shot, _foreseen = None, _Foreseen("", 0, 0, None)
    _errors.clear()


def _count(strip: Any) -> int:
    return sum(len(item.prompts) for item in strip.wisp.objects)


class WISP_OT_foresee(Click, bpy.types.Operator):
    """Show the matte that a click here would give; nothing is stored"""

    bl_idname = "wisp.foresee"
    bl_label = "Foresee a Click"
    bl_options = {"REGISTER"}
    wait: BoolProperty(default=False, description="Return when it is there, for scripts", options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        global _shot, _foreseen
        scene, strip = active.target(context)
        frame = active.frame_of(self, context)
        run = session.sync(scene, strip)
        document = copy.deepcopy(run.document)
        item, objects = strip.wisp.active_object, document["objects"]
        if item is None:
            objects.append({"id": 1, "name": "object1", "prompts": []})
        number = 1 if item is None else item.number
        (wanted,) = (one for one in objects if one["id"] == number)
        (xy,) = plates.placed(plates.plate_of(scene, strip), [(self.x, self.y)])
        wanted["prompts"].append({"frame": frame, "kind": "point", "xy": list(xy), "include": self.include})
        asked = _foreseen = _Foreseen(strip.wisp.uid, frame, _count(strip), None)
        faults: list[EngineError] = []

        def there(result: dict[str, Any]) -> None:
            global _foreseen
            if _foreseen is asked:
                _foreseen = asked._replace(path=Path(result["path"]))
                redraw()

        place = run.session.places
        if _shot is None or _shot[1] != (run.uid, place):
            forget()
            _foreseen = asked
            folder = tempfile.mkdtemp(prefix="wisp-foresight-", dir=bpy.app.tempdir)
            readable = (place.cache, *place.readable)
            opened = engine.client.open(document, place.root, ignore, faults.append, folder, readable)
            _shot = opened, (run.uid, place)
        else:
            _shot[0].update(document)
        _shot[0].preview(frame, number, there, faults.append)
        while self.wait and _foreseen is asked and not faults:
            engine.poll(timeout=0.05)
        if faults:
            raise faults[0]
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((WISP_OT_foresee,))
