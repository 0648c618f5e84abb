"""The whole way with the real engine and the embedded models, as a pipeline runs it: `wisp.track(wait=True)`."""

from __future__ import annotations

import os
import signal
import struct
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import stage

COUNT, RADIUS = 8, 13


def disc(number: int, middle: tuple[float, float]) -> np.ndarray:
    ys, xs = np.mgrid[0 : stage.HEIGHT, 0 : stage.WIDTH] + 0.5
    return (xs - middle[0] - 5 * number) ** 2 + (ys - middle[1]) ** 2 < RADIUS**2


def clip() -> list[Any]:
    """A red and a blue disc move over a grey, textured ground."""
    paths = [stage.FOLDER / "plates" / f"disc.{1001 + i}.png" for i in range(COUNT)]
    for i, path in enumerate(paths):
        stage.write_png(path, drawn(i, RED))
    return paths


def drawn(number: int, red: tuple[float, float]) -> np.ndarray:
    """One picture of it, the red disc about another middle if need be."""
    picture = empty_set()
    picture[disc(number, red)] = (220, 40, 30)
    picture[disc(number, BLUE)] = (30, 60, 220)
    return picture


def empty_set() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.repeat((90 + 20 * rng.random((stage.HEIGHT, stage.WIDTH, 1))).astype(np.uint8), 3, axis=2)


RED, BLUE = (30.0, 18.0), (40.0, 46.0)


def overlap(rendered: np.ndarray, wanted: np.ndarray) -> float:
    shown = rendered[..., 3] > 0.5
    return float((shown & wanted).sum() / (shown | wanted).sum())


def run() -> None:
    session, outputs = stage.addon("session"), stage.addon("outputs")
    stage.must_fail(bpy.ops.wisp.track, "Select an image or movie strip", wait=True)
    strip = stage.select(stage.image_strip(clip(), start=11))
    stage.must_fail(bpy.ops.wisp.track, "no prompts yet", wait=True)
    bpy.context.scene.frame_set(11)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    python, os.environ["WISP_ENGINE"] = os.environ["WISP_ENGINE"], "/nowhere"
    stage.must_fail(bpy.ops.wisp.track, "no Python interpreter", wait=True)
    assert stage.addon("engine").fault.kind == "missing"
    os.environ["WISP_ENGINE"] = python
    stage.must_fail(bpy.ops.wisp.track, "use wait=True")
    tracked(strip)
    run_state = session.run_of(strip.wisp.uid)
    garbage(strip)
    clean_plate(strip)
    matte = outputs.matte_strip(strip)
    second_object(strip)
    assert outputs.matte_strip(strip) == matte, "the matte strip is kept"
    correction(strip, run_state)
    killed(strip)
    reopened()
    elsewhere()


def tracked(strip: Any) -> None:
    """Its mattes are computed and seen."""
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    run_state = stage.addon("session").run_of(strip.wisp.uid)
    assert run_state.solved[1] == set(range(1001, 1009)) and not run_state.dirty[1], run_state
    for i in (0, 3, 7):
        stage.near(overlap(stage.render(11 + i), disc(i, RED)), 1.0, 0.15, f"frame {i}")


def plate() -> Any:
    return stage.select(next(s for s in stage.all_strips() if s.wisp.objects and not s.wisp.role))


def second_object(strip: Any) -> None:
    bpy.ops.wisp.add_object(name="blue")
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outline = np.array(BLUE) + RADIUS * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    bpy.ops.wisp.add_lasso(points=" ".join(f"{x:.2f},{y:.2f}" for x, y in outline), frame=1001)
    bpy.ops.wisp.track(wait=True)
    picture = stage.render(14)
    assert overlap(picture, disc(3, RED) | disc(3, BLUE)) > 0.85, "both objects are shown"
    strip.wisp.objects[0].enabled = False
    bpy.ops.wisp.track(wait=True)
    assert overlap(stage.render(14), disc(3, BLUE)) > 0.85, "an object that is switched off is not"
    strip.wisp.objects[0].enabled = True


def garbage(strip: Any) -> None:
    """A matte of what is surely not the object, from a folder of its own."""
    item, below = strip.wisp.objects[0], np.zeros((stage.HEIGHT, stage.WIDTH), np.uint8)
    below[18:] = 255
    stage.write_png(stage.FOLDER / "roto" / "below.png", below)
    item.garbage = str(stage.FOLDER / "roto" / "below.png")
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    upper = disc(3, RED) & (below == 0)
    assert overlap(stage.render(14), upper) > 0.8, "the lower half is cut off"
    item.garbage = ""
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert overlap(stage.render(14), disc(3, RED)) > 0.85


def clean_plate(strip: Any) -> None:
    """What stands behind the red disc, as a sequence in a folder of its own, and a picture of another place."""
    bars = np.zeros((stage.HEIGHT, stage.WIDTH, 3), np.uint8)
    bars[:, np.arange(stage.WIDTH) % 16 < 8] = 240
    right, wrong = (stage.FOLDER / "set" / name for name in ("behind.####.png", "elsewhere.png"))
    for i in range(COUNT):
        behind = empty_set()
        behind[disc(i, BLUE)] = (30, 60, 220)
        stage.write_png(right.with_name(f"behind.{1001 + i}.png"), behind)
    stage.write_png(wrong, bars)
    strip.wisp.clean = str(wrong)
    for moment in range(6):  # an edit that is told while the job ends must not wipe away how it ended
        strip.wisp.objects[0].grow = moment / 10
        time.sleep(moment / 20)
        stage.must_fail(bpy.ops.wisp.track, "does not lie over frame", wait=True)
    strip.wisp.objects[0].grow = 0
    strip.wisp.clean = str(right)
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert overlap(stage.render(14), disc(3, RED)) > 0.85
    strip.wisp.clean = ""
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def correction(strip: Any, run_state: Any) -> None:
    """Only what a correction reaches is computed again."""
    bpy.ops.wisp.track(wait=True)
    strip.wisp.active = 0
    bpy.ops.wisp.add_stroke(points="52,18 68,18", radius=2, include=False, frame=1007)
    stage.addon("session").sync(bpy.context.scene, strip)
    bpy.ops.wisp.track(wait=True)
    computed = int(run_state.message.split()[3])
    assert 0 < computed < 2 * COUNT, run_state.message
    assert bpy.ops.wisp.update_stale() == {"FINISHED"}
    assert ", 0 mattes computed," in run_state.message, run_state.message


def killed(strip: Any) -> None:
    """An engine that dies is reported and starts again; what was solved is still shown."""
    engine = stage.addon("engine")
    os.kill(engine.client.pid, signal.SIGKILL)
    engine.client.wait(lambda: engine.client.state == "exited", 20)
    assert engine.fault.kind == "gone" and "signal 9" in engine.fault.text
    assert overlap(stage.render(14), disc(3, RED) | disc(3, BLUE)) > 0.85
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"} and engine.fault is None


def reopened() -> None:
    """The state of each frame is there again: without an engine from the files, with one because it is asked."""
    session, runs, watch, filing = (stage.addon(name) for name in ("session", "runs", "watch", "filing"))
    blend = stage.FOLDER / "reopened.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wisp.track(wait=True)
    folder = stage.addon("places").here().plate(plate().wisp.uid)
    bpy.ops.wm.save_mainfile()
    everything = set(range(1001, 1001 + COUNT))
    for engine_runs in (True, False):
        bpy.ops.wm.open_mainfile(filepath=str(blend))
        stage.prepare(bpy.context.scene)
        if not engine_runs:
            session.drop_engine()
            (folder / "object1" / "alpha.001002.exr").unlink()
            make_doubtful(folder / "object1" / "alpha.001005.exr")
        assert not runs.runs
        session.recall()
        state = runs.run_of(plate().wisp.uid)
        while not (state.solved and state.session.settled) or filing.pending() or (engine_runs and session.unasked):
            time.sleep(watch.poll() / 10)
        assert state.session.is_open == engine_runs
        assert state.solved[2] == everything and not state.dirty[2]
        assert state.solved[1] == everything - (set() if engine_runs else {1002}), state
    assert (state.state(1002), state.state(1005), state.state(1003)) == ("dirty", "doubtful", "solved")
    accepted(state)
    plate().wisp.objects[0].prompts[0].xy = "1,1 9,9"
    session.recall()
    while filing.pending():
        time.sleep(watch.poll() / 10)
    assert state.dirty[1] == everything and not state.dirty[2], "the file's prompts are not those of the mattes"
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    stage.prepare(bpy.context.scene)
    plate()
    bpy.ops.wisp.track(wait=True)


def accepted(state: Any) -> None:
    """What is found fine as it is stays unmarked while its matte is the same; again takes it back."""
    item = state_of_fine()
    assert bpy.ops.wisp.accept(frame=1005) == {"FINISHED"} and list(item.fine) == [1005] and item.fine[1005]
    assert state.state(1005) == "solved"
    stage.addon("session").recall()
    while stage.addon("filing").pending():
        time.sleep(stage.addon("watch").poll() / 10)
    assert state.state(1005) == "solved", "read from the files again"
    assert bpy.ops.wisp.accept(frame=1005) == {"FINISHED"} and not item.fine and state.state(1005) == "doubtful"
    stage.must_fail(bpy.ops.wisp.accept, "Nothing on this frame", frame=1003)


def state_of_fine() -> Any:
    stage.select(plate())
    return plate().wisp.objects[0]


def make_doubtful(path: Path) -> None:
    """Have the file's header say that the tracker was hardly sure."""
    data, name = path.read_bytes(), b"wisp/confidence\0float\0"
    at = data.index(name) + len(name) + 4
    path.unlink()  # it is the cache's file too
    path.write_bytes(data[:at] + struct.pack("<f", 0.125) + data[at + 4 :])


def elsewhere() -> None:
    """The saved file renders the same pixels without the add-on and without the engine."""
    wanted = [stage.render(frame) for frame in (11, 14, 18)]
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "shot.blend"))
    bpy.ops.preferences.addon_disable(module=stage.PACKAGE)
    bpy.ops.wm.open_mainfile(filepath=str(stage.FOLDER / "shot.blend"))
    assert not hasattr(bpy.context.scene, "wisp") and not hasattr(bpy.types.WindowManager, "wisp_view")
    stage.prepare(bpy.context.scene)
    for frame, before in zip((11, 14, 18), wanted, strict=True):
        assert np.array_equal(stage.render(frame), before), f"frame {frame} differs without the add-on"
