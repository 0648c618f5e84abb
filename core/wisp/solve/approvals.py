"""Locked frames of a shot: their mattes are kept as they are, with what each object needs for it (`locks`)."""

from __future__ import annotations

from collections.abc import Iterator

from ..shot import Shot
from .context import ShotContext


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
    """Keep the mattes that locked frames have now, for the next solve to freeze, frame by frame. To be gone through
    before the next edit: that changes what the document shows, and this is what was approved."""
    for work in context.works if any(item.locks for item in context.shot.objects) else ():
        for frame in work.locks.wanted(work.life):
            if frame not in work.frozen and (matte := work.matte(frame)) is not None:
                work.locks.note(frame, matte)
            yield


def locks_of(shot: Shot) -> list[tuple[object, ...]]:
    """Which frames of which objects are locked; other ones of another document."""
    return [(item.id, item.locks, item.approvals) for item in shot.objects]


def freeze_locked(context: ShotContext) -> None:
    """Freeze locked frames that are not yet: with the matte that was noted when they were locked, else with that of
    the document as it is now, else, where that is still to be solved, with what they were last solved with."""
    works = {work.item.id: work for work in context.works} if any(item.locks for item in context.shot.objects) else {}
    frozen = False
    for item in context.shot.objects:
        locks = context.locks(item)
        wanted = [frame for frame in locks.wanted(context.plate.frames) if not locks.path(frame).exists()]
        earlier = context.record(item).read() if wanted else []
        for frame in wanted:
            matte = works[item.id].matte(frame, sure=True) if item.id in works else None
            marks = [solved.marks[frame] for solved in earlier if frame in solved.marks]
            if matte is None and marks:
                matte = context.shelf.find_matte(marks[-1], sure=True)
            frozen |= locks.freeze(frame, matte)
    if frozen:
        context.replan()
