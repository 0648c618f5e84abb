"""How the plate is read: a missing picture, the numbers' meaning, a layer that is not there, a part of the picture."""

from __future__ import annotations

from typing import Any

import bpy

from . import stage, track


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    missing(strip)
    looks(strip)
    part(strip)


def state(strip: Any) -> Any:
    return stage.addon("runs").run_of(strip.wisp.uid)


def missing(strip: Any) -> None:
    """Stops with the frame's name; or goes on with the frame before, as it is said."""
    gone = stage.FOLDER / "plates" / "disc.1004.png"
    gone.unlink()
    stage.must_fail(bpy.ops.wisp.track, "1004", wait=True)
    strip.wisp.missing = "hold"
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert 1004 in state(strip).solved[1] and not state(strip).dirty[1]
    stage.near(track.overlap(stage.render(15), track.disc(4, track.RED)), 1.0, 0.15, "the frame after")


def looks(strip: Any) -> None:
    """What models see differently is to be computed anew; a layer that the file lacks is named."""
    strip.wisp.exposure = 1.0
    stage.addon("session").sync(bpy.context.scene, strip)
    stage.addon("session").finished(state(strip))
    assert state(strip).dirty[1], "brighter for the models: mattes are out of date"
    strip.wisp.exposure = 0.0
    strip.wisp.layer = "left"
    stage.must_fail(bpy.ops.wisp.track, "left", wait=True)
    strip.wisp.layer = ""
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def part(strip: Any) -> None:
    """Outside its region an object's matte is empty."""
    item = strip.wisp.objects[0]
    item.region = "0 0 60 40"
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    stage.near(track.overlap(stage.render(12), track.disc(1, track.RED)), 1.0, 0.2, "inside")
    assert stage.render(18)[:, 60:, 3].max() < 0.01, "outside"
