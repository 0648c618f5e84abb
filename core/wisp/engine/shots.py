"""The shots that are open: what each keeps from one document to the next, and what solvers say to messages."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator

from ..cache import Cache, read_stamp
from ..client.ends import Done
from ..client.events import Event, FrameDone
from ..client.requests import Carry, Check, Compare, Deliver, Detect, Pack, Region, Request, Roto, Solve, Subject
from ..errors import WispError
from ..frames import named_frames
from ..models.store import Models
from ..shot import Shot, parse
from ..solve import Listener, Solver, Source
from ..solve.approvals import note_locked
from . import api, paths
from .jobs import Job
from .standing import Standing

#: Seconds that an answer spends on the state of frames; the rest is found out afterwards. Opening may take longer.
UPDATE_SECONDS, OPEN_SECONDS = 0.01, 1.0
#: Seconds that an answer spends on keeping the mattes of frames that were locked; the rest is kept afterwards, before
#: the next edit at the latest.
NOTE_SECONDS = 0.2
#: Seconds of one step of finding out the rest: what an answer may have to wait for it.
STEP_SECONDS = 0.004


class OpenShot:
    """One open shot: where its files may lie, its pictures and results, and the solver of its present document."""

    def __init__(self, asked: api.Open, models: Models, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Check the folders and the document. Raises UsageError, InputError where the plate is not there, and
        CancelledError where `should_stop` says so while its pictures are looked at."""
        self._root = paths.folder(asked.root, "root")
        cache = paths.folder(asked.cache, "cache")
        readable = [paths.folder(text, "readable folder") for text in asked.readable]
        self._roots = paths.Roots(self._root, (cache, *readable))
        self._cache = Cache(cache)
        self._models = models
        shot = parse(asked.shot)
        self._roots.check(shot, should_stop)
        self._solver = Solver(shot, self._source(shot, should_stop), models, self._cache)
        self._to_note = note_locked(self._solver)
        self._note(time.monotonic() + NOTE_SECONDS)
        self._standing = Standing(self._solver)
        self._standing.advance(time.monotonic() + OPEN_SECONDS)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the plate has to say of itself."""
        return self._solver.plate.notes

    def _source(self, shot: Shot, should_stop: Callable[[], bool]) -> Source:
        return Source(shot.plate, self._root, self._roots.fence, should_stop)

    def update(self, asked: api.Update, should_stop: Callable[[], bool] = lambda: False) -> api.Updated:
        """Replace the document; the one before it stays if this one is refused, or stopped while its pictures are
        looked at."""
        shot = parse(asked.shot)
        source = self._solver.source
        if asked.look_again:
            self._cache.look_again()
        if source.is_stale or (asked.look_again and source.has_changed()):
            self._roots.check_plate(shot, should_stop)
            source = self._source(shot, should_stop)
        if shot.plate != source.spec:
            self._roots.check_plate(shot, should_stop)
            source = self._source(shot, should_stop)
        self._roots.check_mattes(shot)
        self._note()
        solver = Solver(shot, source, self._models, self._cache)
        if shot.locked != self._solver.shot.locked:
            self._to_note = note_locked(solver)
            self._note(time.monotonic() + NOTE_SECONDS)
        standing = Standing(solver)
        standing.advance(time.monotonic() + UPDATE_SECONDS)
        if source is not self._solver.source:
            self._solver.source.close()
        self._solver, self._standing = solver, standing
        status = standing.status()
        return api.Updated(dirty=standing.dirty, status=status)

    def status(self) -> api.ShotStatus:
        """What is known to be done and not."""
        return self._standing.status()

    def find_out(self, report: Callable[[api.ShotStatus], None]) -> Iterator[None] | None:
        """Steps that keep the mattes of locked frames, find out what the status leaves open, and report it in the end;
        None where nothing is left."""
        done = self._note(time.monotonic() + STEP_SECONDS) and self._standing.complete
        return None if done else self._find_out(self._standing, report)

    def _find_out(self, standing: Standing, report: Callable[[api.ShotStatus], None]) -> Iterator[None]:
        while not self._note(time.monotonic() + STEP_SECONDS):
            yield
        while not standing.complete:
            standing.advance(time.monotonic() + STEP_SECONDS)
            yield
        report(standing.status())

    def _note(self, until: float = math.inf) -> bool:
        """Go on keeping the mattes of frames that were locked until that time (`time.monotonic`); whether all are."""
        with contextlib.suppress(WispError):  # what cannot be read or written is reported when one solves
            for _ in self._to_note:
                if time.monotonic() >= until:
                    return False
        return True

    def _renew(self) -> None:
        """Open the plate anew where its files are others now than when they were looked at."""
        if self._solver.source.is_stale:
            self._note()
            shot, before = self._solver.shot, self._solver.source
            self._solver = Solver(shot, self._source(shot, lambda: False), self._models, self._cache)
            self._standing = Standing(self._solver)
            before.close()

    def preview(self, asked: api.Preview) -> api.Previewed:
        """Compute one matte, the quick way where there is one."""
        self._renew()
        (name,) = self._solver.names([asked.object])
        path = self._solver.preview(asked.frame, name, quick=True)
        stamp = read_stamp(path)
        quick = self._solver.work(name).matte(asked.frame) is None
        self._standing.note_computed(asked.object, asked.frame)
        return api.Previewed(
            path=path.as_posix(),
            track_state=stamp.track_state,
            confidence=stamp.confidence,
            quick=quick,
            doubt=self._solver.doubt(asked.frame, name).as_posix() if asked.doubt else None,
        )

    def work(self, asked: Request) -> Callable[[Job], Done]:
        """The work of a job for the present document. UsageError for frames, objects and places that do not exist."""
        self._renew()
        solver = self._solver
        if isinstance(asked, Solve):
            names = solver.names(asked.objects)
            frames = _frames(solver, names, asked.frames, asked.direction)
            return lambda job: solver.run(
                frames, names, on_event=self._noting(job.listen), should_stop=job.cancelled.is_set
            ).end()
        for name in ("output", "sheet", "truth", "folder", "source", "cache"):
            paths.absolute(getattr(asked, name, None), name)
        if isinstance(asked, Pack):
            from ..farm.packing import pack_open

            return lambda _: pack_open(solver, self._cache.root, asked)
        return lambda job: _do(solver, asked, job.listen, job.cancelled.is_set)

    def _noting(self, listen: Listener) -> Listener:
        def listener(event: Event) -> None:
            if isinstance(event, FrameDone):
                self._standing.note_computed(event.id, event.frame)
            listen(event)

        return listener

    def close(self) -> None:
        """Let go of the plate."""
        self._solver.source.close()


def _do(solver: Solver, asked: Request, listen: Listener, should_stop: Callable[[], bool]) -> Done:
    """Each of these rooms is imported when it is first asked for."""
    if isinstance(asked, Detect):
        from ..solve.words import detect

        return detect(solver, asked, listen, should_stop)[1]
    if isinstance(asked, Subject):
        from ..solve.subject import find_subject

        return find_subject(solver, asked, listen, should_stop)
    if isinstance(asked, Region):
        from ..solve.fitting import fit_regions

        return fit_regions(solver, asked, listen, should_stop)
    if isinstance(asked, Deliver):
        from ..deliver import deliver

        return deliver(solver, asked, listen, should_stop)
    if isinstance(asked, Compare):
        from ..compare import compare

        return compare(solver, asked, listen, should_stop)
    if isinstance(asked, Carry):
        from ..solve.carry import carry

        return carry(solver, asked, listen, should_stop)
    if isinstance(asked, Roto):
        from ..shapes.roto import take

        plate = solver.plate
        return take(asked, (plate.width, plate.height), plate.pixel_aspect, plate.frames, listen, should_stop)
    assert isinstance(asked, Check)
    from ..quality import check

    return check(solver, asked, listen, should_stop)


def _frames(solver: Solver, names: list[str], text: str | None, direction: str) -> list[int]:
    """The frames asked for, cut to the side of the objects' keyframes that the direction means."""
    frames: list[int] = list(named_frames(text) or solver.plate.frames)
    chosen = [item for item in solver.shot.objects if item.name in names]
    keyframes = [frame for item in chosen for frame in item.keyframes]
    if keyframes and direction == "forward":
        return [frame for frame in frames if frame >= min(keyframes)]
    if keyframes and direction == "backward":
        return [frame for frame in frames if frame <= max(keyframes)]
    return frames
