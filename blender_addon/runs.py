# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each plate while the host runs: what is solved, what runs, what failed. Nothing here is saved."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from . import mapping
from .client.errors import EngineError
from .client.shots import Job, RemoteShot
from .engine import Fault
from .mattes import MatteFolder


class Place(NamedTuple):
    """The folders with which a plate is open in the engine."""

    root: Path
    cache: Path
    readable: tuple[str, ...]


@dataclass
class Run:
    """The run state of one plate, found by its uid.

    `solved`, `dirty`: frames by object. `doubtful`: why a solved frame is worth a look, by object and frame.
    `enabled`: the objects, switched on and with prompts, that make up what the strips show.
    `version`: grows with each change of any of these.
    `previews`, `looks`: how many mattes, and states of all files, the engine was asked for and has not answered.
    `placed`: the engine's file that was last put into the plate's folder, by object and frame.
    """

    uid: str
    shot: RemoteShot | None = None
    document: dict[str, Any] = field(default_factory=dict)
    place: Place | None = None
    mattes: MatteFolder | None = None
    job: Job | None = None
    stage: str = ""
    done: int = 0
    total: int = 0
    eta: float | None = None
    stopped_at: float | None = None
    solved: dict[int, set[int]] = field(default_factory=dict)
    dirty: dict[int, set[int]] = field(default_factory=dict)
    doubtful: dict[int, dict[int, str]] = field(default_factory=dict)
    placed: dict[tuple[int, int], Path] = field(default_factory=dict)
    enabled: tuple[int, ...] = ()
    version: int = 0
    wanted: dict[tuple[int, int], float] = field(default_factory=dict)
    previews: int = 0
    looks: int = 0
    fault: Fault | None = None
    message: str = ""
    _spans: tuple[Any, Any, dict[str, list[tuple[int, int]]]] | None = None

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.finished

    @property
    def asked(self) -> int:
        """How many answers are waited for, beside a job's."""
        return self.previews + self.looks

    def close(self) -> None:
        """Leave the engine. What is known of the frames stays."""
        with contextlib.suppress(EngineError):
            if self.job is not None and self.busy:
                self.job.cancel()
        with contextlib.suppress(EngineError):
            if self.shot is not None:
                self.shot.close()
        self.shot, self.place, self.job, self.fault = None, None, None, None
        self.previews, self.looks, self.stage, self.document = 0, 0, "", {}
        self.wanted.clear()

    def state(self, frame: int) -> str:
        """`dirty`, `doubtful`, `solved` or `none`: the worst of the objects that are shown."""
        if any(frame in self.dirty.get(number, ()) for number in self.enabled):
            return "dirty"
        if any(frame in self.doubtful.get(number, ()) for number in self.enabled):
            return "doubtful"
        return "solved" if any(frame in self.solved.get(number, ()) for number in self.enabled) else "none"

    def spans(self, shown: Mapping[int, int]) -> dict[str, list[tuple[int, int]]]:
        """State -> spans of the scene frames that show plate frames of it, by `shown`: scene frame -> plate frame."""
        key = (self.version, self.enabled)
        if self._spans is None or self._spans[0] != key or self._spans[1] is not shown:
            states: dict[str, list[int]] = {}
            for time, frame in shown.items():
                states.setdefault(self.state(frame), []).append(time)
            self._spans = (key, shown, {state: mapping.spans(times) for state, times in states.items()})
        return self._spans[2]

    def changed(self) -> None:
        """What is known of the frames is not what it was."""
        self.version += 1

    def judge(self, number: int, frame: int, doubt: str) -> None:
        """What there is to doubt about a matte, or nothing."""
        doubtful = self.doubtful.setdefault(number, {})
        if doubt:
            doubtful[frame] = doubt
        else:
            doubtful.pop(frame, None)
        self.changed()


runs: dict[str, Run] = {}


def run_of(uid: str) -> Run:
    """The run state of a plate, made on first use."""
    return runs.setdefault(uid, Run(uid))
