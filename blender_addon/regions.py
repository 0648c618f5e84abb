# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the picture that models are shown of an object: a box of the artist's, or fitted around its masks."""

import bpy
from bpy.props import BoolProperty

from . import active, model, plates, session
from .active import OnPlate, reporting
from .client.events import RegionFitted
from .client.requests import Region
from .operators import JobOperator


class WISP_OT_region(OnPlate, bpy.types.Operator):
    """The active object lies in its box of this frame, on all frames: models see that part of the picture alone, and
    finer"""

    bl_idname = "wisp.region"
    bl_label = "Region from Box"
    bl_options = {"REGISTER", "UNDO"}
    clear: BoolProperty(name="Whole Picture", default=False, options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        _, strip = active.target(context)
        frame, item = active.shown_frame(context), model.own(strip).active_object
        boxes = [one for one in item.prompts if (one.kind, one.frame) == ("box", frame)] if item is not None else []
        if item is None or not (boxes or self.clear):
            raise plates.Refusal("Draw a box on this frame, around all places where the object will be.")
        item.region = "" if self.clear else model.around(boxes[-1].points)
        session.schedule_update()
        session.redraw()
        return {"FINISHED"}


class WISP_OT_fit_region(JobOperator, bpy.types.Operator):
    """Fit the active object's region around its masks on all frames, with a margin: what is small in the picture is
    seen finer"""

    bl_idname = "wisp.fit_region"
    bl_label = "Fit Region"
    bl_options = {"REGISTER", "UNDO"}

    @reporting
    def execute(self, context):
        _, strip = active.target(context)
        item = strip.wisp.active_object
        if item is None or not item.prompts:
            raise plates.Refusal("Draw the object first: its region is fitted around its masks.")
        number = item.number

        def store(wisp, fitted: list[RegionFitted]) -> str:
            one = wisp.object_numbered(number)
            if one is None:
                return "The object is gone"
            (event,) = fitted
            one.region = " ".join(map(str, event.region or ()))
            return event.sentence

        return self.ask(context, Region([number]), RegionFitted, store)


register, unregister = bpy.utils.register_classes_factory((WISP_OT_region, WISP_OT_fit_region))
