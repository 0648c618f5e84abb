"""Stand-in models: the solver is tested here, not they."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.solving import STAND_INS, ChainTracker, SmoothHead, write_plate


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> ChainTracker:
    made = ChainTracker()
    monkeypatch.setattr(STAND_INS, "made", (made, STAND_INS.made[1]))
    return made


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> SmoothHead:
    made = SmoothHead()
    monkeypatch.setattr(STAND_INS, "made", (STAND_INS.made[0], made))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plate(tmp_path / "plates")
    return tmp_path
