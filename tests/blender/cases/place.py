"""Where a plate's pixel lies in the frame: a dot is rendered under many transforms, the add-on must find it."""

from __future__ import annotations

import itertools
import math
import struct
from typing import Any

import bpy
import numpy as np

from . import stage

SIZE, DOT = (90, 50), (30, 15, 6)  # plate size; left, top, side of the dot


def dot_plate() -> Any:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    x, y, side = DOT
    picture[y : y + side, x : x + side] = 255
    stage.write_png(stage.FOLDER / "plates" / "dot.0001.png", picture)
    return stage.image_strip([stage.FOLDER / "plates" / "dot.0001.png"])


def centre(rendered: np.ndarray) -> tuple[float, float]:
    """Centre of light, x to the right and y up, in pixels."""
    light = rendered[..., 0].astype(float)
    ys, xs = np.mgrid[0 : light.shape[0], 0 : light.shape[1]] + 0.5
    return float((xs * light).sum() / light.sum()), float(light.shape[0] - (ys * light).sum() / light.sum())


def run() -> None:
    plates = stage.addon("plates")
    scene = bpy.context.scene
    strip = dot_plate()
    transform = strip.transform
    middle = (DOT[0] + DOT[2] / 2, DOT[1] + DOT[2] / 2)
    combinations = itertools.product((1.0, 1.3), (0.0, 25.0), ((0, 0), (11, -7)), (False, True), (False, True))
    for scale, degrees, moved, flip_x, flip_y in combinations:
        transform.scale_x, transform.scale_y = scale, scale * 0.9
        transform.rotation = math.radians(degrees)
        transform.offset_x, transform.offset_y = moved
        transform.origin = (0.5, 0.5) if not flip_y else (0.3, 0.6)
        strip.use_flip_x, strip.use_flip_y = flip_x, flip_y
        x, y = plates.to_view(scene, strip)(*middle)
        found = centre(stage.render(1))
        stage.near((x + stage.WIDTH / 2, y + stage.HEIGHT / 2), found, 0.25, f"{scale, degrees, moved, flip_x, flip_y}")
    animated(strip)
    for each in list(stage.strips()):
        stage.strips().remove(each)
    strip = dot_plate()
    scene.frame_set(1)
    strip.crop.min_x, strip.crop.max_y = 20, 10
    assert plates.visible(strip, 30, 15) and not plates.visible(strip, 10, 15) and not plates.visible(strip, 30, 5)
    width, height = SIZE
    assert plates.visible(strip, width + 5, height + 5) and not plates.visible(strip, 3 * width, 15)
    overscan(strip)
    anamorphic(strip)
    gestures(strip)


def pressed(strip: Any) -> None:
    """Where a pen is pressed less a stroke is thinner, and its softness reaches the engine."""
    painted = "10,10,1 20,10,1 30,10,0.95 40,10,0.5 50,10,0.5"
    assert bpy.ops.wisp.add_stroke(points=painted, radius=4, softness=0.25) == {"FINISHED"}
    item = strip.wisp.active_object
    assert [(round(one.radius, 3), len(one.points)) for one in item.prompts] == [(4.0, 3), (2.0, 3)]
    strokes = document_of(strip)["objects"][0]["prompts"]
    assert [(one["radius"], one["softness"], one["xy"][0]) for one in strokes] == [
        (4.0, 0.25, [10, 10]),
        (2.0, 0.25, [30, 10]),
    ]
    item.prompts.clear()


def overscan(strip: Any) -> None:
    """A point beyond the border is one, and reaches the engine as it was clicked."""
    width, _ = SIZE
    stage.select(strip)
    bpy.ops.wisp.add_point(x=width + 4.5, y=15, frame=1)
    item = strip.wisp.active_object
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    made = stage.addon("document").shot_document(strip.wisp, plate, stage.FOLDER)
    assert [one["xy"] for one in made["objects"][0]["prompts"]] == [[width + 4.5, 15.0]], made
    item.prompts.clear()


def anamorphic(strip: Any) -> None:
    """Squeezed pixels: the preview stretches them, and the models are told."""
    plates, scene = stage.addon("plates"), bpy.context.scene
    square = plates.to_view(scene, strip)(30.0, 15.0)
    assert "pixel_aspect" not in document_of(strip)["plate"]
    scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = 3.0, 2.0
    x, y = plates.to_view(scene, strip)(30.0, 15.0)
    stage.near((x, y), (1.5 * square[0], square[1]), 1e-4, "stretched about the middle")
    assert document_of(strip)["plate"]["pixel_aspect"] == 1.5
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    squeezed = stage.FOLDER / "squeezed" / "plate.0001.exr"
    squeezed.parent.mkdir(exist_ok=True)
    stage.addon("pictures").write_matte(squeezed, np.full((SIZE[1], SIZE[0]), 0.5, np.float32))
    data, name = squeezed.read_bytes(), b"pixelAspectRatio\0float\0"
    at = data.index(name) + len(name) + 4
    squeezed.write_bytes(data[:at] + struct.pack("<f", 2.0) + data[at + 4 :])
    other = stage.select(stage.image_strip([squeezed], start=1))
    assert document_of(other)["plate"]["pixel_aspect"] == 2.0, "what the file says, which the host passes over"
    stage.strips().remove(other)
    stage.select(strip)


def document_of(strip: Any) -> Any:
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    return stage.addon("document").shot_document(strip.wisp, plate, stage.FOLDER)


def animated(strip: Any) -> None:
    """Keyframes on all that places the strip: overlay and mask follow them."""
    plates, outputs, scene = stage.addon("plates"), stage.addon("outputs"), bpy.context.scene
    move_by_keyframes(strip)
    middle = (DOT[0] + DOT[2] / 2, DOT[1] + DOT[2] / 2)
    light = {}
    for frame in KEYED_FRAMES:
        rendered = stage.render(frame)
        x, y = plates.to_view(scene, strip)(*middle)
        stage.near((x + stage.WIDTH / 2, y + stage.HEIGHT / 2), centre(rendered), 0.25, f"at frame {frame}")
        light[frame] = float(rendered[..., 0].sum())
    stage.select(strip)
    bpy.ops.wisp.add_point(x=30, y=15, frame=1)
    bpy.ops.wisp.update_outputs()
    matte = np.zeros((SIZE[1], SIZE[0]), np.float32)
    x, y, side = DOT
    matte[y : y + side, x : x + side] = 1.0
    path = stage.addon("places").here().plate(strip.wisp.uid) / "all" / "alpha.000001.exr"
    stage.addon("pictures").write_matte(path, matte)
    outputs.refresh(strip.wisp.uid)
    strip.blend_type = "ALPHA_OVER"
    for frame in KEYED_FRAMES:
        rendered = stage.render(frame)
        shown = float((rendered[..., 0] * rendered[..., 3]).sum())
        assert shown > 0.8 * light[frame], f"the mask is beside the plate at frame {frame}: {shown} of {light[frame]}"
    assert stage.render(8)[..., 3].sum() < 1.5 * light[8], "the rest of the plate is masked"
    still_again(strip)


KEYED_FRAMES = (1, 4, 8, 11)


def still_again(strip: Any) -> None:
    """Without keyframes on the plate there are none on its matte; what moves it otherwise is refused."""
    scene = bpy.context.scene
    for name in ("offset_x", "offset_y", "scale_x", "scale_y", "rotation", "origin"):
        for frame in KEYED_FRAMES[::3]:
            strip.transform.keyframe_delete(name, frame=frame)
    for frame in KEYED_FRAMES[::3]:
        strip.keyframe_delete("use_flip_x", frame=frame)
    stage.addon("outputs").follow()
    assert not stage.addon("compat").fcurves(scene), "the matte moves no more"
    strip.transform.driver_add("offset_x")
    stage.must_refuse(strip, "A driver moves the strip dot.0001. Bake that to keyframes")
    strip.transform.driver_remove("offset_x")
    action = bpy.data.actions.new("pushed down")
    stage.addon("plates").check(scene, strip)
    scene.animation_data_create()
    scene.animation_data.action = action
    strip.transform.keyframe_insert("rotation", frame=1)
    action = scene.animation_data.action
    if hasattr(scene.animation_data, "action_slot"):
        slot, scene.animation_data.action_slot = scene.animation_data.action_slot, None
        assert stage.addon("compat").fcurves(scene) is None, "an action without a slot moves nothing"
        stage.addon("outputs").follow()
        scene.animation_data.action_slot = slot
    scene.animation_data.nla_tracks.new().strips.new("clip", 1, action)
    scene.animation_data.action = None
    stage.must_refuse(strip, "An NLA track moves the strip")
    scene.animation_data_clear()


def move_by_keyframes(strip: Any) -> None:
    transform = strip.transform
    strip.frame_final_duration = 12
    for frame, moved, scale, degrees, origin in (
        (1, (0, 0), (1.0, 0.9), 0.0, (0.5, 0.5)),
        (11, (13, -8), (1.3, 1.1), 35.0, (0.3, 0.6)),
    ):
        transform.offset_x, transform.offset_y = moved
        transform.scale_x, transform.scale_y = scale
        transform.rotation, transform.origin = math.radians(degrees), origin
        for name in ("offset_x", "offset_y", "scale_x", "scale_y", "rotation", "origin"):
            transform.keyframe_insert(name, frame=frame)
        strip.use_flip_x, strip.use_flip_y = frame == 11, False
        strip.keyframe_insert("use_flip_x", frame=frame)


def gestures(strip: Any) -> None:
    """Prompts by coordinates, their limits, the nearest one, undo-independent copies."""
    stage.select(strip)
    pressed(strip)
    bpy.ops.wisp.add_point(x=30, y=15)
    bpy.ops.wisp.add_point(x=60, y=400, include=False)
    bpy.ops.wisp.add_box(x0=40, y0=20, x1=10, y1=5)
    bpy.ops.wisp.add_box(x0=50, y0=20, x1=10, y1=5)
    bpy.ops.wisp.add_stroke(points="10,10 20,12 30,9", radius=3)
    bpy.ops.wisp.add_lasso(points="10,10 40,10 40,30 10,30")
    item = strip.wisp.active_object
    assert [p.kind for p in item.prompts] == ["point", "point", "box", "stroke", "lasso"], "a new box replaces the old"
    assert item.prompts[1].points == [(60.0, 400.0)] and not item.prompts[1].include, "it is no mistake of a gesture"
    far = next(one for one in document_of(strip)["objects"][0]["prompts"] if not one.get("include", True))
    assert far["xy"] == [60.0, 100.0], "what is far outside lies where the overscan ends"
    assert item.prompts[0].frame == 1
    bpy.ops.wisp.delete_prompt(x=59, y=399)
    assert [p.kind for p in item.prompts] == ["point", "box", "stroke", "lasso"]
    bpy.ops.wisp.add_object(name="second one")
    assert strip.wisp.active_object.number == 2 and tuple(strip.wisp.active_object.color) != tuple(item.color)
    uid = strip.wisp.uid
    half = strip.split(frame=2, split_method="SOFT") if strip.frame_final_end > 2 else None
    assert half is None or half.wisp.uid == uid
    document = stage.addon("document")
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    shot = document.shot_document(strip.wisp, plate, stage.FOLDER)
    assert [p["kind"] for p in shot["objects"][0]["prompts"]] == ["point", "box", "stroke", "mask"]
    assert shot["objects"][1]["name"] == "second_one" and shot["plate"]["width"] == SIZE[0]
