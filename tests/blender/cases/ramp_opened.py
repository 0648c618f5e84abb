"""The file of `ramp`, made in another version, renders the same here without the add-on; and with it."""

from __future__ import annotations

import bpy

from . import ramp, stage


def run() -> None:
    bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
    try:
        bpy.ops.wm.open_mainfile(filepath=str(stage.FOLDER / "ramp.blend"))
    except RuntimeError as error:
        assert "newer" in str(error).lower() or "not a blend" in str(error).lower(), error
        return
    stage.prepare(bpy.context.scene)
    ramp.check("made elsewhere")
    bpy.ops.preferences.addon_enable(module=stage.PACKAGE)
    bpy.ops.wm.open_mainfile(filepath=str(stage.FOLDER / "ramp.blend"))
    stage.prepare(bpy.context.scene)
    stage.addon("outputs").follow()
    ramp.check("made elsewhere, with the add-on")
