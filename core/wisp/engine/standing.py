"""What is done of a shot, found out bit by bit, so that nobody waits for the frames of a long one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from ..errors import OutputError
from ..frames import format_frames
from ..solve import Solver
from ..solve.objects import ObjectWork
from . import api

#: Frames that are looked at between two looks at the clock.
STEP = 32


class Standing:
    """The states of all frames of all enabled objects of one document."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._states: dict[int, dict[str, list[int]]] = {work.item.id: {} for work in solver.works}
        self._looked: dict[int, int] = dict.fromkeys(self._states, 0)
        self._steps = self._look()
        #: (object id, frame) of what was computed since, perhaps after it was looked at.
        self._computed: set[tuple[int, int]] = set()
        self.complete = False

    @property
    def dirty(self) -> int:
        """How many frames are known to be dirty."""
        return sum(len(states.get("dirty", ())) for states in self._states.values())

    def advance(self, until: float) -> None:
        """Go on looking until that time (`time.monotonic`); at least one step is done."""
        for _ in self._steps:
            if time.monotonic() >= until:
                return
        self.complete = True

    def note_computed(self, object_id: int, frame: int) -> None:
        """A matte was written, for this document or for the one before it. Any thread may say so."""
        self._computed.add((object_id, frame))

    def status(self) -> api.ShotStatus:
        """What is known now."""
        return api.ShotStatus(
            objects=[
                api.ObjectStatus(
                    id=work.item.id, name=work.item.name, pattern=work.pattern.as_posix(), frames=self._frames(work)
                )
                for work in self._solver.works
            ],
            complete=self.complete,
        )

    def _look(self) -> Iterator[None]:
        """Look at a few frames at a time; what is done of them lies where the status says."""
        frames = self._solver.plate.frames
        for work in self._solver.works:
            states = self._states[work.item.id]
            for start in range(0, len(frames), STEP):
                some = frames[start : start + STEP]
                found = work.mattes(some)
                with contextlib.suppress(OutputError):  # a cache that cannot be written is reported when one solves
                    work.adopt(sorted(found))
                for frame in some:
                    state = "solved" if frame in found else "dirty" if work.reaches(frame) else "empty"
                    states.setdefault(state, []).append(frame)
                self._looked[work.item.id] += len(some)
                yield

    def _frames(self, work: ObjectWork) -> dict[str, str]:
        states = {state: set(frames) for state, frames in self._states[work.item.id].items()}
        computed = {frame for number, frame in set(self._computed) if number == work.item.id}
        done = {frame for frame in computed & states.get("dirty", set()) if work.matte(frame) is not None}
        if done:
            states = {**states, "dirty": states["dirty"] - done, "solved": states.get("solved", set()) | done}
        known = {state: format_frames(sorted(frames)) for state, frames in sorted(states.items()) if frames}
        left = self._solver.plate.frames[self._looked[work.item.id] :]
        if not left:
            return known
        gapless = left[-1] - left[0] + 1 == len(left)
        return known | {"unknown": f"{left[0]}-{left[-1]}" if gapless and len(left) > 1 else format_frames(left)}
