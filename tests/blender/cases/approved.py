"""What is approved stays as it is when the preferences name another folder, and where the object is absent nothing is
approved."""

from __future__ import annotations

import bpy
import numpy as np

from . import stage, track


def run() -> None:
    (stage.FOLDER / "one").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "one" / "shot.blend"))
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    assert bpy.ops.wisp.absent(frame=1006) == {"FINISHED"}
    stage.must_fail(bpy.ops.wisp.add_point, "is absent on frame 1006", x=20, y=9, frame=1006)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    item = strip.wisp.objects[0]
    stage.must_fail(bpy.ops.wisp.lock, "absent on this frame", frame=1006)
    bpy.ops.wisp.lock(everywhere=True)
    assert item.locks == "1001-1005,1007-1008" and item.absent == "1006", (item.locks, item.absent)
    before = stage.render(14)[..., 3].copy()
    item.grow = -6.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    preferences = bpy.context.preferences.addons[stage.PACKAGE].preferences
    place = preferences.place
    (stage.FOLDER / "custom").mkdir()
    preferences.place, preferences.folder = "custom", str(stage.FOLDER / "custom")
    try:
        assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
        assert np.abs(stage.render(14)[..., 3] - before).max() < 0.02, "the approved matte was computed anew"
    finally:
        preferences.place = place
