"""The real engine with the real models, except that its work waits at a gate, so that a test decides what comes first.

The first argument names the gate: while that file exists, a preview waits before it begins and a job after each matte.
A job that is cancelled passes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wisp.engine.shots
from wisp.client.events import Event, FrameDone
from wisp.engine.serve import main
from wisp.solve import Solver, Summary
from wisp.weights.options import RunOptions


class GatedSolver(Solver):
    """Waits while the gate is closed."""

    gate: Path

    def run(
        self, *args: Any, on_event: Callable[[Event], None], should_stop: Callable[[], bool], **options: Any
    ) -> Summary:
        def listen(event: Event) -> None:
            on_event(event)
            if isinstance(event, FrameDone):
                self._pass(should_stop)

        return super().run(*args, on_event=listen, should_stop=should_stop, **options)

    def preview(self, frame: int, object_name: str, *, quick: bool = False) -> Path:
        self._pass(lambda: False)
        return super().preview(frame, object_name, quick=quick)

    def _pass(self, should_stop: Callable[[], bool]) -> None:
        while self.gate.exists() and not should_stop():
            time.sleep(0.005)


if __name__ == "__main__":
    GatedSolver.gate = Path(sys.argv[1])
    wisp.engine.shots.Solver = GatedSolver  # type: ignore[misc]
    main(RunOptions(device="cpu", allow_unverified=True))
