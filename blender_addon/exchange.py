# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes to others and comes from them: a look over the mattes, deliveries, jobs of a farm, Blender's masks."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from . import active, compat, compositing, document, model, outputs, places, plates, shapes, taking
from .active import ChoosesFile, OnPlate, reporting
from .client import carry
from .client.events import PromptsCarried, RotoRead
from .client.frames import as_sequence, format_frames
from .client.requests import Check, Deliver, Pack, Roto
from .client.tables import LAYOUTS, QUEUES, ROTO_BAND, ROTO_KEYS, SCREENS
from .gestures import Gesture
from .mattes import MatteFolder
from .operators import JobOperator
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
        folder = places.here().plate(model.own(active.target(context)[1]).uid)

        def add(wisp, found: list[RotoRead]) -> str:
            taking.take_roto(wisp, found, folder)
            return f"Objects made: {', '.join(read.object for read in found)}"

        band = float(self.band) if self.finish else None
        asked = Roto(str(source), str(folder / document.PICTURES), self.keys, self.count, band)
        return self.ask(context, asked, RotoRead, add)


class WISP_OT_take_roto(ChoosesFile, TakesRoto, bpy.types.Operator):
    """Make objects of a file of shapes (Nuke, Silhouette, After Effects, JSON, SVG) or of a sequence of mattes"""

    bl_idname = "wisp.take_roto"
    bl_label = "Roto from a File"

    @reporting
    def execute(self, context):
        return self.take(context, as_sequence(self.chosen()))


class WISP_OT_carry(ChoosesFile, JobOperator, bpy.types.Operator):
    """Take over the prompts of another shot (.wisp), of the other eye or another take: each is put where its object is
    seen here, and a solved frame comes as a mask"""

    bl_idname = "wisp.carry"
    bl_label = "Prompts of Another Shot"
    bl_options = {"REGISTER", "UNDO"}
    filter_glob: StringProperty(default="*.wisp", options={"HIDDEN"})
    shift: IntProperty(name="Shift", description="Added to its frame numbers")

    @reporting
    def execute(self, context):
        path = self.chosen()
        folder = places.here().plate(model.own(active.target(context)[1]).uid)

        def add(wisp, found: list[PromptsCarried]) -> str:
            taken = taking.take_carried(wisp, found, folder)
            if not taken:
                return "Nothing was carried: the objects are absent on these frames"
            run = run_of(wisp.uid)
            for number, one in taken:
                run.mark_suspicious(number, one.frame, carry.doubt(one))
            doubtful = format_frames({one.frame for _, one in taken if one.doubtful})
            return f"Prompts carried to {format_frames({one.frame for _, one in taken})}" + (
                f"; in doubt: {doubtful}" if doubtful else ""
            )

        asked = carry.asked(path, folder / document.PICTURES, shift=self.shift)
        return self.ask(context, asked, PromptsCarried, add)


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
