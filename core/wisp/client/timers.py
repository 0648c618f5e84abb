"""Work that is to be done a while from now, on the host's own thread, whatever toolkit that has."""

from __future__ import annotations

import itertools
import time
from typing import Callable, Dict, Optional, Tuple

#: `after(seconds, work)`: call `work` once, so much later, on the host's own thread; what it returns takes that back.
Clock = Callable[[float, Callable[[], None]], Callable[[], None]]


class Appointments:
    """A clock for hosts without timers of their own: `run_due` is called as often as the host is idle."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._due: Dict[int, Tuple[float, Callable[[], None]]] = {}

    def __call__(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        number = next(self._numbers)
        self._due[number] = (time.monotonic() + seconds, work)

        def take_back() -> None:
            self._due.pop(number, None)

        return take_back

    def run_due(self) -> None:
        """Do what is due, in the order in which it was asked for."""
        now = time.monotonic()
        for number in [number for number, (due, _) in self._due.items() if due <= now]:
            entry = self._due.pop(number, None)
            if entry is not None:  # the one before may have taken it back
                entry[1]()

    def pending(self) -> bool:
        """Whether there is more to come."""
        return bool(self._due)


class Timer:
    """One appointment at a time."""

    def __init__(self, clock: Clock, seconds: float, work: Callable[[], None]) -> None:
        self._clock, self._seconds, self._work = clock, seconds, work
        self._take_back: Optional[Callable[[], None]] = None

    def start(self) -> None:
        """From now on; an appointment before is moved."""
        self.stop()
        self._take_back = self._clock(self._seconds, self._due)

    def stop(self) -> None:
        take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back()

    def _due(self) -> None:
        if self._take_back is not None:
            self._take_back = None
            self._work()
