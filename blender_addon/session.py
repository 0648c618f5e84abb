# SPDX-License-Identifier: GPL-3.0-or-later
"""The plates that are open in the engine: what is asked of it, and what it answers.

Everything here happens on the main thread, driven by `watch` (in background mode by the operator that waits). Files are
linked and combined by `filing`.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from . import document, engine, filing, mapping, model, outputs, places, plates, record
from .client import jobs
from .client.errors import EngineError
from .engine import Fault
from .mattes import MatteFolder, Placed
from .runs import Place, Run, run_of, runs

#: A preview is asked for so many seconds after the last gesture, a changed setting is sent after so many.
PREVIEW_DELAY, SETTINGS_DELAY = 0.15, 0.4
#: Seconds that a job may take to obey Stop before the engine is ended.
PATIENCE = 5.0

#: Plates of a file just opened, of which the engine has not been asked yet.
unasked: set[str] = set()
#: Plates whose files have changed, and since when.
touched: dict[str, float] = {}
#: Plates of which undo may have taken the strips that show their mattes.
unshown: set[str] = set()
_settings_due: float | None = None


# -- plates ---------------------------------------------------------------------------------------------------


def sync(scene: Any, strip: Any) -> Run:
    """Open the plate in the engine, or send what changed since. Raises plates.Refusal, EngineGone."""
    outputs.settle(scene, strip)
    wisp = strip.wisp
    run = run_of(wisp.uid)
    plate = plates.plate_of(scene, strip)
    folder = places.here().plate(wisp.uid)
    prompts = folder / "prompts"
    shot = document.shot_document(wisp, plate, prompts)
    place = Place(plate.folder, places.here().cache, (str(prompts), *document.other_folders(shot)))
    running = engine.start()
    unasked.discard(wisp.uid)
    run.fault = None
    if run.place != place or not place.cache.is_dir():
        if run.shot is not None:
            run.shot.close()
        for needed in (place.cache, prompts):
            needed.mkdir(parents=True, exist_ok=True)
        run.place, run.document, run.placed = place, shot, {}
        run.mattes = MatteFolder(folder)
        run.shot = running.open(
            shot,
            str(place.root),
            functools.partial(_on_status, run),
            functools.partial(_failed, run),
            cache=str(place.cache),
            readable=list(place.readable),
        )
        _remember(run, record.write_shot, shot)
    elif run.document != shot:
        run.document = shot
        assert run.shot is not None
        run.shot.update(shot)
        _remember(run, record.write_shot, shot)
    _combine(run, wisp, plate.frames)
    return run


def combine(scene: Any, strip: Any) -> None:
    """Show the mattes of the objects that are shown now, without asking the engine. Raises plates.Refusal."""
    outputs.settle(scene, strip)
    run = run_of(strip.wisp.uid)
    run.mattes = run.mattes or MatteFolder(places.here().plate(run.uid))
    _combine(run, strip.wisp, plates.plate_of(scene, strip).frames, anyway=True)


def _combine(run: Run, wisp: Any, frames: list[int], anyway: bool = False) -> None:
    """Show the objects that are switched on now and have prompts, and no others."""
    shown = wisp.shown_objects
    if (run.enabled == shown and not anyway) or run.mattes is None:
        return
    run.enabled = shown
    run.changed()
    for frame in frames:
        _submit(run, run.mattes.combine, frame, shown, then=functools.partial(_combined, run))


def recall() -> None:
    """Learn what there is for the plates of a file just opened: from its files, and from the engine once it runs."""
    for scene, strip in model.plates():
        if not strip.wisp.objects:
            continue
        run, folder = run_of(strip.wisp.uid), places.here().plate(strip.wisp.uid)
        try:
            plate = plates.plate_of(scene, strip)
        except plates.Refusal:
            continue  # the panel says why
        unasked.add(run.uid)
        run.mattes = MatteFolder(folder)
        run.enabled = strip.wisp.shown_objects
        shot = document.shot_document(strip.wisp, plate, folder / "prompts")
        _submit(run, record.read, folder, shot, plate.frames, then=functools.partial(_recalled, run))


def _recalled(run: Run, known: record.Known) -> None:
    if run.shot is None:  # else the engine knows better
        run.solved, run.dirty, run.doubtful = known
        run.changed()


def _remember(run: Run, write: Callable[..., None], *content: Any) -> None:
    """Keep it beside the plate's mattes, as it is now."""
    assert run.mattes is not None
    _submit(run, write, run.mattes.folder, *copy.deepcopy(content), then=lambda _: None)


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
    _combine(run, strip.wisp, frames, anyway=True)
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


def ask(scene: Any, strip: Any, request: jobs.Request, then: Callable[[], str] | None = None) -> Run:
    """Start another job for the plate: a check, a delivery. `then` is called at its end and returns what is said.

    Raises plates.Refusal, EngineGone.
    """
    run = sync(scene, strip)
    assert run.shot is not None
    run.stage, run.done, run.total, run.eta, run.stopped_at = "starting", 0, 0, None, None
    run.message = ""

    def event(told: jobs.Event) -> None:
        if isinstance(told, jobs.Progress):
            _on_progress(run, told.values())
        elif isinstance(told, jobs.Verdict) and told.state == "judged":
            run.judge(told.id, told.frame, told.reasons[0] if told.suspicious else "")

    def done(end: jobs.Done) -> None:
        run.stage, run.message = "", end.sentence
        if then is not None:
            try:
                run.message = then()
            except (OSError, ValueError, RuntimeError) as error:
                run.fault = Fault(str(error))
        redraw()

    run.job = run.shot.run(request, event, done, functools.partial(_job_failed, run))
    return run


def stop(run: Run) -> None:
    """Stop the plate's job; what is finished is kept."""
    if run.job is not None and run.busy:
        run.job.cancel()
        run.stage, run.stopped_at = "stopping", time.monotonic()


def wait(run: Run, until: Callable[[], bool]) -> None:
    """Drive the session until `until()` and all files are in place; for background mode."""
    while not (until() and not run.asked and not filing.pending()):
        if engine.client is None or engine.client.state in ("exited", "stopped", "refused"):
            break
        engine.client.poll(timeout=0.05)
        filing.drain()


# -- what the engine says -------------------------------------------------------------------------------------


def _on_status(run: Run, status: dict[str, Any]) -> None:
    run.looks = 0
    for item in status["objects"]:
        number, frames = item["id"], item["frames"]
        run.solved[number] = mapping.frames_in(frames.get("solved", ""))
        run.dirty[number] = mapping.frames_in(frames.get("dirty", ""))
        folder, _, name = item["pattern"].rpartition("/")  # a folder's name may hold a % that means itself
        for frame in run.solved[number]:
            _place(run, number, frame, Path(folder, name % frame))
    run.changed()
    _remember(run, record.write_status, run.solved, run.dirty)
    redraw()


def _on_progress(run: Run, params: dict[str, Any]) -> None:
    if run.stopped_at is None:
        run.stage = params["stage"]
    run.done, run.total, run.eta = params["done"], params["total"], params["eta"]
    redraw()


def _on_frame(run: Run, params: dict[str, Any]) -> None:
    _place(run, params["id"], params["frame"], Path(params["path"]))


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
        run.looks = 1
        run.shot.refresh()


def _failed(run: Run, error: EngineError) -> None:
    run.previews, run.looks = 0, 0
    run.fault = Fault(str(error), error.kind)
    redraw()


def _previewed(run: Run, number: int, frame: int, result: dict[str, Any]) -> None:
    run.previews = max(0, run.previews - 1)
    _place(run, number, frame, Path(result["path"]))


# -- files ----------------------------------------------------------------------------------------------------


def undone() -> None:
    """A step was undone or done again: send what is there now; what is solved is shown also where its strip went."""
    wake()
    unshown.update(run.uid for run in runs.values() if any(run.solved.values()))


def show_unshown() -> None:
    """Put back the strips of mattes that undo took away."""
    for uid in [unshown.pop() for _ in range(len(unshown))]:
        scene, strip = model.find(uid)
        if strip is not None and strip.wisp.shown_objects and outputs.matte_strip(strip) is None:
            with contextlib.suppress(plates.Refusal):  # the panel says why
                outputs.update(scene, strip)


def _submit(run: Run, work: Callable[..., Any], *arguments: Any, then: Callable[[Any], None]) -> None:
    filing.submit(work, *arguments, then=then, failed=functools.partial(_not_written, run))


def _not_written(run: Run, error: Exception) -> None:
    run.fault = Fault(f"A matte cannot be written: {error}", "output")


def _place(run: Run, number: int, frame: int, source: Path) -> None:
    """Have a file of the engine's shown: it is what the present document wants on this frame."""
    run.solved.setdefault(number, set()).add(frame)
    run.dirty.setdefault(number, set()).discard(frame)
    run.changed()
    if run.placed.get((number, frame)) != source and run.mattes is not None:
        run.placed[number, frame] = source
        then = functools.partial(_placed, run, number, frame)
        _submit(run, run.mattes.place, number, frame, source, run.enabled, then=then)


def _placed(run: Run, number: int, frame: int, placed: Placed) -> None:
    if placed.doubt is not None:
        run.judge(number, frame, placed.doubt)
    _combined(run, placed.changed)


def _combined(run: Run, changed: bool) -> None:
    if changed:
        touched.setdefault(run.uid, time.monotonic())


# -- what is due ----------------------------------------------------------------------------------------------


def send_due(now: float) -> None:
    """Send what was put off: settings, previews, questions; end an engine that does not obey Stop."""
    _send_settings(now)
    _send_previews(now)
    if unasked and engine.client is not None and engine.client.state == "ready":
        scene, strip = model.find(unasked.pop())
        if strip is not None:
            _try_sync(run_of(strip.wisp.uid), scene, strip)
    for run in runs.values():
        if run.busy and run.stopped_at is not None and now - run.stopped_at > PATIENCE and engine.client is not None:
            engine.client.kill()
            run.stopped_at = None


def _send_settings(now: float) -> None:
    global _settings_due
    if _settings_due is None or now < _settings_due:
        return
    _settings_due = None
    for run in list(runs.values()):
        scene, strip = model.find(run.uid)
        if strip is None:
            continue
        if run.shot is not None:
            before = run.document
            if _try_sync(run, scene, strip) and run.document != before:
                _preview_shown(run, scene, strip)
        elif run.enabled != strip.wisp.shown_objects:
            with contextlib.suppress(plates.Refusal):  # the panel says why
                combine(scene, strip)


def _preview_shown(run: Run, scene: Any, strip: Any) -> None:
    """The frame at the playhead is asked for anew: its edges, or its models, are others now."""
    with contextlib.suppress(plates.Refusal):  # the panel says why
        frame = plates.plate_frame(scene, strip, scene.frame_current)
        if frame is None or run.busy:
            return
        for number in strip.wisp.shown_objects:
            if frame in run.dirty.get(number, ()) and (number, frame) in run.placed:
                run.wanted[number, frame] = time.monotonic()


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
                run.previews += 1
                run.shot.preview(frame, number, functools.partial(_previewed, run, number, frame))


def _try_sync(run: Run, scene: Any, strip: Any) -> bool:
    try:
        sync(scene, strip)
    except plates.Refusal as error:
        run.fault = Fault(str(error), "refused")
    except EngineError as error:
        run.fault = Fault(str(error), error.kind)
    except OSError as error:
        run.fault = Fault(str(plates.unwritable(error)), "output")
    else:
        return True
    redraw()
    return False


def redraw() -> None:
    """Have all sequencer areas drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()


def forget() -> None:
    """Another file is loaded: its plates are not those of before."""
    for run in runs.values():
        run.close()
    runs.clear()
    touched.clear()
    unasked.clear()
    unshown.clear()


def drop_engine() -> None:
    """End the engine: the next request starts one anew, perhaps another, which is asked about every plate."""
    for run in runs.values():
        run.close()
    unasked.update(runs)
    engine.stop()
