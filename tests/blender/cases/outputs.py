"""The strips that show mattes, by their rendered pixels: mattes of known values are put where the engine's would be."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import stage

BACK = 0.25  # the grey of the strip below


def half_left(value: float) -> np.ndarray:
    """A matte: `value` on the left half of the picture, 1 on the top right quarter, 0 below."""
    alpha = np.zeros((stage.HEIGHT, stage.WIDTH), np.float32)
    alpha[:, : stage.WIDTH // 2] = value
    alpha[: stage.HEIGHT // 2, stage.WIDTH // 2 :] = 1.0
    return alpha


LEFT, TOP_RIGHT, BELOW = (slice(20, 44), slice(10, 50)), (slice(4, 28), slice(74, 120)), (slice(36, 60), slice(74, 120))


def grey_plate(count: int = 6) -> Any:
    """Pictures of grey 200, over a strip of darker grey."""
    below = np.full((stage.HEIGHT, stage.WIDTH, 3), round(BACK * 255), np.uint8)
    stage.write_png(stage.FOLDER / "plates" / "below.png", below)
    paths = [stage.FOLDER / "plates" / f"grey.{n:03d}.png" for n in range(101, 101 + count)]
    for path in paths:
        stage.write_png(path, np.full((stage.HEIGHT, stage.WIDTH, 3), 200, np.uint8))
    low = stage.image_strip([stage.FOLDER / "plates" / "below.png"], channel=1)
    low.frame_final_duration = 60
    strip = stage.image_strip(paths, channel=2, start=3)
    strip.blend_type = "ALPHA_OVER"
    return stage.select(strip)


def solve(strip: Any, value: float = 0.5, frames: Any = None) -> None:
    """Put a matte of the value at every plate frame, as the worker does when the engine has made it."""
    mattes = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    source = stage.FOLDER / f"source.{value}.exr"
    stage.addon("pictures").write_matte(source, half_left(value))
    for frame in frames or range(101, 107):
        assert mattes.place(1, frame, source, (1,))
    stage.addon("outputs").refresh(strip.wisp.uid)


def check(value: float, frame: int = 4, scene: Any = None, shown: float = 200 / 255) -> None:
    picture = stage.render(frame, scene)[..., 0]
    stage.near(picture[LEFT], BACK + (shown - BACK) * value, 0.012, f"{value} at frame {frame}")
    stage.near(picture[TOP_RIGHT], shown, 0.012, f"opaque at frame {frame}")
    stage.near(picture[BELOW], BACK, 0.012, f"transparent at frame {frame}")


def run() -> None:
    outputs = stage.addon("outputs")
    strip = grey_plate()
    bpy.ops.wisp.add_point(x=10, y=10, frame=101)
    keyframes()
    bpy.ops.wisp.update_outputs()
    stage.near(stage.render(4)[..., 0], BACK, 0.012, "placeholders hide the plate")
    solve(strip)
    check(0.5)
    matte = outputs.matte_strip(strip)
    matte.name, matte.color_tag = "my own name", "COLOR_03"  # the user's edits stay
    kinds(strip)
    singles(strip)
    follow(strip)
    matte = outputs.matte_strip(strip)
    assert (matte.name, matte.color_tag) == ("my own name", "COLOR_03")
    two_scenes()


def keyframes() -> None:
    """From one frame with prompts to the next and back; beyond the last there is none."""
    scene = bpy.context.scene
    bpy.ops.wisp.add_point(x=10, y=10, frame=104)
    scene.frame_set(3)
    assert bpy.ops.wisp.jump(forward=True) == {"FINISHED"} and scene.frame_current == 6
    assert bpy.ops.wisp.jump(forward=True) == {"CANCELLED"} and scene.frame_current == 6
    assert bpy.ops.wisp.jump(forward=False) == {"FINISHED"} and scene.frame_current == 3


def kinds(strip: Any) -> None:
    """Cut-out and matte as outputs, and back; nothing is made twice."""
    strip.wisp.output = "cutout"
    picture = stage.render(4)[..., 0]
    stage.near(picture[BELOW], 200 / 255, 0.012, "the plate below the cut-out is untouched")
    strip.mute = True
    check(0.5)
    strip.mute = False
    strip.wisp.output = "matte"
    picture = stage.render(4)[..., 0]
    for place, value in ((LEFT, 0.5), (TOP_RIGHT, 1.0), (BELOW, 0.0)):
        stage.near(picture[place], value, 0.012, "matte strip")
    if stage.addon("compositing").HAS_MODIFIER:
        composed(strip)
    strip.wisp.output = "mask"
    check(0.5)
    strip.wisp.bypass = True
    assert stage.mask_modifier(strip).mute
    check(0.5)
    assert not strip.wisp.bypass, "a render ends the bypass"
    roles = sorted(each.wisp.role for each in stage.all_strips() if each.wisp.role)
    assert roles == ["cutout", "matte"], roles


def composed(strip: Any) -> None:
    """A compositor modifier cuts out as the mask does, whatever space the sequencer works in; a cut-out has none."""
    outputs, space = stage.addon("outputs"), bpy.context.scene.sequencer_colorspace_settings
    strip.wisp.output = "compositor"
    modifiers = [(each.type, each.mute) for each in strip.modifiers]
    assert modifiers == [("MASK", True), ("COMPOSITOR", False)], modifiers
    check(0.5)
    before, low = space.name, next(each for each in stage.all_strips() if each.channel == 1)
    low.mute = True
    for name in ("Linear Rec.709", before):
        space.name = name
        outputs.follow()
        stage.near(stage.render(4)[LEFT][..., 3], 0.5, 0.012, f"alpha by the compositor modifier in {name}")
    low.mute = False
    strip.wisp.output = "cutout"
    cutout = next(each for each in stage.all_strips() if each.wisp.role == "cutout")
    assert [each.type for each in cutout.modifiers] == ["MASK"], "the plate's compositor modifier is not repeated"


def singles(strip: Any) -> None:
    """Each object may have a matte and a cut-out of its own, which follow the plate and go with it."""
    outputs, wisp = stage.addon("outputs"), strip.wisp
    bpy.ops.wisp.add_object(name="other")
    bpy.ops.wisp.add_point(x=10, y=10, frame=101)
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(wisp.uid))
    source = stage.FOLDER / "source.other.exr"
    stage.addon("pictures").write_matte(source, half_left(0.25))
    bpy.ops.wisp.object_strip(cutout=True)
    for frame in range(101, 107):
        folder.place(2, frame, source, (1, 2))
    outputs.refresh(wisp.uid)
    check(1 - 0.5 * 0.75 * 0.75)  # the plate shows both, and the cut-out lies over it
    strip.mute = True
    check(0.25)
    strip.frame_start += 3
    strip.color_multiply = 0.5
    outputs.follow()
    check(0.25, frame=7, shown=100 / 255)
    strip.frame_start -= 3
    strip.color_multiply = 1.0
    outputs.follow()
    wisp.active = 0
    assert bpy.ops.wisp.object_strip() == {"FINISHED"} and bpy.ops.wisp.object_strip() == {"FINISHED"}
    picture = stage.render(4)[..., 0]
    for place, value in ((LEFT, 0.5), (TOP_RIGHT, 1.0), (BELOW, 0.0)):
        stage.near(picture[place], value, 0.012, "the first object's own matte strip")
    roles = sorted(each.wisp.role for each in stage.all_strips() if each.wisp.role.startswith("single"))
    assert roles == ["single", "single", "single cutout"], roles
    wisp.objects[0].enabled = False
    stage.addon("session").combine(bpy.context.scene, strip)
    while stage.addon("filing").pending():
        stage.addon("filing").drain()
    outputs.refresh(wisp.uid)
    stage.near(stage.render(4)[TOP_RIGHT][..., 0], 0.0, 0.012, "an object that is switched off shows nothing")
    wisp.objects[0].enabled = True
    wisp.objects.remove(1)
    for each in [each for each in stage.all_strips() if each.wisp.role.startswith("single")]:
        stage.strips().remove(each)
    strip.mute = False
    stage.addon("session").combine(bpy.context.scene, strip)
    while stage.addon("filing").pending():
        stage.addon("filing").drain()
    outputs.refresh(wisp.uid)
    check(0.5)


def follow(strip: Any) -> None:
    """What is done to the plate is done to its matte by the next look."""
    outputs = stage.addon("outputs")
    outputs.follow()
    strip.transform.offset_x = 20
    outputs.follow()
    picture = stage.render(4)[..., 0]
    stage.near(picture[20:44, 30:70], BACK + (200 / 255 - BACK) * 0.5, 0.012, "moved to the right")
    strip.transform.offset_x = 0
    strip.use_flip_x = True
    outputs.follow()
    stage.near(stage.render(4)[36:60, 10:50, 0], BACK, 0.012, "flipped")
    strip.use_flip_x = False
    strip.frame_start += 10
    strip.frame_offset_start = 2
    outputs.follow()
    names = [element.filename for element in outputs.matte_strip(strip).elements]
    assert names == [f"alpha.{n:06d}.exr" for n in range(103, 107)], names
    check(0.5, frame=16)
    right = strip.split(frame=17, split_method="SOFT")
    right.modifiers[0].input_mask_strip = strip  # in 4.2 it may come to be so by itself
    outputs.follow()
    outputs.follow()
    mattes = {outputs.matte_strip(each).name for each in (strip, right)}
    assert len(mattes) == 2, "each half has its own matte strip"
    assert right.wisp.uid == strip.wisp.uid
    for frame in (15, 16, 17, 18):
        check(0.5, frame=frame)
    stage.select(right)
    bpy.ops.wisp.add_point(x=5, y=5, frame=105)
    assert right.wisp.uid != strip.wisp.uid, "the first edit of a copy makes it a plate of its own"
    outputs.follow()
    solve(right, 0.25, (105, 106))
    check(0.25, frame=18)
    check(0.5, frame=16)
    stage.select(strip)


def two_scenes() -> None:
    first = bpy.context.scene
    second = bpy.data.scenes.new("second")
    stage.prepare(second)
    path = stage.FOLDER / "plates" / "grey.101.png"
    other = stage.image_strip([path], scene=second)
    model = stage.addon("model")
    model.own(other).add_object().add_prompt("point", 1, [(3.0, 3.0)])
    stage.addon("outputs").update(second, other)
    stage.near(stage.render(1, second)[..., 3], 0.0, 0.012, "placeholder in the second scene")
    assert model.find(other.wisp.uid) == (second, other)
    bpy.data.scenes.remove(second)
    stage.prepare(first)
