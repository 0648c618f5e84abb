# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools in the preview's toolbar. They call short operators, so that each gesture is its own undo step."""

from __future__ import annotations

from typing import Any

import bpy


def _keymap(operator: str) -> tuple[tuple[Any, ...], ...]:
    """Left button includes, with Alt it excludes, with Ctrl it deletes the nearest prompt."""
    press = {"type": "LEFTMOUSE", "value": "PRESS"}
    return (
        (operator, press, {"properties": [("include", True)]}),
        (operator, {**press, "alt": True}, {"properties": [("include", False)]}),
        ("wisp.delete_prompt", {**press, "ctrl": True}, None),
    )


class Tool(bpy.types.WorkSpaceTool):
    bl_space_type = "SEQUENCE_EDITOR"
    bl_context_mode = "PREVIEW"

    def __init_subclass__(cls, operator: str) -> None:
        cls.bl_idname = operator.replace("add_", "")
        cls.bl_keymap = _keymap(operator)


class PointTool(Tool, operator="wisp.add_point"):
    bl_label = "Roto Point"
    bl_description = "Click the object; Alt: not the object; drag: move a point; Ctrl: delete"
    bl_icon = "ops.paint.eyedropper_add"


class BoxTool(Tool, operator="wisp.add_box"):
    bl_label = "Roto Box"
    bl_description = "Drag a box around the object; Ctrl: delete"
    bl_icon = "ops.generic.select_box"


class LassoTool(Tool, operator="wisp.add_lasso"):
    bl_label = "Roto Lasso"
    bl_description = "Draw the object's outline; Alt: of what is not the object; Ctrl: delete"
    bl_icon = "ops.generic.select_lasso"


class ScribbleTool(Tool, operator="wisp.add_stroke"):
    bl_label = "Roto Scribble"
    bl_description = "Paint what belongs to the object; Alt: what does not; Ctrl: delete"
    bl_icon = "ops.gpencil.draw"

    @staticmethod
    def draw_settings(_context, layout, tool) -> None:
        layout.prop(tool.operator_properties("wisp.add_stroke"), "radius")


TOOLS = (PointTool, BoxTool, LassoTool, ScribbleTool)


def register() -> None:
    if bpy.app.background:
        return
    for number, tool in enumerate(TOOLS):
        bpy.utils.register_tool(tool, separator=number == 0, group=False)


def unregister() -> None:
    if bpy.app.background:
        return
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
