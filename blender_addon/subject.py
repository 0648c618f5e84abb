# SPDX-License-Identifier: GPL-3.0-or-later
"""What a frame may be about, with nothing drawn: the likeliest candidate becomes an object, or the one after it."""

import bpy
from bpy.props import IntProperty

from . import active, candidates, model, plates
from .active import reporting
from .client import jobs
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
        found: list[jobs.Candidate] = []

        def on_event(event: jobs.Event) -> None:
            if isinstance(event, jobs.Candidate):
                found.append(event)

        def add() -> str:
            _, strip = model.find(uid)
            if strip is None:
                return "The strip is gone"
            item = strip.wisp.active_object
            if item is None or item.prompts:
                taken = {one.name for one in strip.wisp.objects}
                names = ("subject", *(f"subject{number}" for number in range(2, len(taken) + 3)))
                item = strip.wisp.add_object(next(name for name in names if name not in taken))
            candidates.found[uid] = found
            candidates.take(item, found[0])
            remember("Subject")
            return candidates.words(found)

        return self.start_job(context, jobs.Subject(frame), add, on_event)


register, unregister = bpy.utils.register_classes_factory((WISP_OT_subject,))
