"""The acceptance script against the stand-in: that it asks, cleans up and reports. What a real Nuke says is its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("gui", [True, False])
def test_every_point_is_asked_and_nothing_is_left(start: Callable[..., Any], gui: bool, tmp_path: Path) -> None:
    session = start(gui=gui)
    rows = session.module("acceptance").run(str(tmp_path / "table.json"))
    found = {row["point"]: row["result"] for row in rows}
    assert set(found.values()) == {"PASS", "SKIP"}, rows
    assert found["Assert stops a render"] == ("SKIP" if gui else "PASS")
    assert json.loads((tmp_path / "table.json").read_text())["points"] == rows
    assert session.host.root_group.nodes() == []


def test_a_point_that_does_not_hold_is_said(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start()
    acceptance = session.module("acceptance")
    acceptance.CHECKS = (("broken", lambda: acceptance._expect(False, 3)),)
    (row,) = acceptance.run(str(tmp_path / "table.json"))
    assert row["result"] == "FAIL" and "saw 3" in row["seen"]
