"""An engine whose solver misbehaves as the first argument says; otherwise the real one with the real models."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wisp.engine.shots
import wisp.models.store
import wisp.quality
from wisp.client.events import Event, FrameDone, Progress
from wisp.engine.serve import main
from wisp.solve import Solver, Summary


class Misbehaving(Solver):
    """After every step of a run, `step` is called."""

    step: Callable[[], None]

    def run(self, *args: Any, on_event: Callable[[Event], None], **options: Any) -> Summary:
        def listen(event: Event) -> None:
            on_event(event)
            if isinstance(event, Progress):
                type(self).step()

        return super().run(*args, on_event=listen, **options)


class Gated(Solver):
    """A run with two finished mattes rests between its frames, where calls are let in, for as long as the file `gate`
    is there or until it is cancelled."""

    gate: Path

    def run(
        self, *args: Any, on_event: Callable[[Event], None], should_stop: Callable[[], bool], **options: Any
    ) -> Summary:
        done = 0

        def listen(event: Event) -> None:
            nonlocal done
            done += isinstance(event, FrameDone)
            on_event(event)
            while isinstance(event, Progress) and done >= 2 and self.gate.exists() and not should_stop():
                time.sleep(0.005)
                on_event(event)

        return super().run(*args, on_event=listen, should_stop=should_stop, **options)


def chatter() -> None:
    """What C libraries do on damaged files."""
    os.write(1, b"written to descriptor 1\n")
    print("printed by Python")
    libc = ctypes.CDLL(None)
    libc.puts(b"printed by C")
    libc.fflush(None)


def abort_once() -> None:
    """A crash, but not in the next engine of the same test."""
    mark = Path(os.environ["XDG_RUNTIME_DIR"]) / "has-aborted"
    if not mark.exists():
        mark.touch()
        os.abort()


def hang() -> None:
    """A step that never ends and holds Python's lock."""
    while True:
        pass


def late_check() -> None:
    """A check begins when it has been cancelled."""
    check = wisp.quality.check

    def late(solver: Solver, asked: Any, on_event: Any, should_stop: Callable[[], bool]) -> Any:
        while not should_stop():
            time.sleep(0.005)
        return check(solver, asked, on_event, should_stop)

    wisp.quality.check = late  # type: ignore[assignment]


def stand_in_models() -> None:
    """Models that cost a moment a frame, so that many jobs can be cut off in the middle."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from helpers import solving

    class Head(solving.SmoothHead):
        def matte(self, *args: Any) -> Any:
            time.sleep(0.01)
            return super().matte(*args)

    class Store(solving.StandIns):
        def __init__(self, *_: Any) -> None:
            super().__init__()
            self.made = (self.made[0], Head())

        def names(self) -> list[str]:
            return []

        def drop(self) -> None:
            """Nothing is held."""

    wisp.models.store.ModelStore = Store  # type: ignore[assignment, misc]


BEHAVIOURS: dict[str, Callable[[], None]] = {
    "chatter": chatter,
    "hang": hang,
    "abort once": abort_once,
    "bug": lambda: print(1 // 0),
}

if __name__ == "__main__":
    if sys.argv[1] == "gated":
        Gated.gate = Path(os.environ["WISP_TEST_GATE"])
        wisp.engine.shots.Solver = Gated  # type: ignore[misc]
    elif sys.argv[1] == "stand-in models":
        stand_in_models()
    elif sys.argv[1] == "late check":
        late_check()
    else:
        Misbehaving.step = staticmethod(BEHAVIOURS[sys.argv[1]])
        wisp.engine.shots.Solver = Misbehaving  # type: ignore[misc]
    main()
