"""Strips that cannot be plates are refused by a sentence that says what to do, on both sides of each limit."""

from __future__ import annotations

from typing import Any

import bpy

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
    operators_say_it()


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
