# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes as Blender masks, and back: a mask data-block per object, a layer per spline and span.

A spline's keys are its layer's shape keys, between which Blender goes linearly; a layer is there while its span is.
Mask coordinates run over the longer side of the picture from 0 to 1, y up, the picture in the middle of the square.
The shapes are the plain document that `wisp deliver --layout shapes` writes as JSON.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import bpy

from . import compat

#: What holds a layer's number of its spline, its role and the first frame of its span: `1 add 1001`.
_SEPARATOR = " "
#: Blender smooths a mask's edge to its outer side only: what it draws is so many pixels larger than the spline.
GROWTH = 0.7


def build_masks(document: dict[str, Any], offset: int = 0) -> list[Any]:
    """New masks of a shapes document, one per object, named as they are. `offset`: scene frame less plate frame.

    ValueError for a document of another version. Needs a window (Blender in the background has one): shape keys can
    only be set by an operator.
    """
    if document.get("wisp_shapes") != 1:
        raise ValueError("this is no shapes document of version 1")
    plate = document["plate"]
    return [_mask(item, plate, offset) for item in document["objects"]]


def _mask(item: dict[str, Any], plate: dict[str, Any], offset: int) -> Any:
    mask = bpy.data.masks.new(item["name"])
    # A mask strip ends before the mask does.
    mask.frame_start, mask.frame_end = plate["first"] + offset, plate["last"] + offset + 1
    size = (plate["width"], plate["height"])
    made = []
    for span in item["spans"]:
        for spline in span["splines"]:
            layer = mask.layers.new(name=_SEPARATOR.join([str(spline["id"]), spline["role"], str(span["first"])]))
            layer.blend = "SUBTRACT" if spline["role"] == "hole" else "ADD"
            drawn = layer.splines.new()
            drawn.points.add(len(spline["keys"][0]["points"]) - 1)
            drawn.use_cyclic = True
            made.append((drawn, spline, size))
            _show(layer, span, plate, offset)
    _key(mask, made, offset)
    return mask


def _show(layer: Any, span: dict[str, Any], plate: dict[str, Any], offset: int) -> None:
    """Full over the span, nothing before and after it."""
    steps = {plate["first"]: 0.0, span["first"]: 1.0}
    if span["last"] < plate["last"]:
        steps[span["last"] + 1] = 0.0
    if len(steps) == 1:
        layer.alpha = 1.0
        return
    for frame, value in sorted(steps.items()):
        layer.alpha = value
        layer.keyframe_insert("alpha", frame=frame + offset)
    for curve in compat.curves_of_action(layer.id_data.animation_data.action):
        for point in curve.keyframe_points:
            point.interpolation = "CONSTANT"


def _key(mask: Any, made: list[tuple[Any, dict[str, Any], tuple[int, int]]], offset: int) -> None:
    """Set the shape keys, frame by frame: the operator takes the layers that have a selected point."""
    frames = sorted({key["frame"] for _, spline, _ in made for key in spline["keys"]})
    scene = bpy.context.scene
    now = scene.frame_current
    try:
        with _mask_editor(mask) as context:
            for frame in frames:
                scene.frame_set(frame + offset)
                for drawn, spline, size in made:
                    key = next((key for key in spline["keys"] if key["frame"] == frame), None)
                    for number, point in enumerate(drawn.points):
                        if key is not None:
                            _place(point, key["points"], number, size)
                        point.select = key is not None
                with bpy.context.temp_override(**context):
                    if bpy.ops.mask.shape_key_insert() != {"FINISHED"}:
                        raise RuntimeError(f"Blender set no shape key on frame {frame + offset}")
    finally:
        scene.frame_set(now)


def _place(point: Any, points: list[dict[str, Any]], number: int, size: tuple[int, int]) -> None:
    mine = points[number]
    x, y = mine["xy"]
    feather = float(mine.get("feather", 0.0))
    # Blender's feather goes outwards from full at the spline, ours lies on both sides of it.
    nx, ny = _inward(points, number)
    drawn_in = feather / 2 + GROWTH
    x, y = x + nx * drawn_in, y + ny * drawn_in
    point.handle_left_type = point.handle_right_type = "FREE"
    point.co = to_mask((x, y), size)
    point.handle_left = to_mask((x + mine["in"][0], y + mine["in"][1]), size)
    point.handle_right = to_mask((x + mine["out"][0], y + mine["out"][1]), size)
    point.weight = feather / max(size)


def _inward(points: list[dict[str, Any]], number: int) -> tuple[float, float]:
    """The unit vector into the spline at a point, y down."""
    mine, before, after = points[number], points[number - 1], points[(number + 1) % len(points)]
    ax, ay = mine["out"][0] - mine["in"][0], mine["out"][1] - mine["in"][1]
    if abs(ax) + abs(ay) < 1e-6:
        ax, ay = after["xy"][0] - before["xy"][0], after["xy"][1] - before["xy"][1]
    length = max((ax * ax + ay * ay) ** 0.5, 1e-9)
    turning = sum(
        two["xy"][0] * one["xy"][1] - one["xy"][0] * two["xy"][1]
        for one, two in zip(points, points[1:] + points[:1], strict=True)
    )
    sign = 1.0 if turning >= 0 else -1.0
    return sign * ay / length, -sign * ax / length


def to_mask(xy: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """Plate pixels from the top left as mask coordinates."""
    side = max(size)
    return (xy[0] - size[0] / 2) / side + 0.5, (size[1] / 2 - xy[1]) / side + 0.5


def from_mask(co: Any, size: tuple[int, int]) -> tuple[float, float]:
    """The inverse of `to_mask`."""
    side = max(size)
    return (co[0] - 0.5) * side + size[0] / 2, size[1] / 2 - (co[1] - 0.5) * side


def read_mask(mask: Any, size: tuple[int, int], first: int, last: int, offset: int = 0) -> dict[str, Any]:
    """A mask as a shapes document of one object: every closed spline, on every frame on which it changes, `first` to
    `last` being plate frames. ValueError where there is no closed spline."""
    scene = bpy.context.scene
    now = scene.frame_current
    found: dict[tuple[int, int], dict[int, Any]] = {}
    roles: dict[tuple[int, int], str] = {}
    try:
        for frame in range(first, last + 1):
            scene.frame_set(frame + offset)
            for place, layer in enumerate(mask.layers):
                if layer.hide_render or layer.alpha < 0.5:
                    continue
                for number, spline in enumerate(layer.splines):
                    if spline.use_cyclic and len(spline.points) > 1:
                        key = (place, number)
                        hole = "SUBTRACT" in layer.blend or layer.invert
                        roles[key] = "hole" if hole else "add"
                        found.setdefault(key, {})[frame] = _points(spline.points, size)
    finally:
        scene.frame_set(now)
    if not found:
        raise ValueError(f"the mask '{mask.name}' has no closed spline")
    spans = []
    starts = sorted(
        {f for frames in found.values() for f in frames if f - 1 not in frames}
        | {f + 1 for frames in found.values() for f in frames if f + 1 not in frames}
    )
    for start, stop in pairwise(starts):
        splines = [
            {"id": number, "role": roles[key], "keys": _thinned({f: frames[f] for f in range(start, stop)})}
            for number, (key, frames) in enumerate(found.items(), 1)
            if start in frames
        ]
        if splines:
            spans.append({"first": start, "last": stop - 1, "splines": splines})
    plate = {"width": size[0], "height": size[1], "first": first, "last": last}
    return {"wisp_shapes": 1, "plate": plate, "objects": [{"name": mask.name, "spans": spans}]}


#: Straight pieces between two points of a spline.
PIECES = 8


def outlines(mask: Any, size: tuple[int, int]) -> list[list[tuple[float, float]]]:
    """What a mask shows at the present frame, as closed outlines in plate pixels whose union it is (even-odd rule).

    A hole is joined to each outline it lies in by a bridge of no width, so that one outline tells of both.
    """
    made: list[list[tuple[float, float]]] = []
    for layer in mask.layers:
        if layer.hide_render or layer.alpha < 0.5:
            continue
        hole = "SUBTRACT" in layer.blend or layer.invert
        for spline in layer.splines:
            if not spline.use_cyclic or len(spline.points) < 2:
                continue
            line = _flattened(_points(spline.points, size))
            if not hole:
                made.append(line)
                continue
            for outline in made:
                if _encloses(outline, line[0]):
                    outline += [outline[0], *line, line[0], outline[0]]
    return made


def _flattened(rows: list[list[float]]) -> list[tuple[float, float]]:
    line = []
    for one, two in zip(rows, rows[1:] + rows[:1], strict=True):
        corners = [(one[0], one[1]), (one[0] + one[4], one[1] + one[5]), (two[0] + two[2], two[1] + two[3]), two[:2]]
        for piece in range(PIECES):
            t = piece / PIECES
            shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (sum(share * c[axis] for share, c in zip(shares, corners, strict=True)) for axis in (0, 1))
            line.append((x, y))
    return line


def _encloses(outline: list[tuple[float, float]], place: tuple[float, float]) -> bool:
    x, y = place
    inside = False
    for (xa, ya), (xb, yb) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (ya <= y) != (yb <= y) and xa + (y - ya) * (xb - xa) / (yb - ya) > x:
            inside = not inside
    return inside


def _points(points: Any, size: tuple[int, int]) -> list[list[float]]:
    """Of each point x, y, in x, in y, out x, out y, feather: the inverse of `_place`."""
    rows = []
    for point in points:
        x, y = from_mask(point.co, size)
        left, right = from_mask(point.handle_left, size), from_mask(point.handle_right, size)
        rows.append([x, y, left[0] - x, left[1] - y, right[0] - x, right[1] - y, point.weight * max(size)])
    shaped = [{"xy": row[:2], "in": row[2:4], "out": row[4:6]} for row in rows]
    for number, row in enumerate(rows):
        nx, ny = _inward(shaped, number)
        drawn_in = row[6] / 2 + GROWTH
        row[:2] = row[0] - nx * drawn_in, row[1] - ny * drawn_in
    return rows


def _thinned(frames: dict[int, list[list[float]]]) -> list[dict[str, Any]]:
    """Keys of the frames that are not the middle of those beside them."""
    numbers = sorted(frames)
    kept = [numbers[0]]
    for frame in numbers[1:-1]:
        middle = (
            abs(value - (before + after) / 2)
            for row, rows, others in zip(frames[frame], frames[frame - 1], frames[frame + 1], strict=True)
            for value, before, after in zip(row, rows, others, strict=True)
        )
        if max(middle) > 1e-2:
            kept.append(frame)
    if numbers[-1] != kept[-1]:
        kept.append(numbers[-1])
    return [
        {
            "frame": frame,
            "points": [{"xy": row[:2], "in": row[2:4], "out": row[4:6], "feather": row[6]} for row in frames[frame]],
        }
        for frame in kept
    ]


@contextlib.contextmanager
def _mask_editor(mask: Any) -> Iterator[dict[str, Any]]:
    """What an operator on `mask` needs: an area of the first window that shows it for the moment."""
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    before = area.ui_type
    area.ui_type = "IMAGE_EDITOR"
    space = area.spaces.active
    mode, shown = space.mode, space.mask
    try:
        space.mode = "MASK"
        space.mask = mask
        region = next(region for region in area.regions if region.type == "WINDOW")
        yield {"window": window, "area": area, "region": region}
    finally:
        space.mask = shown
        space.mode = mode
        area.ui_type = before
