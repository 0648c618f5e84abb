# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 4.2 and 5.3, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import bpy

#: The base type of strips, and that of picture strips.
STRIP = getattr(bpy.types, "Strip", None) or bpy.types.Sequence
IMAGE_STRIP = getattr(bpy.types, "ImageStrip", None) or bpy.types.ImageSequence

_NEW_NAMES = {
    "frame_start": "content_start",
    "frame_final_start": "left_handle",
    "frame_final_end": "right_handle",
    "frame_final_duration": "duration",
    "frame_offset_start": "left_handle_offset",
    "frame_offset_end": "right_handle_offset",
    "animation_offset_start": "content_trim_start",
    "animation_offset_end": "content_trim_end",
}


def present_name(name: str) -> str:
    """What a property of plates is called now. The old names still work in 5.3, but each reading costs a warning.

    A picture strip is asked: not every kind of strip has its content trimmed.
    """
    new = _NEW_NAMES.get(name, "")
    return new if new in IMAGE_STRIP.bl_rna.properties else name


#: Whether a strip is masked before it is flipped (measured: 4.2 and 4.5 flip first, 5.0 masks first).
MASK_BEFORE_FLIP = bpy.app.version >= (5, 0, 0)

#: Whether a picture of a retimed strip is kept by the whole part of its position, so that frames which share that show
#: what the first of them did (measured: from 5.0 on; before, such strips do not exist).
KEEPS_PICTURES_BY_WHOLE_FRAMES = bpy.app.version >= (5, 0, 0)

#: Whether a movie is turned as its header says (measured: 4.5 and later).
TURNS_MOVIES = bpy.app.version >= (4, 5, 0)

#: Whether the files of a linked scene are looked for beside the file that links it (measured: 4.2 and 4.5).
LINKED_BESIDE_LINKING = bpy.app.version < (5, 0, 0)


#: What a property that is a path needs as an option, to be given `//` without a warning; there is none before 4.5.
BLEND_RELATIVE = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()


def vse_scene(context: Any) -> Any:
    """The scene that the sequencer shows: from 5.0 on it may be another than the window's."""
    return getattr(context, "sequencer_scene", None) or context.scene


def shows_no_scene(context: Any) -> bool:
    """Whether the sequencer shows no scene at all, as it may from 5.0 on."""
    return hasattr(context, "sequencer_scene") and context.sequencer_scene is None


def own_scenes() -> list[Any]:
    """The scenes of this file, without those linked from another: these can be read, but never written."""
    return [scene for scene in bpy.data.scenes if scene.library is None]


def strips_of(holder: Any) -> Any:
    """The strips directly inside a sequence editor or a meta strip. An empty collection is false: ask by name."""
    return holder.strips if hasattr(holder, "strips") else holder.sequences


def all_strips(scene: Any) -> Any:
    """Every strip of a scene, those inside meta strips too."""
    editor = scene.sequence_editor
    if editor is None:
        return ()
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def active_strip(scene: Any) -> Any:
    """The active strip of a scene, or None."""
    return scene.sequence_editor.active_strip if scene.sequence_editor else None


def fcurves(scene: Any) -> Any:
    """The animation curves of a scene, a collection with `new` and `remove`; None where nothing is animated."""
    data = scene.animation_data
    if data is None or data.action is None:
        return None
    if not hasattr(data, "action_slot"):
        return data.action.fcurves
    if data.action_slot is None:
        return None
    strips = (strip for layer in data.action.layers for strip in layer.strips)
    bags = (strip.channelbag(data.action_slot) for strip in strips)
    return next((bag.fcurves for bag in bags if bag is not None), None)


def curves_of_action(action: Any) -> Iterator[Any]:
    """Every animation curve of an action, whatever it moves."""
    if not hasattr(action, "layers"):
        yield from action.fcurves
        return
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves


@contextlib.contextmanager
def sequencer_of(scene: Any) -> Iterator[None]:
    """Make `scene` the sequencer's scene for a while: 5.0 crashes on changes to modifiers without one."""
    with contextlib.ExitStack() as stack:
        if hasattr(bpy.context, "sequencer_scene"):
            stack.enter_context(bpy.context.temp_override(scene=scene, sequencer_scene=scene))
        yield


def plain(value: Any) -> Any:
    """A value of the host's as one that can be compared."""
    return tuple(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def assign(owner: Any, name: str, value: Any) -> None:
    """Set what differs only: every assignment marks the file as changed and clears caches."""
    if plain(getattr(owner, name)) != value:
        setattr(owner, name, value)
