# SPDX-License-Identifier: GPL-3.0-or-later
"""The plates as sessions of the engine: opened, kept as the file has them, asked for previews and jobs.

Everything here happens on the main thread, driven by `watch` (in background mode by the operator that waits). What a
session is, is `client.session`; what strips show of it, `runs`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import carrying, document, engine, filing, model, outputs, places, plates, record
from .client.ends import Done
from .client.errors import EngineError, EngineGone, ignore
from .client.events import Event
from .client.frames import frames_in
from .client.mattes import Lane
from .client.requests import Request, Solve
from .client.session import READY, SETTLE, Places
from .client.timers import Timer
from .engine import Fault
from .runs import Run, redraw, run_of, runs, touched

#: Plates of a file just opened, of which the engine has not been asked yet.
unasked: set[str] = set()
#: Plates of which undo may have taken the strips that show their mattes.
unshown: set[str] = set()
#: Plates that have to be opened anew, and are once their job is done.
_late: set[str] = set()
#: Plates of which the settings may have changed since the engine was told.
_unsent: set[str] = set()
#: Seconds that one look gives to telling it: with a hundred plates in a file the host must not stand still.
SHARE = 0.02


# -- plates ---------------------------------------------------------------------------------------------------


def sync(scene: Any, strip: Any) -> Run:
    """Open the plate in the engine, or send what changed since. Raises plates.Refusal, EngineGone, OSError.

    A job goes on where it was begun, and with what it may read: what needs the plate opened anew waits for its end.
    """
    outputs.use_own_files(scene, strip)
    wisp = strip.wisp
    run = run_of(wisp.uid)
    plate = plates.plate_of(scene, strip)
    here = places.here()
    used = run.place if run.busy and run.place is not None else here
    if not run.busy and run.place is not None and run.place != here:
        if run.uid in _late:
            carrying.follow(run.uid, run.place, here)
        else:  # saved elsewhere, which has brought it, or the preferences name another folder now
            carrying.bring_locked(run.place, here)
    if not run.busy:
        _late.discard(run.uid)
    folder, cache = used.plate(run.uid), used.cache
    prompts = folder / document.PICTURES
    document.draw_lassos(wisp, plate, folder)
    shot = document.shot_document(wisp, plate, folder)
    place = Places(str(plate.folder), str(cache), (str(prompts), *document.other_folders(shot)))
    engine.start()
    unasked.discard(wisp.uid)
    run.fault = None
    moved = not run.session.is_open or run.session.places != place or not cache.is_dir()
    if run.busy and (moved or used != here):
        _late.add(run.uid)
    if (moved and not run.busy) or (not moved and run.document != shot):
        run.document = shot
        if moved:
            for needed in (cache, prompts):
                needed.mkdir(parents=True, exist_ok=True)
            run.keep_in(folder)
            run.placed.clear()
            run.place = here
            run.session.move(place)
        else:
            run.session.update()
        run.remember(record.write_shot, shot)
    run.show(wisp.shown_objects, plate.frames)
    return run


def combine(scene: Any, strip: Any) -> None:
    """Show the mattes of the objects that are shown now, without asking the engine. Raises plates.Refusal."""
    outputs.use_own_files(scene, strip)
    run = run_of(strip.wisp.uid)
    run.keep_in(places.here().plate(run.uid))
    run.show(strip.wisp.shown_objects, plates.plate_of(scene, strip).frames, anyway=True)


def recall() -> None:
    """Learn what there is for the plates of a file just opened: from its files, and from the engine once it runs."""
    for scene, strip in model.plates():
        if not strip.wisp.objects:
            continue
        run, folder = run_of(strip.wisp.uid), places.here().plate(strip.wisp.uid)
        try:
            plate = plates.plate_of(scene, strip)
        except (plates.Refusal, OSError):
            continue  # the panel says why
        unasked.add(run.uid)
        run.keep_in(folder)
        run.enabled = strip.wisp.shown_objects
        shot = document.shot_document(strip.wisp, plate, folder)

        def known(lanes: dict[int, Lane], run: Run = run) -> None:
            if not run.session.is_open:  # else the engine knows better
                run.session.mattes.lanes = lanes
                run.changed()

        run.file(record.read, folder, shot, plate.frames, then=known)


def keep_here() -> None:
    """The blend file was saved, perhaps elsewhere: have its own files shown, and those of the engine follow soon."""
    for run in runs.values():
        if run.mattes is not None:
            run.keep_in(places.here().plate(run.uid))
    schedule_update()


def start_job(
    scene: Any,
    strip: Any,
    request: Request,
    then: Callable[[], str] | None = None,
    on_event: Callable[[Event], None] = ignore,
) -> Run:
    """Start a job for the plate; what a solve gives is shown. `then` is called at a good end, and returns what is said
    of it; `on_event` gets what the job tells.

    Raises plates.Refusal, EngineGone.
    """
    part_edited()
    if run_of(strip.wisp.uid).busy:
        raise plates.Refusal("The engine is at work for this strip already. Stop that first.")
    _settings.stop()  # told now: told while the job runs, it would wipe away how that ended
    _send_settings()
    run = sync(scene, strip)
    _unsent.discard(run.uid)
    run.said = ""

    def ended(end: Done | None, why: str) -> None:
        try:
            if end is not None and then is not None:
                run.said = then()
        except (OSError, ValueError, RuntimeError) as error:
            run.fault = Fault(str(error))
        except Exception as error:  # else it would end what gives out the engine's messages
            run.fault = engine.bug(error)
        if end is None and run.session.failed:
            run.fault = Fault(why)

    if not run.session.run(request, on_event, ended):
        raise EngineGone(run.session.message)
    if isinstance(request, Solve):
        outputs.update(scene, strip)  # first: the placeholder tells which size mattes are to have
        run.show(strip.wisp.shown_objects, frames_in(request.frames or ""), anyway=True)
    return run


def finished(run: Run) -> Fault | None:
    """Wait for the plate's job; for background mode. What went wrong, or None; an interruption stops the job first."""
    try:
        _wait(run)
    except KeyboardInterrupt:
        run.session.stop()
        _wait(run)
        raise
    touched.pop(run.uid, None)
    outputs.refresh(run.uid)
    return run.fault or (engine.fault if run.busy else None)


def _wait(run: Run) -> None:
    while not (run.session.settled and not filing.pending()) and engine.client.pid is not None:
        if engine.client.state == "refused":
            break
        engine.poll(timeout=0.05)
        filing.drain()


# -- what was changed -----------------------------------------------------------------------------------------


def request_preview(uid: str, number: int, frame: int) -> None:
    """Ask for the matte of one object on one frame soon."""
    run_of(uid).wanted.add((number, frame))


def schedule_update() -> None:
    """A setting has changed: send it soon to the plates that are open."""
    _settings.start()


def undone() -> None:
    """A step was undone or done again: send what is there now; what is solved is shown also where its strip went."""
    schedule_update()
    unshown.update(run.uid for run in runs.values() if any(run.solved.values()))


def show_unshown() -> None:
    """Put back the strips of mattes that undo took away."""
    if not unshown:
        return
    for scene, strip in list(model.plates()):
        if strip.wisp.uid in unshown and strip.wisp.shown_objects and outputs.matte_strip(strip) is None:
            with contextlib.suppress(plates.Refusal):  # the panel says why
                outputs.update(scene, strip)
    unshown.clear()


def send_due() -> None:
    """Tell the sessions what their plates want."""
    for uid in [uid for uid in _late if uid not in runs or not runs[uid].busy]:
        scene, strip = model.find(uid)
        if strip is not None and uid in runs:
            _send(runs[uid], scene, strip)
        _late.discard(uid)
        carrying.drop_session_files()
    for run in list(runs.values()):
        if run.wanted:
            _send_previews(run)
        elif run.edited and run.session.settled:
            run.edited = False
            _preview_shown(run)
    if unasked and engine.client.state == "ready":
        scene, strip = model.find(unasked.pop())
        if strip is not None:
            _try_sync(run_of(strip.wisp.uid), scene, strip)


def _send_previews(run: Run) -> None:
    wanted, run.wanted = run.wanted, set()
    scene, strip = model.find(run.uid)
    if strip is not None and _try_sync(run, scene, strip):
        prompted = {item.number for item in strip.wisp.objects if item.keyframes}
        for number, frame in wanted:
            if number in prompted:
                run.session.request_preview(number, frame)


def _preview_shown(run: Run) -> None:
    """The frame at the playhead is asked for anew: its edges, or its models, are others now."""
    scene, strip = model.find(run.uid)
    if strip is None:
        return
    with contextlib.suppress(plates.Refusal):  # the panel says why
        frame = plates.plate_frame(scene, strip, scene.frame_current)
        if frame is None:
            return
        for number in strip.wisp.shown_objects:
            if run.session.stale(number, frame) and run.session.mattes.path(number, frame) is not None:
                run.session.request_preview(number, frame)


def part_edited() -> None:
    """Give what was edited apart from the other pieces of its plate a uid of its own, as gestures do with what they
    edit: pieces of one uid are one shot in the engine, with one document and one matte for each frame."""
    pieces: dict[str, list[tuple[Any, Any]]] = {}
    for scene, strip in model.plates():
        pieces.setdefault(strip.wisp.uid, []).append((scene, strip))
    for uid, shared in pieces.items():
        if len(shared) > 1:
            _part(uid, shared)


def _part(uid: str, shared: list[tuple[Any, Any]]) -> None:
    shots, folder = [], places.here().plate(uid)
    for scene, strip in sorted(shared, key=lambda each: (each[1].frame_final_start, each[1].name)):
        with contextlib.suppress(plates.Refusal, OSError):  # the panel says why
            shot = document.shot_document(strip.wisp, plates.plate_of(scene, strip), folder)
            shots.append((shot, scene, strip))
    known = [shot for shot, _, _ in shots if uid in runs and shot == runs[uid].document]
    parts, uids = [*known, *(shot for shot, _, _ in shots)][:1], [uid]  # what the engine knows keeps it, else the first
    for shot, scene, strip in shots:
        if shot not in parts:
            parts.append(shot)
            uids.append(model.own(strip).uid)
            if uid in runs:
                _begin_parted(runs[uid], scene, strip)
        elif strip.wisp.uid != uids[parts.index(shot)]:
            strip.wisp.uid = uids[parts.index(shot)]


def _begin_parted(before: Run, scene: Any, strip: Any) -> None:
    """Have the engine told of a piece that has got a uid of its own, as it was of all of the plate before."""
    run = run_of(strip.wisp.uid)
    run.enabled = before.enabled  # what its strip shows as yet
    if not before.session.is_open:
        return
    unasked.add(run.uid)
    frame = plates.plate_frame(scene, strip, scene.frame_current)
    if frame is None:
        return
    for number in strip.wisp.shown_objects:
        if before.session.mattes.path(number, frame) is not None:
            request_preview(run.uid, number, frame)


def _send_settings() -> None:
    part_edited()
    _unsent.update(runs)
    _send_unsent()


def _send_unsent() -> None:
    """As many plates as one look has time for, the active one first; the others soon."""
    end = time.monotonic() + SHARE
    active_first = sorted(_running(), key=lambda each: each[1].sequence_editor.active_strip != each[2])
    for run, scene, strip in active_first:
        if run.uid not in _unsent:
            continue
        if time.monotonic() > end:
            _rest.start()
            return
        _unsent.discard(run.uid)
        _send(run, scene, strip)
    _unsent.clear()


def _send(run: Run, scene: Any, strip: Any) -> None:
    before = run.document
    if not run.session.is_open:
        if run.enabled != strip.wisp.shown_objects:
            with contextlib.suppress(plates.Refusal):  # the panel says why
                combine(scene, strip)
    elif _try_sync(run, scene, strip) and run.document != before:
        run.edited = True


_settings = Timer(engine.clock, SETTLE, _send_settings)
_rest = Timer(engine.clock, 0.0, _send_unsent)


def _running() -> Iterator[tuple[Run, Any, Any]]:
    """The first strip of each plate that has a run state."""
    seen: set[str] = set()
    for scene, strip in model.plates():
        uid = strip.wisp.uid
        if uid in runs and uid not in seen:
            seen.add(uid)
            yield runs[uid], scene, strip


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


def forget() -> None:
    """Another file is loaded: its plates are not those of before."""
    for run in runs.values():
        run.session.close()
    for kept in (runs, touched, unasked, unshown, _late, _unsent):
        kept.clear()
    _settings.stop()
    _rest.stop()


def drop_engine() -> None:
    """End the engine: the next request starts one anew, perhaps another, which is told of every plate."""
    engine.stop()
    for run in runs.values():
        run.session.show_message(READY)
