# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel's buttons do: objects, tracking, outputs, the engine."""

from collections.abc import Callable
from typing import Any, TypeVar

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from . import active, compat, engine, model, outputs, plates, preferences, session
from .active import ChoosesFile, OnPlate, reporting
from .client.errors import EngineError, ignore
from .client.events import Event
from .client.frames import format_frames
from .client.requests import Request, Solve
from .runs import run_of, runs

Told = TypeVar("Told", bound=Event)

DIRECTIONS = (
    ("both", "Whole Strip", "All frames that the strip shows"),
    ("forward", "Forward", "From this frame to the strip's end"),
    ("backward", "Backward", "From the strip's start to this frame"),
    ("frame", "This Frame", "This frame alone"),
)


class WISP_OT_add_object(OnPlate, bpy.types.Operator):
    """Add another object to extract, with its own colour"""

    bl_idname = "wisp.add_object"
    bl_label = "Add Object"
    bl_options = {"REGISTER", "UNDO"}
    name: StringProperty(name="Name", options={"SKIP_SAVE"})

    def execute(self, context):
        _, strip = active.target(context)
        model.own(strip).add_object(self.name)
        session.redraw()
        return {"FINISHED"}


class WISP_OT_remove_object(OnPlate, bpy.types.Operator):
    """Remove the active object and its prompts"""

    bl_idname = "wisp.remove_object"
    bl_label = "Remove Object"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        _, strip = active.target(context)
        wisp = model.own(strip)
        if wisp.active_object is None:
            return {"CANCELLED"}
        wisp.objects.remove(wisp.active)
        wisp.active = max(0, min(wisp.active, len(wisp.objects) - 1))
        session.schedule_update()
        session.redraw()
        return {"FINISHED"}


#: What is said where there is nothing to go to.
NONE = {
    "prompts": "There is no further keyframe",
    "doubtful": "No further frame is worth a look",
    "suggested": "No frame that is tracked is in doubt: nothing is to be corrected, or it must be tracked first",
}


class WISP_OT_jump(OnPlate, bpy.types.Operator):
    """Go to the next or previous frame with prompts of the active object, to one that is worth a look, or to the one
    whose correction mends most"""

    bl_idname = "wisp.jump"
    bl_label = "Go to Keyframe"
    forward: BoolProperty(name="Forward", default=True)
    what: EnumProperty(
        name="To",
        items=(
            ("prompts", "Prompts", "Frames with prompts of the active object"),
            ("doubtful", "Worth a Look", "Frames on which the engine was hardly sure"),
            ("suggested", "Correct Next", "The frame of the active object from which a correction mends most"),
        ),
        options={"SKIP_SAVE"},
    )
    to: IntProperty(name="Plate Frame", default=-1, description="This very frame of the plate", options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        item, run = strip.wisp.active_object, runs.get(strip.wisp.uid)
        shown = plates.plate_of(scene, strip).shown
        one = self.to if self.to >= 0 else None
        if self.what == "suggested" and item is not None and run is not None:
            one = run.session.mattes.suggestion(item.number, item.keyframes)
        if one is not None:
            wanted = {one}
        elif self.what == "doubtful":
            wanted = run.worth_a_look(shown.values()) if run is not None else set()
        else:
            wanted = set(item.keyframes) if item is not None and self.what == "prompts" else set()
        times = sorted(frame for frame, number in shown.items() if number in wanted)
        now = scene.frame_current
        if one is None:
            times = [frame for frame in times if frame > now] if self.forward else [f for f in times if f < now][::-1]
        if not times:
            self.report({"INFO"}, NONE[self.what])
            return {"CANCELLED"}
        scene.frame_set(times[0])
        return {"FINISHED"}


def whole(scene, strip) -> Solve:
    """All frames that the strip shows. Raises plates.Refusal."""
    return Solve(format_frames(plates.plate_of(scene, strip).frames))


class JobOperator(OnPlate):
    """Asks the engine for a job."""

    wait: BoolProperty(
        name="Wait", default=False, description="Return when it is done, for scripts", options={"SKIP_SAVE"}
    )

    def start_job(self, context, request, then=None, on_event=ignore) -> set[str]:
        """`then` is called at the end, and returns what is said of it; `on_event` gets what the job tells. Raises
        plates.Refusal, EngineGone."""
        scene, strip = active.target(context)
        if bpy.app.background and not self.wait:
            raise plates.Refusal("In background mode nothing runs between commands: use wait=True.")
        run = session.start_job(scene, strip, request, then, on_event)
        if self.wait:
            fault = session.finished(run)
            if fault is not None:
                raise plates.Refusal(fault.text)
            self.report({"INFO"}, run.message)
        return {"FINISHED"}

    def ask(self, context, request: Request, kind: type[Told], add: Callable[[Any, list[Told]], str]) -> set[str]:
        """Ask for what becomes part of the plate's data. `add` is called at a good end with that data and what the job
        told of this kind, and returns what is said of it. Raises plates.Refusal, EngineGone."""
        uid, step = model.own(active.target(context)[1]).uid, self.bl_label
        told: list[Told] = []

        def on_event(event: Event) -> None:
            if isinstance(event, kind):
                told.append(event)

        def then() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            said = add(strip.wisp, told)
            remember(step)
            session.schedule_update()
            session.redraw()
            return said

        return self.start_job(context, request, then, on_event)


def remember(step: str) -> None:
    """A step of undo for what no operator did."""
    windows = bpy.context.window_manager.windows
    if windows and not bpy.app.background:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.ed.undo_push(message=step)


class WISP_OT_track(JobOperator, bpy.types.Operator):
    """Compute the mattes that are missing"""

    bl_idname = "wisp.track"
    bl_label = "Track"
    bl_options = {"REGISTER", "UNDO"}
    direction: EnumProperty(name="Frames", items=DIRECTIONS, default="both", options={"SKIP_SAVE"})
    first: IntProperty(name="First", description="First scene frame, instead of a direction", options={"SKIP_SAVE"})
    last: IntProperty(name="Last", options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        if not any(item.prompts for item in strip.wisp.objects if item.enabled):
            session.combine(scene, strip)
            raise plates.Refusal("There are no prompts yet: click the object in the preview.")
        frames = self.frames(scene, plates.plate_of(scene, strip))
        if not frames:
            raise plates.Refusal("The strip is not visible on these frames.")
        return self.start_job(context, Solve(format_frames(frames)))

    def frames(self, scene, plate) -> list[int]:
        now = scene.frame_current
        inside = {
            "both": lambda _: True,
            "forward": lambda frame: frame >= now,
            "backward": lambda frame: frame <= now,
            "frame": lambda frame: frame == now,
        }[self.direction]
        if self.properties.is_property_set("first"):
            last = self.last if self.properties.is_property_set("last") else self.first

            def inside(frame):
                return self.first <= frame <= last

        return sorted({number for frame, number in plate.shown.items() if inside(frame)})


class WISP_OT_stop(bpy.types.Operator):
    """Stop; the frames that are finished are kept"""

    bl_idname = "wisp.stop"
    bl_label = "Stop"
    uid: StringProperty(description="Of the plate; empty: that of the active strip", options={"SKIP_SAVE"})

    def execute(self, context):
        found = active.target(context)
        uid = self.uid or (found[1].wisp.uid if found is not None else "")
        if uid in runs:
            runs[uid].session.stop()
        return {"FINISHED"}


class WISP_OT_remove(OnPlate, bpy.types.Operator):
    """Take Wisp off this strip: its objects, its mask and its matte strip. The files stay"""

    bl_idname = "wisp.remove"
    bl_label = "Remove Wisp from Strip"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return super().poll(context) and bool(active.target(context)[1].wisp.uid)

    def execute(self, context):
        scene, strip = active.target(context)
        uid = strip.wisp.uid
        outputs.remove(scene, strip)
        strip.wisp.objects.clear()
        strip.wisp.uid, strip.wisp.shown_from = "", ""
        run = runs.pop(uid, None) if model.find(uid)[1] is None else None  # else another piece of the plate has it
        if run is not None:
            run.session.close()
        session.redraw()
        return {"FINISHED"}


class WISP_OT_track_selected(bpy.types.Operator):
    """Compute the mattes that are missing of every selected strip with prompts, one strip after the other"""

    bl_idname = "wisp.track_selected"
    bl_label = "Track Selected Strips"

    @reporting
    def execute(self, context):
        scene, count = compat.vse_scene(context), 0
        for strip in list(compat.all_strips(scene)):
            wisp = strip.wisp
            if strip.select and not wisp.role and wisp.shown_objects and not run_of(wisp.uid).busy:
                session.start_job(scene, strip, whole(scene, strip))
                count += 1
        if not count:
            self.report({"ERROR"}, "No selected strip has prompts and is not being tracked already")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{count} strips are being tracked")
        return {"FINISHED"}


class WISP_OT_update_outputs(OnPlate, bpy.types.Operator):
    """Make the matte strip and bring it in step with its plate; missing files are put back"""

    bl_idname = "wisp.update_outputs"
    bl_label = "Restore Mattes"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        run = runs.get(strip.wisp.uid)
        if run is not None:
            run.placed.clear()
            if run.session.is_open and engine.client.state == "ready":
                run.session.refresh()
        outputs.update(scene, strip)
        outputs.refresh(strip.wisp.uid)
        return {"FINISHED"}


class WISP_OT_object_strip(OnPlate, bpy.types.Operator):
    """A strip of the active object alone, kept in step with the plate"""

    bl_idname = "wisp.object_strip"
    bl_label = "Object Strip"
    bl_options = {"REGISTER", "UNDO"}
    cutout: BoolProperty(
        name="Cut-Out", default=False, description="The plate cut out by its matte, instead of the matte"
    )

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        item = strip.wisp.active_object
        if item is None:
            raise plates.Refusal("There is no object yet.")
        outputs.show_single(scene, strip, item.number, self.cutout)
        outputs.refresh(strip.wisp.uid)
        return {"FINISHED"}


class WISP_OT_refresh_status(OnPlate, bpy.types.Operator):
    """Start the engine and ask which frames are solved"""

    bl_idname = "wisp.refresh_status"
    bl_label = "Check Mattes"

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        if engine.fault is not None:
            session.drop_engine()
        session.sync(scene, strip).session.refresh()
        return {"FINISHED"}


class WISP_OT_test_engine(bpy.types.Operator):
    """Start the engine and show its version, device and models"""

    bl_idname = "wisp.test_engine"
    bl_label = "Test Engine"

    def execute(self, _context):
        session.drop_engine()
        client = engine.client
        try:
            engine.start()
            client.wait(lambda: client.state in ("ready", "refused", "exited"), 60)
        except (EngineError, TimeoutError) as error:
            engine.fault = engine.fault or engine.Fault(str(error))
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if client.state != "ready":
            self.report({"ERROR"}, engine.fault.text if engine.fault else "The engine refused to start")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wisp {client.engine['wisp']} answers, device {client.engine['device']}")
        return {"FINISHED"}


class WISP_OT_restart_engine(bpy.types.Operator):
    """Start the engine again; what it had finished is kept"""

    bl_idname = "wisp.restart_engine"
    bl_label = "Restart Engine"

    @reporting
    def execute(self, _context):
        engine.start()
        for run in runs.values():
            run.fault = None
            run.session.show_message("The engine starts")
        return {"FINISHED"}


class WISP_OT_choose_engine(ChoosesFile, bpy.types.Operator):
    """Name the Python interpreter, or the virtual environment, in which Wisp is installed"""

    bl_idname = "wisp.choose_engine"
    bl_label = "Choose Engine"

    def execute(self, _context):
        preferences.get().engine = self.filepath
        return bpy.ops.wisp.test_engine()


class WISP_OT_show_scene(bpy.types.Operator):
    """Show the window's scene in the sequencer"""

    bl_idname = "wisp.show_scene"
    bl_label = "Show Scene"

    @classmethod
    def poll(cls, context):
        return hasattr(context, "sequencer_scene")

    def execute(self, context):
        context.workspace.sequencer_scene = context.scene
        return {"FINISHED"}


class WISP_OT_update_stale(bpy.types.Operator):
    """Track whatever is not solved on any plate of this file that shows mattes; for pipelines"""

    bl_idname = "wisp.update_stale"
    bl_label = "Track All Plates"

    @reporting
    def execute(self, _context):
        for scene, strip in list(outputs.joined()):
            fault = session.finished(session.start_job(scene, strip, whole(scene, strip)))
            if fault is not None:
                self.report({"ERROR"}, f"{strip.name}: {fault.text}")
                return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (
    WISP_OT_add_object,
    WISP_OT_remove_object,
    WISP_OT_jump,
    WISP_OT_track,
    WISP_OT_stop,
    WISP_OT_remove,
    WISP_OT_track_selected,
    WISP_OT_update_outputs,
    WISP_OT_object_strip,
    WISP_OT_refresh_status,
    WISP_OT_test_engine,
    WISP_OT_restart_engine,
    WISP_OT_choose_engine,
    WISP_OT_show_scene,
    WISP_OT_update_stale,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
