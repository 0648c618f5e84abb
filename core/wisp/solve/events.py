"""What a running solve tells its caller. Plain values: they become NDJSON lines, bars or notifications."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["track", "matte", "deliver"]


@dataclass(frozen=True)
class Started:
    """Sent before the work, and again where an edit turns out to reach less far than it could have: how many steps of
    each stage this run takes in all, and with which models."""

    track: int
    matte: int
    tracker: str
    head: str
    cached: int


@dataclass(frozen=True)
class Progress:
    """One step is done. `eta` is the expected number of seconds that remain, None while unknown."""

    stage: Stage
    frame: int
    done: int
    total: int
    eta: float | None


@dataclass(frozen=True)
class FrameDone:
    """The matte of one object on one frame is on disk. `state` is its `wisp/frame_state`."""

    object: str
    frame: int
    path: str
    state: str
    track_state: str
    confidence: float


@dataclass(frozen=True)
class Notice:
    """One sentence for a person: a licence, a colour choice, a lost object."""

    level: Literal["info", "warning"]
    message: str


Event = Started | Progress | FrameDone | Notice
Listener = Callable[[Event], None]


def never() -> bool:
    """A caller that does not want to stop."""
    return False


def ignore(_event: Event) -> None:
    """A listener that does not care."""


class Eta:
    """Remaining time from the mean pace of the steps so far, a step weighing what its stage costs."""

    def __init__(self, totals: dict[Stage, int]) -> None:
        self._left = dict(totals)
        self._spent: dict[Stage, float] = dict.fromkeys(totals, 0.0)
        self._count: dict[Stage, int] = dict.fromkeys(totals, 0)
        self._last = time.monotonic()

    def step(self, stage: Stage) -> float | None:
        """Count one step of `stage`, taken since the last call; returns the seconds that remain."""
        now = time.monotonic()
        self._spent[stage] += now - self._last
        self._last = now
        self._count[stage] += 1
        self._left[stage] -= 1
        known = [self._spent[name] / count for name, count in self._count.items() if count]
        fallback = sum(known) / len(known)
        return sum(
            left * (self._spent[name] / self._count[name] if self._count[name] else fallback)
            for name, left in self._left.items()
        )
