"""What is done with a shot: all of it solved, one frame shown, the region found that an object asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ..cache import Cache, read_matte
from ..errors import UsageError
from ..fingerprint import fingerprint
from ..heads.confidence import SCHEMA as CONFIDENCE_SCHEMA
from ..models.store import Models
from ..shot import Shot
from ..weights.registry import entry_as
from .approvals import settle_locks
from .context import ShotContext
from .progress import Listener, Stage, ignore, never
from .run import Run, Summary
from .source import Source
from .status import ShotStatus, status_of

#: A preview may track this many frames to reach the asked one; farther away the artist presses Track.
PREVIEW_REACH = 24


class Solver(ShotContext):
    """One shot on its way through."""

    def __init__(self, shot: Shot, source: Source, models: Models, cache: Cache) -> None:
        """See `ShotContext`."""
        super().__init__(shot, source, models, cache)
        #: Whether this is another solver's `_quick`, whose mattes are only looked at.
        self._is_quick = False

    def status(self) -> ShotStatus:
        """The state of every frame of every enabled object; computes nothing and writes nothing."""
        return status_of(self)

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
            settle_locks(self)
        return Run(self, frames, objects, stages, on_event, should_stop, lasting).go()

    def require_masks(
        self,
        frames: Collection[int],
        objects: Collection[str],
        on_event: Listener = ignore,
        should_stop: Callable[[], bool] = never,
    ) -> None:
        """Have the masks that mattes of `frames` of `objects` (names) were made of, for what is told by both: those
        that are gone from the cache, or damaged, are tracked anew. CancelledError as of `run`."""
        self._cache.look_again()
        for name in objects:
            work = self.work(name)
            marks = {mark for frame in frames if frame not in work.frozen for mark in work.mask_marks(frame)}
            self.shelf.drop_damaged_masks(marks)
            if not marks.issubset(self.shelf.stored_masks()):
                self.run(frames, [name], stages=("track",), on_event=on_event, should_stop=should_stop)

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
            settle_locks(self)
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
        # Without its masks less is doubted; nobody waits here until they are tracked anew.
        tracked = all(mask in self.shelf.stored_masks() for mask in work.mask_marks(frame))
        mark = fingerprint("doubt", CONFIDENCE_SCHEMA, work.marks[frame], tracked)
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
