# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's settings, and the test of the engine."""

from types import SimpleNamespace

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

DEFAULTS = {"engine": "", "place": "beside", "folder": "", "placeholder": "clear", "opacity": 0.5, "idle": 10.0}


def engine_changed(_self, _context) -> None:
    """The next request starts the engine that is named now."""
    from . import session

    session.drop_engine()


class WispPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    engine: StringProperty(
        name="Engine",
        subtype="FILE_PATH",
        update=engine_changed,
        description="The Python interpreter, or virtual environment, in which Wisp is installed. Empty: the variable "
        "WISP_ENGINE, then Wisp's settings file",
    )
    place: EnumProperty(
        name="Files",
        items=(
            ("beside", "Beside the Blend File", "A folder 'wisp' beside each blend file"),
            ("custom", "Folder", "One folder for all blend files"),
        ),
    )
    folder: StringProperty(name="Folder", subtype="DIR_PATH")
    placeholder: EnumProperty(
        name="Unsolved Frames",
        items=(
            ("clear", "Transparent", "The plate is hidden where no matte is computed yet"),
            ("opaque", "Opaque", "The plate is untouched where no matte is computed yet"),
        ),
    )
    opacity: FloatProperty(name="Overlay Opacity", default=0.5, min=0.05, max=1.0)
    idle: FloatProperty(
        name="Keep Models", default=10.0, min=0.0, description="Minutes after which an idle engine drops its models"
    )

    def draw(self, _context) -> None:
        from . import engine, setting_up

        layout = self.layout
        layout.prop(self, "engine")
        row = layout.row()
        row.operator("wisp.test_engine", icon="CHECKMARK")
        setting_up.draw(layout)
        client = engine.client
        if engine.fault:
            for line in wrapped(engine.fault.text, 90):
                layout.label(text=line, icon="ERROR" if line == engine.fault.text[: len(line)] else "BLANK1")
        elif client.engine:
            told = client.engine
            layout.label(text=f"Wisp {told['wisp']}, device {told['device']}", icon="CHECKMARK")
            there = ", ".join(each["id"] for each in told["models"] if each["available"])
            layout.label(text=f"Models on this machine: {there}", icon="BLANK1")
        for name in ("place", "folder") if self.place == "custom" else ("place",):
            layout.prop(self, name)
        for name in ("placeholder", "opacity", "idle"):
            layout.prop(self, name)


def get():
    """The settings; the defaults while the add-on is registered without being enabled, as in tests."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None and addon.preferences else SimpleNamespace(**DEFAULTS)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many letters; panels do not wrap."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


register, unregister = bpy.utils.register_classes_factory((WispPreferences,))
