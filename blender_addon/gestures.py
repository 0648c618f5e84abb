# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators behind the tools. Each gesture is one operator and one undo step; scripts call them with coordinates.

Coordinates of their properties are plate pixels; `frame` is the plate's, default the one that is shown.
"""

import math
from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from . import candidates, model, plates, session
from .active import ChoosesFile, OnPlate, drawn_on, frame_of, reporting, shown_frame, target
from .client.tables import FIRMER, PAINTED, STROKE_RADIUS, THINNEST
from .handles import corners, distance_to, kept, moved

#: A press closer than this to a prompt, in screen pixels, takes hold of it.
REACH = 10.0
#: Radius of a brush that is not set, in screen pixels.
BRUSH = 6.0
HINTS = {
    "box": "Drag to the opposite corner    Release: store    Esc or right button: cancel",
    "stroke": "Paint    Release: store    Esc or right button: cancel",
    "lasso": "Draw around it    Release: store    Esc or right button: cancel",
    "move": "Drag to move    Release: keep    Esc or right button: put it back",
}


class Drawing:
    """What is being drawn just now, for the overlay: kind and points in plate pixels."""

    kind = ""
    points: list[tuple[float, float]] = []
    #: Of a pen at each point, 0..1; 1 of a mouse.
    pressures: list[float] = []
    include = True
    radius = 0.0

    @classmethod
    def begin(cls, context, kind: str, points, include: bool, radius: float) -> None:
        cls.kind, cls.points, cls.include, cls.radius = kind, points, include, radius
        cls.pressures = [1.0] * len(points)
        hint(context, kind)

    @classmethod
    def end(cls, context):
        """Nothing is drawn any more; returns what was."""
        points, cls.kind, cls.points = cls.points, "", []
        hint(context, "")
        context.area.tag_redraw()
        return points


def hint(context, kind: str) -> None:
    """Say in the status bar what can be done in a drag of that kind; nothing: what stands there otherwise."""
    context.workspace.status_text_set(HINTS.get(kind))


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
            self.report({"INFO"}, "That is far outside the picture of the active strip, or cropped away")
            return None
        return place

    def turn(self, context):
        """With the toggle, what would include excludes, and the other way round."""
        self.include = self.include != context.window_manager.wisp_exclude

    def write(self, context, kind, points, radius=STROKE_RADIUS, text="", softness=0.0):
        """Store the prompt and ask for its matte. Raises plates.Refusal where it can have no place in the plate."""
        scene, strip = target(context)
        plate = plates.plate_of(scene, strip)
        frame = frame_of(self, context)
        if not plate.first <= frame <= plate.last:
            raise plates.Refusal(f"The plate has no frame {frame}; it has {plate.first}-{plate.last}.")
        points = plates.placed(plate, points)
        wisp = model.own(strip)
        item = drawn_on(wisp, frame) or wisp.add_object()
        prompt = item.add_prompt(kind, frame, points, self.include or kind == "box", radius)
        prompt.text, prompt.softness = text, softness
        self.changed(wisp, item, frame)
        return {"FINISHED"}

    def changed(self, wisp, item, frame):
        session.request_preview(wisp.uid, item.number, frame)
        session.redraw()


class Move(Gesture):
    """Moving what is there already: a point, a box by its edges, a corner of a box."""

    held: Any = None

    def take(self, context, place, kinds) -> bool:
        """Take hold of a prompt under the mouse, if there is one; the drag is then in `move`."""
        found = nearest(target(context)[1], frame_of(self, context), place, REACH * self.pixel_size(context), kinds)
        if found is None:
            return False
        prompt = self.prompt_of(context, found)
        corner = None
        if prompt.kind == "box":
            (xa, ya), (xb, yb) = prompt.points
            near = [math.dist(place, xy) <= REACH * self.pixel_size(context) for xy in corners(prompt)]
            fixed = [(xb, yb), (xa, yb), (xa, ya), (xb, ya)]  # opposite of each corner
            corner = fixed[near.index(True)] if True in near else None
        self.held = (found, prompt.points, place, corner)
        hint(context, "move")
        context.window_manager.modal_handler_add(self)
        return True

    @staticmethod
    def prompt_of(context, found):
        _, strip = target(context)
        return next(item for item in strip.wisp.objects if item.number == found[0]).prompts[found[1]]

    def move(self, context, event):
        """One event of the drag. Escape puts the prompt back where it was."""
        found, before, start, fixed = self.held
        prompt = self.prompt_of(context, found)
        if event.type == "MOUSEMOVE":
            prompt.points = moved(before, start, self.place(context, event), fixed, plates.size_of(target(context)[1]))
            context.area.tag_redraw()
        elif event.type in ("ESC", "RIGHTMOUSE"):
            prompt.points = before
            hint(context, "")
            context.area.tag_redraw()
            return {"CANCELLED"}
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            hint(context, "")
            wisp = model.own(target(context)[1])
            item = next(item for item in wisp.objects if item.number == found[0])
            self.changed(wisp, item, prompt.frame)
            return {"FINISHED"}
        return {"RUNNING_MODAL"}


class Drag(Gesture):
    """A gesture with the button held: the path is shown while it grows and stored at the end."""

    kind = ""

    def invoke(self, context, event):
        if context.region.type != "PREVIEW":
            return {"PASS_THROUGH"}
        place = self.begin(context, event)
        if place is None:
            return {"CANCELLED"}
        self.turn(context)
        Drawing.begin(context, self.kind, [place], self.include, self.brush(context))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def brush(self, _context) -> float:
        return 0.0

    def modal(self, context, event):
        if event.type == "MOUSEMOVE":
            self.extend(tuple(map(kept, self.place(context, event), plates.size_of(target(context)[1]))))
            pressure = event.pressure if event.is_tablet else 1.0
            Drawing.pressures += [pressure] * (len(Drawing.points) - len(Drawing.pressures))
            context.area.tag_redraw()
        elif event.type in ("ESC", "RIGHTMOUSE"):
            Drawing.end(context)
            return {"CANCELLED"}
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self.finish(Drawing.end(context))
            return self.execute(context)
        return {"RUNNING_MODAL"}

    def extend(self, place):
        Drawing.points.append(place)


class Click(Gesture):
    """A gesture at one place."""

    x: FloatProperty(options={"SKIP_SAVE"})
    y: FloatProperty(options={"SKIP_SAVE"})

    def invoke(self, context, event):
        if context.region.type != "PREVIEW":
            return {"PASS_THROUGH"}
        place = self.begin(context, event)
        if place is None:
            return {"CANCELLED"}
        self.turn(context)
        self.x, self.y = place
        return self.at_place(context)

    def at_place(self, context):
        return self.execute(context)


class WISP_OT_add_point(Move, Click, bpy.types.Operator):
    """Click the object; with Alt or Shift, click what is not part of it. Drag a point to move it"""

    bl_idname = "wisp.add_point"
    bl_label = "Point"

    def at_place(self, context):
        _, strip = target(context)
        place, reach = (self.x, self.y), REACH * self.pixel_size(context)
        frame = shown_frame(context)
        number = candidates.at(strip, frame, place, reach) if frame is not None else 0
        if number:
            self.report({"INFO"}, candidates.choose(strip, number))
            return {"FINISHED"}
        return {"RUNNING_MODAL"} if self.take(context, place, ("point",)) else self.execute(context)

    def modal(self, context, event):
        return self.move(context, event)

    @reporting
    def execute(self, context):
        return self.write(context, "point", [(self.x, self.y)])


class WISP_OT_add_box(Move, Drag, bpy.types.Operator):
    """Drag a box around the object; drag its corners or edges to change or move it"""

    bl_idname = "wisp.add_box"
    bl_label = "Box"
    kind = "box"
    x0: FloatProperty(options={"SKIP_SAVE"})
    y0: FloatProperty(options={"SKIP_SAVE"})
    x1: FloatProperty(options={"SKIP_SAVE"})
    y1: FloatProperty(options={"SKIP_SAVE"})

    def invoke(self, context, event):
        if context.region.type == "PREVIEW" and target(context) is not None:
            place = self.begin(context, event)
            if place is not None and self.take(context, place, ("box",)):
                return {"RUNNING_MODAL"}
        return super().invoke(context, event)

    def modal(self, context, event):
        return super().modal(context, event) if self.held is None else self.move(context, event)

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
        return [(x, y) for x, y, _ in self.places()]

    def places(self):
        """x, y, and the pen's pressure there, 1 where none is said."""
        try:
            found = [[float(value) for value in place.split(",")] for place in self.points.split()]
            return [(x, y, rest[0] if rest else 1.0) for x, y, *rest in found]
        except ValueError:
            raise plates.Refusal(f"'{self.points[:40]}' are no points; write them as x,y x,y.") from None


class WISP_OT_add_stroke(Path, bpy.types.Operator):
    """Paint what belongs to the object; with Alt, paint what does not"""

    bl_idname = "wisp.add_stroke"
    bl_label = "Scribble"
    kind = "stroke"
    # The tool keeps what is set; of the stroke before the host would keep the rest, such as a radius of another zoom.
    unknown: BoolProperty(
        name="Unknown", description="Paint where the matte may be anything: hair, veils", options={"SKIP_SAVE"}
    )
    radius: FloatProperty(
        name="Radius",
        default=0.0,
        min=0.0,
        description="Plate pixels; 0: 6 pixels of the screen",
        options={"SKIP_SAVE"},
    )
    softness: FloatProperty(
        name="Softness",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        description="Over which share of the radius, from its rim inwards, less and less",
        options={"SKIP_SAVE"},
    )

    def brush(self, context):
        return self.radius or BRUSH * self.pixel_size(context)

    def finish(self, points):
        pressures = [*Drawing.pressures, *([1.0] * len(points))]
        self.points = " ".join(f"{x:.3f},{y:.3f},{p:.3f}" for (x, y), p in zip(points, pressures, strict=False))
        self.radius = Drawing.radius

    @reporting
    def execute(self, context):
        if not self.pairs():
            return {"CANCELLED"}
        kind = "unknown" if self.unknown else "stroke"
        softness, radius = 0.0 if self.unknown else self.softness, self.radius or PAINTED[kind]
        for points, pressure in _by_pressure(self.places()):
            self.write(context, kind, points, radius * min(max(pressure, THINNEST), 1.0), softness=softness)
        return {"FINISHED"}


def _by_pressure(places):
    """A painted line in parts that each have one width: points, and the pressure there."""
    parts = [([places[0][:2]], places[0][2])]
    for x, y, pressure in places[1:]:
        points, before = parts[-1]
        if abs(pressure - before) >= FIRMER:
            if len(points) > 1:
                parts.append((points[-1:], pressure))
            else:
                parts[-1] = (points, pressure)
        parts[-1][0].append((x, y))
    return parts


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


class WISP_OT_brush_size(OnPlate, bpy.types.Operator):
    """Make the scribble's brush larger or smaller"""

    bl_idname = "wisp.brush_size"
    bl_label = "Brush Size"
    factor: FloatProperty(default=1.25, min=0.1, max=10.0)

    def execute(self, context):
        mode = context.space_data.view_type
        tool = context.workspace.tools.from_space_sequencer(mode)
        properties = tool.operator_properties("wisp.add_stroke") if tool is not None else None
        if properties is None:
            return {"CANCELLED"}
        now = properties.radius or BRUSH * Gesture.pixel_size(self, context)
        properties.radius = min(max(now * self.factor, 0.5), 1000.0)
        context.area.tag_redraw()
        return {"FINISHED"}


class WISP_OT_delete_prompt(Click, bpy.types.Operator):
    """Delete the prompt under the mouse"""

    bl_idname = "wisp.delete_prompt"
    bl_label = "Delete Prompt"
    reach: FloatProperty(name="Reach", default=1e6, description="Plate pixels", options={"SKIP_SAVE"})

    def at_place(self, context):
        self.reach = REACH * self.pixel_size(context)
        return self.execute(context)

    @reporting
    def execute(self, context):
        _, strip = target(context)
        frame = frame_of(self, context)
        found = nearest(strip, frame, (self.x, self.y), self.reach)
        if found is None:
            self.report({"INFO"}, "There is no prompt here")
            return {"CANCELLED"}
        wisp = model.own(strip)
        item = next(item for item in wisp.objects if item.number == found[0])
        item.prompts.remove(found[1])
        self.changed(wisp, item, frame)
        return {"FINISHED"}


class WISP_OT_add_mask(ChoosesFile, Gesture, bpy.types.Operator):
    """A picture of the plate's size says what the object is on this frame: white inside, black outside"""

    bl_idname = "wisp.add_mask"
    bl_label = "Mask Picture"

    @reporting
    def execute(self, context):
        self.chosen()
        return self.write(context, "mask", [], text=self.filepath)


class WISP_OT_clear_prompts(Gesture, bpy.types.Operator):
    """Delete the active object's prompts on this frame, or on all frames"""

    bl_idname = "wisp.clear_prompts"
    bl_label = "Clear Prompts"
    everywhere: BoolProperty(name="All Frames", default=False, options={"SKIP_SAVE"})

    @reporting
    def execute(self, context):
        _, strip = target(context)
        frame = None if self.everywhere else frame_of(self, context)
        wisp = model.own(strip)
        item = wisp.active_object
        if item is None:
            return {"CANCELLED"}
        for index in reversed(range(len(item.prompts))):
            if frame is None or item.prompts[index].frame == frame:
                item.prompts.remove(index)
        if frame is not None:
            self.changed(wisp, item, frame)
        session.schedule_update()
        session.redraw()
        return {"FINISHED"}


def nearest(strip, frame, place, reach, kinds=("point", "box", *PAINTED, "lasso")):
    """(object number, index) of the prompt of a plate frame that is nearest to a place, or None beyond `reach`."""
    best, found = reach, None
    for item in strip.wisp.objects:
        for index, prompt in enumerate(item.prompts):
            if prompt.frame != frame or prompt.kind not in kinds:
                continue
            distance = distance_to(prompt, place)
            if distance <= best:
                best, found = distance, (item.number, index)
    return found


CLASSES = (
    WISP_OT_add_point,
    WISP_OT_add_box,
    WISP_OT_add_stroke,
    WISP_OT_add_lasso,
    WISP_OT_brush_size,
    WISP_OT_delete_prompt,
    WISP_OT_add_mask,
    WISP_OT_clear_prompts,
)

_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    _register()
    bpy.types.WindowManager.wisp_exclude = BoolProperty(
        name="Exclude", description="New prompts say what is not the object. Alt or Shift turns it round while held"
    )


def unregister() -> None:
    del bpy.types.WindowManager.wisp_exclude
    _unregister()
