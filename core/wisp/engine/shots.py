"""The shots that are open: documents to solvers, and what solvers say to messages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import OutputError, UsageError
from ..frames import format_frames, parse_frames
from ..shot import Shot, parse
from ..solve import Event, FrameDone, Notice, Progress, Solver, Summary
from ..weights.options import RunOptions
from . import api, paths
from .jobs import Job
from .models import ModelStore
from .solver import StoreSolver


class OpenShot:
    """One open shot: where its files may lie, and the solver of its present document."""

    def __init__(self, asked: api.Open, options: RunOptions, store: ModelStore) -> None:
        """Check the folders and the document. Raises UsageError, and InputError where the plate is not there."""
        self._root = paths.folder(asked.root, "root")
        self._cache = paths.folder(asked.cache, "cache")
        readable = [paths.folder(text, "readable folder") for text in asked.readable]
        self._roots = paths.Roots(self._root, (self._cache, *readable))
        self._options = options
        self._store = store
        self._solver = self._solver_of(asked.shot)

    def update(self, document: dict[str, Any]) -> api.Updated:
        """Replace the document; the one before it stays if this one is refused."""
        self._solver = self._solver_of(document)
        status = self.status()
        dirty = [parse_frames(frames) for item in status.objects if (frames := item.frames.get("dirty"))]
        return api.Updated(dirty=sum(map(len, dirty)), status=status)

    def status(self) -> api.ShotStatus:
        """What is done and what is not; what is done lies where the answer says."""
        with contextlib.suppress(OutputError):  # a cache that cannot be written is reported when something is solved
            self._solver.link_solved()
        return api.ShotStatus(
            objects=[
                api.ObjectStatus(
                    id=item.id,
                    name=item.name,
                    pattern=item.pattern.as_posix(),
                    frames={state: format_frames(item.of(state)) for state in sorted({f.state for f in item.frames})},
                )
                for item in self._solver.status().objects
            ]
        )

    def preview(self, asked: api.Preview) -> api.Previewed:
        """Compute one matte."""
        name = _name(self._solver.shot, asked.object)
        return api.Previewed(path=self._solver.preview(asked.frame, name).as_posix())

    def work(self, asked: api.Solve) -> Callable[[Job], api.JobDone]:
        """The work of a job for the present document. UsageError for frames and objects that do not exist."""
        solver, shot = self._solver, self._solver.shot
        names = None if asked.objects is None else [_name(shot, number) for number in asked.objects]
        frames = _frames(solver, names, asked.frames, asked.direction)

        def work(job: Job) -> api.JobDone:
            summary = solver.run(
                frames,
                names,
                on_event=lambda event: _tell(job, shot, event),
                should_stop=job.cancelled.is_set,
                between_frames=job.between_frames,
            )
            return _done(job, summary)

        return work

    def _solver_of(self, document: dict[str, Any]) -> Solver:
        shot = parse(document)
        self._roots.check(shot)
        options = replace(self._options, precision=shot.solve.precision, seed=shot.solve.seed)
        return StoreSolver(shot, self._root, self._cache, options, self._store)


def _name(shot: Shot, number: int) -> str:
    for item in shot.objects:
        if item.id == number:
            return item.name
    known = ", ".join(str(item.id) for item in shot.objects) or "none"
    raise UsageError(f"There is no object with the id {number} in the shot.", hint=f"It has: {known}.")


def _frames(solver: Solver, names: list[str] | None, text: str | None, direction: str) -> list[int]:
    """The frames asked for, cut to the side of the objects' keyframes that the direction means."""
    frames: list[int] = list(solver.plate.frames if text is None else parse_frames(text))
    chosen = [item for item in solver.shot.objects if (item.enabled if names is None else item.name in names)]
    keyframes = [frame for item in chosen for frame in item.keyframes]
    if keyframes and direction == "forward":
        return [frame for frame in frames if frame >= min(keyframes)]
    if keyframes and direction == "backward":
        return [frame for frame in frames if frame <= max(keyframes)]
    return frames


def _tell(job: Job, shot: Shot, event: Event) -> None:
    """Report an event of the solver as messages of the job."""
    match event:
        case Progress():
            job.progress(api.JobProgress(job=job.id, **vars(event)))
        case FrameDone():
            job.send(
                api.JobFrame(
                    job=job.id,
                    object=shot.object_named(event.object).id,
                    frame=event.frame,
                    path=Path(event.path).as_posix(),
                    state=event.state,
                    track_state=event.track_state,
                    confidence=event.confidence,
                )
            )
        case Notice():
            job.send(api.Log(level=event.level, text=event.message))


def _done(job: Job, summary: Summary) -> api.JobDone:
    lost = {name: format_frames(frames) for name, frames in summary.lost.items()}
    return api.JobDone(job=job.id, tracked=summary.tracked, matted=summary.matted, cached=summary.cached, lost=lost)
