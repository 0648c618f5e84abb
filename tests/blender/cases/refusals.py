"""Strips that cannot be plates are refused by a sentence that says what to do, on both sides of each limit."""

from __future__ import annotations

import struct
from typing import Any

import bpy
import numpy as np

from . import stage


def accepted(strip: Any) -> None:
    stage.addon("plates").plate_of(bpy.context.scene, strip)


def effect(kind: str, channel: int, source: Any = None) -> Any:
    """A new effect strip; the names of the arguments differ between versions."""
    length = {"length": 9} if bpy.app.version >= (5, 0, 0) else {"frame_end": 10}
    inputs = {"input1" if bpy.app.version >= (4, 4, 0) else "seq1": source} if source is not None else {}
    return stage.strips().new_effect(kind.lower(), kind, channel, frame_start=1, **length, **inputs)


def run() -> None:
    paths = stage.bar_sequence(6)
    strip = stage.select(stage.image_strip(paths))
    accepted(strip)
    degenerate(strip)
    without_pictures()
    speed(strip)
    retimed()
    metas(strip)
    turned()
    other_size(strip)
    operators_say_it()


def turned() -> None:
    """A movie that is stored on its side: where the host passes that over, it would not lie as the engine has it."""
    path = stage.FOLDER / "turned.mp4"
    data = bytearray((stage.FOLDER / "bars.mp4").read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 20] = struct.pack(">5i", 0, 1 << 16, 0, -1 << 16, 0)
    path.write_bytes(data)
    movie = stage.strips().new_movie("turned", str(path), 10, 1)
    if bpy.app.version < (4, 5, 0):
        stage.must_refuse(movie, "turned.mp4 is stored turned, as phones do")
    else:
        accepted(movie)
        size = stage.addon("plates").size_of(movie)
        assert size == (stage.HEIGHT, stage.WIDTH), size
    stage.strips().remove(movie)


def other_size(strip: Any) -> None:
    """A proxy is exchanged for pictures of twice the size: one button fits all that was drawn to them."""
    stage.select(strip)
    wisp = stage.addon("model").own(strip)
    item = wisp.add_object()
    item.add_prompt("box", 1001, [(10, 20), (30, 40)])
    item.add_prompt("stroke", 1002, [(5, 5), (6, 7)], radius=3.0)
    half = np.zeros((stage.HEIGHT, stage.WIDTH), np.uint8)
    half[:, :40] = 255
    drawn = stage.FOLDER / "drawn.png"
    stage.write_png(drawn, half)
    item.add_prompt("mask", 1003, []).text = str(drawn)
    item.region, item.grow, item.frame_edge, item.gamma = "8 10 60 51", 1.5, 1, 1.25
    before, large = strip.directory, stage.FOLDER / "large"
    for number in range(1001, 1007):
        stage.write_png(large / f"bar.{number}.png", np.zeros((2 * stage.HEIGHT, 2 * stage.WIDTH, 3), np.uint8))
    accepted(strip)
    strip.directory = f"{large}/"  # as a script does: the host goes on naming the size of before
    refusal = stage.must_refuse(strip, "were drawn on pictures of 128 x 64 pixels, and these have 256 x 128. Scale")
    assert refusal.mend == stage.addon("troubles").of(bpy.context).operator == "wisp.scale_prompts"
    drawn.rename(stage.FOLDER / "away.png")
    stage.must_fail(bpy.ops.wisp.scale_prompts, "drawn.png cannot be read, so nothing was scaled")
    (stage.FOLDER / "away.png").rename(drawn)
    assert bpy.ops.wisp.scale_prompts() == {"FINISHED"}
    accepted(strip)
    box, stroke, mask = item.prompts
    assert (box.points, stroke.points) == ([(20, 40), (60, 80)], [(10, 10), (12, 14)]) and stroke.radius == 6.0
    assert (item.region, item.grow, item.frame_edge, item.gamma) == ("16 20 120 102", 3.0, 2, 1.25)
    picture = bpy.data.images.load(str(stage.addon("places").here().plate(wisp.uid) / mask.mask_path))
    assert tuple(picture.size) == (256, 128)
    row = np.array(picture.pixels[:]).reshape(128, 256, 4)[64, :, 0]
    assert row[:79].min() == 1.0 and row[81:].max() == 0.0
    stage.must_fail(bpy.ops.wisp.scale_prompts, "drawn on pictures of this size")
    wisp.objects.clear()
    strip.directory = before
    accepted(strip)
    stage.addon("model").own(strip)
    assert tuple(wisp.size) == (stage.WIDTH, stage.HEIGHT), "with nothing drawn it is of the pictures of now"


def degenerate(strip: Any) -> None:
    strip.transform.scale_x = 0.0
    stage.must_refuse(strip, "Give it a size again")
    strip.transform.scale_x = 1.0
    strip.elements[3].filename = "other.004.png"
    stage.must_refuse(strip, "Use pictures that are numbered in one sequence")
    strip.elements[3].filename = "bar.1004.png"
    accepted(strip)


def without_pictures() -> None:
    """Scene strips, effects, adjustment layers."""
    second = bpy.data.scenes.new("second")
    scene_strip = stage.strips().new_scene("a scene", second, 3, 1)
    stage.must_refuse(scene_strip, "A scene strip has no pictures of its own. Render it to pictures")
    for kind in ("COLOR", "ADJUSTMENT"):
        made = effect(kind, 4)
        stage.must_refuse(made, "Render it to pictures")
        stage.strips().remove(made)
    stage.strips().remove(scene_strip)
    bpy.data.scenes.remove(second)


def speed(strip: Any) -> None:
    made = effect("SPEED", 5, strip)
    stage.must_refuse(strip, "The speed effect speed drives the strip. Render it to pictures")
    stage.strips().remove(made)
    accepted(strip)


def retime(strip: Any) -> None:
    stage.select(strip)
    with stage.in_timeline():
        assert bpy.ops.sequencer.retiming_segment_speed_set(speed=50.0) == {"FINISHED"}


def retimed() -> None:
    """A movie with a retimed piece; the button beside the sentence takes the retiming away."""
    movie = stage.movie_strip(channel=6)
    accepted(movie)
    retime(movie)
    mend = stage.must_refuse(movie, "Remove the retiming, or render the strip to pictures").mend
    with stage.in_timeline():
        assert getattr(bpy.ops.sequencer, mend.removeprefix("sequencer."))() == {"FINISHED"}
    accepted(movie)
    stage.strips().remove(movie)


def metas(strip: Any) -> None:
    """A meta strip moves what is in it: refused, also one further out, also where keyframes move it."""
    inner_meta, outer_meta = (stage.strips().new_meta(name, channel, 1) for name, channel in (("in", 7), ("out", 8)))
    strip.move_to_meta(inner_meta)
    inner_meta.move_to_meta(outer_meta)
    accepted(strip)
    for meta in (inner_meta, outer_meta):
        meta.transform.offset_x = 5
        stage.must_refuse(strip, f"The meta strip {meta.name} around it has a transform. Clear that, or take")
        meta.transform.offset_x = 0
        meta.use_flip_x = True
        stage.must_refuse(strip, "has a transform")
        meta.use_flip_x = False
        accepted(strip)
    outer_meta.transform.keyframe_insert("rotation", frame=1)
    stage.must_refuse(strip, "has a transform")
    bpy.context.scene.animation_data_clear()
    accepted(strip)


def operators_say_it() -> None:
    """The operators report the same sentence and store nothing."""
    movie = stage.select(stage.movie_strip(channel=9))
    retime(movie)
    for operator, options in ((bpy.ops.wisp.add_point, {"x": 3, "y": 3}), (bpy.ops.wisp.update_outputs, {})):
        stage.must_fail(operator, "Remove the retiming", **options)
    assert not movie.wisp.objects and len(movie.modifiers) == 0
