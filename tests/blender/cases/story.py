"""From a box to a saved file that renders without the add-on: what every version is asked for."""

from __future__ import annotations

import bpy

from . import stage
from .track import clip, elsewhere, tracked


def run() -> None:
    strip = stage.select(stage.image_strip(clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    tracked(strip)
    elsewhere()
