# SPDX-License-Identifier: GPL-3.0-or-later
"""The object without a gesture: what a frame may be about, the likeliest candidate first, or what words name."""

import bpy
from bpy.props import FloatProperty, IntProperty, StringProperty

from . import active, candidates, plates, session
from .active import reporting
from .client.events import BoxFound, Candidate
from .client.names import free_name
from .client.requests import Detect, Subject
from .client.tables import THRESHOLD
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
        if candidates.offered(strip, frame):
            self.report({"INFO"}, candidates.choose(strip, self.number))
            return {"FINISHED"}
        number = _active_number(strip)

        def add(wisp, found: list[Candidate]) -> str:
            item = wisp.object_numbered(number)
            if item is None or item.prompts or not item.enabled:
                item = wisp.add_object(free_name("subject", [one.name for one in wisp.objects]))
            candidates.found[wisp.uid] = found
            candidates.take(item, found[0])
            return candidates.words(found)

        return self.ask(context, Subject(frame), Candidate, add)


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
        active.drawn_on(strip.wisp, frame)
        number = _active_number(strip)

        def add(wisp, found: list[BoxFound]) -> str:
            (box,) = found
            item = wisp.object_numbered(number)
            if item is None and number:
                return "The object is gone"
            item = item or wisp.add_object(words)
            item.add_prompt("box", frame, [box.xyxy[:2], box.xyxy[2:]])
            session.request_preview(wisp.uid, item.number, frame)
            return f"{words}: found with a score of {box.score:.2f}"

        return self.ask(context, Detect(words=words, frame=frame, threshold=self.threshold), BoxFound, add)


def _active_number(strip) -> int:
    """Of the object that is active while it is asked: another may be once the answer comes. 0: there is none."""
    item = strip.wisp.active_object
    return item.number if item is not None else 0


register, unregister = bpy.utils.register_classes_factory((WISP_OT_subject, WISP_OT_add_text))
