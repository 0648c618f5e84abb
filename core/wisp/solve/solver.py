"""One shot as the solver sees it: its plate, its objects' plans, its place in the cache, and what is done."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..cache import Cache, DamagedMaskError, Shelf, plate_key, read_matte
from ..client.locks import LOCKED
from ..detectors.detector import Detector
from ..device import MemoryPlan
from ..errors import UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames
from ..heads.confidence import SCHEMA as CONFIDENCE_SCHEMA
from ..heads.head import ExpectingHead, Head
from ..models.build import ModelStamp
from ..models.store import Models
from ..plates.clip import Clip, DisplayClip
from ..plates.colour import ColourChoice
from ..plates.missing import MissingPlate
from ..plates.plate import Window
from ..plates.sequences import find
from ..plates.sources import Sources
from ..shot import ObjectSpec, Shot
from ..trackers.tracker import Tracker
from ..weights.registry import entry_as
from .locks import LockedMattes
from .objects import ModelIds, ObjectWork
from .progress import Listener, Stage, ignore, never
from .reasons import Record, why_dirty
from .region import MIN_GAIN, fit_region, whole
from .run import Run, Summary
from .source import Source

#: So many last parts of a plate's path tell plates of one name apart, wherever the project lies.
_TAIL = 3
#: A preview may track this many frames to reach the asked one; farther away the artist presses Track.
PREVIEW_REACH = 24


@dataclass(frozen=True)
class FrameStatus:
    """`state`: solved (the file is there), dirty (prompts reach it, the file is not), empty (no prompt reaches it).

    `why` says in words why a frame is dirty.
    """

    frame: int
    state: Literal["solved", "dirty", "empty"]
    why: str = ""


@dataclass(frozen=True)
class ObjectStatus:
    """One object's frames, and where hosts find its mattes: a path with a printf frame number."""

    id: int
    name: str
    pattern: Path
    frames: tuple[FrameStatus, ...]

    def of(self, state: str) -> tuple[int, ...]:
        """The frames in that state."""
        return tuple(status.frame for status in self.frames if status.state == state)


@dataclass(frozen=True)
class ShotStatus:
    """What is done and what is not, per enabled object."""

    objects: tuple[ObjectStatus, ...]


class Solver:
    """One shot on its way through, with what it is given: its pictures, the models and the cache.

    It does not change; another document needs another solver, which may be given the same.
    """

    def __init__(self, shot: Shot, source: Source, models: Models, cache: Cache) -> None:
        """`source`: of the shot's own plate. Opens nothing before it is needed."""
        self.shot = shot
        self.source = source
        self._models = models
        self._cache = cache
        #: Whether this is another solver's `_quick`, whose mattes are only looked at.
        self._is_quick = False

    def of(self, shot: Shot) -> Solver:
        """A solver of another document on the same plate, given the same."""
        return type(self)(shot, self.source, self._models, self._cache)

    def beside(self, shot: Shot, base: Path, cache: str | Path | None) -> Solver:
        """A solver of a shot with another plate, given the same models. `base`: as of `Source`; `cache`: its folder,
        None: the same."""
        return type(self)(shot, Source(shot.plate, base), self._models, Cache(cache) if cache else self._cache)

    # What there is -----------------------------------------------------------------------------------------

    @property
    def plate(self) -> MissingPlate:
        """See `Source.plate`."""
        return self.source.plate

    def frames_of(self, asked: Collection[int] | None) -> list[int]:
        """The asked frames (None: all), ascending, without the shot's gaps where it skips them. UsageError where one is
        not the plate's, or none is left."""
        available, spec = self.plate.frames, self.shot.plate
        if asked is None:
            return list(available)
        present = sorted(set(asked).intersection(available))
        absent = sorted(set(asked).difference(available))
        skipped = spec.missing == "skip" and present and all(spec.first <= frame <= spec.last for frame in absent)
        if absent and not skipped:
            raise UsageError(
                f"The plate has no frame {format_frames(absent)}.", hint=f"It has {format_frames(available)}."
            )
        return present

    @property
    def colour(self) -> ColourChoice:
        """See `Source.colour`."""
        return self.source.colour

    @property
    def clip(self) -> DisplayClip:
        """See `Source.clip`."""
        return self.source.clip

    def clip_of(self, region: Window | None) -> Clip:
        """See `Source.clip_of`."""
        return self.source.clip_of(region)

    def locate(self, stored: str) -> Path:
        """See `Source.locate`."""
        return self.source.locate(stored)

    @property
    def tracker(self) -> Tracker:
        """The tracker, loaded when first needed."""
        return self._models.tracker(self.shot.solve)

    @property
    def head(self) -> Head:
        """The head, loaded when first needed."""
        head = self._models.head(self.shot.solve)
        return head.expecting if self.source.beside and isinstance(head, ExpectingHead) else head

    def detector(self, model_id: str) -> Detector:
        """That detector, loaded if need be. Raises UsageError and WeightsError."""
        return self._models.detector(model_id, self.shot.solve)

    @cached_property
    def models(self) -> tuple[ModelStamp, ModelStamp]:
        """What tracker and head are, checked but not loaded. Raises UsageError and WeightsError."""
        return self._models.stamps(self.shot.solve)

    def memory_plan(self) -> MemoryPlan | None:
        """What the models need of their device for this plate; None where that is not known."""
        return self._models.memory_plan(self.shot.solve, (self.plate.width, self.plate.height))

    @cached_property
    def works(self) -> tuple[ObjectWork, ...]:
        """The enabled objects."""
        tracker, head = self.models
        solve = self.shot.solve
        how = (solve.precision, solve.seed)
        models = ModelIds(
            (tracker.id, tracker.version, *how), (head.id, head.version, *how), tracker.segments, head.windows
        )
        look: tuple[Any, ...] = (self.colour.key(), self.shot.plate.layer)
        if self.source.stretch != (1.0, 1.0):
            look += (self.source.stretch,)
        uncover = entry_as(solve.head, "head").uncovers if solve.uncover is None else solve.uncover
        return tuple(
            ObjectWork(item, self.source, self.shelf, models, look, self._locks(item), uncover)
            for item in self.shot.objects
            if item.enabled
        )

    @cached_property
    def shelf(self) -> Shelf:
        """The plate's part of the cache."""
        spec = self.shot.plate
        size = (spec.width, spec.height)
        return self._cache.shelf(plate_key(self.plate.name, size, self.colour.key(), spec.layer))

    @cached_property
    def sources(self) -> Sources:
        """The files that the shot is made from, which nothing may be written over."""
        stored = [matte for item in self.shot.objects for matte in (item.core, item.garbage) if matte]
        files = [file for matte in stored for file in find(self.locate(matte)).files.values()]
        masks = [prompt.path for item in self.shot.objects for prompt in item.prompts if prompt.kind == "mask"]
        files += [self.locate(path) for path in masks]
        files += [file for beside in self.source.beside.values() for file in beside.files]
        return Sources((*self.plate.files, *files), self.plate.path)

    def status(self) -> ShotStatus:
        """The state of every frame of every enabled object; computes nothing and writes nothing."""
        return ShotStatus(tuple(self._object_status(work) for work in self.works))

    def _object_status(self, work: ObjectWork) -> ObjectStatus:
        earlier = self.record(work.item).read()
        now = work.ingredients(self.plate.frames)
        solved = work.mattes(self.plate.frames)
        frames = []
        for frame in self.plate.frames:
            if frame not in work.marks:
                frames.append(FrameStatus(frame, "empty"))
            elif frame in solved:
                frames.append(FrameStatus(frame, "solved"))
            else:
                frames.append(FrameStatus(frame, "dirty", why_dirty(earlier, frame, now, work.plan.reach(frame))))
        return ObjectStatus(work.item.id, work.item.name, work.pattern, tuple(frames))

    def record(self, item: ObjectSpec) -> Record:
        """What the object's mattes were made of when they were last solved."""
        return Record(self._cache.root / "solved" / self._place(item))

    def _locks(self, item: ObjectSpec) -> LockedMattes:
        size = (self.plate.width, self.plate.height)
        nameless = f"{self._place(item)}-{item.name}"
        return LockedMattes(self._cache.root / LOCKED, nameless, item, size, self.plate.padding)

    def _place(self, item: ObjectSpec) -> str:
        """What an object is called in the cache whatever its prompts and settings are, and the plate's pictures."""
        tail = Path(self.plate.path).absolute().parts[-_TAIL:]
        return f"{self.plate.name}-{fingerprint(*tail)[:8]}-{item.id}"

    def settle_locks(self) -> None:
        """Freeze frames locked since the last run (see `freeze_locked`), and release those locked no more."""
        damaged = False
        for item in self.shot.objects:
            locks = self._locks(item)
            locks.release(self.plate.frames)
            damaged |= locks.set_damaged_aside(self.plate.frames)
        if damaged:
            self.replan()
        self.freeze_locked()

    def note_locked(self, until: float = math.inf) -> None:
        """Keep the mattes that locked frames have now, for the next solve to freeze. `until`: the time
        (`time.monotonic`) from which the rest is left to that."""
        for work in self.works if any(item.locks for item in self.shot.objects) else ():
            for frame in work.locks.wanted(work.life):
                if time.monotonic() >= until:
                    return
                if frame not in work.frozen and (matte := work.matte(frame)) is not None:
                    work.locks.note(frame, matte)

    def freeze_locked(self) -> None:
        """Freeze locked frames that are not yet: with the matte that was noted when they were locked, else with that of
        the document as it is now, else, where that is still to be solved, with what they were last solved with."""
        works = {work.item.id: work for work in self.works} if any(item.locks for item in self.shot.objects) else {}
        frozen = False
        for item in self.shot.objects:
            locks = self._locks(item)
            wanted = [frame for frame in locks.wanted(self.plate.frames) if not locks.path(frame).exists()]
            earlier = self.record(item).read() if wanted else []
            for frame in wanted:
                matte = works[item.id].matte(frame, sure=True) if item.id in works else None
                marks = [solved.marks[frame] for solved in earlier if frame in solved.marks]
                if matte is None and marks:
                    matte = self.shelf.find_matte(marks[-1], sure=True)
                frozen |= locks.freeze(frame, matte)
        if frozen:
            self.replan()

    def replan(self) -> None:
        """Plan the objects anew: with what is frozen now, and what tracking has found to be the same."""
        self.__dict__.pop("works", None)

    # What is to do -----------------------------------------------------------------------------------------

    def run(
        self,
        frames: Collection[int] | None = None,
        objects: Collection[str] | None = None,
        *,
        stages: Sequence[Stage] = ("track", "matte"),
        on_event: Listener = ignore,
        should_stop: Callable[[], bool] = never,
        lasting: bool = True,
    ) -> Summary:
        """Compute what is missing of `frames` (None: all) of `objects` (names; None: all enabled ones). `lasting`: the
        mattes are the shot's own; not those of a variant that is only compared with it.

        After every step `on_event` has a `Progress`: the place for urgent small work too. CancelledError when
        `should_stop` turned true: the frame under way is finished and everything done so far is kept.
        """
        self._cache.look_again()  # other processes may have solved some of it
        self.source.chains.forget()
        self.replan()
        if lasting:
            self.settle_locks()
        return Run(self, frames, objects, stages, on_event, should_stop, lasting).go()

    def preview(self, frame: int, object_name: str, *, quick: bool = False, lasting: bool = True) -> Path:
        """The matte of one frame, computed now if need be. UsageError where no keyframe is near enough.

        `quick`: where it is not there yet and there is a quick way, by that; the frame is then still to be solved.
        `lasting`: as of `run`.
        """
        if quick and self._is_long(frame, object_name):
            assert self._quick is not None
            return self._quick.preview(frame, object_name)
        lasting = lasting and not self._is_quick
        if lasting:
            self.settle_locks()
        run = Run(self, [frame], [object_name], lasting=lasting, awaited=True)
        if run.track_steps > PREVIEW_REACH:
            raise UsageError(
                f"Frame {frame} is {run.track_steps} untracked frames away from what is known of '{object_name}'.",
                hint="Track the shot, or draw a prompt on this frame.",
            )
        if frame not in self.work(object_name).marks:
            raise UsageError(f"No prompt of '{object_name}' reaches frame {frame}.", hint="Draw one first.")
        run.go()
        return self.work(object_name).path(frame)

    def _is_long(self, frame: int, object_name: str) -> bool:
        """Whether there is a quick way to that matte, which is not there: another variant of the head, or fewer frames
        to be tracked."""
        other = self._quick
        if other is None or self.work(object_name).matte(frame) is not None:
            return False
        if other.shot.solve.head != self.shot.solve.head:
            return True
        steps, fewer = (Run(one, [frame], [object_name]).track_steps for one in (self, other))
        return fewer < steps

    def doubt(self, frame: int, object_name: str) -> Path:
        """The file of the error that is to be expected of that matte, or of its preview: 1 minus its confidence. One of
        them must be there."""
        work = self.work(object_name)
        if self._quick is not None and work.matte(frame) is None:
            return self._quick.doubt(frame, object_name)
        mark = fingerprint("doubt", CONFIDENCE_SCHEMA, work.marks[frame])
        known = self.shelf.find_matte(mark)
        if known is not None:
            return known
        path = work.matte(frame)
        assert path is not None  # whoever asks has made sure
        alpha, stamp = read_matte(path)
        assert stamp is not None  # everything in the cache's index has one
        error = 1 - work.confidence(frame, alpha, stamp)
        target = work.doubt_path(frame)
        marked = replace(stamp, fingerprint=mark)
        self.shelf.write_matte(target, error, self.plate.header(frame), marked, compression="zip")
        return target

    @cached_property
    def _quick(self) -> Solver | None:
        """The same shot by the head's quick variant, if it has one and no other result was asked for, and by no frame
        beside the one that is asked for; None where that is no other shot."""
        head = self.shot.solve.head
        if ":result=" not in head and "fast" in entry_as(head, "head").settings.get("result", ()):
            head = f"{head}:result=fast"
        solve = self.shot.solve.model_copy(update={"head": head, "uncover": False})
        if solve == self.shot.solve:
            return None
        other = self.of(self.shot.model_copy(update={"solve": solve}))
        other._is_quick = True
        return other

    def fit_region(
        self,
        name: str,
        on_event: Listener = ignore,
        should_stop: Callable[[], bool] = never,
        *,
        asked: bool = False,
    ) -> Window | None:
        """The region that the object's tracked masks ask for; None where the whole picture is as good.

        Tracks what is not tracked yet, in the region the object has now. `asked`: by a person, also for a tracker that
        has no fixed grid.
        """
        grid = self.tracker.grid
        worth = asked if grid is None else max(self.plate.width, self.plate.height) >= MIN_GAIN * grid
        if not worth:
            return None
        size = (self.plate.width, self.plate.height)
        while True:
            self.run(objects=[name], stages=("track",), on_event=on_event, should_stop=should_stop)
            work = self.work(name)
            marks = sorted({mark for frame in work.life for mark in work.mask_marks(frame)})
            try:
                return fit_region(
                    (whole(self.shelf.read_mask(mark).logits, work.region, size) for mark in marks), size, grid
                )
            except DamagedMaskError:
                self.shelf.drop_damaged_masks(marks)

    def names(self, numbers: Iterable[int] | None) -> list[str]:
        """The names of the objects of these ids (None: of the enabled ones), each once. UsageError for an id that there
        is not."""
        if numbers is None:
            return [item.name for item in self.shot.objects if item.enabled]
        known = {item.id: item.name for item in self.shot.objects}
        numbers = list(dict.fromkeys(numbers))
        for number in numbers:
            if number not in known:
                raise UsageError(
                    f"There is no object with the id {number} in the shot.",
                    hint=f"It has: {', '.join(map(str, known)) or 'none'}.",
                )
        return [known[number] for number in numbers]

    def work(self, name: str) -> ObjectWork:
        """The enabled object of that name; UsageError otherwise."""
        item = self.shot.object_named(name)
        for work in self.works:
            if work.item.id == item.id:
                return work
        raise UsageError(f"The object '{name}' is disabled in the shot.", hint="Enable it first.")
