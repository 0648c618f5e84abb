"""Locked frames of a shot: their mattes are kept as they are, with what each object needs for it (`locks`)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ..shot import ObjectSpec
from .context import ShotContext
from .reasons import Ingredients


def settle_locks(context: ShotContext) -> None:
    """Freeze frames locked since the last run (see `freeze_locked`), and release those locked no more."""
    damaged = False
    for item in context.shot.objects:
        locks = context.locks(item)
        locks.release(context.plate.frames)
        damaged |= locks.set_damaged_aside(context.plate.frames)
    if damaged:
        context.replan()
    freeze_locked(context)


def note_locked(context: ShotContext) -> Iterator[None]:
    """Keep the mattes that locked frames show now, for the next solve to freeze, frame by frame. To be gone through
    before the next edit: that changes what the document shows, and this is what was approved."""
    for item in context.shot.objects:
        locks, shown = context.locks(item), _Shown(context, item)
        for frame in locks.wanted(context.plate.frames):
            if not locks.keeps(frame) and (matte := shown.matte(frame)) is not None:
                locks.note(frame, matte)
            yield


def freeze_locked(context: ShotContext) -> None:
    """Freeze locked frames that are not yet: with the matte that was noted when they were locked, else with what they
    show now."""
    frozen = False
    for item in context.shot.objects:
        locks, shown = context.locks(item), _Shown(context, item)
        for frame in locks.wanted(context.plate.frames):
            if not locks.path(frame).exists():
                frozen |= locks.freeze(frame, shown.matte(frame, sure=True))
    if frozen:
        context.replan()


class _Shown:
    """The matte that each frame of an object shows: that of the document as it is now, else, where that is still to be
    solved, the one that it was last solved with."""

    def __init__(self, context: ShotContext, item: ObjectSpec) -> None:
        self._context = context
        self._item = item

    def matte(self, frame: int, *, sure: bool = False) -> Path | None:
        """Its file, None where there is none; `sure` as of `Shelf.find_matte`."""
        work = next((work for work in self._context.works if work.item.id == self._item.id), None)
        matte = None if work is None else work.matte(frame, sure=sure)
        if matte is not None:
            return matte
        marks = [solved.marks[frame] for solved in self._earlier if frame in solved.marks]
        return self._context.shelf.find_matte(marks[-1], sure=sure) if marks else None

    @cached_property
    def _earlier(self) -> list[Ingredients]:
        return self._context.record(self._item).read()
