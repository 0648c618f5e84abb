# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes to others and comes from them: a look over the mattes, deliveries, jobs of a farm, Blender's masks."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from . import active, compat, compositing, document, model, outputs, places, plates, session, shapes
from .active import OnPlate, reporting
from .client.carry import DOUBT
from .client.events import Event, PromptsCarried, RotoRead
from .client.frames import as_sequence, format_frames
from .client.requests import Carry, Check, Deliver, Pack, Roto
from .client.tables import CACHE, LAYOUTS, QUEUES, ROTO_BAND, ROTO_KEYS, SCREENS, STROKE_RADIUS
from .gestures import Gesture
from .mattes import MatteFolder
from .operators import JobOperator, remember
from .runs import run_of


class WISP_OT_check(JobOperator, bpy.types.Operator):
    """Look through the finished mattes; frames that seem wrong are marked as worth a look"""

    bl_idname = "wisp.check"
    bl_label = "Check"

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        return self.start_job(context, Check(frames=format_frames(plates.plate_of(scene, strip).frames)))


class WISP_OT_deliver(JobOperator, bpy.types.Operator):
    """Write the finished mattes as files for others"""

    bl_idname = "wisp.deliver"
    bl_label = "Deliver"
    filepath: StringProperty(
        subtype="FILE_PATH",
        description="A name with #### for the frame, and {object} where each object has its own; or a movie's name",
        options={"SKIP_SAVE"} | compat.BLEND_RELATIVE,
    )
    layout_kind: EnumProperty(name="Content", items=[(key, *words) for key, words in LAYOUTS.items()], default="alpha")
    confidence: BoolProperty(name="Confidence", description="Also a layer in EXR: 1 - expected error", default=False)
    despill: EnumProperty(
        name="Spill",
        description="In colour: take the light of a screen that the object was shot before out of it",
        items=[("none", "Leave the Colour", ""), *((key, label, "") for key, label in SCREENS.items())],
        default="none",
    )
    premultiply: BoolProperty(name="Premultiply", description="In colour: times alpha", default=False)
    exclusive: BoolProperty(name="Exclusive", description="Overlapping objects add up to at most 1", default=False)
    frames: StringProperty(name="Frames", description="Plate frames such as 1001-1050x2; nothing: all that are shown")
    next_version: BoolProperty(
        name="Next Version",
        description="A new number where {version} stands; none is overwritten",
        default=False,
    )
    overwrite: BoolProperty(name="Overwrite", description="Replace files of other content", default=False)

    def invoke(self, context, _event):
        if not self.filepath:
            self.filepath = bpy.path.abspath("//matte.####.exr") if bpy.data.is_saved else "matte.####.exr"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        if not self.filepath:
            raise plates.Refusal("Name the files, for example matte.####.exr.")
        request = Deliver(
            output=str(Path(bpy.path.abspath(self.filepath)).absolute()),
            layout=self.layout_kind,
            confidence=self.confidence,
            premultiply=self.premultiply,
            despill=None if self.despill == "none" else self.despill,
            exclusive=self.exclusive,
            frames=self.frames.strip() or format_frames(plates.plate_of(scene, strip).frames),
            version="next" if self.next_version else None,
            overwrite=self.overwrite,
        )
        return self.start_job(context, request)


class WISP_OT_farm(JobOperator, bpy.types.Operator):
    """Write the shot and its job for a render farm; nothing is sent"""

    bl_idname = "wisp.farm"
    bl_label = "Farm Job"
    directory: StringProperty(
        subtype="DIR_PATH",
        description="Document and job get a folder of their own in it; the workers must reach it",
        options={"SKIP_SAVE"} | compat.BLEND_RELATIVE,
    )
    queue: EnumProperty(name="Queue", items=[(key, *words) for key, words in QUEUES.items()], default="flamenco")
    paths: StringProperty(
        name="Paths",
        description="Where files lie on the workers, if elsewhere: P:/film=/mnt/film; //server/film=/mnt/film",
    )

    def invoke(self, context, _event):
        if not self.directory and bpy.data.is_saved:
            self.directory = bpy.path.abspath("//")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        if not self.directory:
            raise plates.Refusal("Name the folder that the job is written into.")
        plate = plates.plate_of(scene, strip)
        folder = Path(bpy.path.abspath(self.directory)).absolute() / f"{bpy.path.clean_name(strip.name)}_{self.queue}"
        maps = [rule.strip() for rule in self.paths.split(";") if rule.strip()]
        return self.start_job(context, Pack(self.queue, str(folder), format_frames(plate.frames), maps=maps))


class WISP_OT_make_masks(JobOperator, bpy.types.Operator):
    """Make a Blender mask of each object's finished mattes, with shape keys"""

    bl_idname = "wisp.make_masks"
    bl_label = "Mattes to Blender Masks"

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        plate = plates.plate_of(scene, strip)
        offset = _offset(plate, "Masks")
        path = Path(tempfile.mkdtemp(dir=bpy.app.tempdir)) / "shapes.json"
        request = Deliver(output=str(path), layout="shapes", frames=format_frames(plate.frames))

        def make() -> str:
            made = shapes.build_masks(json.loads(path.read_text(encoding="utf-8")), offset)
            return f"Masks made: {', '.join(mask.name for mask in made)}"

        return self.start_job(context, request, make)


def _offset(plate: plates.Plate, what: str) -> int:
    """Scene frame less plate frame. Raises plates.Refusal where that is not the same everywhere."""
    offsets = {time - frame for time, frame in plate.shown.items()}
    if len(offsets) != 1:
        raise plates.Refusal(f"{what} need a strip that shows each frame once, in order. Take off its retiming.")
    return offsets.pop()


class WISP_OT_node_group(OnPlate, bpy.types.Operator):
    """Make a node group for the compositor that cuts out a picture by these mattes, with an output for each object"""

    bl_idname = "wisp.node_group"
    bl_label = "Compositor Node Group"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        outputs.update(scene, strip)
        plate, wisp = plates.plate_of(scene, strip), strip.wisp
        _offset(plate, "Node groups")
        folder, (start, first) = MatteFolder(places.here().plate(wisp.uid)), min(plate.shown.items())
        # Named as delivered layers are, and apart from the group's other sockets.
        names = document.layer_names(["Image", "Matte", *(item.name for item in wisp.objects)])[2:]
        files = {"Matte": folder.union_path(first)}
        for item, name in zip(wisp.objects, names, strict=True):
            if item.number in wisp.shown_objects:
                folder.fill_single(item.number, plate.frames, wisp.shown_objects)
                files[name] = folder.single_folder(item.number) / folder.name(first)
        group = compositing.matte_group(f"Wisp {strip.name}", files, start, len(plate.shown), first - 1)
        self.report({"INFO"}, f"In the compositor: Add > Group > {group.name}")
        return {"FINISHED"}


class AsksForMask(OnPlate):
    """Asks which Blender mask is meant."""

    mask: StringProperty(name="Mask", options={"SKIP_SAVE"})

    def invoke(self, context, _event):
        if len(bpy.data.masks):
            self.mask = bpy.data.masks[0].name
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context):
        self.layout.prop_search(self, "mask", bpy.data, "masks")


class WISP_OT_add_blender_mask(AsksForMask, Gesture, bpy.types.Operator):
    """The closed splines of a Blender mask, as they are now, say what the object is on this frame"""

    bl_idname = "wisp.add_blender_mask"
    bl_label = "Blender Mask"

    @reporting
    def execute(self, context):
        mask = _mask_named(self.mask)
        _, strip = active.target(context)
        outlines = shapes.outlines(mask, plates.size_of(strip))
        if not outlines:
            raise plates.Refusal(f"The mask {mask.name} has no closed spline at this frame.")
        for outline in outlines:
            self.write(context, "lasso", outline)
        return {"FINISHED"}


class TakesRoto(JobOperator):
    """Makes objects of roto that is there already."""

    keys: EnumProperty(
        name="Keyframes",
        items=[(key, label.title(), hint) for key, (label, hint) in ROTO_KEYS.items()],
        default="keys",
    )
    count: IntProperty(name="Frames", default=5, min=1)
    finish: BoolProperty(
        name="Finish",
        default=False,
        description="Keep the roto as it was drawn on every frame, and look for hair and motion blur in a band around "
        "its outline; nothing is tracked",
    )
    band: IntProperty(
        name="Band", default=ROTO_BAND, min=1, max=1000, subtype="PIXEL", description="On either side of the outline"
    )

    def draw(self, _context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "finish")
        layout.prop(self, "band") if self.finish else layout.prop(self, "keys")
        if not self.finish and self.keys != "keys":
            layout.prop(self, "count")

    def take(self, context, source: Path) -> set[str]:
        """Have the objects of a file made objects of the plate. Raises plates.Refusal, EngineGone."""
        _, strip = active.target(context)
        uid = model.own(strip).uid
        band = float(self.band) if self.finish else None
        folder = places.here().plate(uid)
        found: list[RotoRead] = []

        def on_event(event: Event) -> None:
            if isinstance(event, RotoRead):
                found.append(event)

        def add() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            keep_pictures(strip)
            for read in found:
                item = strip.wisp.add_object(read.object)
                for frame, path in read.masks:
                    item.add_prompt("mask", frame, []).text = kept(path, folder)
                item.life = f"{read.first}-{read.last}"
                item.absent = format_frames(frame for first, last in read.absent for frame in range(first, last + 1))
                item.core, item.garbage = kept(read.core, folder), kept(read.garbage, folder)
            remember("Roto")
            session.schedule_update()
            session.redraw()
            return f"Objects made: {', '.join(read.object for read in found)}"

        asked = Roto(str(source), str(folder / document.PICTURES), self.keys, self.count, band)
        return self.start_job(context, asked, add, on_event)


def kept(path: str | None, folder: Path) -> str:
    """A picture in a plate's folder as an object keeps it, from there: it stays right wherever the file is saved."""
    if path and Path(path).is_relative_to(folder):
        return Path(path).relative_to(folder).as_posix()
    return path or ""


def keep_pictures(strip: Any) -> None:
    """A plate has pictures in its folder: a copy of it finds them, also one that shows no mattes yet."""
    strip.wisp.shown_from = strip.wisp.shown_from or str(places.here().plate(strip.wisp.uid))


class WISP_OT_take_roto(TakesRoto, bpy.types.Operator):
    """Make objects of a file of shapes (Nuke, Silhouette, After Effects, JSON, SVG) or of a sequence of mattes"""

    bl_idname = "wisp.take_roto"
    bl_label = "Roto from a File"
    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"} | compat.BLEND_RELATIVE)

    def invoke(self, context, _event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reporting
    def execute(self, context):
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        if not path.is_file():
            raise plates.Refusal(f"There is no file {self.filepath}.")
        return self.take(context, as_sequence(path))


class WISP_OT_carry(JobOperator, bpy.types.Operator):
    """Take over the prompts of another shot (.wisp), of the other eye or another take: each is put where its object is
    seen here, and a solved frame comes as a mask"""

    bl_idname = "wisp.carry"
    bl_label = "Prompts of Another Shot"
    bl_options = {"REGISTER", "UNDO"}
    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"} | compat.BLEND_RELATIVE)
    filter_glob: StringProperty(default="*.wisp", options={"HIDDEN"})
    shift: IntProperty(name="Shift", description="Added to its frame numbers")

    def invoke(self, context, _event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reporting
    def execute(self, context):
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        if not path.is_file():
            raise plates.Refusal(f"There is no file {self.filepath}.")
        _, strip = active.target(context)
        uid = model.own(strip).uid
        cache = path.parent / CACHE
        folder = places.here().plate(uid)
        found: list[PromptsCarried] = []

        def on_event(event: Event) -> None:
            if isinstance(event, PromptsCarried):
                found.append(event)

        def add() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            keep_pictures(strip)
            for event in found:
                item = next((one for one in strip.wisp.objects if one.name == event.object), None)
                _draw(item or strip.wisp.add_object(event.object), event, folder)
            run = run_of(uid)
            numbers = {one.name: one.number for one in strip.wisp.objects}
            for event in found:
                run.mark_suspicious(numbers[event.object], event.frame, DOUBT if event.doubtful else "")
            remember("Prompts of another shot")
            session.schedule_update()
            session.redraw()
            doubtful = format_frames({event.frame for event in found if event.doubtful})
            return f"Prompts carried to {format_frames({event.frame for event in found})}" + (
                f"; in doubt: {doubtful}" if doubtful else ""
            )

        pictures = str(folder / document.PICTURES)
        asked = Carry(str(path), pictures, str(cache) if cache.is_dir() else None, shift=self.shift)
        return self.start_job(context, asked, add, on_event)


def _draw(item, event: PromptsCarried, folder: Path) -> None:
    """Put the prompts of a frame in place of those that an object has there. `folder`: the plate's."""
    for index in reversed([at for at, prompt in enumerate(item.prompts) if prompt.frame == event.frame]):
        item.prompts.remove(index)
    for said in event.prompts:
        kind, xy = said["kind"], said.get("xy", [])
        points = [xy] if kind == "point" else [said["xyxy"][:2], said["xyxy"][2:]] if kind == "box" else xy
        radius = said.get("radius", STROKE_RADIUS)
        made = item.add_prompt(kind, event.frame, [tuple(point) for point in points], said.get("include", True), radius)
        made.text, made.softness = kept(said.get("path"), folder), said.get("softness", 0.0)


class WISP_OT_take_blender_mask(AsksForMask, TakesRoto, bpy.types.Operator):
    """Make an object of a Blender mask: of its closed splines and all their keys"""

    bl_idname = "wisp.take_blender_mask"
    bl_label = "Blender Mask as Object"

    def draw(self, context):
        AsksForMask.draw(self, context)
        TakesRoto.draw(self, context)

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        mask = _mask_named(self.mask)
        plate = plates.plate_of(scene, strip)
        frames, size = sorted(plate.frames), (plate.width, plate.height)
        try:
            document = shapes.read_mask(mask, size, frames[0], frames[-1], _offset(plate, "Masks"))
        except ValueError as error:
            raise plates.Refusal(f"Nothing was taken: {error}.") from None
        path = Path(tempfile.mkdtemp(dir=bpy.app.tempdir)) / "mask.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return self.take(context, path)


def _mask_named(name: str):
    """Of this file. Raises plates.Refusal."""
    mask = bpy.data.masks.get(name)
    if mask is None:
        raise plates.Refusal(f"There is no mask {name!r} in this file.")
    return mask


CLASSES = (
    WISP_OT_check,
    WISP_OT_deliver,
    WISP_OT_farm,
    WISP_OT_make_masks,
    WISP_OT_node_group,
    WISP_OT_add_blender_mask,
    WISP_OT_take_roto,
    WISP_OT_carry,
    WISP_OT_take_blender_mask,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
