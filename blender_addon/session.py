# SPDX-License-Identifier: GPL-3.0-or-later
"""The plates that are open in the engine: what runs, what is solved, what failed.

Everything here happens on the main thread, in `poll`, which a timer calls (in background mode the waiting operator).
Files are linked and combined on one worker thread that never touches the host. Nothing here is saved.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from . import document, engine, mapping, model, outputs, places, plates, textures
from .engine import Fault
from .host.errors import EngineError
from .host.shots import Job, RemoteShot
from .mattes import MatteFolder

BUSY, IDLE = 0.1, 0.5
#: A preview is asked for so many seconds after the last gesture, a changed setting is sent after so many.
PREVIEW_DELAY, SETTINGS_DELAY = 0.15, 0.4
#: Seconds that a job may take to obey Stop before the engine is ended.
PATIENCE = 5.0
#: A tracker less sure than this is worth a look.
DOUBTFUL = 0.5


@dataclass
class Run:
    """The run state of one plate, found by its uid."""

    uid: str
    shot: RemoteShot | None = None
    document: dict[str, Any] = field(default_factory=dict)
    place: tuple[Path, Path] | None = None
    mattes: MatteFolder | None = None
    job: Job | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    eta: float | None = None
    stopped_at: float | None = None
    solved: dict[int, set[int]] = field(default_factory=dict)
    dirty: dict[int, set[int]] = field(default_factory=dict)
    doubtful: dict[int, dict[int, str]] = field(default_factory=dict)
    placed: dict[tuple[int, int], Path] = field(default_factory=dict)
    enabled: tuple[int, ...] = ()
    wanted: dict[tuple[int, int], float] = field(default_factory=dict)
    asked: int = 0
    fault: Fault | None = None
    message: str = ""

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.finished

    def state(self, frame: int) -> str:
        """`doubtful`, `dirty`, `solved` or `none`: the worst of the enabled objects."""
        if any(frame in self.doubtful.get(number, ()) for number in self.enabled):
            return "doubtful"
        if any(frame in self.dirty.get(number, ()) for number in self.enabled):
            return "dirty"
        return "solved" if any(frame in self.solved.get(number, ()) for number in self.enabled) else "none"


runs: dict[str, Run] = {}
_worker: ThreadPoolExecutor | None = None
_work: list[tuple[Future[bool], Run]] = []
_settings_due: float | None = None
_touched: dict[str, float] = {}
_watched = 0.0


def run_of(uid: str) -> Run:
    """The run state of a plate, made on first use."""
    return runs.setdefault(uid, Run(uid))


# -- plates ---------------------------------------------------------------------------------------------------


def sync(scene: Any, strip: Any) -> Run:
    """Open the plate in the engine, or send what changed since. Raises plates.Refusal, EngineGone."""
    wisp = strip.wisp
    run = run_of(wisp.uid)
    plate = plates.plate_of(scene, strip)
    folder = places.mattes(wisp.uid)
    shot = document.shot_document(wisp, plate, folder / "prompts")
    place = (plate.folder, places.cache())
    running = engine.start()
    run.fault = None
    if run.place != place:
        if run.shot is not None:
            run.shot.close()
        place[1].mkdir(parents=True, exist_ok=True)
        (folder / "prompts").mkdir(parents=True, exist_ok=True)
        run.place, run.document, run.placed = place, shot, {}
        run.mattes = MatteFolder(folder)
        run.shot = running.open(
            shot,
            str(plate.folder),
            lambda status: _on_status(run, status),
            lambda error: _failed(run, error),
            cache=str(place[1]),
            readable=[str(folder / "prompts")],
        )
    elif run.document != shot:
        run.document = shot
        assert run.shot is not None
        run.shot.update(shot)
    enabled = tuple(item.number for item in wisp.objects if item.enabled)
    if run.enabled != enabled:
        run.enabled = enabled
        for frame in plate.frames:
            _submit(run, _combine, run.mattes, frame, enabled)
    return run


def _combine(mattes: MatteFolder, frame: int, enabled: tuple[int, ...]) -> bool:
    mattes.combine(frame, enabled)
    return True


def want_preview(uid: str, number: int, frame: int) -> None:
    """Ask for the matte of one object on one frame soon."""
    run_of(uid).wanted[number, frame] = time.monotonic() + PREVIEW_DELAY


def wake() -> None:
    """A setting has changed: send it soon to the plates that are open."""
    global _settings_due
    _settings_due = time.monotonic() + SETTINGS_DELAY


def track(scene: Any, strip: Any, frames: list[int], numbers: list[int] | None = None) -> Run:
    """Start to compute what is missing on `frames`. Raises plates.Refusal, EngineGone."""
    run = sync(scene, strip)
    assert run.shot is not None
    run.stage, run.done, run.total, run.eta, run.stopped_at = "starting", 0, 0, None, None
    run.message = ""
    run.job = run.shot.solve(
        mapping.ranges(frames),
        numbers,
        on_progress=lambda params: _on_progress(run, params),
        on_frame=lambda params: _on_frame(run, params),
        on_done=lambda params: _on_done(run, params),
        on_error=lambda error: _job_failed(run, error),
    )
    return run


def stop(run: Run) -> None:
    """Stop the plate's job; what is finished is kept."""
    if run.job is not None and run.busy:
        run.job.cancel()
        run.stage, run.stopped_at = "stopping", time.monotonic()


def wait(run: Run, until: Callable[[], bool]) -> None:
    """Drive the session until `until()` and all files are in place; for background mode."""
    while not (until() and not run.asked and not _work):
        if engine.client is None or engine.client.state in ("exited", "stopped", "refused"):
            break
        engine.client.poll(timeout=0.05)
        _drain()


# -- what the engine says -------------------------------------------------------------------------------------


def _on_status(run: Run, status: dict[str, Any]) -> None:
    run.asked = max(0, run.asked - 1)
    for item in status["objects"]:
        number, frames = item["id"], item["frames"]
        run.solved[number] = mapping.frames_in(frames.get("solved", ""))
        run.dirty[number] = mapping.frames_in(frames.get("dirty", ""))
        for frame in run.solved[number]:
            _place(run, number, frame, Path(item["pattern"] % frame))
    redraw()


def _on_progress(run: Run, params: dict[str, Any]) -> None:
    if run.stopped_at is None:
        run.stage = params["stage"]
    run.done, run.total, run.eta = params["done"], params["total"], params["eta"]
    redraw()


def _on_frame(run: Run, params: dict[str, Any]) -> None:
    number, frame = params["object"], params["frame"]
    run.solved.setdefault(number, set()).add(frame)
    run.dirty.setdefault(number, set()).discard(frame)
    doubtful = run.doubtful.setdefault(number, {})
    doubtful.pop(frame, None)
    if params["track_state"] == "lost":
        doubtful[frame] = "lost"
    elif params["confidence"] < DOUBTFUL:
        doubtful[frame] = f"confidence {params['confidence']:.2f}"
    _place(run, number, frame, Path(params["path"]))


def _on_done(run: Run, params: dict[str, Any]) -> None:
    run.stage = ""
    run.message = f"{params['matted']} mattes computed, {params['cached']} were there"
    _ask_status(run)


def _job_failed(run: Run, error: EngineError) -> None:
    run.stage = ""
    if error.kind == "cancelled":
        run.message = error.message
    else:
        _failed(run, error)
    _ask_status(run)


def _ask_status(run: Run) -> None:
    if engine.client is not None and engine.client.state == "ready" and run.shot is not None:
        run.asked += 1
        run.shot.refresh()


def _failed(run: Run, error: EngineError) -> None:
    run.asked = 0
    run.fault = Fault(str(error), error.kind)
    redraw()


def _previewed(run: Run, number: int, frame: int, result: dict[str, Any]) -> None:
    run.solved.setdefault(number, set()).add(frame)
    run.dirty.setdefault(number, set()).discard(frame)
    run.asked = max(0, run.asked - 1)
    _place(run, number, frame, Path(result["path"]))


# -- files ----------------------------------------------------------------------------------------------------


def _submit(run: Run, work: Callable[..., bool], *arguments: Any) -> None:
    global _worker
    if _worker is None:
        _worker = ThreadPoolExecutor(1, "wisp-files")
    _work.append((_worker.submit(work, *arguments), run))


def _place(run: Run, number: int, frame: int, source: Path) -> None:
    if run.placed.get((number, frame)) != source and run.mattes is not None:
        run.placed[number, frame] = source
        _submit(run, run.mattes.place, number, frame, source, run.enabled)


def _drain() -> None:
    """Take what the worker has finished."""
    finished = [item for item in _work if item[0].done()]
    for item in finished:
        _work.remove(item)
        future, run = item
        try:
            future.result()
        except Exception as error:  # a full disk, a folder without rights: it must be seen, whatever it was
            run.fault = Fault(f"A matte cannot be written: {error}", "output")
        _touched.setdefault(run.uid, time.monotonic())
    if finished:
        redraw()


# -- the timer ------------------------------------------------------------------------------------------------


def poll() -> float:
    """Called by the timer. Returns the seconds until the next call."""
    global _watched
    now = time.monotonic()
    if engine.client is not None:
        engine.client.poll(limit=100)
    _drain()
    if not bpy.app.background and textures.upload():
        redraw()
    _send_settings(now)
    _send_previews(now)
    for run in runs.values():
        if run.busy and run.stopped_at is not None and now - run.stopped_at > PATIENCE and engine.client is not None:
            engine.client.kill()
            run.stopped_at = None
    for uid in [uid for uid, since in _touched.items() if now - since > IDLE]:
        del _touched[uid]
        outputs.refresh(uid)
    if now - _watched > IDLE:
        _watched = now
        outputs.follow()
    working = bool(_work or _touched or textures.pending()) or any(
        run.busy or run.wanted or run.asked for run in runs.values()
    )
    return BUSY if working or (engine.client is not None and engine.client.state == "starting") else IDLE


def _send_settings(now: float) -> None:
    global _settings_due
    if _settings_due is None or now < _settings_due:
        return
    _settings_due = None
    for run in list(runs.values()):
        scene, strip = model.find(run.uid)
        if strip is not None and run.shot is not None:
            _try_sync(run, scene, strip)


def _send_previews(now: float) -> None:
    for run in list(runs.values()):
        due = [key for key, when in run.wanted.items() if when <= now]
        if not due:
            continue
        scene, strip = model.find(run.uid)
        for key in due:
            del run.wanted[key]
        if strip is None or not _try_sync(run, scene, strip) or run.shot is None:
            continue
        for number, frame in due:
            if any(item.number == number and item.keyframes for item in strip.wisp.objects):
                run.asked += 1
                run.shot.preview(frame, number, functools.partial(_previewed, run, number, frame))


def _try_sync(run: Run, scene: Any, strip: Any) -> bool:
    try:
        sync(scene, strip)
    except plates.Refusal as error:
        run.fault = Fault(str(error), "refused")
    except EngineError as error:
        run.fault = Fault(str(error), error.kind)
    else:
        return True
    redraw()
    return False


def tick() -> float:
    """The timer's function: a fault of ours must not end the timer, or the window would seem dead."""
    try:
        return poll()
    except Exception as error:
        engine.fault = Fault(f"A bug: {error!r}", "unexpected")
        raise
    finally:
        _keep_timer()


def _keep_timer() -> None:
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=IDLE, persistent=True)


def redraw() -> None:
    """Have all sequencer areas drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()


def forget() -> None:
    """Another file is loaded: its plates are not those of before."""
    for run in runs.values():
        if run.busy and run.job is not None:
            with contextlib.suppress(EngineError):
                run.job.cancel()
        if run.shot is not None:
            with contextlib.suppress(EngineError):
                run.shot.close()
    runs.clear()
    _touched.clear()


def drop_engine() -> None:
    """End the engine and forget what was open in it: the next request starts one anew, perhaps another."""
    forget()
    engine.stop()


def register() -> None:
    if not bpy.app.background:
        bpy.app.timers.register(tick, first_interval=IDLE, persistent=True)


def unregister() -> None:
    global _worker
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    drop_engine()
    if _worker is not None:
        _worker.shutdown(wait=False, cancel_futures=True)
        _worker = None
    _work.clear()
    _touched.clear()
