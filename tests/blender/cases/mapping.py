"""Which plate frame is shown: what is rendered tells its number, the add-on must tell the same."""

from __future__ import annotations

from typing import Any

import bpy

from . import stage


def agree(strip: Any, offset: int, what: str) -> None:
    """`offset`: of plate frame numbers to the numbers that the pictures tell."""
    plates = stage.addon("plates")
    scene = bpy.context.scene
    shown = plates.plate_of(scene, strip).shown
    assert shown, what
    for time in sorted({*list(shown)[:3], *list(shown)[::5], *list(shown)[-2:]}):
        told = stage.number_of(stage.render(time))
        assert shown[time] == told + offset, f"{what}, frame {time}: {shown[time]} but {told} is rendered"
        assert plates.plate_frame(scene, strip, time) == shown[time]
    assert plates.plate_frame(scene, strip, strip.frame_final_start - 1) is None
    assert plates.plate_frame(scene, strip, strip.frame_final_end) is None


def trimmed(strip: Any) -> None:
    strip.frame_offset_start, strip.frame_offset_end = 3, 4


def reversed_and_trimmed(strip: Any) -> None:
    trimmed(strip)
    strip.use_reverse_frames = True


def strobed(strip: Any) -> None:
    strip.strobe = 3.0


def strobed_reversed(strip: Any) -> None:
    strobed(strip)
    reversed_and_trimmed(strip)


def offset(strip: Any) -> None:
    strip.animation_offset_start, strip.animation_offset_end = 4, 2


def everything(strip: Any) -> None:
    offset(strip)
    reversed_and_trimmed(strip)
    strip.strobe = 2.0
    strip.frame_start = 31


def rate_adjusted() -> None:
    """A movie of 30 frames a second in a scene of 24, its duration kept: frames are left out."""
    for change in (lambda _: None, reversed_and_trimmed, strobed_reversed, everything):
        with stage.in_timeline():
            bpy.ops.sequencer.movie_strip_add(
                filepath=str(stage.FOLDER / "fast.mp4"),
                frame_start=3,
                channel=1,
                sound=False,
                use_framerate=False,
                adjust_playback_rate=True,
                fit_method="ORIGINAL",
            )
        strip = stage.all_strips()[-1]
        assert strip.type == "MOVIE" and strip.frame_final_duration == 40, "50 frames in 40"
        change(strip)
        agree(strip, 0, f"rate-adjusted {change.__name__}")
        stage.strips().remove(strip)


def run() -> None:
    paths = stage.bar_sequence()
    for change in (lambda _: None, trimmed, reversed_and_trimmed, strobed, strobed_reversed, offset, everything):
        for make, number in (
            (lambda: stage.image_strip(paths, start=7), 1000),
            (lambda: stage.movie_strip(start=7), 0),
        ):
            strip = make()
            change(strip)
            agree(strip, number, f"{strip.type} {getattr(change, '__name__', '')}")
            stage.strips().remove(strip)
    if bpy.app.version < (5, 0, 0):  # later versions crash when this operator runs in the background
        rate_adjusted()
    strip = stage.image_strip(paths)
    right = strip.split(frame=9, split_method="SOFT")
    agree(strip, 1000, "left half")
    agree(right, 1000, "right half")
