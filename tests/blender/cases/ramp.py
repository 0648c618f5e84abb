"""Soft values of a matte act as they are, as a mask and as a cut-out, on plates of 8 and 16 bits and of half floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import stage

VALUES = np.array([0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0], np.float32)
#: The picture has 8 bits.
TOLERANCE = 1.2 / 255
GREY = 200


def ramp() -> np.ndarray:
    return np.repeat(VALUES, stage.WIDTH // len(VALUES))[None].repeat(stage.HEIGHT, 0)


def pictures(kind: str) -> list[Path]:
    """Two grey pictures of 8 or 16 bits, or of half floats."""
    paths = []
    for number in (1, 2):
        path = stage.FOLDER / kind / f"grey.{number:04d}.{'exr' if kind == 'half' else 'png'}"
        if kind == "half":
            stage.addon("pictures").write_matte(path, np.full((stage.HEIGHT, stage.WIDTH), 0.5, np.float32))
        else:
            depth = np.uint8 if kind == "8" else np.uint16
            grey = GREY * (1 if kind == "8" else 257)
            stage.write_png(path, np.full((stage.HEIGHT, stage.WIDTH, 3), grey, depth))
        paths.append(path)
    return paths


def plate(kind: str, output: str, start: int) -> Any:
    """A plate whose matte is the ramp, at a time of its own."""
    strip = stage.select(stage.image_strip(pictures(kind), channel=2, start=start))
    strip.name, strip.blend_type = f"{kind} {output}", "ALPHA_OVER"
    stage.addon("model").own(strip).add_object().add_prompt("point", 1, [(5, 5)])
    strip.wisp.output = output
    mattes = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    for number in (1, 2):
        stage.addon("pictures").write_matte(mattes.union_path(number), ramp())
    stage.addon("outputs").update(bpy.context.scene, strip)
    strip.mute = output == "cutout"
    return strip


#: Kind of plate and output -> the scene frame at which it is shown.
SHOWN = {
    (kind, output): 1 + 20 * first + 10 * second
    for first, kind in enumerate(("8", "16", "half"))
    for second, output in enumerate(("mask", "cutout"))
}


def values(frame: int) -> np.ndarray:
    """The alpha of the middle of each step."""
    step = stage.WIDTH // len(VALUES)
    return stage.render(frame)[stage.HEIGHT // 2, step // 2 :: step, 3]


def check(what: str) -> None:
    for (kind, output), frame in SHOWN.items():
        stage.near(values(frame), VALUES, TOLERANCE, f"{what}: plate of {kind}, {output}")


def run() -> None:
    make()
    check("made here")
    scene = bpy.context.scene
    for space in ("Linear Rec.709", "sRGB"):
        scene.sequencer_colorspace_settings.name = space
        check(f"the sequencer works in {space} now")
    graded()


def make() -> None:
    """What `ramp_made` saves for other versions to open."""
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "ramp.blend"))
    for (kind, output), frame in SHOWN.items():
        plate(kind, output, frame)
    bpy.ops.wm.save_mainfile()


def graded() -> None:
    """A cut-out has its plate's colours, also those given later, and its modifiers; those that were changed too."""
    strip = next(each for each in stage.all_strips() if each.name == "8 cutout")
    below = stage.FOLDER / "black.png"
    stage.write_png(below, np.zeros((stage.HEIGHT, stage.WIDTH, 3), np.uint8))
    back = stage.image_strip([below], channel=1)
    back.frame_final_duration = 70
    follow, frame = stage.addon("outputs").follow, SHOWN["8", "cutout"]

    def shown() -> float:
        follow()
        return float(stage.render(frame)[stage.HEIGHT // 2, -5, 0]) / (GREY / 255)

    stage.near(shown(), 1.0, 0.02, "as it is")
    strip.color_multiply = 0.5
    stage.near(shown(), 0.5, 0.02, "half as bright")
    strip.color_multiply = 1.0
    with stage.addon("compat").sequencer_of(bpy.context.scene):
        curves = strip.modifiers.new("Grade", "CURVES")
    points = curves.curve_mapping.curves[3].points
    points[len(points) - 1].location = (1.0, 0.6)
    curves.curve_mapping.update()
    stage.near(shown(), 0.6, 0.03, "a curve on the plate")
    points[len(points) - 1].location = (1.0, 0.4)
    curves.curve_mapping.update()
    stage.near(shown(), 0.4, 0.03, "the curve was changed")
    stage.near(values(frame), np.ones(len(VALUES)), TOLERANCE, "over black all is opaque")
    with stage.addon("compat").sequencer_of(bpy.context.scene):
        strip.modifiers.remove(curves)
    stage.near(shown(), 1.0, 0.02, "the curve is gone")
