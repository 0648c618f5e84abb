"""Several objects that overlap, several plates one after the other, a part of a plate, and what a stop keeps."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import stage, track


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    part(strip)
    both_ways(strip)
    stopped(strip)
    saved_meanwhile(strip)
    own_edges(strip)
    shared(strip)
    in_turn(strip)


def state(strip: Any) -> Any:
    return stage.addon("runs").run_of(strip.wisp.uid)


def part(strip: Any) -> None:
    """Of a trimmed strip only what it shows is tracked; of a range of the scene only that."""
    strip.frame_offset_start, strip.frame_offset_end = 1, 3
    assert bpy.ops.wisp.add_box(x0=21, y0=4, x1=49, y1=32, frame=1002) == {"FINISHED"}
    assert bpy.ops.wisp.track(first=12, last=13, wait=True) == {"FINISHED"}
    assert state(strip).solved[1] == {1002, 1003}, state(strip).solved
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert state(strip).solved[1] == {1002, 1003, 1004, 1005}, state(strip).solved
    strip.frame_offset_start = strip.frame_offset_end = 0
    strip.wisp.objects.clear()


def both_ways(strip: Any) -> None:
    """From a frame in the middle backward, then forward; both find the object."""
    bpy.context.scene.frame_set(15)
    middle = (track.RED[0] + 20, track.RED[1])
    bpy.ops.wisp.add_object(name="red")
    number = strip.wisp.active_object.number
    bpy.ops.wisp.add_box(x0=middle[0] - 14, y0=4, x1=middle[0] + 14, y1=32)
    assert bpy.ops.wisp.track(direction="backward", wait=True) == {"FINISHED"}
    assert state(strip).solved[number] == set(range(1001, 1006)), state(strip).solved
    assert bpy.ops.wisp.track(direction="forward", wait=True) == {"FINISHED"}
    assert state(strip).solved[number] == set(range(1001, 1009)), state(strip).solved
    for index in (0, 2, 4, 7):
        stage.near(track.overlap(stage.render(11 + index), track.disc(index, track.RED)), 1.0, 0.15, f"{index}")


def stopped(strip: Any) -> None:
    """The job is listed; Stop keeps the mattes that are finished, and the next Track makes the others alone."""
    (item,) = strip.wisp.objects
    item.grow = 0.5
    made: list[int] = []
    told: set[str] = set()
    job, gate = at_gate(strip, made)
    while not told:
        stage.addon("engine").poll(timeout=0.05)
        told |= {text for text in stage.drawn(stage.addon("panels").WISP_PT_jobs) if text.startswith(f"{strip.name}: ")}
        assert job.busy, "it was over before it could be stopped"
    assert bpy.ops.wisp.stop() == {"FINISHED"}
    assert stage.addon("session").finished(job) is None
    gate.unlink()
    kept = len(made)
    assert 1 <= kept < track.COUNT and "Stopped; what is finished is kept" in job.message, (kept, job.message)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert f"{track.COUNT - kept} mattes computed, {kept} kept" in job.message, job.message
    item.grow = 0.0


def at_gate(strip: Any, made: list[int]) -> tuple[Any, Path]:
    """A job of all frames that waits at the gate after its first matte; `made` gets the frames that are there."""
    operators, session, engine, events = (
        stage.addon(name) for name in ("operators", "session", "engine", "client.events")
    )
    gate = stage.FOLDER / "gate"
    gate.touch()

    def listen(event: Any) -> None:
        if isinstance(event, events.FrameDone):
            made.append(event.frame)

    scene = bpy.context.scene
    job = session.start_job(scene, strip, operators.whole(scene, strip), on_event=listen)
    while not made:
        engine.poll(timeout=0.05)
        assert job.busy, "it was over before it came to the gate"
    return job, gate


def saved_meanwhile(strip: Any) -> None:
    """The first save while a job runs, and a picture beside the plate named: it goes on to its end, and its files
    follow it."""
    watch, places = stage.addon("watch"), stage.addon("places")
    (item,) = strip.wisp.objects
    item.grow = 1.0
    made: list[int] = []
    job, gate = at_gate(strip, made)
    work = stage.FOLDER / "work"
    work.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(work / "shot.blend"))
    stage.write_png(stage.FOLDER / "beside" / "garbage.png", np.zeros((stage.HEIGHT, stage.WIDTH), np.uint8))
    item.garbage = str(stage.FOLDER / "beside" / "garbage.png")
    end = time.monotonic() + 0.3
    while time.monotonic() < end:  # longer than an edit takes to be told
        watch.poll()
    assert job.busy and places.session_root().is_dir(), (job.message, job.trouble)
    gate.unlink()
    while job.busy:
        watch.poll()
    assert job.trouble is None and f"{track.COUNT} mattes computed" in job.message, (job.message, job.trouble)
    while places.session_root().exists() or not job.session.settled or stage.addon("filing").pending():
        watch.poll()
    assert job.session.places.cache == str(places.here().cache)
    assert job.document["objects"][0]["garbage"].endswith("beside/garbage.png"), "what waited is told"
    folder = stage.addon("mattes").MatteFolder(places.here().plate(strip.wisp.uid))
    assert folder.complete(range(1001, 1001 + track.COUNT))
    item.garbage, item.grow = "", 0.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def own_edges(strip: Any) -> None:
    """A setting of one object leaves the other's matte alone."""
    folder = stage.addon("mattes").MatteFolder(stage.addon("places").here().plate(strip.wisp.uid))
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_object(name="both")
    corners = "14,4 66,4 66,60 14,60"
    bpy.ops.wisp.add_lasso(points=corners, frame=1001)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    first, second = strip.wisp.objects

    def areas() -> list[float]:
        paths = [folder.object_path(one.number, 1003) for one in (first, second)]
        return [float(stage.addon("pictures").read_matte(path).sum()) for path in paths]

    before = areas()
    first.grow = -4.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    after = areas()
    assert after[0] < 0.7 * before[0] and after[1] == before[1], (before, after)
    first.grow = 0.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def shared(strip: Any) -> None:
    """Overlapping objects have a layer each in every frame; asked to be exclusive they add up to 1 at most."""
    for exclusive in (False, True):
        out = stage.FOLDER / f"layers{exclusive}"
        asked = {"filepath": str(out / "m.####.exr"), "layout_kind": "layers", "exclusive": exclusive}
        assert bpy.ops.wisp.deliver(wait=True, **asked) == {"FINISHED"}
        files = sorted(out.iterdir())
        assert len(files) == track.COUNT, files
        most = []
        for file in files:
            layers = layers_of(file)
            assert set(layers) >= {"matte.red", "matte.both"}, (file.name, set(layers))
            most.append(float((layers["matte.red"] + layers["matte.both"]).max()))
        assert (max(most) <= 1.002) if exclusive else (min(most) > 1.5), most


def layers_of(file: Path) -> dict[str, np.ndarray]:
    """Layer -> pixels, read by the engine's Python, since the host has no library for such files."""
    script = (
        "import sys, OpenEXR, numpy as np\n"
        "with OpenEXR.File(sys.argv[1], separate_channels=True) as file:\n"
        "    np.savez(sys.argv[2], **{name: part.pixels.astype('f4') for name, part in file.channels().items()})\n"
    )
    target = stage.FOLDER / "layers.npz"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([os.environ["WISP_PYTHON"], "-c", script, file, target], check=True, env=environment)
    with np.load(target) as found:
        return dict(found)


def in_turn(strip: Any) -> None:
    """What is not solved on any plate that shows mattes is made, one plate after the other, by one command."""
    others = [stage.image_strip(track.clip(), channel=channel, start=11) for channel in (11, 15)]
    for other in others:
        stage.select(other)
        bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32, frame=1001)
        assert bpy.ops.wisp.track(direction="frame", wait=True) == {"FINISHED"}
    strip.wisp.objects[0].grow = 1.0
    assert bpy.ops.wisp.update_stale() == {"FINISHED"}
    for one in (strip, *others):
        for number in one.wisp.shown_objects:
            solved, dirty = state(one).solved[number], state(one).dirty[number]
            assert solved == set(range(1001, 1009)) and not dirty, (one.name, number, solved, dirty)
    gone = stage.FOLDER / "plates" / "disc.1004.png"
    gone.unlink()
    stage.must_fail(bpy.ops.wisp.update_stale, "1004")
