"""How a command tells what it does: bars and sentences for people on stderr, NDJSON events on stdout."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from ..client.ends import Done, Stopped
from ..client.events import Event, Notice, Progress, Started
from ..client.tables import STAGES
from ..errors import CancelledError, plain


def print_text(text: str) -> None:
    """What a command has found, for a person, on stdout."""
    print(plain(text), flush=True)


class Reporter:
    """A listener for solve events. On a terminal it draws bars with the remaining time, elsewhere
    `Progress: 42%` lines; with `as_json` every event is one JSON line on stdout."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._percent = -1
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        #: Frames of each stage of the solve under way.
        self._pending = {"track": 0, "matte": 0}

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, event: Event) -> None:
        if self.as_json:
            print(json.dumps(event.line()), flush=True)
        match event:
            case Started():
                self._pending = {"track": event.track, "matte": event.matte}
            case Progress() if not self.quiet:
                self._progress(event)
            case Stopped():
                self.say(event.message, warning=True)
            case _ if event.sentence:
                self.say(event.sentence, warning=isinstance(event, Notice) and event.level == "warning")

    def emit(self, event: str, **values: Any) -> None:
        """One NDJSON line of a command's own on stdout, only when asked for."""
        if self.as_json:
            print(json.dumps({"event": event, **values}, default=str), flush=True)

    def say(self, text: str, *, warning: bool = False) -> None:
        """One sentence for a person, on stderr; warnings also when quiet."""
        if warning or not self.quiet:
            text = plain(f"Warning: {text}" if warning else text)
            if self._bar is not None:
                self._bar.console.print(text, highlight=False, markup=False)
            else:
                print(text, file=sys.stderr, flush=True)

    def notes(self, sentences: Iterable[str]) -> None:
        """What a plate has to say of itself."""
        for sentence in sentences:
            self(Notice("info", sentence))

    def step(self, title: str, done: float, total: int) -> None:
        """How far one step of a job is: a bar of its own, else a line and an event every five percent."""
        if self._bar is not None:
            if title not in self._tasks:
                self._tasks[title] = self._bar.add_task(title, total=total)
            self._bar.update(self._tasks[title], completed=done)
            return
        percent = int(100 * done / max(1, total)) // 5 * 5
        if percent != self._tasks.get(title):
            self._tasks[title] = percent
            self.emit("progress", stage=title, done=done, total=total)
            if not self.quiet:
                print(f"Progress: {title} {percent}%", file=sys.stderr, flush=True)

    def _progress(self, event: Progress) -> None:
        if self._bar is not None:
            if event.stage not in self._tasks:
                self._tasks[event.stage] = self._bar.add_task(STAGES[event.stage], total=event.total)
            self._bar.update(self._tasks[event.stage], completed=event.done, total=event.total)
            return
        if self._percent == 100:  # another solve of the job, as for several heads
            self._percent = -1
            self._tasks.clear()
        self._tasks[event.stage] = event.done
        pending = self._pending if event.stage in self._pending else {event.stage: event.total}
        done = sum(min(self._tasks.get(stage, 0), steps) for stage, steps in pending.items())
        total = sum(pending.values()) or event.total
        percent = 100 * done // max(1, total)
        if percent != self._percent and (percent % 5 == 0 or percent < self._percent):
            self._percent = percent
            print(f"Progress: {percent}%", file=sys.stderr, flush=True)


class Interrupt:
    """Turns SIGINT and SIGTERM into a polite request: the frame under way is finished first.

    `exit_code` is 130 after Ctrl-C, 7 after SIGTERM. A second Ctrl-C ends the program at once.
    """

    def __init__(self) -> None:
        self.exit_code = 0

    def __call__(self) -> bool:
        return self.exit_code != 0

    def _on_signal(self, number: int, _frame: types.FrameType | None) -> None:
        if self.exit_code and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.exit_code = 130 if number == signal.SIGINT else 7
        with contextlib.suppress(OSError):  # by no stream of Python's: the signal may have come in the midst of a print
            os.write(2, b"Finishing this frame; press Ctrl-C again to stop at once.\n")


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Installs the handlers for the length of a job."""
    interrupt = Interrupt()
    before = {number: signal.signal(number, interrupt._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def report_job(as_json: bool, quiet: bool, work: Callable[[Callable[[Event], None], Callable[[], bool]], Done]) -> int:
    """Do a job with a listener and a way to stop it, tell how it ends; returns the exit code."""
    with Reporter(as_json=as_json, quiet=quiet) as reporter, interruptible() as interrupt:
        try:
            end = work(reporter, interrupt)
        except CancelledError as stop:
            reporter(Stopped(interrupt.exit_code, str(stop)))
            return interrupt.exit_code
        reporter(end)
    return 0
