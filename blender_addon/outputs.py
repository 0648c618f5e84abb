# SPDX-License-Identifier: GPL-3.0-or-later
"""The strips that show mattes: found through the plate's mask modifier, changed in place, never made anew.

The matte strip lists, for each scene frame in which the plate is visible, the file of the plate frame shown there, so
that trims, reversal and rate need no second description. The mask of a modifier lies in the frame, not in the strip
(moving the plate does not move it), so the matte carries the plate's transform; `follow` keeps both in step.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from . import animation, compat, model, places, plates, preferences
from .mattes import MatteFolder

LAST_CHANNEL = 128
_seen: dict[tuple[str, str], tuple[Any, ...]] = {}


def mask_modifier(strip: Any) -> Any:
    """The modifier through which a plate or cut-out is joined to its matte, or None."""
    mattes = _mattes(strip.id_data)
    return next((each for each in _masks(strip) if each.input_mask_strip.as_pointer() in mattes), None)


def _masks(strip: Any) -> Iterator[Any]:
    return (each for each in strip.modifiers if each.type == "MASK" and each.input_mask_strip is not None)


def _mattes(scene: Any) -> dict[int, Any]:
    """Every matte strip of a scene by its address.

    Splitting a strip in 4.2 can leave its right half with a mask that is no strip of the scene any more; only what is
    found from here may be touched.
    """
    return {each.as_pointer(): each for each in compat.all_strips(scene) if each.wisp.role == "matte"}


def _stranded(strip: Any) -> Any:
    """A mask modifier whose strip is not in the scene, or None."""
    known = {each.as_pointer() for each in compat.all_strips(strip.id_data)}
    return next((each for each in _masks(strip) if each.input_mask_strip.as_pointer() not in known), None)


def matte_strip(strip: Any) -> Any:
    """The matte strip of a plate, or None."""
    modifier = mask_modifier(strip)
    return _mattes(strip.id_data)[modifier.input_mask_strip.as_pointer()] if modifier else None


def _cutout_strip(scene: Any, matte: Any) -> Any:
    for strip in compat.all_strips(scene):
        if strip.wisp.role == "cutout" and matte_strip(strip) == matte:
            return strip
    return None


def update(scene: Any, strip: Any) -> None:
    """Make or bring up to date what shows the mattes of a plate, as its `output` says. Raises plates.Refusal."""
    plate = plates.plate_of(scene, strip)
    folder = MatteFolder(places.here().plate(strip.wisp.uid))
    folder.fill(plate.frames, plate.width, plate.height, preferences.get().placeholder == "opaque")
    with compat.sequencer_of(scene):
        matte = matte_strip(strip)
        if matte is None or not _owns(scene, strip, matte):
            matte = _new_matte(scene, strip, folder.union_path(plate.shown[int(strip.frame_final_start)]))
            _join(strip, matte)
        _lay_out_matte(strip, matte, plate, folder)
        cutout = _cutout_strip(scene, matte)
        if cutout is None and strip.wisp.output == "cutout":
            cutout = _new_cutout(scene, strip, matte)
        if cutout is not None:
            _lay_out_cutout(strip, cutout)
        _show(strip, matte, cutout)
    _seen[scene.name, strip.name] = _signature(scene, strip)


def _signature(scene: Any, strip: Any) -> tuple[Any, ...]:
    """Everything of a plate that its outputs repeat."""
    return plates.timing(scene, strip), animation.samples(strip)


def _owns(scene: Any, strip: Any, matte: Any) -> bool:
    """Whether the matte is this plate's own: copies made by splitting or duplicating still point at the first's."""
    if matte.wisp.uid != strip.wisp.uid:
        return False
    users = [other for where, other in model.plates() if where == scene and matte_strip(other) == matte]
    return min(users, key=lambda other: (other.frame_final_start, other.name)) == strip


def _holder(scene: Any, strip: Any) -> Any:
    """The collection that the strip lies in: the editor's or a meta strip's."""
    return compat.strips_of(strip.parent_meta() or scene.sequence_editor)


def _free_channel(scene: Any, strip: Any) -> int:
    """The first channel above the strip in which nothing overlaps it."""
    start, end = strip.frame_final_start, strip.frame_final_end
    taken = {
        other.channel
        for other in _holder(scene, strip)
        if other.frame_final_start < end and other.frame_final_end > start
    }
    free = (channel for channel in range(strip.channel + 1, LAST_CHANNEL + 1) if channel not in taken)
    channel = next(free, None)
    if channel is None:
        raise plates.Refusal(f"All channels above {strip.name} are taken. Clear one.")
    return channel


def _new_matte(scene: Any, strip: Any, first: Path) -> Any:
    start, channel = int(strip.frame_final_start), _free_channel(scene, strip)
    matte = _holder(scene, strip).new_image(f"{strip.name} matte", str(first), channel, start, fit_method="ORIGINAL")
    matte.wisp.role, matte.wisp.uid = "matte", strip.wisp.uid
    matte.blend_type = "REPLACE"
    matte.mute, matte.select = True, False
    # The sequencer works in this space: only so is 0.5 in the file 0.5 in the picture.
    matte.colorspace_settings.name = scene.sequencer_colorspace_settings.name
    return matte


def _join(strip: Any, matte: Any) -> None:
    modifier = mask_modifier(strip) or _stranded(strip)
    if modifier is None:
        modifier = strip.modifiers.new("Wisp", "MASK")
        modifier.input_mask_type = "STRIP"
    modifier.input_mask_strip = matte
    modifier.mask_time = "ABSOLUTE"  # the last frame is held past the end; RELATIVE would show the plate unmasked


def _new_cutout(scene: Any, strip: Any, matte: Any) -> Any:
    holder, channel = _holder(scene, strip), _free_channel(scene, strip)
    make = holder.new_image if strip.type == "IMAGE" else holder.new_movie
    path = str(plates.media_path(strip))
    cutout = make(f"{strip.name} cut-out", path, channel, int(strip.frame_start), fit_method="ORIGINAL")
    cutout.wisp.role, cutout.wisp.uid = "cutout", strip.wisp.uid
    cutout.blend_type = "ALPHA_OVER"
    cutout.select = False
    cutout.colorspace_settings.name = strip.colorspace_settings.name
    _join(cutout, matte)
    return cutout


def _lay_out_matte(strip: Any, matte: Any, plate: plates.Plate, folder: MatteFolder) -> None:
    start, end = int(strip.frame_final_start), int(strip.frame_final_end)
    for name in ("frame_offset_start", "frame_offset_end", "animation_offset_start", "animation_offset_end"):
        _assign(matte, name, 0)
    _list_files(matte, [folder.name(plate.shown[frame]) for frame in range(start, end)])
    point_to(matte, folder.union_folder)
    _assign(matte, "frame_start", start)
    _assign(matte, "frame_final_duration", end - start)
    # Where the plate is masked before it is flipped, the flip turns its mask too; shown by itself the matte must flip.
    flips = strip.wisp.output == "matte" or not compat.MASK_BEFORE_FLIP
    _copy_place(strip, matte, flips)


def point_to(matte: Any, folder: Path) -> None:
    """Have a matte strip read its files from this folder, named from the blend file where there is one."""
    directory = str(folder) + "/"
    _assign(matte, "directory", bpy.path.relpath(directory) + "/" if bpy.data.is_saved else directory)


def _list_files(strip: Any, names: list[str]) -> None:
    while len(strip.elements) > len(names):
        strip.elements.pop(len(strip.elements) - 1)
    for element, name in zip(strip.elements, names, strict=False):
        _assign(element, "filename", name)
    for name in names[len(strip.elements) :]:
        strip.elements.append(name)


def _lay_out_cutout(strip: Any, cutout: Any) -> None:
    if strip.type == "IMAGE":
        _list_files(cutout, [element.filename for element in strip.elements])
        _assign(cutout, "directory", strip.directory)
    else:
        _assign(cutout, "filepath", strip.filepath)
    for name in (*plates.TIMES, "strobe", "use_reverse_frames", "alpha_mode"):
        _assign(cutout, name, getattr(strip, name))
    _copy_place(strip, cutout, True)


def _copy_place(source: Any, target: Any, flips: bool) -> None:
    """Put `target` where `source` is, and let it move as that moves."""
    for owner, names in (("transform", (*animation.TRANSFORM, "origin")), ("crop", animation.CROP)):
        for name in names:
            _assign(getattr(target, owner), name, _plain(getattr(getattr(source, owner), name)))
    if hasattr(source.transform, "filter"):
        _assign(target.transform, "filter", source.transform.filter)
    for name, _ in animation.FLIPS:
        _assign(target, name, flips and getattr(source, name))
    animation.follow(source, target, (*animation.PLACE, *(animation.FLIPS if flips else ())))


def _plain(value: Any) -> Any:
    return tuple(value) if hasattr(value, "__len__") else value


def _assign(owner: Any, name: str, value: Any) -> None:
    """Set what differs only: every assignment marks the file as changed and clears caches."""
    if _plain(getattr(owner, name)) != value:
        setattr(owner, name, value)


def _show(strip: Any, matte: Any, cutout: Any) -> None:
    output, bypass = strip.wisp.output, strip.wisp.bypass
    _assign(mask_modifier(strip), "mute", output != "mask" or bypass)
    _assign(matte, "mute", output != "matte" or bypass)
    if cutout is not None:
        _assign(cutout, "mute", output != "cutout" or bypass)


def joined() -> Iterator[tuple[Any, Any]]:
    """(scene, plate) of every plate that shows mattes."""
    for scene, strip in model.plates():
        if mask_modifier(strip) or _stranded(strip):
            yield scene, strip


def follow() -> None:
    """Bring outputs in step with plates that were moved, trimmed, split or transformed since the last call."""
    for scene, strip in list(joined()):
        key = (scene.name, strip.name)
        signature = _signature(scene, strip)
        if _seen.get(key) != signature:
            _seen[key] = signature
            try:
                update(scene, strip)
            except plates.Refusal:
                continue  # the panel says why


def refresh(uid: str) -> None:
    """Files of this plate have changed on disk: have them read again."""
    for _scene, strip in joined():
        matte = matte_strip(strip) if strip.wisp.uid == uid else None
        if matte is not None:
            matte.invalidate_cache("RAW")
            strip.invalidate_cache("RAW")


def end_bypass() -> list[str]:
    """Mask again what shows its plate for a while; returns the uids."""
    bypassed = [strip for _, strip in joined() if strip.wisp.bypass]
    for strip in bypassed:
        strip.wisp.bypass = False
    return [strip.wisp.uid for strip in bypassed]


def missing(strip: Any) -> bool:
    """Whether files of the matte strip are gone, which switches the mask off without a word."""
    matte = matte_strip(strip)
    if matte is None:
        return False
    folder = Path(bpy.path.abspath(matte.directory))
    first, last = matte.elements[0].filename, matte.elements[len(matte.elements) - 1].filename
    return not ((folder / first).exists() and (folder / last).exists())


def forget() -> None:
    """Another file is loaded, or a step undone: look at everything anew."""
    _seen.clear()
