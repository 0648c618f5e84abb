# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools in the preview's toolbar. They call short operators, so that each gesture is its own undo step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import overlay, tool_icons


def _keymap(operator: str) -> tuple[tuple[Any, ...], ...]:
    """Left button includes, with Alt or Shift it excludes, with Ctrl it deletes what is under the mouse.

    Shift does what Alt does, because Alt with the left button is the middle button where that is emulated.
    """
    press: dict[str, Any] = {"type": "LEFTMOUSE", "value": "PRESS"}
    keys: list[tuple[str, dict[str, Any], Any]] = [(operator, press, {"properties": [("include", True)]})]
    keys += [(operator, {**press, held: True}, {"properties": [("include", False)]}) for held in ("alt", "shift")]
    keys.append(("wisp.delete_prompt", {**press, "ctrl": True}, None))
    if operator == "wisp.add_point":
        for held, include in (({}, True), ({"alt": True}, False)):
            keys.append(
                ("wisp.foresee", {"type": "F", "value": "PRESS", **held}, {"properties": [("include", include)]})
            )
    if operator == "wisp.add_stroke":
        for key, factor in (("LEFT_BRACKET", 0.8), ("RIGHT_BRACKET", 1.25)):
            keys.append(("wisp.brush_size", {"type": key, "value": "PRESS"}, {"properties": [("factor", factor)]}))
    return tuple(keys)


class Tool(bpy.types.WorkSpaceTool):
    bl_space_type = "SEQUENCE_EDITOR"
    bl_context_mode = "PREVIEW"

    def __init_subclass__(cls, operator: str = "") -> None:
        if operator:
            cls.bl_idname = operator.replace("add_", "")
            cls.bl_keymap = _keymap(operator)

    @staticmethod
    def draw_settings(context, layout, _tool) -> None:
        layout.prop(context.window_manager, "wisp_exclude", toggle=True, icon="REMOVE")


class PointTool(Tool, operator="wisp.add_point"):
    bl_label = "Roto Point"
    bl_description = "Click the object; Alt or Shift: not the object; drag: move a point; Ctrl: delete; F: foresee it"


class BoxTool(Tool, operator="wisp.add_box"):
    bl_label = "Roto Box"
    bl_description = "Drag a box around the object; drag its corners and edges to change it; Ctrl: delete"


class LassoTool(Tool, operator="wisp.add_lasso"):
    bl_label = "Roto Lasso"
    bl_description = "Draw the object's outline; Alt or Shift: of what is not the object; Ctrl: delete"


class ScribbleTool(Tool, operator="wisp.add_stroke"):
    bl_label = "Roto Scribble"
    bl_description = "Paint what belongs to the object; Alt or Shift: what does not; [ and ]: size; Ctrl: delete"

    @staticmethod
    def draw_settings(context, layout, tool) -> None:
        for name in ("radius", "softness", "unknown"):
            layout.prop(tool.operator_properties("wisp.add_stroke"), name)
        Tool.draw_settings(context, layout, tool)

    @staticmethod
    def draw_cursor(context, tool, xy) -> None:
        overlay.brush(context, tool.operator_properties("wisp.add_stroke").radius, xy)


def _combined(tool: type[Tool]) -> type[Tool]:
    """The same tool for the view that shows timeline and preview at once."""
    return type(f"{tool.__name__}Combined", (tool,), {"bl_context_mode": "SEQUENCER_PREVIEW"})


#: What holds the keys of all of the sequencer is called so from 4.5 on, and before.
_KEYMAPS = ("Video Sequence Editor", "SequencerCommon")
_keys: list[tuple[Any, Any]] = []


def _register_keys() -> None:
    """Shift with Page Down and Page Up: the next and the previous frame that is worth a look."""
    configuration = bpy.context.window_manager.keyconfigs.addon
    for name in _KEYMAPS if configuration is not None else ():
        keymap = configuration.keymaps.new(name, space_type="SEQUENCE_EDITOR")
        for key, forward in (("PAGE_DOWN", True), ("PAGE_UP", False)):
            item = keymap.keymap_items.new("wisp.jump", key, "PRESS", shift=True)
            item.properties.what, item.properties.forward = "doubtful", forward
            _keys.append((keymap, item))


TOOLS = (PointTool, BoxTool, LassoTool, ScribbleTool)
ALL = (*TOOLS, *map(_combined, TOOLS))


def register() -> None:
    _register_keys()
    if bpy.app.background:
        return
    for plain in TOOLS:
        plain.bl_icon = str(tool_icons.write(Path(bpy.app.tempdir), plain.bl_idname.removeprefix("wisp.")))
    for number, tool in enumerate(ALL):
        bpy.utils.register_tool(tool, separator=number % len(TOOLS) == 0, group=False)


def unregister() -> None:
    for keymap, item in _keys:
        keymap.keymap_items.remove(item)
    _keys.clear()
    if bpy.app.background:
        return
    for tool in reversed(ALL):
        bpy.utils.unregister_tool(tool)
