"""What words name becomes the active object's box; what nothing answers to leaves the strip as it was."""

from __future__ import annotations

import bpy

from . import stage, track


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(12)
    stage.must_fail(bpy.ops.wisp.add_text, "in a few words", text="  ", wait=True)
    stage.must_fail(bpy.ops.wisp.add_text, "use wait=True", text="the red dog")
    stage.must_fail(bpy.ops.wisp.add_text, "answers to 'the red dog'", text="the red dog", threshold=1.0, wait=True)
    assert not strip.wisp.objects
    assert bpy.ops.wisp.add_text(text="the red dog", threshold=0.0, wait=True) == {"FINISHED"}
    (item,) = strip.wisp.objects
    assert item.name == "the red dog" and [(one.kind, one.frame) for one in item.prompts] == [("box", 1002)]
    (x0, y0), (x1, y1) = item.prompts[0].points
    assert 0 <= x0 < x1 <= stage.WIDTH and 0 <= y0 < y1 <= stage.HEIGHT, item.prompts[0].xy
    message = stage.addon("runs").run_of(strip.wisp.uid).message
    assert message.startswith("the red dog: found with a score of"), message
    assert bpy.ops.wisp.add_text(text="a dog", threshold=0.0, frame=1002, wait=True) == {"FINISHED"}
    assert [(one.kind, one.frame) for one in item.prompts] == [("box", 1002)], "a frame has one box"
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert len(strip.wisp.objects) == 1 and stage.addon("runs").run_of(strip.wisp.uid).solved[1]
