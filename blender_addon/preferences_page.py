# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's page in the host's preferences: the settings, and the engine for somebody who has only this extension,
set up, after consent, in the extension's own folder.
"""

from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from . import compat, engine, session
from .client import set_up
from .panels import note
from .preferences import DEFAULTS

_LOOK = 0.5
running: set_up.SetUp | None = None


def _look() -> float | None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
    if running is not None and running.poll():
        return _LOOK
    if running is not None and running.state == "done":
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
        for sentence in set_up.consent(engine.own_folder()):
            note(self.layout, sentence, letters=80)
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
            running = set_up.SetUp(engine.own_folder(), base, self.package)
        except OSError as error:
            self.report({"ERROR"}, f"The engine cannot be set up in {engine.own_folder()}: {error}")
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
        return set_up.installed(engine.own_folder()) is not None

    def invoke(self, context, event):
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context):
        session.drop_engine()
        try:
            set_up.remove(engine.own_folder())
        except OSError as error:
            self.report({"ERROR"}, f"The engine cannot be removed: {error}")
            return {"CANCELLED"}
        return {"FINISHED"}


def _draw_set_up(layout) -> None:
    """Setting the engine up, or what there is of it."""
    if running is not None and running.state == "running":
        layout.progress(factor=running.part, text=running.text[:80])
        layout.operator("wisp.cancel_set_up", icon="CANCEL")
        return
    row = layout.row()
    there = set_up.installed(engine.own_folder()) is not None
    row.operator("wisp.set_up_engine", text="Update Engine" if there else "Set Up Engine", icon="IMPORT")
    if there:
        row.operator("wisp.remove_engine", icon="TRASH")
    if running is not None and running.state == "failed":
        note(layout, running.text, alert=True, letters=90)


def engine_changed(_self, _context) -> None:
    """The next request starts the engine that is named now."""
    session.drop_engine()


class WispPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    engine: StringProperty(
        name="Engine",
        subtype="FILE_PATH",
        options=compat.BLEND_RELATIVE,
        update=engine_changed,
        description="The Python interpreter, or virtual environment, in which Wisp is installed. Empty: the variable "
        "WISP_ENGINE, then Wisp's settings file",
    )
    place: EnumProperty(
        name="Files",
        default=DEFAULTS["place"],
        items=(
            ("beside", "Beside the Blend File", "A folder 'wisp' beside each blend file"),
            ("custom", "Folder", "One folder for all blend files"),
        ),
    )
    folder: StringProperty(name="Folder", subtype="DIR_PATH", options=compat.BLEND_RELATIVE)
    placeholder: EnumProperty(
        name="Unsolved Frames",
        default=DEFAULTS["placeholder"],
        items=(
            ("clear", "Transparent", "The plate is hidden where no matte is computed yet"),
            ("opaque", "Opaque", "The plate is untouched where no matte is computed yet"),
        ),
    )
    opacity: FloatProperty(name="Overlay Opacity", default=DEFAULTS["opacity"], min=0.05, max=1.0)
    idle: FloatProperty(
        name="Keep Models",
        default=DEFAULTS["idle"],
        min=0.0,
        description="Minutes after which an idle engine drops its models",
    )

    def draw(self, _context) -> None:
        layout = self.layout
        layout.prop(self, "engine")
        row = layout.row()
        row.operator("wisp.test_engine", icon="CHECKMARK")
        row.operator("wisp.report_problem", icon="HELP")
        _draw_set_up(layout)
        client = engine.client
        if engine.fault:
            note(layout, engine.fault.text, alert=True, letters=90)
        elif client.engine:
            told = client.engine
            layout.label(text=f"Wisp {told['wisp']}, device {told['device']}", icon="CHECKMARK")
            there = ", ".join(each["id"] for each in told["models"] if each["available"])
            layout.label(text=f"Models on this machine: {there}", icon="BLANK1")
        for name in ("place", "folder") if self.place == "custom" else ("place",):
            layout.prop(self, name)
        for name in ("placeholder", "opacity", "idle"):
            layout.prop(self, name)


_classes = (WispPreferences, WISP_OT_set_up_engine, WISP_OT_cancel_set_up, WISP_OT_remove_engine)
register, _unregister = bpy.utils.register_classes_factory(_classes)


def unregister() -> None:
    if running is not None:
        running.cancel()
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    _unregister()
