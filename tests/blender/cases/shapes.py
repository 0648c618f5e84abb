"""Shapes become masks that Blender renders as they are, and come back from masks."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import stage

FIRST, LAST, OFFSET = 1001, 1012, -1000
#: Blender draws a mask about a third of a pixel larger than it is, which small pictures would feel.
WIDTH, HEIGHT = 512, 256


def circle(x: float, y: float, radius: float) -> list[dict[str, Any]]:
    bend = 0.5522847 * radius
    rows = [((x + radius, y), (0, -bend)), ((x, y + radius), (bend, 0))]
    rows += [((x - radius, y), (0, bend)), ((x, y - radius), (-bend, 0))]
    return [{"xy": xy, "in": along, "out": (-along[0], -along[1]), "feather": 0.0} for xy, along in rows]


def key(frame: int, *made: float) -> dict[str, Any]:
    return {"frame": frame, "points": circle(*made)}


def place(frame: int) -> tuple[float, float, float]:
    """The part: it moves evenly."""
    return 160.0 + 16 * (frame - FIRST), 120.0, 80.0 + 2 * (frame - FIRST)


def document() -> dict[str, Any]:
    part = [{"id": 1, "role": "add", "keys": [key(f, *place(f)) for f in (FIRST, 1005)]}]
    later = [
        {"id": 1, "role": "add", "keys": [key(f, *place(f)) for f in (1006, LAST)]},
        {"id": 2, "role": "hole", "keys": [key(f, *place(f)[:2], 40.0) for f in (1006, LAST)]},
    ]
    spans = [{"first": FIRST, "last": 1005, "splines": part}, {"first": 1006, "last": LAST, "splines": later}]
    plate = {"width": WIDTH, "height": HEIGHT, "first": FIRST, "last": LAST}
    return {"wisp_shapes": 1, "plate": plate, "objects": [{"name": "hero", "spans": spans}]}


def truth(frame: int) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    x, y, radius = place(frame)
    away = np.hypot(columns - x, rows - y)
    return (away < radius) & ~((away < 40.0) & (frame >= 1006))


def run() -> None:
    shapes = stage.addon("shapes")
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.frame_set(3)
    (mask,) = shapes.build_masks(document(), OFFSET)
    assert mask.name == "hero" and len(mask.layers) == 3
    assert scene.frame_current == 3, "the scene stays where it was"
    stage.strips().new_mask(name="hero", mask=mask, channel=1, frame_start=FIRST + OFFSET)
    for frame in range(FIRST, LAST + 1):
        rendered = stage.render(frame + OFFSET)[..., 0] > 0.5
        wanted = truth(frame)
        iou = (rendered & wanted).sum() / (rendered | wanted).sum()
        assert iou >= 0.98, f"frame {frame}: {iou:.4f}"
    back = shapes.read_mask(mask, (WIDTH, HEIGHT), FIRST, LAST, OFFSET)
    spans = back["objects"][0]["spans"]
    assert [(span["first"], span["last"]) for span in spans] == [(FIRST, 1005), (1006, LAST)]
    assert [spline["role"] for spline in spans[1]["splines"]] == ["add", "hole"]
    for span, original in zip(spans, document()["objects"][0]["spans"], strict=True):
        for spline, other in zip(span["splines"], original["splines"], strict=True):
            assert [key["frame"] for key in spline["keys"]] == [key["frame"] for key in other["keys"]]
            for one, two in zip(spline["keys"], other["keys"], strict=True):
                for a, b in zip(one["points"], two["points"], strict=True):
                    for name in ("xy", "in", "out"):
                        assert np.allclose(a[name], b[name], atol=1e-3), (span["first"], name, a, b)
    empty = bpy.data.masks.new("empty")
    for wrong in (lambda: shapes.read_mask(empty, (8, 8), 1, 2), lambda: shapes.build_masks({"wisp_shapes": 2})):
        try:
            wrong()
        except ValueError:
            continue
        raise AssertionError("an empty mask and another version are refused")
