# SPDX-License-Identifier: GPL-3.0-or-later
"""The object without a gesture: what a frame may be about, the likeliest candidate first, or what words name."""

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty

from . import active, candidates, model, plates, session
from .active import reporting
from .client.events import BoxFound, Candidate, Event
from .client.names import free_name
from .client.requests import Detect, Subject
from .client.tables import THRESHOLD
from .exchange import remember
from .operators import JobOperator


class WISP_OT_subject(JobOperator, bpy.types.Operator):
    """Make an object of what this frame is about, people and animals first; again: its next candidate instead"""

    bl_idname = "wisp.subject"
    bl_label = "Find the Subject"
    bl_options = {"REGISTER", "UNDO"}
    number: IntProperty(name="Candidate", description="Which of those on offer; 0: the next", options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        frame = active.shown_frame(context)
        if frame is None:
            raise plates.Refusal("The strip is not visible on this frame.")
        _, strip = active.target(context)
        wisp = model.own(strip)
        uid = wisp.uid
        if candidates.offered(strip, frame):
            self.report({"INFO"}, candidates.choose(strip, self.number))
            return {"FINISHED"}
        found: list[Candidate] = []

        def on_event(event: Event) -> None:
            if isinstance(event, Candidate):
                found.append(event)

        def add() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            item = strip.wisp.active_object
            if item is None or item.prompts:
                taken = {one.name.casefold() for one in strip.wisp.objects}
                item = strip.wisp.add_object(free_name("subject", taken))
            candidates.found[uid] = found
            candidates.take(item, found[0])
            remember("Subject")
            return candidates.words(found)

        return self.start_job(context, Subject(frame), add, on_event)


class WISP_OT_add_text(JobOperator, bpy.types.Operator):
    """Look for what words name on this frame; it becomes the active object's box. A model that knows words has to be
    on this machine"""

    bl_idname = "wisp.add_text"
    bl_label = "Words"
    bl_options = {"REGISTER", "UNDO"}
    text: StringProperty(name="Words", description="For example: the dog", options={"SKIP_SAVE"})
    threshold: FloatProperty(
        name="Threshold", default=THRESHOLD, min=0.0, max=1.0, description="Score from which an answer counts"
    )
    frame: IntProperty(name="Frame", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context, _event):
        return context.window_manager.invoke_props_dialog(self)

    @reporting
    def execute(self, context):
        words = self.text.strip()
        if not words:
            raise plates.Refusal("Say in a few words what the object is.")
        frame = active.frame_of(self, context)
        _, strip = active.target(context)
        uid = model.own(strip).uid
        found: list[BoxFound] = []

        def on_event(event: Event) -> None:
            if isinstance(event, BoxFound):
                found.append(event)

        def add() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            (box,) = found
            item = strip.wisp.active_object or strip.wisp.add_object(words)
            item.add_prompt("box", frame, [box.xyxy[:2], box.xyxy[2:]])
            remember("Words")
            session.request_preview(uid, item.number, frame)
            session.redraw()
            return f"{words}: found with a score of {box.score:.2f}"

        return self.start_job(context, Detect(words=words, frame=frame, threshold=self.threshold), add, on_event)


register, unregister = bpy.utils.register_classes_factory((WISP_OT_subject, WISP_OT_add_text))
