"""A solved shot of two objects that overlap, to be delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wisp.solve import Solver

from .solving import box, registered, shot, solver, write_plate

SECOND: dict[str, Any] = {"id": 2, "name": "prop", "prompts": [box(1012, x=5)], "first": 1005, "last": 1030}


def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker and a head that cost nothing, for every solver of this test."""
    monkeypatch.setattr("wisp.weights.registry._registry", registered)


def solved_shot(folder: Path, frames: range) -> Solver:
    """The shot's plate written into `folder`, and those of its frames solved."""
    write_plate(folder / "plates")
    result = solver(shot(box(1001), others=[SECOND]), folder)
    result.run(frames)
    return result
