"""An engine whose solver misbehaves as the first argument says; otherwise the real one with the real models."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wisp.engine.solver
from wisp.engine.serve import main
from wisp.engine.solver import StoreSolver
from wisp.solve import Event, Progress, Summary


class Misbehaving(StoreSolver):
    """Before or after every step of a run, `step` is called."""

    step: Callable[[], None]

    def run(self, *args: Any, on_event: Callable[[Event], None], **options: Any) -> Summary:
        def listen(event: Event) -> None:
            on_event(event)
            if isinstance(event, Progress):
                type(self).step()

        return super().run(*args, on_event=listen, **options)


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


BEHAVIOURS: dict[str, Callable[[], None]] = {
    "chatter": chatter,
    "slow": lambda: time.sleep(0.1),
    "very slow": lambda: time.sleep(1.0),
    "hang": hang,
    "abort once": abort_once,
    "bug": lambda: print(1 // 0),
}

if __name__ == "__main__":
    Misbehaving.step = staticmethod(BEHAVIOURS[sys.argv[1]])
    wisp.engine.solver.StoreSolver = Misbehaving  # type: ignore[misc]
    main()
