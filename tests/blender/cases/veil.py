"""A veil that the models miss is found under the Unknown brush; plate, blend file and mattes lie below odd names."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import stage, track

#: Rows and columns of the veil: its alpha falls from 1 to 0 across the columns.
ROWS, COLUMNS = slice(18, 46), slice(44, 88)
#: Names of folders that a path's grammar, a URL or an expression could take for something else.
FOLDERS = ("take#2 ####", "50% %04d", "été a'b $F4 [x] ~")


def alpha() -> np.ndarray:
    columns = np.clip((88 - np.arange(stage.WIDTH) - 0.5) / 48, 0, 1)
    found = np.zeros((stage.HEIGHT, stage.WIDTH))
    found[14:50, 16:] = columns[16:]
    return found


def clip(folder: Any) -> list[Any]:
    part = alpha()[..., None]
    picture = (part * np.array([220, 40, 30]) + (1 - part) * track.empty_set()).astype(np.uint8)
    paths = [folder / f"veil#1.{number}.png" for number in (1001, 1002)]
    for path in paths:
        stage.write_png(path, picture)
    return paths


def error(frame: int) -> float:
    """The mean error of the rendered matte in the veil."""
    return float(np.abs(stage.render(frame)[..., 3] - alpha())[ROWS, COLUMNS].mean())


def run() -> None:
    for name in FOLDERS:
        folder = stage.FOLDER / name
        folder.mkdir()
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        stage.prepare(bpy.context.scene)
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot#.blend"))
        painted(folder)


def painted(folder: Any) -> None:
    strip = stage.select(stage.image_strip(clip(folder)))
    bpy.context.scene.frame_set(1)
    bpy.ops.wisp.add_box(x0=12, y0=10, x1=66, y1=54)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    before = error(1)
    assert before > 0.15, before
    assert bpy.ops.wisp.add_stroke(points="52,20 84,20 84,32 52,32 52,44 84,44", radius=8, unknown=True) == {"FINISHED"}
    assert [one.kind for one in strip.wisp.objects[0].prompts] == ["box", "unknown"]
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    for frame in (1, 2):
        assert error(frame) < 0.06, (folder.name, frame, before, error(frame))
    mattes = stage.addon("places").here().plate(strip.wisp.uid) / "all"
    assert mattes.is_relative_to(folder) and len(list(mattes.glob("*.exr"))) == 2, mattes
    out = folder / "out"
    assert bpy.ops.wisp.deliver(filepath=str(out / "m.####.exr"), wait=True) == {"FINISHED"}
    assert sorted(path.name for path in out.iterdir()) == ["m.1001.exr", "m.1002.exr"]
