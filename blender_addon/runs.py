# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each plate while the host runs, and the files that its strips show. Nothing here is saved."""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import bpy

from . import engine, filing, places, record
from .client.frames import spans
from .client.session import READY, Places, Session
from .engine import Fault
from .mattes import MatteFolder, Told


class Run:
    """One plate, found by its uid: its session with the engine, and what of that its strips show.

    `session`: what is known of the frames; until the plate is open in the engine, what its files tell.
    `document`: as the engine is to have it. `wanted`: (object, frame) of previews that the session was not told of.
    `place`: where the engine was told that prompts and cache lie.
    `enabled`: the objects, switched on and with prompts, that make up what the strips show.
    `placed`: the engine's file that was last put into the plate's folder, by object and frame.
    `edited`: whether what is seen may be stale by a setting.
    `fault`: of the host's side. `said`: what the end of a job has come to here.
    """

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.session = Session(engine.client, lambda: self.document, Places("", ""), engine.clock, own_engine=False)
        self.session.changed.connect(self.changed)
        self.session.matte_changed.connect(self._place)
        self.session.mattes_known.connect(self._place_all)
        self.document: dict[str, Any] = {}
        self.mattes: MatteFolder | None = None
        self.place: places.Places | None = None
        self.placed: dict[tuple[int, int], str] = {}
        self.enabled: tuple[int, ...] = ()
        self.wanted: set[tuple[int, int]] = set()
        self.edited = False
        self.fault: Fault | None = None
        self.said = ""
        self._version = 0
        self._spans: tuple[Any, Any, dict[str, list[list[int]]]] | None = None

    @property
    def busy(self) -> bool:
        return self.session.busy

    @property
    def asked(self) -> bool:
        """Whether something is on its way to or from the engine."""
        return not self.session.settled

    @property
    def waits(self) -> bool:
        """Whether somebody waits for what the engine computes."""
        return bool(self.wanted) or self.session.busy or self.session.previewing

    @property
    def message(self) -> str:
        """How the last job ended; nothing where there is nothing to say."""
        session = self.session
        silent = session.failed or session.message == READY or not session.is_open
        return self.said or ("" if silent else session.message)

    @property
    def trouble(self) -> Fault | None:
        """What went wrong with what was asked for this plate."""
        return self.fault or (Fault(self.session.message) if self.session.failed else None)

    @property
    def solved(self) -> dict[int, set[int]]:
        """Frames by object."""
        return {number: lane.solved for number, lane in self.session.mattes.lanes.items()}

    @property
    def dirty(self) -> dict[int, set[int]]:
        """Frames by object."""
        return {number: lane.dirty for number, lane in self.session.mattes.lanes.items()}

    @property
    def doubtful(self) -> dict[int, dict[int, str]]:
        """Why a solved frame is worth a look, by object and frame."""
        return {number: lane.suspicious for number, lane in self.session.mattes.lanes.items()}

    def state(self, frame: int) -> str:
        """`dirty`, `lost`, `doubtful`, `solved` or `none`: the worst of the objects that are shown."""
        return self._state(frame, self._lost())

    def worth_a_look(self, frames: Iterable[int]) -> set[int]:
        """Those on which a matte that is shown is doubted or its object lost."""
        lost = self._lost()
        return {frame for frame in set(frames) if self._state(frame, lost) in ("doubtful", "lost")}

    def _lost(self) -> set[int]:
        """Frames on which an object that is shown is lost."""
        mattes = self.session.mattes
        return set().union(*(mattes.lost(number) for number in self.enabled if number in mattes.lanes))

    def _state(self, frame: int, lost: set[int]) -> str:
        known = self.session.mattes.lanes
        lanes = [known[number] for number in self.enabled if number in known]
        if any(frame in lane.dirty for lane in lanes):
            return "dirty"
        if frame in lost:
            return "lost"
        if any(frame in lane.suspicious for lane in lanes):
            return "doubtful"
        return "solved" if any(frame in lane.solved for lane in lanes) else "none"

    def spans(self, shown: Mapping[int, int]) -> dict[str, list[list[int]]]:
        """State -> spans of the scene frames that show plate frames of it, by `shown`: scene frame -> plate frame."""
        key = (self._version, self.enabled)
        if self._spans is None or self._spans[0] != key or self._spans[1] is not shown:
            states: dict[str, list[int]] = {}
            lost = self._lost()
            for time, frame in shown.items():
                states.setdefault(self._state(frame, lost), []).append(time)
            self._spans = (key, shown, {state: spans(times) for state, times in states.items()})
        return self._spans[2]

    def changed(self) -> None:
        """What is known is not what it was."""
        self._version += 1
        redraw()

    def mark_suspicious(self, number: int, frame: int, reason: str) -> None:
        """What there is to doubt about a matte, or nothing."""
        self.session.mattes.mark_suspicious(number, frame, reason)
        self.changed()

    def note(self, number: int, frame: int, told: Told) -> None:
        """What a matte says of itself."""
        self.session.mattes.note_track_state(number, frame, *told)
        self.changed()

    # -- files --------------------------------------------------------------------------------------------

    def keep_in(self, folder: Path) -> None:
        """Have what strips show put into this folder."""
        if self.mattes is None or self.mattes.folder != folder:
            self.mattes = MatteFolder(folder)
            self.placed.clear()

    def show(self, numbers: tuple[int, ...], frames: Iterable[int], anyway: bool = False) -> None:
        """Have the strips show the mattes of these objects and no others."""
        if (self.enabled == numbers and not anyway) or self.mattes is None:
            return
        self.enabled = numbers
        self.changed()
        for frame in frames:
            self.file(self.mattes.combine, frame, numbers, then=self._combined)

    def remember(self, write: Callable[..., None], *content: Any) -> None:
        """Keep it beside the plate's mattes, as it is now."""
        assert self.mattes is not None
        self.file(write, self.mattes.folder, *copy.deepcopy(content), then=lambda _: None)

    def file(self, work: Callable[..., Any], *arguments: Any, then: Callable[[Any], None]) -> None:
        """Have work on the plate's files done soon; a failure becomes the plate's fault."""
        filing.submit(work, *arguments, then=then, failed=self._not_written)

    def _not_written(self, error: Exception) -> None:
        self.fault = Fault(f"A matte cannot be written: {error}", "output")

    def _place_all(self) -> None:
        """What another process or an earlier session has solved is shown too; its file says what to think of it."""
        for number, lane in self.session.mattes.lanes.items():
            for frame in lane.solved:
                if self._place(number, frame) and self.mattes is not None:
                    self.file(self.mattes.told, number, frame, then=functools.partial(self.note, number, frame))
        self.remember(record.write_status, self.solved, self.dirty)

    def _place(self, number: int, frame: int) -> bool:
        """Have the engine's newest matte shown; False where it is already."""
        path, key = self.session.mattes.path(number, frame), (number, frame)
        if path is None or self.placed.get(key) == path or self.mattes is None:
            return False
        self.placed[key] = path
        self.file(self.mattes.place, number, frame, Path(path), self.enabled, then=self._combined)
        return True

    def _combined(self, changed: bool) -> None:
        if changed:
            touched.setdefault(self.uid, time.monotonic())


def redraw() -> None:
    """Have all sequencer areas drawn again."""
    manager = getattr(bpy.context, "window_manager", None)  # none while the host ends
    for window in manager.windows if manager is not None else ():
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()


runs: dict[str, Run] = {}
#: Plates of which files have changed that strips show, and since when.
touched: dict[str, float] = {}


def run_of(uid: str) -> Run:
    """The run state of a plate, made on first use."""
    if uid not in runs:
        runs[uid] = Run(uid)
    return runs[uid]
