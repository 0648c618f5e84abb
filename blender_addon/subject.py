# SPDX-License-Identifier: GPL-3.0-or-later
"""What a frame may be about, with nothing drawn: the likeliest candidate becomes an object, or the one after it."""

import bpy

from . import active, model, plates, session
from .active import reporting
from .client import jobs
from .exchange import remember
from .operators import JobOperator

#: Plate's uid -> what its frame may be about; the first is the one that was taken.
_candidates: dict[str, list[jobs.Candidate]] = {}


class WISP_OT_subject(JobOperator, bpy.types.Operator):
    """Make an object of what this frame is about, people and animals first; again: its next candidate instead"""

    bl_idname = "wisp.subject"
    bl_label = "Find the Subject"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        frame = active.shown_frame(context)
        if frame is None:
            raise plates.Refusal("The strip is not visible on this frame.")
        _, strip = active.target(context)
        wisp = model.own(strip)
        uid, item = wisp.uid, wisp.active_object
        kept = _candidates.get(uid, [])
        if item is not None and kept and kept[0].frame == frame and _is(item, kept[0]):
            kept.append(kept.pop(0))
            _take(item, kept[0])
            self.report({"INFO"}, _words(kept))
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
            _candidates[uid] = found
            _take(item, found[0])
            remember("Subject")
            return _words(found)

        return self.start_job(context, jobs.Subject(frame), add, on_event)


def _is(item, candidate: jobs.Candidate) -> bool:
    """Whether the object is what was taken, and nothing else was drawn."""
    kinds = [(prompt.kind, prompt.frame) for prompt in item.prompts]
    if kinds != [("box", candidate.frame), ("point", candidate.frame)]:
        return False
    corners = (*item.prompts[0].points[0], *item.prompts[0].points[-1])
    return all(abs(one - other) < 0.01 for one, other in zip(corners, candidate.xyxy, strict=True))


def _take(item, candidate: jobs.Candidate) -> None:
    item.prompts.clear()
    x0, y0, x1, y1 = candidate.xyxy
    item.add_prompt("box", candidate.frame, [(x0, y0), (x1, y1)])
    item.add_prompt("point", candidate.frame, [tuple(candidate.xy)])
    session.schedule_update()
    session.redraw()


def _words(found: list[jobs.Candidate]) -> str:
    """What was taken, how sure that is, and whether there is more."""
    first = found[0]
    more = "; again for the next" if len(found) > 1 else ""
    return f"Candidate {first.number} of {len(found)} ({first.confidence:.2f}){more}"


register, unregister = bpy.utils.register_classes_factory((WISP_OT_subject,))
