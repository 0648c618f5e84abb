# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine for somebody who has only this extension: set up, after consent, in the extension's own folder."""

from __future__ import annotations

from pathlib import Path

import bpy

from . import preferences
from .client import set_up

_LOOK = 0.5
running: set_up.SetUp | None = None


def folder() -> Path:
    """Where the engine of this user and this Blender lies; Blender removes it with the extension."""
    return Path(bpy.utils.extension_path_user(__package__, path="engine", create=False))


def _look() -> float | None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
    if running is not None and running.poll():
        return _LOOK
    if running is not None and running.state == "done":
        from . import session

        session.drop_engine()  # the next request starts the new one
    return None


class WISP_OT_set_up_engine(bpy.types.Operator):
    """Fetch the engine with pip into this extension's folder, after you agreed"""

    bl_idname = "wisp.set_up_engine"
    bl_label = "Set Up Engine"

    package: bpy.props.StringProperty(
        name="Package",
        default=set_up.PACKAGE,
        options={"SKIP_SAVE"},
        description="What pip installs: the name, or the path of a wheel",
    )

    @classmethod
    def poll(cls, _context):
        return running is None or running.state != "running"

    def invoke(self, context, _event):
        return context.window_manager.invoke_props_dialog(self, width=520, confirm_text="Fetch and Set Up")

    def draw(self, _context):
        for sentence in set_up.consent(folder()):
            for line in preferences.wrapped(sentence, 80):
                self.layout.label(text=line)
        self.layout.prop(self, "package")

    def execute(self, _context):
        global running
        if not bpy.app.online_access and not Path(self.package).exists():
            self.report({"ERROR"}, "Blender may not go online: see Preferences > System > Network, or name a wheel")
            return {"CANCELLED"}
        base = set_up.find_base()
        if base is None:
            self.report({"ERROR"}, "There is no Python 3.11 or newer to set the engine up with: install one first")
            return {"CANCELLED"}
        try:
            running = set_up.SetUp(folder(), base, self.package)
        except OSError as error:
            self.report({"ERROR"}, f"The engine cannot be set up in {folder()}: {error}")
            return {"CANCELLED"}
        bpy.app.timers.register(_look, first_interval=_LOOK)
        return {"FINISHED"}


class WISP_OT_cancel_set_up(bpy.types.Operator):
    """Stop setting the engine up and take away what was fetched"""

    bl_idname = "wisp.cancel_set_up"
    bl_label = "Cancel"

    def execute(self, _context):
        if running is not None:
            running.cancel()
        return {"FINISHED"}


class WISP_OT_remove_engine(bpy.types.Operator):
    """Remove the engine that was set up from here; mattes and settings stay"""

    bl_idname = "wisp.remove_engine"
    bl_label = "Remove Engine"

    @classmethod
    def poll(cls, _context):
        return set_up.installed(folder()) is not None

    def invoke(self, context, event):
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context):
        from . import session

        session.drop_engine()
        try:
            set_up.remove(folder())
        except OSError as error:
            self.report({"ERROR"}, f"The engine cannot be removed: {error}")
            return {"CANCELLED"}
        return {"FINISHED"}


def draw(layout) -> None:
    """The part of the preferences that is about this."""
    if running is not None and running.state == "running":
        layout.progress(factor=running.part, text=running.text[:80])
        layout.operator("wisp.cancel_set_up", icon="CANCEL")
        return
    row = layout.row()
    there = set_up.installed(folder()) is not None
    row.operator("wisp.set_up_engine", text="Update Engine" if there else "Set Up Engine", icon="IMPORT")
    if there:
        row.operator("wisp.remove_engine", icon="TRASH")
    if running is not None and running.state == "failed":
        for line in preferences.wrapped(running.text, 90):
            layout.label(text=line, icon="ERROR" if line == running.text[: len(line)] else "BLANK1")


_classes = (WISP_OT_set_up_engine, WISP_OT_cancel_set_up, WISP_OT_remove_engine)
register, _unregister = bpy.utils.register_classes_factory(_classes)


def unregister() -> None:
    if running is not None:
        running.cancel()
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    _unregister()
