"""Where a plate's pixel lies in the frame: a dot is rendered under many transforms, the add-on must find it."""

from __future__ import annotations

import itertools
import math
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
    strip.crop.min_x, strip.crop.max_y = 20, 10
    assert plates.visible(strip, 30, 15) and not plates.visible(strip, 10, 15) and not plates.visible(strip, 30, 5)
    gestures(strip)


def gestures(strip: Any) -> None:
    """Prompts by coordinates, their limits, the nearest one, undo-independent copies."""
    stage.select(strip)
    bpy.ops.wisp.add_point(x=30, y=15)
    bpy.ops.wisp.add_point(x=60, y=400, include=False)
    bpy.ops.wisp.add_box(x0=40, y0=20, x1=10, y1=5)
    bpy.ops.wisp.add_box(x0=50, y0=20, x1=10, y1=5)
    bpy.ops.wisp.add_stroke(points="10,10 20,12 30,9", radius=3)
    bpy.ops.wisp.add_lasso(points="10,10 40,10 40,30 10,30")
    item = strip.wisp.active_object
    assert [p.kind for p in item.prompts] == ["point", "point", "box", "stroke", "lasso"], "a new box replaces the old"
    assert item.prompts[1].points == [(60.0, 50.0)] and not item.prompts[1].include, "points are kept in the picture"
    assert item.prompts[0].frame == 1
    bpy.ops.wisp.delete_prompt(x=59, y=49)
    assert [p.kind for p in item.prompts] == ["point", "box", "stroke", "lasso"]
    bpy.ops.wisp.add_object(name="second one")
    assert strip.wisp.active_object.number == 2 and tuple(strip.wisp.active_object.color) != tuple(item.color)
    uid = strip.wisp.uid
    half = strip.split(frame=2, split_method="SOFT") if strip.frame_final_end > 2 else None
    assert half is None or half.wisp.uid == uid
    document = stage.addon("document")
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    shot = document.shot_document(strip.wisp, plate, stage.FOLDER / "prompts")
    assert [p["kind"] for p in shot["objects"][0]["prompts"]] == ["point", "box", "stroke", "mask"]
    assert shot["objects"][1]["name"] == "second_one" and shot["plate"]["width"] == SIZE[0]
    refusals(strip)


def refusals(strip: Any) -> None:
    plates, scene = stage.addon("plates"), bpy.context.scene

    def refused(words: str, which: Any = strip) -> None:
        try:
            plates.plate_of(scene, which)
        except plates.Refusal as refusal:
            assert words in str(refusal), refusal
        else:
            raise AssertionError(f"not refused: {words}")

    strip.transform.scale_x = 0.0
    refused("scaled to nothing")
    strip.transform.scale_x = 1.0
    path = plates.media_path(strip)
    path.rename(path.with_suffix(".away"))
    refused("is missing")
    path.with_suffix(".away").rename(path)
    colour = stage.strips().new_effect(
        "c", "COLOR", 5, frame_start=1, **({"length": 9} if bpy.app.version >= (5, 0, 0) else {"frame_end": 10})
    )
    refused("no pictures of its own", colour)
    meta = stage.strips().new_meta("meta", 6, 1)
    inner = stage.strips().new_image("inner", str(path), 7, 1, fit_method="ORIGINAL")
    inner.move_to_meta(meta)
    plates.plate_of(scene, inner)
    meta.transform.offset_x = 5
    refused("has a transform", inner)
