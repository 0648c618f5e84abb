"""A solved shot of two objects that overlap, to be delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wisp.solve import Solver
from wisp.weights.models import ModelStamp

from .solving import ChainTracker, SmoothHead, box, shot, solver, write_plate

SECOND: dict[str, Any] = {"id": 2, "name": "prop", "prompts": [box(1012, x=5)], "first": 1005, "last": 1030}


def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker and a head that cost nothing, for every solver of this test."""
    monkeypatch.setattr("wisp.solve.solver.load_tracker", lambda *_: ChainTracker())
    monkeypatch.setattr("wisp.solve.solver.load_head", lambda *_: SmoothHead())
    monkeypatch.setattr("wisp.solve.solver.model_stamp", lambda name, *_: ModelStamp(name, "1", "", "Apache-2.0", True))


def solved_shot(folder: Path, frames: range) -> Solver:
    """The shot's plate written into `folder`, and those of its frames solved."""
    write_plate(folder / "plates")
    result = solver(shot(box(1001), others=[SECOND]), folder)
    result.run(frames)
    return result
