from __future__ import annotations

from pathlib import Path

import pytest
from helpers.delivering import solved_shot, stand_ins
from wisp.solve import Solver


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Solver:
    """A shot of two overlapping objects, frames 1001-1040, all solved."""
    stand_ins(monkeypatch)
    return solved_shot(tmp_path, range(1001, 1041))


@pytest.fixture
def brief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Solver:
    """The same shot, of which frames 1010-1015 alone are solved."""
    stand_ins(monkeypatch)
    return solved_shot(tmp_path, range(1010, 1016))
