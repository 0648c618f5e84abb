# SPDX-License-Identifier: GPL-3.0-or-later
"""The strips that show mattes: found through the plate's mask modifier, changed in place, never made anew.

The matte strip lists, for each scene frame in which the plate is visible, the file of the plate frame shown there, so
that trims, reversal, rate and retiming need no second description. The mask of a modifier lies in the frame, not in
the strip (moving the plate does not move it), so the matte carries the plate's transform; `follow` keeps both in step.

A strip that shows mattes goes on showing them: a copy, or a plate that came from another file, starts with the files
of the one it was made from.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

from . import animation, compat, compositing, grade, places, plates, preferences, references
from .compat import assign
from .inventory import MODIFIER, Inventory, inventories
from .mattes import MatteFolder

LAST_CHANNEL = 128
_OFFSETS = ("frame_offset_start", "frame_offset_end", "animation_offset_start", "animation_offset_end")
_laid = attrgetter(
    *map(compat.present_name, ("frame_start", "frame_final_duration", *_OFFSETS)),
    *("directory", "colorspace_settings.name", "mute"),
)
#: (scene, strip) -> what its outputs repeat, and what they were then.
_seen: dict[tuple[str, str], tuple[Any, ...]] = {}
_presented: dict[tuple[str, str], tuple[Any, ...]] = {}
#: Scene -> the colour space that its sequencer worked in.
_spaces: dict[str, str] = {}
#: Whether outputs may have changed beside us, as by undo, and have to be looked at themselves.
_expected = False


def matte_strip(strip: Any) -> Any:
    """The matte strip of a plate, or None."""
    joint = Inventory(strip.id_data).joint(strip)
    return joint.matte if joint is not None else None


def joined() -> Iterator[tuple[Any, Any]]:
    """(scene, plate) of every plate that shows mattes."""
    for inventory in inventories():
        for joint in inventory.joined:
            yield inventory.scene, joint.strip


def update(scene: Any, strip: Any, inventory: Inventory | None = None) -> bool:
    """Make or bring up to date what shows the mattes of a plate, as its `output` says. True where strips were made.

    Raises plates.Refusal.
    """
    inventory = inventory or Inventory(scene)
    plate = plates.plate_of(scene, strip)
    joint = inventory.joint(strip)
    modifier, matte = (joint.modifier, joint.matte) if joint is not None else (None, None)
    folder = _files(strip, matte, plate)
    made = False
    with compat.sequencer_of(scene):
        if matte is None or inventory.owner(matte) != strip:
            matte = _new_matte(scene, strip, folder.union_path(plate.shown[int(strip.frame_final_start)]))
            modifier = _join(strip, matte, modifier)
            made = True
        assign(matte.wisp, "uid", strip.wisp.uid)
        _lay_out_matte(scene, strip, matte, plate, folder)
        cutout = inventory.cutout(matte)
        if cutout is None and strip.wisp.output == "cutout":
            cutout = _new_cutout(scene, strip, matte)
            made = True
        if cutout is not None:
            assign(cutout.wisp, "uid", strip.wisp.uid)
            _lay_out_cutout(strip, cutout, matte)
        _show(strip, modifier, matte, cutout)
        _show_composed(scene, strip, matte)
        singles = inventory.singles.get(strip.wisp.uid, ())
        if singles and inventory.is_first(strip):
            for each in singles:
                _lay_out_single(scene, strip, each, plate, folder)
    moving = animation.curves(strip)
    key = (scene.name, strip.name)
    _seen[key] = _signature(scene, strip, moving, cutout is not None or bool(singles))
    _presented[key] = _present(matte, cutout)
    return made


def show_single(scene: Any, strip: Any, number: int, cutout: bool) -> Any:
    """A strip of one object's matte, or of the plate cut out by it, kept in step like the others; made once.

    Raises plates.Refusal.
    """
    update(scene, strip)
    plate, folder = plates.plate_of(scene, strip), MatteFolder(places.here().plate(strip.wisp.uid))
    singles = Inventory(scene).singles.get(strip.wisp.uid, ())
    found = {each.wisp.role: each for each in singles if each.wisp.last_number == number}
    name = next(item.name for item in strip.wisp.objects if item.number == number)
    with compat.sequencer_of(scene):
        matte = found.get("single")
        if matte is None:
            _fill_single(strip, number, plate, folder)
            first = folder.single_folder(number) / folder.name(plate.shown[int(strip.frame_final_start)])
            matte = _new_matte(scene, strip, first)
            matte.name, matte.wisp.role, matte.wisp.last_number = f"{name} matte", "single", number
        if not cutout:
            matte.mute = False
        elif "single cutout" not in found:
            made = _new_cutout(scene, strip, matte)
            made.name, made.wisp.role, made.wisp.last_number = f"{name} cut-out", "single cutout", number
    update(scene, strip)
    singles = Inventory(scene).singles[strip.wisp.uid]
    role = "single cutout" if cutout else "single"
    return next(each for each in singles if (each.wisp.role, each.wisp.last_number) == (role, number))


def _fill_single(strip: Any, number: int, plate: plates.Plate, folder: MatteFolder) -> None:
    try:
        folder.fill_single(number, plate.frames, strip.wisp.shown_objects)
    except OSError as error:
        raise plates.unwritable(error) from None


def _lay_out_single(scene: Any, strip: Any, single: Any, plate: plates.Plate, folder: MatteFolder) -> None:
    number = single.wisp.last_number
    if single.wisp.role == "single cutout":
        modifier = next((each for each in single.modifiers if grade.is_mask(each)), None)
        if modifier is not None and modifier.input_mask_strip is not None:
            _lay_out_cutout(strip, single, modifier.input_mask_strip)
        return
    _fill_single(strip, number, plate, folder)
    _lay_out_files(strip, single, [folder.name(plate.shown[frame]) for frame in animation.frames_of(strip)])
    assign(single, "directory", places.named(folder.single_folder(number)) + "/")
    _keep_values(scene, single)
    flips = not single.mute or not compat.MASK_BEFORE_FLIP
    _copy_place(strip, single, flips, (*animation.PLACE, *(animation.FLIPS if flips else ())))


def use_own_files(scene: Any, strip: Any) -> None:
    """Have a plate that shows another's files show its own, before anything is written there. Raises plates.Refusal."""
    joint, own = Inventory(scene).joint(strip), places.here().plate(strip.wisp.uid)
    shown = shown_folder(strip, joint.matte if joint is not None else None)
    if shown is None or shown == own:
        return
    if joint is not None:
        update(scene, strip)
        return
    try:  # a copy of a plate that shows no mattes, but has roto
        MatteFolder(own).take_over(shown)
    except OSError as error:
        raise plates.unwritable(error) from None
    strip.wisp.shown_from = str(own)


# -- files ----------------------------------------------------------------------------------------------------


def _files(strip: Any, matte: Any, plate: plates.Plate) -> MatteFolder:
    """The plate's files, one for each of its frames. Raises plates.Refusal where they cannot be written."""
    folder, shown = MatteFolder(places.here().plate(strip.wisp.uid)), shown_folder(strip, matte)
    if shown is not None and shown != folder.folder and _is_anothers(strip, folder.folder):
        folder = MatteFolder(places.here().plate(_part_from(strip, shown)))
    try:
        if shown is not None and shown != folder.folder:
            folder.take_over(shown)
            if shown.name == folder.folder.name:  # the same plate, whose blend file was elsewhere: all that shows it
                references.move(shown, folder.folder)
        folder.fill(plate.frames, plate.width, plate.height, preferences.get().placeholder == "opaque")
    except OSError as error:
        if shown is not None and MatteFolder(shown).complete(plate.frames):
            return MatteFolder(shown)
        raise plates.unwritable(error) from None
    return folder


def shown_folder(strip: Any, matte: Any) -> Path | None:
    """Where the mattes lie that a plate shows now, or did when it was copied."""
    there = places.resolved(strip.wisp.shown_from)
    if matte is not None:
        shown = places.resolved(matte.directory)
        if shown.name != "all":
            return None  # the user has it read other files: those are not ours to take along
        there = shown.parent
    return there if there.is_absolute() and there.is_dir() else None


def _is_anothers(strip: Any, folder: Path) -> bool:
    """Whether a plate of this file shows that folder: one that came from elsewhere may have the same uid."""
    return any(
        shown_folder(joint.strip, joint.matte) == folder
        for inventory in inventories()
        for joint in inventory.joined
        if joint.strip.wisp.uid == strip.wisp.uid and joint.matte is not None
    )


def _part_from(strip: Any, shown: Path) -> str:
    """Give a plate that came from elsewhere, and its pieces, a uid of their own; returns it."""
    old, new = strip.wisp.uid, uuid.uuid4().hex[:12]
    for inventory in inventories():
        for joint in inventory.joined:
            if joint.strip.wisp.uid == old and shown_folder(joint.strip, joint.matte) == shown:
                joint.strip.wisp.uid = new
    strip.wisp.uid = new
    return new


# -- strips ---------------------------------------------------------------------------------------------------


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
    return matte


def _join(strip: Any, matte: Any, modifier: Any) -> Any:
    if modifier is None:
        modifier = strip.modifiers.new(MODIFIER, "MASK")
    if modifier.input_mask_type != "STRIP":
        modifier.input_mask_type = "STRIP"
    modifier.input_mask_strip = matte
    modifier.mask_time = "ABSOLUTE"  # the last frame is held past the end; RELATIVE would show the plate unmasked
    return modifier


def _new_cutout(scene: Any, strip: Any, matte: Any) -> Any:
    holder, channel = _holder(scene, strip), _free_channel(scene, strip)
    make = holder.new_image if strip.type == "IMAGE" else holder.new_movie
    path = str(plates.media_path(strip))
    cutout = make(f"{strip.name} cut-out", path, channel, int(strip.frame_start), fit_method="ORIGINAL")
    cutout.wisp.role, cutout.wisp.uid = "cutout", strip.wisp.uid
    cutout.blend_type = "ALPHA_OVER"
    cutout.select = False
    _join(cutout, matte, None)
    return cutout


def _lay_out_matte(scene: Any, strip: Any, matte: Any, plate: plates.Plate, folder: MatteFolder) -> None:
    _lay_out_files(strip, matte, [folder.name(plate.shown[frame]) for frame in animation.frames_of(strip)])
    assign(matte, "directory", places.named(folder.union_folder) + "/")
    assign(strip.wisp, "shown_from", str(folder.folder))
    _keep_values(scene, matte)
    # Where the plate is masked before it is flipped, the flip turns its mask too; shown by itself the matte must flip.
    flips = strip.wisp.output == "matte" or not compat.MASK_BEFORE_FLIP
    _copy_place(strip, matte, flips, (*animation.PLACE, *(animation.FLIPS if flips else ())))


def _keep_values(scene: Any, matte: Any) -> None:
    """Have 0.5 in the file act as 0.5, in every version.

    Files are taken for pictures in the space that the sequencer works in, so that nothing converts them. From 5.2 on
    a strip stays in linear light until something needs it in that space, which a mask does not; a modifier does,
    even one that changes nothing.
    """
    assign(matte.colorspace_settings, "name", scene.sequencer_colorspace_settings.name)
    if not any(each.type == "BRIGHT_CONTRAST" for each in matte.modifiers):
        matte.modifiers.new(MODIFIER, "BRIGHT_CONTRAST")


def _lay_out_files(strip: Any, target: Any, names: list[str]) -> None:
    """Have `target` show these files over the time of `strip`, one each frame."""
    for name in _OFFSETS:
        assign(target, name, 0)
    had = [element.filename for element in target.elements]
    for number in range(len(had) - 1, len(names) - 1, -1):
        target.elements.pop(number)
    for number, (name, old) in enumerate(zip(names, had, strict=False)):
        if name != old:
            target.elements[number].filename = name
    for name in names[len(had) :]:
        target.elements.append(name)
    assign(target, "frame_start", int(strip.frame_final_start))
    assign(target, "frame_final_duration", len(names))


def _lay_out_cutout(strip: Any, cutout: Any, matte: Any) -> None:
    if strip.type == "IMAGE":
        names = plates.shown_files(strip)
        _lay_out_files(strip, cutout, [names[frame] for frame in animation.frames_of(strip)])
        assign(cutout, "directory", strip.directory)
    else:
        assign(cutout, "filepath", strip.filepath)
        for name in (*plates.TIMES, "strobe", "use_reverse_frames"):
            assign(cutout, name, getattr(strip, name))
    for name in ("alpha_mode", "use_float", "use_deinterlace"):
        assign(cutout, name, getattr(strip, name))
    assign(cutout.colorspace_settings, "name", strip.colorspace_settings.name)
    before = grade.snapshot(cutout)
    if grade.repeat(strip, cutout):
        _join(cutout, matte, next(each for each in cutout.modifiers if each.type == "MASK" and grade.is_mask(each)))
    if before != grade.snapshot(cutout):
        cutout.invalidate_cache("RAW")  # a changed curve alone does not
    graded = [key for key in animation.curves(strip) if animation.is_grade(key)]
    _copy_place(strip, cutout, True, (*animation.PLACE, *animation.FLIPS, *graded))


def _copy_place(source: Any, target: Any, flips: bool, keys: tuple[animation.Key, ...]) -> None:
    """Put `target` where `source` is, and let it move as that moves."""
    for owner, names in (("transform", (*animation.TRANSFORM, "origin")), ("crop", animation.CROP)):
        ours, theirs = getattr(target, owner), getattr(source, owner)
        for name in names:
            assign(ours, name, compat.plain(getattr(theirs, name)))
    if hasattr(source.transform, "filter"):
        assign(target.transform, "filter", source.transform.filter)
    for name, _ in animation.FLIPS:
        assign(target, name, flips and getattr(source, name))
    animation.follow(source, target, keys)


def _show(strip: Any, modifier: Any, matte: Any, cutout: Any) -> None:
    output, bypass = strip.wisp.output, strip.wisp.bypass
    assign(modifier, "mute", output != "mask" or bypass)
    assign(matte, "mute", output != "matte" or bypass)
    if cutout is not None:
        assign(cutout, "mute", output != "cutout" or bypass)


def _show_composed(scene: Any, strip: Any, matte: Any) -> None:
    """The compositor modifier: made when it is first chosen, switched off where something else is."""
    modifier, wanted = next(filter(grade.is_composed, strip.modifiers), None), strip.wisp.output == "compositor"
    if wanted and modifier is None:
        modifier = strip.modifiers.new(f"{MODIFIER} compositor", "COMPOSITOR")
    if modifier is None:
        return
    if wanted and (modifier.node_group is None or modifier.node_group.name.startswith("Wisp Cut-Out ")):
        group = compositing.cut_out_group(scene.sequencer_colorspace_settings.name)
        assign(modifier, "node_group", group)  # a group of the user's own stays
    if modifier.input_mask_strip != matte:
        _join(strip, matte, modifier)
    assign(modifier, "mute", not wanted or strip.wisp.bypass)


def remove(scene: Any, strip: Any) -> None:
    """Take away what shows the plate's mattes, its mask modifier too. The files stay."""
    inventory = Inventory(scene)
    joint = inventory.joint(strip)
    if joint is None:
        return
    with compat.sequencer_of(scene):
        if inventory.is_first(strip):
            for single in inventory.singles.get(strip.wisp.uid, ()):
                _holder(scene, single).remove(single)
        if joint.matte is not None and inventory.owner(joint.matte) == strip:
            cutout = inventory.cutout(joint.matte)
            for other in inventory.readers[joint.matte.as_pointer()]:
                if other.strip != cutout:
                    other.strip.modifiers.remove(other.modifier)
            for each in (cutout, joint.matte):
                if each is not None:
                    _holder(scene, each).remove(each)
        else:
            strip.modifiers.remove(joint.modifier)
        for modifier in [each for each in strip.modifiers if grade.is_composed(each)]:
            strip.modifiers.remove(modifier)


# -- keeping in step ------------------------------------------------------------------------------------------


def _signature(scene: Any, strip: Any, moving: animation.Curves, graded: bool) -> tuple[Any, ...]:
    """Everything of a plate that its outputs repeat. Each part is kept whole: this is asked for all plates over and
    over. `graded`: whether that is its grade too."""
    shown = (plates.timing(scene, strip), animation.place(strip, moving), strip.wisp.output, strip.wisp.bypass)
    if not graded:
        return shown
    return (*shown, strip.colorspace_settings.name, grade.snapshot(strip), animation.grade(strip, moving))


def _present(matte: Any, cutout: Any) -> tuple[Any, ...]:
    """What undo may have put back, of the outputs themselves."""
    files = matte.elements
    ends = (len(files), files[0].filename, files[len(files) - 1].filename)
    cut = None if cutout is None else (cutout.frame_start, cutout.frame_final_duration, cutout.mute)
    return (*_laid(matte), *ends, *animation.place(matte, {}), cut)


def follow() -> None:
    """Bring outputs in step with plates that were moved, trimmed, split, graded or copied since the last call."""
    global _expected
    expected, _expected = _expected, False
    for inventory in inventories():
        _follow(inventory, expected)


def _follow(inventory: Inventory, expected: bool) -> None:
    scene, found = inventory.scene, inventory
    name, space = scene.name, scene.sequencer_colorspace_settings.name
    moving = animation.curves_of(scene) if inventory.joined else {}
    anew = _spaces.setdefault(name, space) != space  # mattes are read in the sequencer's space
    _spaces[name] = space
    for joint in found.joined:
        strip, _, matte = joint if inventory is found else inventory.joint(joint.strip) or joint
        cutout = inventory.cutout(matte) if matte is not None else None
        graded = cutout is not None or (bool(inventory.singles) and strip.wisp.uid in inventory.singles)
        key = (name, strip.name)
        signature = _signature(scene, strip, moving.get(strip.path_from_id(), {}) if moving else {}, graded)
        same = matte is not None and _seen.get(key) == signature and not anew
        if same and not (expected and _presented.get(key) != _present(matte, cutout)):
            continue
        _seen[key] = signature
        try:
            made = update(scene, strip, inventory)
        except plates.Refusal:
            continue  # the panel says why
        if made:
            inventory = Inventory(scene)
    orphans = inventory.orphans()
    with compat.sequencer_of(scene) if orphans else contextlib.nullcontext():
        for orphan in orphans:
            _holder(scene, orphan).remove(orphan)


def refresh(uid: str) -> None:
    """Files of this plate have changed on disk: have them read again."""
    for inventory in inventories():
        for strip, _, matte in inventory.joined:
            if strip.wisp.uid == uid and matte is not None:
                matte.invalidate_cache("RAW")
                strip.invalidate_cache("RAW")
                cutout = inventory.cutout(matte)
                if cutout is not None:
                    cutout.invalidate_cache("RAW")
        for single in inventory.singles.get(uid, ()):
            single.invalidate_cache("RAW")


def end_bypass() -> list[tuple[str, str]]:
    """Mask again what shows its plate for a while; returns its scene's name and its own."""
    bypassed = [(scene, strip) for scene, strip in joined() if strip.wisp.bypass]
    for _, strip in bypassed:
        strip.wisp.bypass = False
    return [(scene.name, strip.name) for scene, strip in bypassed]


def missing(strip: Any) -> bool:
    """Whether files of the matte strip are gone, which switches the mask off without a word."""
    matte = matte_strip(strip)
    if matte is None or not len(matte.elements):
        return False
    folder = places.resolved(matte.directory)
    first, last = matte.elements[0].filename, matte.elements[len(matte.elements) - 1].filename
    return not ((folder / first).exists() and (folder / last).exists())


def expect_changes() -> None:
    """A step was undone: outputs may be those of another time."""
    global _expected
    _expected = True


def forget() -> None:
    """Another file is loaded: look at everything anew."""
    _seen.clear()
    _presented.clear()
    _spaces.clear()
