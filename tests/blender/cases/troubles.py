"""Each thing that may be amiss has a state of its own and one button, which is pressed here and mends it."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import bpy

from . import stage
from .track import COUNT, RED, clip, disc, drawn, overlap


def state() -> str:
    """The word for what is amiss."""
    trouble = stage.addon("troubles").of(bpy.context)
    if trouble is None:
        return ""
    assert trouble.text.endswith("."), trouble.text
    return str(trouble.kind)


def press(**options: Any) -> None:
    """The button, with what its dialog would ask for."""
    room, name = stage.addon("troubles").of(bpy.context).operator.split(".")
    operator = getattr(getattr(bpy.ops, room), name)
    with stage.in_timeline():
        assert operator.poll()
        assert operator(**options) == {"FINISHED"}


def run() -> None:
    strip = stage.select(stage.image_strip(clip(), start=11))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    unsaved()
    missing_engine()
    missing_media(strip)
    solved(strip)
    engine_crash(strip)
    reported(strip)
    replaced(strip)
    cache_deleted(strip)
    everything_deleted(strip)
    two_scenes(strip)


def unsaved() -> None:
    assert state() == "unsaved"
    (stage.FOLDER / "work").mkdir()
    press(filepath=str(stage.FOLDER / "work" / "shot.blend"))
    assert state() == "" and bpy.data.is_saved


def missing_engine() -> None:
    python, os.environ["WISP_ENGINE"] = os.environ["WISP_ENGINE"], "/nowhere"
    stage.must_fail(bpy.ops.wisp.track, "there is no Python interpreter", wait=True)
    assert state() == "missing"
    assert "There is no engine." in report() and "nowhere" not in report()
    press(filepath=python)
    assert state() == "" and stage.addon("engine").client.state == "ready"


def missing_media(strip: Any) -> None:
    folder = stage.FOLDER / "plates"
    moved = folder.rename(stage.FOLDER / "elsewhere")
    assert state() == "strip"
    stage.must_fail(bpy.ops.wisp.track, "is missing. Point the strip to its media", wait=True)
    press(directory=f"{moved}/", files=[{"name": path.name} for path in sorted(moved.iterdir())])
    assert state() == "" and len(strip.elements) == COUNT


def solved(strip: Any) -> None:
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert state() == ""
    assert overlap(stage.render(14), disc(3, RED)) > 0.85
    assert not stage.addon("runs").run_of(strip.wisp.uid).dirty[1]


def engine_crash(strip: Any) -> None:
    client = stage.addon("engine").client
    os.kill(client.pid, signal.SIGKILL)
    client.wait(lambda: client.state == "exited", 60)
    assert state() == "gone"
    assert overlap(stage.render(14), disc(3, RED)) > 0.85, "what is solved is still shown"
    press()
    client.wait(lambda: client.state == "ready", 60)
    assert state() == ""
    solved(strip)


def report() -> str:
    """What is shown, and copied, for those who help."""
    assert bpy.ops.wisp.report_problem(wait=True) == {"FINISHED"}
    return str(bpy.data.texts["Wisp Report"].as_string())


def reported(strip: Any) -> None:
    """A fault that names a file is told without it, beside the page of the installation."""
    path = stage.FOLDER / "elsewhere" / "disc.1005.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    stage.must_fail(bpy.ops.wisp.track, "disc.1005.png", wait=True)
    said = report()
    assert all(one in said for one in (f"Blender {bpy.app.version_string}", "numpy", "device", "fault: ")), said
    assert "(path left out)" in said, said
    names = ("disc", "elsewhere", "shot.blend", stage.FOLDER.name, str(stage.FOLDER), f"{Path.home()}/")
    assert not [name for name in names if name in said], said
    path.write_bytes(whole)
    solved(strip)


def replaced(strip: Any) -> None:
    """A picture that was written anew is solved anew by the next Track, and nothing else of the strip is edited."""
    path = stage.FOLDER / "elsewhere" / "disc.1005.png"
    path.unlink()
    stage.write_png(path, drawn(4, (RED[0], RED[1] + 8)))
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert overlap(stage.render(15), disc(4, (RED[0], RED[1] + 8))) > 0.85
    stage.write_png(path, drawn(4, RED))
    solved(strip)
    assert overlap(stage.render(15), disc(4, RED)) > 0.85


def cache_deleted(strip: Any) -> None:
    shutil.rmtree(stage.addon("places").here().cache)
    assert state() == "cache"
    assert overlap(stage.render(14), disc(3, RED)) > 0.85, "the mattes stay"
    press(wait=True)
    message = stage.addon("runs").run_of(strip.wisp.uid).message
    assert message.startswith(f"{COUNT} masks tracked, {COUNT} mattes computed"), message
    solved(strip)


def everything_deleted(strip: Any) -> None:
    shutil.rmtree(stage.FOLDER / "work" / "wisp")
    assert state() == "mattes"
    press()
    assert state() == "cache"
    assert stage.render(14)[..., 3].max() < 0.01, "placeholders keep the mask on"
    press(wait=True)
    solved(strip)


def two_scenes(strip: Any) -> None:
    """A strip of another scene has a state of its own; a sequencer without a scene is put right."""
    first, second = bpy.context.scene, stage.prepare(bpy.data.scenes.new("second"))
    other = stage.image_strip([stage.FOLDER / "elsewhere" / "disc.1001.png"], scene=second)
    second.sequence_editor.active_strip = other
    bpy.context.window_manager.windows[0].scene = second
    stage.prepare(second)
    assert stage.addon("active").target(bpy.context) == (second, other)
    other.transform.scale_x = 0.0
    assert state() == "strip"
    bpy.context.window_manager.windows[0].scene = first
    stage.prepare(first)
    assert stage.addon("active").target(bpy.context) == (first, strip)
    assert state() == ""
    if hasattr(bpy.context, "sequencer_scene"):
        for workspace in bpy.data.workspaces:
            workspace.sequencer_scene = None
        assert state() == "scene"
        assert bpy.ops.wisp.show_scene() == {"FINISHED"}
        assert state() == "" and bpy.context.sequencer_scene == first
