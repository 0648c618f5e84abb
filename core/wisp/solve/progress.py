"""How a caller follows a run and stops it, and how the time that is left is reckoned."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..client.events import Event

#: What a run may be limited to.
Stage = Literal["track", "matte"]
Listener = Callable[[Event], None]


def never() -> bool:
    """For a caller that never stops the run."""
    return False


def ignore(_event: Event) -> None:
    """For a caller that follows nothing."""


class Eta:
    """Remaining time from the mean pace of the steps so far, a step weighing what its stage costs."""

    def __init__(self, totals: Mapping[Any, int]) -> None:
        self._left: dict[str, int] = dict(totals)
        self._spent: dict[str, float] = dict.fromkeys(totals, 0.0)
        self._count: dict[str, int] = dict.fromkeys(totals, 0)
        self._last = time.monotonic()

    def step(self, stage: str) -> float | None:
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
