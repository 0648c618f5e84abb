"""0.5 in a matte's file is 0.5 in the picture: rendered pixels of EXR and PNG files, as a strip and as a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import stage

VALUES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
FRAMES = range(101, 104)
#: The picture has 8 bits, as has the smallest of the files.
TOLERANCE = 1.2 / 255


def ramp() -> np.ndarray:
    """Upright bands of the values."""
    columns = np.minimum(np.arange(stage.WIDTH) * len(VALUES) // stage.WIDTH, len(VALUES) - 1)
    return np.broadcast_to(np.array(VALUES, np.float32)[columns], (stage.HEIGHT, stage.WIDTH))


def bands(picture: np.ndarray) -> list[float]:
    """The middle of each band."""
    width = stage.WIDTH / len(VALUES)
    return [float(picture[stage.HEIGHT // 2, int((i + 0.5) * width)]) for i in range(len(VALUES))]


def check(strip: Any, folder: Path, suffix: str) -> None:
    """The files of that folder through the matte strip that the add-on made, shown and as a mask."""
    matte = stage.addon("outputs").matte_strip(strip)
    for output, channel in (("matte", 0), ("mask", 3)):
        strip.wisp.output = output
        read_instead(matte, folder, suffix)
        stage.near(bands(stage.render(2)[..., channel]), VALUES, TOLERANCE, f"{folder.name} as {output}")


def read_instead(matte: Any, folder: Path, suffix: str) -> None:
    """Have the add-on's matte strip read other files."""
    matte.directory = f"{folder}/"
    for element, frame in zip(matte.elements, FRAMES, strict=True):
        element.filename = f"alpha.{frame:06d}.{suffix}"
    matte.invalidate_cache("RAW")


def run() -> None:
    paths = [stage.FOLDER / "plates" / f"white.{frame}.png" for frame in FRAMES]
    for path in paths:
        stage.write_png(path, np.full((stage.HEIGHT, stage.WIDTH, 3), 255, np.uint8))
    strip = stage.select(stage.image_strip(paths))
    strip.blend_type = "ALPHA_OVER"
    bpy.ops.wisp.add_point(x=10, y=10, frame=101)
    bpy.ops.wisp.update_outputs()
    for frame in FRAMES:
        stage.addon("pictures").write_matte(stage.FOLDER / "exr" / f"alpha.{frame:06d}.exr", ramp())
    check(strip, stage.FOLDER / "exr", "exr")
    for bits, kind in ((8, np.uint8), (16, np.uint16)):
        for frame in FRAMES:
            levels = np.round(ramp() * (2**bits - 1)).astype(kind)
            stage.write_png(stage.FOLDER / f"png{bits}" / f"alpha.{frame:06d}.png", levels)
        check(strip, stage.FOLDER / f"png{bits}", "png")
    matte = stage.addon("outputs").matte_strip(strip)
    strip.wisp.output = "matte"
    read_instead(matte, stage.FOLDER / "png16", "png")
    for wrong in ("Linear Rec.709",) if bpy.app.version >= (5, 2, 0) else ("Non-Color", "Linear Rec.709"):
        matte.colorspace_settings.name = wrong
        matte.invalidate_cache("RAW")
        assert bands(stage.render(2)[..., 0])[3] > 0.7, f"{wrong} would be wrong, and this test would see it"
