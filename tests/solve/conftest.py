"""Stand-in models: the solver is tested here, not they."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.solving import STAND_INS, ApartSmoothHead, ChainTracker, SmoothHead, write_plate


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> ChainTracker:
    made = ChainTracker()
    monkeypatch.setattr(STAND_INS, "made", (made, STAND_INS.made[1]))
    return made


@pytest.fixture(params=[SmoothHead, ApartSmoothHead], ids=["between", "apart"])
def head(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> SmoothHead:
    """Every test with a head that mattes between the tracker's steps and with one that does beside them."""
    made: SmoothHead = request.param()
    monkeypatch.setattr(STAND_INS, "made", (STAND_INS.made[0], made))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plate(tmp_path / "plates")
    return tmp_path
