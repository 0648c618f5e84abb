"""What of a shot is solved, what is not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .context import ShotContext
from .objects import ObjectWork
from .reasons import why_dirty


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


def status_of(context: ShotContext) -> ShotStatus:
    """The state of every frame of every enabled object; computes nothing and writes nothing."""
    return ShotStatus(tuple(_object_status(context, work) for work in context.works))


def _object_status(context: ShotContext, work: ObjectWork) -> ObjectStatus:
    earlier = context.record(work.item).read()
    now = work.ingredients(context.plate.frames)
    solved = work.mattes(context.plate.frames)
    frames = []
    for frame in context.plate.frames:
        if frame not in work.marks:
            frames.append(FrameStatus(frame, "empty"))
        elif frame in solved:
            frames.append(FrameStatus(frame, "solved"))
        else:
            frames.append(FrameStatus(frame, "dirty", why_dirty(earlier, frame, now, work.plan.reach(frame))))
    return ObjectStatus(work.item.id, work.item.name, work.pattern, tuple(frames))
