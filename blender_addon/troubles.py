# SPDX-License-Identifier: GPL-3.0-or-later
"""What is amiss with the active strip, in a sentence, and the one button that mends it."""

from __future__ import annotations

from typing import Any, NamedTuple

import bpy

from . import active, compat, engine, outputs, places, plates
from .runs import runs


class Trouble(NamedTuple):
    """`kind`: a word for it. `operator`, `label`: of the button, where there is one (no label: the operator's own).

    `alert`: work cannot go on, or what is shown is wrong.
    """

    kind: str
    text: str
    operator: str = ""
    label: str = ""
    alert: bool = True


#: Kind of an engine's fault -> operator and label of its button.
_BUTTONS = {"missing": ("wisp.choose_engine", ""), "gone": ("wisp.restart_engine", "")}


def of(context: Any) -> Trouble | None:
    """The first thing to mend, or None."""
    if compat.shows_no_scene(context):
        return Trouble("scene", "The sequencer shows no scene, so there are no strips.", "wisp.show_scene")
    if compat.vse_scene(context).library is not None:
        return Trouble(
            "linked", "This scene is linked from another file. Open that file to change its mattes.", alert=False
        )
    found = active.target(context)
    if found is None:
        return None
    scene, strip = found
    try:
        plates.check(scene, strip)
        plates.shown_frames(scene, strip)
    except plates.Refusal as refusal:
        return Trouble("strip", str(refusal), refusal.mend)
    return _of_engine(strip) or _of_files(strip)


def fault_of(strip: Any) -> engine.Fault | None:
    """What went wrong in the engine, or with what was asked of it for this strip."""
    run = runs.get(strip.wisp.uid)
    return engine.fault or (run.trouble if run else None)


def _of_engine(strip: Any) -> Trouble | None:
    fault = fault_of(strip)
    if fault is None:
        return None
    return Trouble(fault.kind, fault.text, *_BUTTONS.get(fault.kind, ("wisp.refresh_status", "Try Again")))


def _of_files(strip: Any) -> Trouble | None:
    if outputs.missing(strip):
        return Trouble("mattes", "The matte files are gone, so the strip is shown whole.", "wisp.update_outputs")
    if outputs.matte_strip(strip) and strip.wisp.objects and not places.here().cache.is_dir():
        text = "The engine's cache is not here. The mattes stay as they are; Track computes them anew."
        return Trouble("cache", text, "wisp.track", "Track", alert=False)
    if not bpy.data.is_saved:
        return Trouble("unsaved", "Save the file to keep the mattes beside it.", "wm.save_mainfile", alert=False)
    return None
