# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattes in node trees: the group of a strip's compositor modifier (from 5.0 on), and one for the compositor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import places

#: Whether strips have compositor modifiers.
HAS_MODIFIER = hasattr(bpy.types, "SequencerCompositorModifierData")
_KIND = "CompositorNodeTree"


def _group(name: str, inputs: dict[str, str], outputs: dict[str, str]) -> tuple[Any, Any, Any]:
    """A new group with such sockets (name -> type), its input and its output node."""
    group = bpy.data.node_groups.new(name, _KIND)
    for direction, sockets in (("INPUT", inputs), ("OUTPUT", outputs)):
        for socket, kind in sockets.items():
            group.interface.new_socket(socket, in_out=direction, socket_type=f"NodeSocket{kind}")
    start, end = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    start.location, end.location = (-400, 0), (400, 0)
    return group, start, end


def cut_out_group(space: str) -> Any:
    """The group of compositor modifiers: the mask becomes the picture's alpha. Made once for each colour space.

    `space`: that of the sequencer. A mask comes into the tree converted from it to linear light; alpha is no light.
    """
    name = f"Wisp Cut-Out {space}"
    found = bpy.data.node_groups.get(name)
    if found is not None and found.bl_idname == _KIND:
        return found
    group, start, end = _group(name, {"Image": "Color", "Mask": "Color"}, {"Image": "Color"})
    back, alpha = group.nodes.new("CompositorNodeConvertColorSpace"), group.nodes.new("CompositorNodeSetAlpha")
    back.location, alpha.location = (-200, -100), (150, 0)
    back.from_color_space, back.to_color_space = "scene_linear", space
    group.links.new(start.outputs["Mask"], back.inputs[0])
    group.links.new(start.outputs["Image"], alpha.inputs["Image"])
    group.links.new(back.outputs[0], alpha.inputs["Alpha"])
    group.links.new(alpha.outputs[0], end.inputs["Image"])
    return group


def matte_group(name: str, files: dict[str, Path], start: int, frames: int, offset: int) -> Any:
    """A group for the compositor, made or brought up to date: it cuts `Image` out by the first of the mattes, and gives
    each of them.

    `files`: socket -> the first file of a sequence. `start`, `frames`: scene frames over which it runs. `offset`: what
    the host adds to the number of a frame in the sequence, from 1 on, for the number in the file's name.
    """
    old = bpy.data.node_groups.get(name)
    group, entry, end = _group(name, {"Image": "Color"}, {"Image": "Color", **dict.fromkeys(files, "Float")})
    alpha = group.nodes.new("CompositorNodeSetAlpha")
    alpha.location = (150, 0)
    group.links.new(entry.outputs["Image"], alpha.inputs["Image"])
    group.links.new(alpha.outputs[0], end.inputs["Image"])
    for number, (socket, path) in enumerate(files.items()):
        node = group.nodes.new("CompositorNodeImage")
        node.location, node.label = (-200, -150 - 300 * number), socket
        node.image = bpy.data.images.load(places.named(path), check_existing=False)
        node.image.source = "SEQUENCE"
        node.image.colorspace_settings.is_data = True
        node.frame_start, node.frame_duration, node.frame_offset = start, frames, offset
        node.use_auto_refresh = True
        group.links.new(node.outputs[0], end.inputs[socket])
        if not number:
            group.links.new(node.outputs[0], alpha.inputs["Alpha"])
    if old is not None and old.bl_idname == _KIND:
        old.user_remap(group)
        bpy.data.node_groups.remove(old)
        group.name = name
    return group
