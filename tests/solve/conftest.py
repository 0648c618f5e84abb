"""Stand-in models: the solver is tested here, not they."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.solving import ChainTracker, SmoothHead, write_plate
from wisp.weights.models import ModelStamp


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> ChainTracker:
    made = ChainTracker()
    monkeypatch.setattr("wisp.solve.solver.load_tracker", lambda *_: made)
    monkeypatch.setattr(
        "wisp.solve.solver.model_stamp", lambda name, *_: ModelStamp(name, "1", "", "Apache-2.0", made.segments)
    )
    return made


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> SmoothHead:
    made = SmoothHead()
    monkeypatch.setattr("wisp.solve.solver.load_head", lambda *_: made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plate(tmp_path / "plates")
    return tmp_path
