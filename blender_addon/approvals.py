# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person says of frames: that they are approved, that the object is absent, that a doubt is none."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, IntProperty

from . import active, model, places, plates, session
from .active import OnPlate, frame_of, reporting
from .client.frames import format_frames, frames_in, spans
from .client.locks import ABSENT, with_locks
from .mattes import MatteFolder
from .runs import run_of


class OnFrame(OnPlate):
    """Said of the frame that is shown, or of one that a script names."""

    frame: IntProperty(name="Plate Frame", options={"SKIP_SAVE"})


def _object_of(strip):
    """The active one. Raises plates.Refusal."""
    item = strip.wisp.active_object
    if item is None:
        raise plates.Refusal("There is no object yet.")
    return item


def _own_object(strip, number: int):
    """The object of that number, to be changed."""
    return next(each for each in model.own(strip).objects if each.number == number)


def _said() -> None:
    """Have the engine and the window follow."""
    session.schedule_update()
    session.redraw()


class WISP_OT_lock(OnFrame, bpy.types.Operator):
    """Approve the active object's mattes: locked frames are kept as they are, whatever is edited"""

    bl_idname = "wisp.lock"
    bl_label = "Lock"
    bl_options = {"REGISTER", "UNDO"}
    lock: BoolProperty(name="Lock", default=True, description="Off: let them be computed again", options={"SKIP_SAVE"})
    everywhere: BoolProperty(name="All Frames", default=False, options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        item = _object_of(strip)
        number, absent = item.number, set(frames_in(item.absent))
        wanted = set(plates.plate_of(scene, strip).frames) if self.everywhere else {frame_of(self, context)}
        if self.lock:
            wanted &= run_of(strip.wisp.uid).solved.get(number, set())
            if wanted and wanted <= absent:
                raise plates.Refusal(ABSENT)
            wanted -= absent
            if not wanted:
                raise plates.Refusal("Only finished mattes can be locked: track first.")
        item = _own_object(strip, number)
        said = with_locks({"locks": spans(frames_in(item.locks)), "approvals": item.approved}, wanted, self.lock)
        item.locks = format_frames(frame for first, last in said["locks"] for frame in range(first, last + 1))
        item.approved = said["approvals"]
        _said()
        return {"FINISHED"}


class WISP_OT_absent(OnFrame, bpy.types.Operator):
    """Say that the active object is not to be seen on this frame, or from it to the end: nothing is tracked into it"""

    bl_idname = "wisp.absent"
    bl_label = "Absent"
    bl_options = {"REGISTER", "UNDO"}
    absent: BoolProperty(name="Absent", default=True, description="Off: it may be there", options={"SKIP_SAVE"})
    onwards: BoolProperty(name="From Here On", default=False, options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        scene, strip = active.target(context)
        item, frame = _object_of(strip), frame_of(self, context)
        last = plates.plate_of(scene, strip).last if self.onwards else frame
        wanted = set(range(frame, last + 1))
        there = wanted & ({prompt.frame for prompt in item.prompts} | set(frames_in(item.locks)))
        if self.absent and there:
            raise plates.Refusal(f"It is there on {format_frames(there)}: remove the prompts and locks of that first.")
        own = _own_object(strip, item.number)
        had = set(frames_in(own.absent))
        own.absent = format_frames(had | wanted if self.absent else had - wanted)
        _said()
        return {"FINISHED"}


class WISP_OT_accept(OnFrame, bpy.types.Operator):
    """Say that the mattes of this frame that are marked as worth a look are fine as they are; again: take that back"""

    bl_idname = "wisp.accept"
    bl_label = "Fine as It Is"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        _, strip = active.target(context)
        frame = frame_of(self, context)
        wisp = model.own(strip)
        run, mattes = run_of(wisp.uid), MatteFolder(places.here().plate(wisp.uid))
        doubted = [item for item in wisp.objects if frame in run.doubtful.get(item.number, {}) or frame in item.fine]
        for item in doubted:
            told, fine = mattes.told(item.number, frame), item.fine
            if fine.pop(frame, None) != told.fingerprint and told.fingerprint:
                fine[frame] = told.fingerprint
            item.fine = fine
            run.note(item.number, frame, told)
            run.doubtful[item.number].pop(frame, None)  # the document that says so is told later
            if frame not in fine and told.doubt:
                run.doubtful[item.number][frame] = told.doubt
        run.changed()
        if not doubted:
            raise plates.Refusal("Nothing on this frame is marked as worth a look.")
        session.schedule_update()
        session.redraw()
        return {"FINISHED"}


CLASSES = (WISP_OT_lock, WISP_OT_absent, WISP_OT_accept)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
