"""The check as a job: each verdict is told, the worst are drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import spare_others
from ..client.ends import Checked
from ..client.events import Progress, Verdict
from ..client.requests import Check
from ..client.states import UNREACHED
from ..contact_sheet import check_name, is_sheet, write_png
from ..errors import CancelledError
from ..frames import named_frames
from ..solve.progress import Eta, Listener, ignore, never
from .sheet import worst_sheet
from .verdict import worst
from .walk import check_shot

if TYPE_CHECKING:
    from ..solve import Solver


def check(
    solver: Solver, asked: Check, on_event: Listener = ignore, should_stop: Callable[[], bool] = never
) -> Checked:
    """Judge what is solved of the shot. Raises UsageError, InputError, OutputError, CancelledError."""
    if asked.sheet is not None:
        solver.sources.refuse([Path(asked.sheet)])
        check_name(asked.sheet)
        spare_others(Path(asked.sheet), is_sheet)
    eta = Eta({"check": 2 * len(solver.plate.frames)})

    def step(frame: int, done: int, total: int) -> None:
        on_event(Progress("check", frame, done, total, eta.step("check")))
        if should_stop():
            raise CancelledError(f"Stopped at frame {frame}; nothing was changed.")

    verdicts: list[Verdict] = []
    frames = named_frames(asked.frames)
    for verdict in check_shot(solver, frames, solver.names(asked.objects), on_step=step):
        verdicts.append(verdict)
        on_event(verdict)
    shown = worst(verdicts, asked.worst)
    if asked.sheet is not None and shown:
        write_png(asked.sheet, worst_sheet(solver, shown))
    judged = sum(item.state == "judged" for item in verdicts)
    suspicious = sum(item.suspicious for item in verdicts)
    unsolved = sum(item.state == "unsolved" and item.reasons[0] != UNREACHED for item in verdicts)
    return Checked(judged, suspicious, asked.sheet if shown else None, unsolved)
