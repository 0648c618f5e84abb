"""How the plate is read: a missing picture, the numbers' meaning, a layer that is not there, a part of the picture
that is drawn or fitted."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import stage, track


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    missing(strip)
    looks(strip)
    part(strip)
    fitted()


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


def fitted() -> None:
    """A region is fitted around the masks of all frames of a small subject, and the mattes stay where it is."""
    ground = np.tile(track.empty_set(), (2, 2, 1))
    wanted = [np.pad(track.disc(index, track.RED), ((0, 64), (0, 128))) for index in range(track.COUNT)]
    paths = [stage.FOLDER / "wide" / f"wide.{1001 + index}.png" for index in range(track.COUNT)]
    for path, disc in zip(paths, wanted, strict=True):
        stage.write_png(path, np.where(disc[..., None], np.array([220, 40, 30]), ground).astype(np.uint8))
    strip = stage.select(stage.image_strip(paths, channel=5, start=11))
    bpy.context.scene.frame_set(11)
    stage.must_fail(bpy.ops.wisp.fit_region, "Draw the object first", wait=True)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    item = strip.wisp.objects[0]
    stage.must_fail(bpy.ops.wisp.fit_region, "use wait=True")
    assert bpy.ops.wisp.fit_region(wait=True) == {"FINISHED"}, state(strip).message
    x0, y0, x1, y1 = map(int, item.region.split())
    rows, columns = np.logical_or.reduce(wanted).nonzero()
    assert x0 <= columns.min() and columns.max() < x1 and y0 <= rows.min() and rows.max() < y1, item.region
    assert (x1 - x0) * (y1 - y0) < 0.25 * ground.shape[0] * ground.shape[1], item.region
    assert item.region.replace(" ", ", ") in state(strip).message, state(strip).message
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert document_region(strip) == [x0, y0, x1, y1]
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    for index in (0, 4, track.COUNT - 1):
        found = stage.addon("pictures").read_matte(folder.object_path(item.number, 1001 + index)) > 0.5
        assert (found & wanted[index]).sum() > 0.85 * (found | wanted[index]).sum(), index


def document_region(strip: Any) -> Any:
    """As the engine has it."""
    return state(strip).session._document()["objects"][0].get("region")
