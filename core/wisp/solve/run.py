"""One run over a shot: step the trackers, matte each frame as soon as its mask is known, store everything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from ..cache import DamagedMaskError, FrameState, MatteStamp
from ..client.ends import Solved
from ..client.events import FrameDone, Notice, Progress, Started
from ..device import keep_threads
from ..errors import CancelledError, WispError
from ..frames import format_frames
from ..heads.band import logits_of
from ..heads.clip_matter import ClipMatterHead
from ..heads.head import ApartHead, SparingHead
from ..plates.clip import FloatImage, resize
from ..trackers.tracker import TrackedMask
from .context import ShotContext
from .objects import Chunk, ObjectWork, chunks_to_run
from .progress import Eta, Listener, Stage, ignore, never
from .region import whole
from .stepping import Stepping


@dataclass
class Summary:
    """What a run did: masks and mattes computed, mattes found in the cache, where each object was lost, and where it
    was found again but not surely."""

    tracked: int = 0
    matted: int = 0
    cached: int = 0
    lost: dict[str, list[int]] = field(default_factory=dict)
    candidates: dict[str, list[int]] = field(default_factory=dict)
    #: First frames of another shot, as the tracker saw them.
    cuts: set[int] = field(default_factory=set)

    def end(self) -> Solved:
        """As it is told."""
        lost = {name: format_frames(frames) for name, frames in self.lost.items()}
        return Solved(self.tracked, self.matted, self.cached, lost)


@dataclass(frozen=True)
class _Begun:
    """Alphas that are being computed, of objects of one region: by object id."""

    frame: int
    masks: dict[ObjectWork, TrackedMask]
    alphas: Future[dict[int, FloatImage]]


class Run:
    """One call of `Solver.run`: what is missing is known after construction, `go` computes it."""

    def __init__(
        self,
        context: ShotContext,
        frames: Collection[int] | None,
        objects: Collection[str] | None,
        stages: Sequence[Stage] = ("track", "matte"),
        on_event: Listener = ignore,
        should_stop: Callable[[], bool] = never,
        lasting: bool = True,
        awaited: bool = False,
    ) -> None:
        """`lasting`: what is made is recorded as the shot's own. `awaited`: somebody waits for the frame, whose file
        is written as fast as may be."""
        self._context = context
        self._lasting = lasting
        self._compression: Literal["zip", "zips"] = "zip" if awaited else "zips"
        self._shelf = context.shelf
        self._stages = stages
        self._on_event, self._should_stop = on_event, should_stop
        self._summary = Summary()
        self._wanted = context.frames_of(frames)
        self._objects = None if objects is None else tuple(dict.fromkeys(objects))
        self._done: dict[Stage, int] = {"track": 0, "matte": 0}
        #: Where a head that can mattes one frame while the trackers are at the next.
        self._lane: ThreadPoolExecutor
        self._begun: _Begun | None = None
        self._plan()

    def _plan(self) -> None:
        """Find out what is missing."""
        context = self._context
        self._chunks: list[Chunk] = []
        self._unsolved: dict[ObjectWork, set[int]] = {}
        self._unfinished: dict[ObjectWork, set[int]] = {}
        known = 0
        for work in context.works if self._objects is None else map(context.work, self._objects):
            todo = reachable = [frame for frame in self._wanted if frame in work.marks]
            if "matte" in self._stages:
                adopted = work.adopt(reachable, sure=True)
                unfinished = [frame for frame in reachable if frame not in adopted]
                self._unfinished[work] = set(unfinished)
                sources = {near for frame in unfinished for near in work.finishing.window(frame)}
                todo = [frame for frame in sorted(sources) if work.solved_matte(frame, sure=True) is None]
                self._unsolved[work] = set(todo)
                known += len(reachable) - len(unfinished)
            if "track" in self._stages:
                self._chunks += chunks_to_run(work, todo, self._shelf.stored_masks(), self._shelf.stored_snapshots())
        self._summary.cached = max(0, known - self._summary.matted)  # a damaged one is matted twice
        left: dict[Stage, int] = {"track": self.track_steps, "matte": self._matte_steps}
        self._eta = Eta(left)
        self._totals = {stage: self._done[stage] + count for stage, count in left.items()}

    @property
    def track_steps(self) -> int:
        """How many tracker steps are missing."""
        return sum(len(chunk.frames) for chunk in self._chunks)

    @property
    def _matte_steps(self) -> int:
        finishes = (_apart(work, todo) for work, todo in self._unfinished.items())
        return sum(map(len, self._unsolved.values())) + sum(finishes)

    def go(self) -> Summary:
        """Do the work. CancelledError when asked to stop: the step under way is finished, all is kept."""
        if self._lasting and "matte" in self._stages:
            for work in self._unfinished:
                work.tell_unfrozen(self._wanted, self._on_event)
        self._announce()
        keep_threads()
        if len(self._wanted) > 1:  # a preview does not tidy up
            self._shelf.sweep(work.pattern.parent for work in self._unfinished)
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="head") as self._lane:
                while self._goes_on():
                    self._context.replan()
                    self._plan()
        finally:
            self._remember()
            if len(self._wanted) > 1:  # whoever looks at one frame does not wait
                self._shelf.flush()
        if len(self._wanted) > 1:
            for work in self._unfinished:
                work.tell_blank(self._on_event)
        for name, frames in self._summary.lost.items():
            spans = format_frames(frames)
            text = f"'{name}' was lost on {spans}: the matte is empty there. Draw a prompt where it is visible again."
            self._on_event(Notice("warning", text))
        for name, frames in self._summary.candidates.items():
            text = f"'{name}' was found again on {format_frames(frames)}, not surely: look whether it is right."
            self._on_event(Notice("warning", text))
        return self._summary

    def _goes_on(self) -> bool:
        """Do what is planned; True where it is to be planned anew: less was missing, or a cached mask was damaged."""
        try:
            again = self._work()
            self._settle()
            return again
        except WispError as failure:
            with suppress(WispError):  # what is begun is kept, too; what ended the run first is what is told
                self._settle()
            if not isinstance(failure, DamagedMaskError):
                raise
            for work, todo in self._unsolved.items():
                needed = {near for frame in todo for near in work.mask_frames(frame)}
                self._shelf.drop_damaged_masks(mark for frame in needed for mark in work.mask_marks(frame))
            return True

    def _announce(self) -> None:
        """Before anything is computed, what it needs of the device; MemoryLimitError where that is out of reach."""
        if not any(self._unsolved.values()):
            return
        _, stamp = self._context.models
        if stamp.windows is None:
            self._plan_memory()
            return
        head = self._context.head
        assert isinstance(head, ClipMatterHead)
        for region in dict.fromkeys(work.region for work, todo in self._unsolved.items() if todo):
            self._on_event(Notice("info", head.matter.announce(self._context.clip_of(region))))

    def _plan_memory(self) -> None:
        """Say the plan where a shot is about to run; a preview only follows it."""
        plan = self._context.memory_plan()
        if plan is None:
            return
        plan.check("Take a smaller model (wisp models list), or another device.")
        if len(self._wanted) > 1:
            short = plan.needs > plan.has.free
            self._on_event(Notice("warning" if short else "info", str(plan)))
        head = self._context.head
        if isinstance(head, SparingHead):
            head.sparing = plan.sparing

    def _work(self) -> bool:
        """Do what is planned; True where less turned out to be missing than was planned."""
        spec, totals = self._context.shot.solve, self._totals
        self._on_event(Started(totals["track"], totals["matte"], spec.tracker, spec.head, self._summary.cached))
        waiting = set().union(*self._unsolved.values(), *self._unfinished.values())
        for frame in sorted(waiting):
            self._matte_ready(frame)
            self._finish_ready(frame)
        forward, backward = (
            [chunk for chunk in self._chunks if chunk.planned.direction == side] for side in ("forward", "backward")
        )
        return self._track(forward, False) or self._track(backward, True)

    def _remember(self) -> None:
        """Record what the mattes that are there now were made of, also after a stop or a failure."""
        if not self._lasting:
            return
        for work, todo in self._unfinished.items():
            done = [frame for frame in self._wanted if frame not in todo]
            record = self._context.record(work.item)
            if len(self._wanted) > 1:
                record.add(work.ingredients(done))
            elif done and self._summary.matted:
                record.note(work.ingredients(done))

    # Track -------------------------------------------------------------------------------------------------

    def _track(self, chunks: list[Chunk], backward: bool) -> bool:
        """Step the passes of all objects together, frame by frame, so that they share what a frame costs once.

        True, at once, where one of them goes on as an earlier pass did.
        """
        waiting = [Stepping(chunk, self._context) for chunk in chunks]
        try:
            for frame in sorted({frame for chunk in chunks for frame in chunk.frames}, reverse=backward):
                for stepping in waiting:
                    if stepping.next == frame:
                        self._step(stepping, frame)
                if any(stepping.rejoined for stepping in waiting):
                    self._keep_memories(waiting)
                    return True
                waiting = [stepping for stepping in waiting if stepping.next is not None]
                for ready in self._leaning_on(frame):
                    self._matte_ready(ready)
                    self._finish_ready(ready)
        except CancelledError:
            self._keep_memories(waiting)
            raise
        return False

    def _step(self, stepping: Stepping, frame: int) -> None:
        first = stepping.step()
        if first is not None and first not in self._summary.cuts:
            self._summary.cuts.add(first)
            text = (
                f"The picture cuts on frame {first}: objects are looked for anew from there. "
                "If it is another shot, end them before it or prompt them behind it."
            )
            self._on_event(Notice("warning", text))
        self._summary.tracked += 1
        self._report_step("track", frame)

    def _keep_memories(self, passes: Iterable[Stepping]) -> None:
        for stepping in passes:
            stepping.keep_memory()

    # Matte -------------------------------------------------------------------------------------------------

    def _leaning_on(self, frame: int) -> list[int]:
        """The frame, and those still to be matted for which its mask is needed, too."""
        found: set[int] = set().union(*(work.hints.leaning_on(frame, todo) for work, todo in self._unsolved.items()))
        return [frame, *sorted(found - {frame})]

    def _matte_ready(self, frame: int) -> None:
        """Begin to matte the objects whose masks on `frame` are complete and whose alpha is missing."""
        begun = self._begun.masks if self._begun is not None and self._begun.frame == frame else {}
        ready = [
            work
            for work, todo in self._unsolved.items()
            if frame in todo and work not in begun and self._complete(work, frame)
        ]
        masks = {work: self._final_mask(work, frame) for work in ready}
        for region in dict.fromkeys(work.region for work in ready):
            self._begin(frame, {work: mask for work, mask in masks.items() if work.region == region})

    def _begin(self, frame: int, masks: dict[ObjectWork, TrackedMask]) -> None:
        """Matte objects of one region, beside what comes next where the head can; and store what was begun before."""
        told = {
            work.item.id: mask.logits if work.recipe(frame) is None else work.hints.guided(mask.logits, frame)
            for work, mask in masks.items()
        }
        visible = {number: logits for number, logits in told.items() if (logits > 0).any()}
        clip = self._context.clip_of(next(iter(masks)).region)
        head = self._context.head if visible else None
        alphas: Future[dict[int, FloatImage]] = Future()
        if head is None:
            alphas.set_result({})
        elif isinstance(head, ApartHead):
            alphas = self._lane.submit(head.matte, clip, frame, visible)
        else:
            alphas.set_result(head.matte(clip, frame, visible))
        before, self._begun = self._begun, _Begun(frame, masks, alphas)
        self._store_begun(before)
        if not isinstance(head, ApartHead):
            self._settle()

    def _settle(self) -> None:
        """Store what is begun."""
        begun, self._begun = self._begun, None
        self._store_begun(begun)

    def _store_begun(self, begun: _Begun | None) -> None:
        if begun is None:
            return
        alphas = begun.alphas.result()
        for work, mask in begun.masks.items():
            self._store(work, begun.frame, mask, alphas.get(work.item.id))
            self._unsolved[work].discard(begun.frame)
            doubtful = {"lost": self._summary.lost, "candidate": self._summary.candidates}.get(mask.state)
            if doubtful is not None:
                doubtful.setdefault(work.item.name, []).append(begun.frame)
            self._report_step("matte", begun.frame)
        self._finish_ready(begun.frame)

    def _complete(self, work: ObjectWork, frame: int) -> bool:
        stored = self._shelf.stored_masks()
        return all(mark in stored for near in work.mask_frames(frame) for mark in work.mask_marks(near))

    def _final_mask(self, work: ObjectWork, frame: int) -> TrackedMask:
        drawn = self._drawn_mask(work, frame) if work.recipe(frame) is not None else None
        return work.tracked_mask(frame) if drawn is None else drawn

    def _drawn_mask(self, work: ObjectWork, frame: int) -> TrackedMask | None:
        """A mask prompt as it was drawn, at plate resolution: the head must not get it through a tracker's grid."""
        if not any(prompt.kind == "mask" and prompt.frame == frame for prompt in work.item.prompts):
            return None
        mask = work.prompts(frame).mask
        assert mask is not None
        return TrackedMask(logits_of(mask), 1.0, "keyframe")

    def _store(self, work: ObjectWork, frame: int, mask: TrackedMask, solved: FloatImage | None) -> None:
        """Write the alpha of the object's region (None: empty) over the whole picture."""
        plate = self._context.plate
        size = (plate.width, plate.height)
        alpha = np.zeros((plate.height, plate.width), np.float32) if solved is None else solved
        if solved is not None:  # squeezed again where models saw it unsqueezed
            alpha = resize(whole(solved, work.region, size, outside=0.0), size)
        behind = None
        if work.recipe(frame) is not None:
            alpha, behind = work.hints.heard(alpha, frame, self._context.clip, work.plate_mask)
        exists = work.item.exists(frame)
        state: FrameState = "placeholder" if not exists else "corrected" if frame in work.plan.keyframes else "solved"
        models = self._context.models
        stamp = MatteStamp(
            object=work.item.name,
            frame_state=state,
            track_state=mask.state,
            confidence=mask.confidence,
            model=" + ".join(model.id for model in models),
            weights_sha256=_joined(model.weights_sha256 for model in models if model.weights_sha256) or "none",
            licence=_joined(model.licence for model in models),
            fingerprint=work.solved[frame],
            behind="" if behind is None else behind.text,
        )
        path = work.solved_path(frame)
        self._context.source.check_unchanged(work.mask_frames(frame) or [frame])
        self._write(path, frame, alpha, stamp)
        self._context.source.keep_alpha(stamp.fingerprint, alpha.astype(np.float16).astype(np.float32), stamp)
        if work.marks[frame] == work.solved[frame]:
            self._report_finished(work, frame, path, stamp)

    # Finish ------------------------------------------------------------------------------------------------

    def _finish_ready(self, frame: int) -> None:
        """Finish the mattes that were waiting for the solved alpha of `frame` alone."""
        for work, todo in self._unfinished.items():
            for near in work.finishing.reach(frame):
                if near in todo and self._unsolved[work].isdisjoint(work.finishing.window(near)):
                    self._finish(work, near)
                    self._report_step("matte", near)

    def _finish(self, work: ObjectWork, frame: int) -> None:
        alpha = work.finishing.apply(frame, work.solved_alpha, self._context.clip)
        # How the clean plate lies is of the alpha that was found before it, which a later lock does not keep.
        stamp = replace(work.solved_alpha(frame)[1], fingerprint=work.marks[frame], behind="")
        path = work.path(frame)
        self._write(path, frame, alpha, stamp)
        self._report_finished(work, frame, path, stamp)

    def _write(self, path: Path, frame: int, alpha: FloatImage, stamp: MatteStamp) -> None:
        header = self._context.plate.header(frame)
        self._shelf.write_matte(path, alpha, header, stamp, compression=self._compression)

    def _report_finished(self, work: ObjectWork, frame: int, path: Path, stamp: MatteStamp) -> None:
        self._unfinished[work].discard(frame)
        self._summary.matted += 1
        state = (stamp.frame_state, stamp.track_state, stamp.confidence)
        self._on_event(FrameDone(work.item.name, work.item.id, frame, path.as_posix(), *state))

    # Tell --------------------------------------------------------------------------------------------------

    def _report_step(self, stage: Stage, frame: int) -> None:
        """Report one step, and stop here if asked to."""
        self._done[stage] += 1
        eta = self._eta.step(stage)
        self._on_event(Progress(stage, frame, self._done[stage], self._totals[stage], eta))
        if self._should_stop():
            raise CancelledError(
                f"Stopped at frame {frame}; the finished frames are kept.", hint="Run the same command to go on."
            )


def _apart(work: ObjectWork, frames: Iterable[int]) -> int:
    """How many of these frames have finished mattes that are files of their own."""
    return sum(1 for frame in frames if work.marks[frame] != work.solved[frame])


def _joined(texts: Iterable[str]) -> str:
    """Each text once, in order."""
    return ", ".join(dict.fromkeys(texts))
