# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the preview (prompts, mattes) and over the timeline (keyframes, state of each frame).

Drawing only reads: it never asks the engine, and a fault in it is counted and shown, never raised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import blf
import bpy
import gpu
from bpy.props import EnumProperty
from gpu_extras.batch import batch_for_shader

from . import active, activity, candidates, compat, engine, foresight, gestures, places, plates, preferences, textures
from .client.frames import frames_in, spans
from .client.tables import PAINTED, PALETTE
from .mattes import MatteFolder
from .runs import runs

VIEWS = (
    ("off", "Off", "Prompts only"),
    ("tint", "Tint", "Each object's matte in its colour over the picture"),
    ("matte", "Matte", "The matte in white on black"),
    ("colour", "On Colour", "The objects before a plain colour"),
    ("edges", "Edges", "Where the mattes are soft"),
    ("doubt", "Doubt", "Where the mattes are not to be believed, in red"),
)
BACKDROP = (0.05, 0.35, 0.12, 1.0)
DOUBT, FORESEEN = (1.0, 0.16, 0.08, 1.0), (1.0, 1.0, 1.0, 0.45)
STATES = {
    "solved": (0.2, 0.76, 0.42, 1.0),
    "dirty": (0.91, 0.7, 0.25, 1.0),
    "doubtful": (0.91, 0.33, 0.25, 1.0),
    "lost": (0.6, 0.16, 0.36, 1.0),
    "locked": (0.56, 0.72, 1.0, 1.0),
    "absent": (0.05, 0.05, 0.06, 1.0),
    "keyframe": (1.0, 1.0, 1.0, 1.0),
    "corrected": (0.37, 0.83, 1.0, 1.0),
}
Color = tuple[float, float, float, float]
XY = tuple[float, float]

faults = 0
_handles: list[tuple[Any, str]] = []


def _guarded(draw: Callable[[Any], None]) -> Callable[[], None]:
    def guarded() -> None:
        global faults
        try:
            draw(bpy.context)
        except Exception as error:
            if not faults:
                engine.fault = engine.Fault(f"The overlay cannot be drawn: {error!r}")
            faults += 1

    return guarded


# -- the preview ----------------------------------------------------------------------------------------------


def _preview(context: Any) -> None:
    found = active.target(context)
    region = context.region
    if found is None or compat.shows_no_scene(context) or region.width <= 1 or not context.space_data.show_overlays:
        return
    scene, strip = found
    _say(activity.of(strip))
    if strip.type not in ("IMAGE", "MOVIE") or not (
        strip.wisp.objects or gestures.Drawing.kind or foresight.looking(strip)
    ):
        return
    frame = active.frame_in_view(context)
    if frame is None:
        return
    to_view, view2d = plates.to_view(scene, strip), region.view2d

    def to_region(x: float, y: float) -> XY:
        return view2d.view_to_region(*to_view(x, y), clip=False)

    gpu.state.blend_set("ALPHA")
    _mattes(context, strip, frame, to_region)
    foreseen = foresight.seen(strip, frame)
    if foreseen is not None:
        _whole(textures.get(foreseen, "tint"), strip, FORESEEN, to_region)
    for item in strip.wisp.objects:
        for prompt in item.prompts:
            if prompt.frame == frame and prompt.xy:
                _prompt(prompt.kind, prompt.points, (*item.color, 1.0), prompt.include, prompt.radius, to_region)
    _candidates(candidates.offered(strip, frame), to_region)
    drawing = gestures.Drawing
    if drawing.kind:
        item = strip.wisp.active_object
        color = (*item.color, 1.0) if item is not None else (1.0, 1.0, 1.0, 1.0)
        _prompt(drawing.kind, drawing.points, color, drawing.include, drawing.radius, to_region)
    gpu.state.blend_set("NONE")


def _candidates(known: list[Any], to_region: Callable[[float, float], XY]) -> None:
    """What the frame may be about, outlined; those that were not taken with the number that a click chooses."""
    size = 14.0 * bpy.context.preferences.system.ui_scale
    for place, one in enumerate(known if len(known) > 1 else ()):
        color = (*bytes.fromhex(PALETTE[(one.number - 1) % len(PALETTE)][1:]), 255)
        for part in one.outline:
            at = [to_region(*xy) for xy in part]
            _line([*at, at[0]], (0.0, 0.0, 0.0, 0.7), 4.0)
            _line([*at, at[0]], tuple(value / 255 for value in color), 2.0)  # type: ignore[arg-type]
        if place:
            x, y = to_region(*one.xy)
            _disc((x, y), 0.8 * size, (1.0, 1.0, 1.0, 1.0))
            _disc((x, y), 0.7 * size, (0.08, 0.08, 0.09, 1.0))
            blf.size(0, size)
            width, height = blf.dimensions(0, str(one.number))
            blf.color(0, 1.0, 1.0, 1.0, 1.0)
            blf.position(0, x - width / 2, y - height / 2, 0)
            blf.draw(0, str(one.number))
            gpu.state.blend_set("ALPHA")


def _say(text: str) -> None:
    """What the engine is doing, in the preview's lower left corner."""
    if not text:
        return
    font, size = 0, 14.0 * bpy.context.preferences.system.ui_scale
    blf.size(font, size)
    width, height = blf.dimensions(font, text)
    x, y, pad = 2 * size, 2 * size, 0.5 * size
    gpu.state.blend_set("ALPHA")
    low, high = (x - pad, y - pad), (x + width + pad, y + height + pad)
    _fill([low, (high[0], low[1]), high, (low[0], high[1])], (0.0, 0.0, 0.0, 0.6))
    blf.color(font, 1.0, 1.0, 1.0, 1.0)
    blf.position(font, x, y, 0)
    blf.draw(font, text)
    gpu.state.blend_set("NONE")


def brush(context: Any, radius: float, xy: XY) -> None:
    """The circle that the scribble paints with, about the mouse. `radius`: plate pixels; 0: that of a new stroke."""
    found, region = active.target(context), context.region
    if found is None or region.type != "PREVIEW":
        return
    try:
        inverse = plates.to_view(*found).inverse()
    except (plates.Refusal, ValueError):
        return
    (xa, ya), (xb, yb) = (inverse(*region.view2d.region_to_view(x, 0)) for x in (0, 100))
    size = radius * 100 / max(math.hypot(xb - xa, yb - ya), 1e-6) if radius else gestures.BRUSH
    middle = (xy[0] - region.x, xy[1] - region.y)
    turn = [2 * math.pi * i / 48 for i in range(49)]
    gpu.state.blend_set("ALPHA")
    _line([(middle[0] + size * math.cos(a), middle[1] + size * math.sin(a)) for a in turn], (1.0, 1.0, 1.0, 0.9), 1.5)
    gpu.state.blend_set("NONE")


def _mattes(context: Any, strip: Any, frame: int, to_region: Callable[[float, float], XY]) -> None:
    view, wisp = context.window_manager.wisp_view, strip.wisp
    if view == "off":
        return
    corners = _corners(strip, to_region)
    folder = MatteFolder(places.here().plate(wisp.uid))
    opacity = preferences.get().opacity
    if view in ("matte", "colour"):
        texture = textures.get(folder.union_path(frame), view)
        if texture is None:
            return
        if view == "matte":
            _fill(corners, (0.0, 0.0, 0.0, 1.0))
        _textured(texture, corners, (1.0, 1.0, 1.0, 1.0) if view == "matte" else BACKDROP)
        return
    shown = wisp.shown_objects
    if view == "doubt":
        run = runs.get(wisp.uid)
        known = [foresight.errors_of(run.session.mattes.path(one, frame)) for one in shown] if run is not None else []
        for path in filter(None, known):
            _whole(textures.get(path, view), strip, DOUBT, to_region)
        return
    for item in wisp.objects:
        texture = textures.get(folder.object_path(item.number, frame), view) if item.number in shown else None
        if texture is not None:
            _textured(texture, corners, (*item.color, opacity if view == "tint" else 1.0))


def _corners(strip: Any, to_region: Callable[[float, float], XY]) -> list[XY]:
    width, height = plates.size_of(strip)
    return [to_region(x, y) for x, y in ((0, height), (width, height), (width, 0), (0, 0))]


def _whole(texture: Any, strip: Any, color: Color, to_region: Callable[[float, float], XY]) -> None:
    """Over the whole plate, once it is there."""
    if texture is not None:
        _textured(texture, _corners(strip, to_region), color)


def _textured(texture: Any, corners: list[XY], color: Color) -> None:
    shader = gpu.shader.from_builtin("IMAGE_COLOR")
    places_ = ((0, 0), (1, 0), (1, 1), (0, 1))
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners, "texCoord": places_})
    shader.uniform_sampler("image", texture)
    shader.uniform_float("color", color)
    batch.draw(shader)


def _fill(corners: list[XY], color: Color) -> None:
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", color)
    batch_for_shader(shader, "TRI_FAN", {"pos": corners}).draw(shader)


def _line(points: list[XY], color: Color, width: float = 2.0) -> None:
    if len(points) < 2:
        return
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width)
    shader.uniform_float("color", color)
    batch_for_shader(shader, "LINE_STRIP", {"pos": [(*xy, 0.0) for xy in points]}).draw(shader)


def _disc(center: XY, radius: float, color: Color) -> None:
    turn = [2 * math.pi * i / 24 for i in range(24)]
    _fill([(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in turn], color)


def _prompt(
    kind: str, points: list[XY], color: Color, include: bool, radius: float, to_region: Callable[[float, float], XY]
) -> None:
    """Included prompts have a light rim, excluded ones a dark one and a bar across."""
    at = [to_region(*xy) for xy in points]
    if kind == "unknown":
        color = (0.6, 0.63, 0.65, 1.0)
    rim = (1.0, 1.0, 1.0, 1.0) if include else (0.05, 0.05, 0.05, 1.0)
    if kind == "point":
        x, y = at[0]
        _disc(at[0], 7.0, rim)
        _disc(at[0], 5.0, color if include else (0.85, 0.2, 0.2, 1.0))
        _line([(x - 3, y), (x + 3, y)], (1.0, 1.0, 1.0, 1.0))
        if include:
            _line([(x, y - 3), (x, y + 3)], (1.0, 1.0, 1.0, 1.0))
    elif kind == "box":
        (xa, ya), (xb, yb) = points[0], points[-1]
        at = [to_region(x, y) for x, y in ((xa, ya), (xb, ya), (xb, yb), (xa, yb), (xa, ya))]
        _line(at, rim, 4.0)
        _line(at, color)
    else:
        closed = [*at, at[0]] if kind == "lasso" else at
        if kind in PAINTED:
            size = math.dist(to_region(0, 0), to_region(radius, 0))
            _line(closed, (*color[:3], 0.35), max(2.0, 2 * size))
        _line(closed, rim, 4.0)
        _line(closed, color if include else (0.85, 0.2, 0.2, 1.0))


# -- the timeline ---------------------------------------------------------------------------------------------


def _timeline(context: Any) -> None:
    scene, view2d = compat.vse_scene(context), context.region.view2d
    editor = scene.sequence_editor
    if editor is None:
        return
    (left, _), (right, _) = (view2d.region_to_view(x, 0) for x in (0, context.region.width))
    inside = editor.meta_stack[-1] if len(editor.meta_stack) else editor
    for strip in compat.strips_of(inside):
        wisp = strip.wisp
        seen = strip.frame_final_start < right and strip.frame_final_end > left
        if wisp.uid and not wisp.role and seen and wisp.objects:
            _states(strip, runs.get(wisp.uid), scene, view2d)


def _states(strip: Any, run: Any, scene: Any, view2d: Any) -> None:
    """A bar along the strip's lower edge, a line below it where the chosen object is locked, a diamond for each frame
    with prompts: one that mends what was tracked has a point in it."""
    try:
        shown = plates.shown_frames(scene, strip)
    except plates.Refusal:
        return
    low, high = strip.channel + 0.06, strip.channel + 0.2

    def box(first: int, last: int, color: Color, low: float = low, high: float = high) -> None:
        corners = ((first, low), (last + 1, low), (last + 1, high), (first, high))
        _fill([view2d.view_to_region(*xy, clip=False) for xy in corners], color)

    if run is not None:
        for state, found in run.spans(shown).items():
            for first, last in found if state in STATES else ():
                box(first, last, STATES[state])
    item = strip.wisp.active_object
    if item is not None and item.absent:
        for first, last in spans(plates.times_of(f"{strip.wisp.uid} absent", shown, frames_in(item.absent))):
            box(first, last, STATES["absent"], low + 0.05, high - 0.05)
    if item is not None and item.locks:
        for first, last in spans(plates.times_of(f"{strip.wisp.uid} locks", shown, frames_in(item.locks))):
            box(first, last, STATES["locked"], low - 0.03, low)
    keyframes = {frame for item in strip.wisp.objects for frame in item.keyframes}
    mended = set().union(*(item.corrected for item in strip.wisp.objects))
    for time in plates.times_of(strip.wisp.uid, shown, keyframes):
        x, y = view2d.view_to_region(time + 0.5, (low + high) / 2, clip=False)
        state = "corrected" if shown[time] in mended else "keyframe"
        for size, color in ((5, STATES[state]), (1, (0.0, 0.0, 0.0, 1.0)))[: 1 + (state == "corrected")]:
            _fill([(x - size, y), (x, y + size), (x + size, y), (x, y - size)], color)


def register() -> None:
    bpy.types.WindowManager.wisp_view = EnumProperty(name="View", items=VIEWS, default="tint")
    if bpy.app.background:
        return
    space = bpy.types.SpaceSequenceEditor
    for draw, region in ((_preview, "PREVIEW"), (_timeline, "WINDOW")):
        _handles.append((space.draw_handler_add(_guarded(draw), (), region, "POST_PIXEL"), region))


def unregister() -> None:
    for handle, region in _handles:
        bpy.types.SpaceSequenceEditor.draw_handler_remove(handle, region)
    _handles.clear()
    textures.clear()
    del bpy.types.WindowManager.wisp_view
