"""A plate of OpenEXR: its layers and eyes, the numbers' meaning, values above 1, its time code in what is delivered."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import bpy

from . import stage, track

COUNT = 4
#: Blender 4.2 reads no file whose picture lies beside a layer.
EYES = bpy.app.version >= (5, 0, 0)
#: Run by the engine's Python, since the host has no library for such files: discs in linear light, five times as bright
#: as white, another picture in the layer `right`, time code and rate.
MAKE = """
import json, sys
import numpy as np
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
said = json.loads(sys.argv[1])
ys, xs = np.mgrid[0 : said["height"], 0 : said["width"]] + 0.5
for i in range(said["count"]):
    picture = np.full((said["height"], said["width"], 3), 0.1, np.float32)
    picture[(xs - 30 - 5 * i) ** 2 + (ys - 18) ** 2 < 169] = (5.0, 3.5, 0.2)
    other = np.full_like(picture, 0.1)
    other[(xs - 90 + 5 * i) ** 2 + (ys - 40) ** 2 < 169] = (0.2, 0.3, 0.8)
    channels = {name: picture[..., k] for k, name in enumerate("RGB")}
    if said["eyes"]:
        channels |= {f"right.{name}": other[..., k] for k, name in enumerate("RGB")}
    told = {"timeCode": f"01:00:00:{i:02d}", "framesPerSecond": 24.0}
    whole = Window(0, 0, said["width"], said["height"])
    write_exr(said["pattern"] % (1001 + i), channels, display=whole, attributes=told)
"""


def clip() -> list[Path]:
    pattern = stage.FOLDER / "exr_plate" / "disc.%d.exr"
    pattern.parent.mkdir()
    said = {"pattern": str(pattern), "count": COUNT, "width": stage.WIDTH, "height": stage.HEIGHT, "eyes": EYES}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([os.environ["WISP_ENGINE"], "-c", MAKE, json.dumps(said)], check=True, env=environment)
    return [Path(str(pattern) % (1001 + i)) for i in range(COUNT)]


def state(strip: Any) -> Any:
    return stage.addon("runs").run_of(strip.wisp.uid)


def run() -> None:
    before = stage.image_strip(track.clip(), start=11)
    assert stage.addon("plates").size_of(before) == (stage.WIDTH, stage.HEIGHT)
    stage.strips().remove(before)
    strip = stage.select(stage.image_strip(clip(), start=11))  # of the same name as the one that is gone
    assert stage.addon("plates").size_of(strip) == (stage.WIDTH, stage.HEIGHT)
    bpy.context.scene.frame_set(11)
    strip.wisp.colorspace = "ACEScg"
    assert bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32) == {"FINISHED"}
    strip.wisp.objects[0].name = "red"
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    stage.near(track.overlap(matte(strip, 1004), track.disc(3, track.RED)), 1.0, 0.15, "bright disc")
    delivered()
    if EYES:
        other_eye(strip)


def matte(strip: Any, frame: int) -> Any:
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    alpha = stage.addon("pictures").read_matte(folder.object_path(1, frame))
    return alpha[..., None].repeat(4, axis=-1)


def delivered() -> None:
    """Colour of the plate's own numbers, and its time code, in the files for others."""
    out = stage.FOLDER / "exr_out"
    asked = {"filepath": str(out / "c.####.exr"), "layout_kind": "rgba", "despill": "green"}
    assert bpy.ops.wisp.deliver(wait=True, **asked) == {"FINISHED"}
    header = stage.addon("pictures").header(out / "c.1003.exr")
    told = stage.addon("pictures").header(stage.FOLDER / "exr_plate" / "disc.1003.exr")
    assert header["timeCode"] == told["timeCode"] and header["framesPerSecond"] == told["framesPerSecond"]
    assert bpy.ops.wisp.deliver(wait=True, filepath=str(out / "c.mov"), layout_kind="rgba") == {"FINISHED"}
    movie = bpy.data.movieclips.load(str(out / "c.mov"))
    assert tuple(movie.size) == (stage.WIDTH, stage.HEIGHT) and movie.frame_duration == COUNT
    image = bpy.data.images.load(str(out / "c.1003.exr"))
    red, green, blue, alpha = image.pixels[4 * ((stage.HEIGHT - 19) * stage.WIDTH + 40) :][:4]
    assert alpha > 0.9 and red > 4.0 and abs(green - (red + blue) / 2) < 0.1, (red, green, blue, alpha)
    assert b"A\0" in header["channels"] and header["wisp/object"]


def other_eye(strip: Any) -> None:
    """The layer of the right eye is another picture: what is drawn there is found there."""
    item = strip.wisp.objects[0]
    item.prompts.clear()
    strip.wisp.layer = "right"
    assert bpy.ops.wisp.add_box(x0=76, y0=26, x1=104, y1=54) == {"FINISHED"}
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    stage.near(track.overlap(matte(strip, 1001), track.disc(0, (90.0, 40.0))), 1.0, 0.15, "right eye")
    strip.wisp.layer = "middle"
    stage.must_fail(bpy.ops.wisp.track, "middle", wait=True)
