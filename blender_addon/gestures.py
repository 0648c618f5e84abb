# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators behind the tools. Each gesture is one operator and one undo step; scripts call them with coordinates.

Coordinates of their properties are plate pixels; `frame` is the plate's, default the one that is shown.
"""

import functools
import math
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from . import compat, model, plates, session
from .client.errors import EngineError

#: A press closer than this to a point, in screen pixels, takes hold of it.
REACH = 10.0


class Drawing:
    """What is being drawn just now, for the overlay: kind and points in plate pixels."""

    kind = ""
    points: list[tuple[float, float]] = []
    include = True
    radius = 0.0


def target(context):
    """(scene, active plate strip), or None where there is nothing to prompt."""
    scene = compat.vse_scene(context)
    strip = compat.active_strip(scene)
    return (scene, strip) if strip is not None and not strip.wisp.role else None


def shown_frame(context) -> int | None:
    """The plate frame of the active strip at the playhead. Raises plates.Refusal."""
    scene, strip = target(context)
    plates.check(scene, strip)
    return plates.plate_frame(scene, strip, scene.frame_current)


def reporting(execute):
    """An operator's `execute` that reports a refusal or the engine's fault and is cancelled by it."""

    @functools.wraps(execute)
    def reported(self, context):
        try:
            return execute(self, context)
        except (plates.Refusal, EngineError) as error:
            self.report({"ERROR"}, str(error))
        except OSError as error:
            self.report({"ERROR"}, str(plates.unwritable(error)))
        return {"CANCELLED"}

    return reported


#: What the classes below are mixed into. The host takes no properties from a base that is an operator itself.
if TYPE_CHECKING:
    from bpy.types import Operator as _Mixed
else:
    _Mixed = object


class OnPlate(_Mixed):
    """Needs an active strip that is not one of our outputs."""

    @classmethod
    def poll(cls, context):
        if target(context) is None:
            cls.poll_message_set("Select an image or movie strip first")
            return False
        return True


class Gesture(OnPlate):
    """Shared by all prompts: finding the place under the mouse, writing the prompt, asking for its matte."""

    bl_options = {"REGISTER", "UNDO"}
    include: BoolProperty(name="Include", default=True, options={"SKIP_SAVE"})
    frame: IntProperty(name="Frame", options={"SKIP_SAVE"})

    def place(self, context, event):
        """Plate pixels under the mouse."""
        scene, strip = target(context)
        view = context.region.view2d.region_to_view(event.mouse_region_x, event.mouse_region_y)
        return plates.to_view(scene, strip).inverse()(*view)

    def pixel_size(self, context) -> float:
        """Plate pixels per screen pixel."""
        scene, strip = target(context)
        inverse, view2d = plates.to_view(scene, strip).inverse(), context.region.view2d
        (xa, ya), (xb, yb) = (inverse(*view2d.region_to_view(x, 0)) for x in (0, 100))
        return math.hypot(xb - xa, yb - ya) / 100

    def begin(self, context, event):
        """The place under the mouse, or None (and a report) where no prompt can be."""
        try:
            if shown_frame(context) is None:
                self.report({"WARNING"}, "The strip is not visible at this frame")
                return None
        except plates.Refusal as error:
            self.report({"ERROR"}, str(error))
            return None
        place = self.place(context, event)
        _, strip = target(context)
        if not plates.visible(strip, *place):
            self.report({"INFO"}, "That is outside the picture of the active strip")
            return None
        return place

    def write(self, context, kind, points, radius=6.0):
        """Store the prompt and ask for its matte. Raises plates.Refusal where it can have no place in the plate."""
        scene, strip = target(context)
        plate = plates.plate_of(scene, strip)
        frame = self.frame if self.properties.is_property_set("frame") else shown_frame(context)
        if frame is None:
            raise plates.Refusal("The strip is not visible at this frame.")
        if not plate.first <= frame <= plate.last:
            raise plates.Refusal(f"The plate has no frame {frame}; it has {plate.first}-{plate.last}.")
        points = plates.inside(plate, points, 0.0 if kind != "stroke" else radius)
        wisp = model.own(strip)
        item = wisp.active_object or wisp.add_object()
        item.add_prompt(kind, frame, points, self.include, radius)
        self.changed(wisp, item, frame)
        return {"FINISHED"}

    def changed(self, wisp, item, frame):
        session.want_preview(wisp.uid, item.number, frame)
        session.redraw()


class Drag(Gesture):
    """A gesture with the button held: the path is shown while it grows and stored at the end."""

    kind = ""

    def invoke(self, context, event):
        place = self.begin(context, event)
        if place is None:
            return {"CANCELLED"}
        Drawing.kind, Drawing.points, Drawing.include = self.kind, [place], self.include
        Drawing.radius = self.brush(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def brush(self, _context) -> float:
        return 0.0

    def modal(self, context, event):
        if event.type == "MOUSEMOVE":
            self.extend(self.place(context, event))
            context.area.tag_redraw()
        elif event.type in ("ESC", "RIGHTMOUSE"):
            Drawing.kind = ""
            context.area.tag_redraw()
            return {"CANCELLED"}
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            points, Drawing.kind = Drawing.points, ""
            self.finish(points)
            return self.execute(context)
        return {"RUNNING_MODAL"}

    def extend(self, place):
        Drawing.points.append(place)


class Click(Gesture):
    """A gesture at one place."""

    x: FloatProperty(options={"SKIP_SAVE"})
    y: FloatProperty(options={"SKIP_SAVE"})

    def invoke(self, context, event):
        place = self.begin(context, event)
        if place is None:
            return {"CANCELLED"}
        self.x, self.y = place
        return self.at_place(context)

    def at_place(self, context):
        return self.execute(context)


class WISP_OT_add_point(Click, bpy.types.Operator):
    """Click the object; with Alt, click what is not part of it. Drag a point to move it"""

    bl_idname = "wisp.add_point"
    bl_label = "Point"

    def at_place(self, context):
        self.held = nearest(context, (self.x, self.y), REACH * self.pixel_size(context), ("point",))
        if self.held is None:
            return self.execute(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        _, strip = target(context)
        number, index = self.held
        item = next(item for item in strip.wisp.objects if item.number == number)
        prompt = item.prompts[index]
        if event.type == "MOUSEMOVE":
            place = self.place(context, event)
            if plates.visible(strip, *place):
                prompt.points = [place]
            context.area.tag_redraw()
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            frame = prompt.frame
            self.changed(model.own(strip), item, frame)
            return {"FINISHED"}
        return {"RUNNING_MODAL"}

    @reporting
    def execute(self, context):
        return self.write(context, "point", [(self.x, self.y)])


class WISP_OT_add_box(Drag, bpy.types.Operator):
    """Drag a box around the object"""

    bl_idname = "wisp.add_box"
    bl_label = "Box"
    kind = "box"
    x0: FloatProperty(options={"SKIP_SAVE"})
    y0: FloatProperty(options={"SKIP_SAVE"})
    x1: FloatProperty(options={"SKIP_SAVE"})
    y1: FloatProperty(options={"SKIP_SAVE"})

    def extend(self, place):
        Drawing.points = [Drawing.points[0], place]

    def finish(self, points):
        (self.x0, self.y0), (self.x1, self.y1) = points[0], points[-1]

    @reporting
    def execute(self, context):
        if abs(self.x1 - self.x0) < 1 or abs(self.y1 - self.y0) < 1:
            self.report({"INFO"}, "Drag to draw a box")
            return {"CANCELLED"}
        return self.write(context, "box", [(self.x0, self.y0), (self.x1, self.y1)])


class Path(Drag):
    """A gesture that keeps the way of the mouse, as text: `x,y x,y`."""

    points: StringProperty(options={"SKIP_SAVE"})

    def finish(self, points):
        self.points = " ".join(f"{x:.3f},{y:.3f}" for x, y in points)

    def pairs(self):
        try:
            return [(float(x), float(y)) for x, y in (pair.split(",") for pair in self.points.split())]
        except ValueError:
            raise plates.Refusal(f"'{self.points[:40]}' are no points; write them as x,y x,y.") from None


class WISP_OT_add_stroke(Path, bpy.types.Operator):
    """Paint what belongs to the object; with Alt, paint what does not"""

    bl_idname = "wisp.add_stroke"
    bl_label = "Scribble"
    kind = "stroke"
    radius: FloatProperty(name="Radius", default=0.0, min=0.0, description="Plate pixels; 0: 6 pixels of the screen")

    def brush(self, context):
        return self.radius or 6.0 * self.pixel_size(context)

    def finish(self, points):
        super().finish(points)
        self.radius = Drawing.radius

    @reporting
    def execute(self, context):
        if not self.pairs():
            return {"CANCELLED"}
        return self.write(context, "stroke", self.pairs(), self.radius or 6.0)


class WISP_OT_add_lasso(Path, bpy.types.Operator):
    """Draw the object's outline; with Alt, the outline of what is not part of it"""

    bl_idname = "wisp.add_lasso"
    bl_label = "Lasso"
    kind = "lasso"

    @reporting
    def execute(self, context):
        if len(self.pairs()) < 3:
            self.report({"INFO"}, "Drag to draw an outline")
            return {"CANCELLED"}
        return self.write(context, "lasso", self.pairs())


class WISP_OT_delete_prompt(Click, bpy.types.Operator):
    """Delete the nearest prompt of this frame"""

    bl_idname = "wisp.delete_prompt"
    bl_label = "Delete Prompt"

    @reporting
    def execute(self, context):
        found = nearest(context, (self.x, self.y), math.inf)
        if found is None:
            self.report({"INFO"}, "This frame has no prompts")
            return {"CANCELLED"}
        _, strip = target(context)
        wisp = model.own(strip)
        item = next(item for item in wisp.objects if item.number == found[0])
        frame = item.prompts[found[1]].frame
        item.prompts.remove(found[1])
        self.changed(wisp, item, frame)
        return {"FINISHED"}


class WISP_OT_clear_prompts(Gesture, bpy.types.Operator):
    """Delete the active object's prompts on this frame, or on all frames"""

    bl_idname = "wisp.clear_prompts"
    bl_label = "Clear Prompts"
    everywhere: BoolProperty(name="All Frames", default=False, options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        _, strip = target(context)
        wisp = model.own(strip)
        item = wisp.active_object
        frame = shown_frame(context)
        if item is None:
            return {"CANCELLED"}
        for index in reversed(range(len(item.prompts))):
            if self.everywhere or item.prompts[index].frame == frame:
                item.prompts.remove(index)
        self.changed(wisp, item, frame)
        session.wake()
        return {"FINISHED"}


def nearest(context, place, reach, kinds=("point", "box", "stroke", "lasso")):
    """(object number, index) of the prompt of this frame that is nearest to a place, or None beyond `reach`."""
    _, strip = target(context)
    frame = shown_frame(context)
    best, found = reach, None
    for item in strip.wisp.objects:
        for index, prompt in enumerate(item.prompts):
            if prompt.frame != frame or prompt.kind not in kinds:
                continue
            distance = min(math.dist(place, xy) for xy in corners(prompt))
            if distance <= best:
                best, found = distance, (item.number, index)
    return found


def corners(prompt):
    """Where a prompt can be taken hold of: its points; a box by all four corners."""
    points = prompt.points
    if prompt.kind != "box":
        return points
    (xa, ya), (xb, yb) = points
    return [(xa, ya), (xb, ya), (xb, yb), (xa, yb)]


CLASSES = (
    WISP_OT_add_point,
    WISP_OT_add_box,
    WISP_OT_add_stroke,
    WISP_OT_add_lasso,
    WISP_OT_delete_prompt,
    WISP_OT_clear_prompts,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
