"""The acceptance script against the stand-in: that it asks, cleans up, reports, and that its recording can be replayed.

What a real host says is its own: recordings of one belong into `recordings`, where the last tests find them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_nuke import FIRST, SECOND, Unknowns

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json"))
NO_RECORDING = pytest.param(Path("none"), marks=pytest.mark.skip("nobody has sent a recording of a real host yet"))


@pytest.fixture(params=[True, False], ids=["gui", "terminal"])
def recorded(start: Callable[..., Any], request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A session, the table and what was written."""
    session = start(gui=request.param)
    rows = session.module("acceptance").run(str(tmp_path / "table.json"))
    return session, rows, json.loads((tmp_path / "table.json").read_text())


def test_every_point_is_asked_and_nothing_is_left(recorded: Any) -> None:
    session, rows, written = recorded
    found = {row["point"]: row["result"] for row in rows}
    assert set(found.values()) == {"PASS", "SKIP"}, [row for row in rows if row["result"] == "FAIL"]
    assert found["Assert stops a render"] == ("SKIP" if session.host.GUI else "PASS")
    assert written["points"] == rows and written["mode"] == ("gui" if session.host.GUI else "terminal")
    assert session.host.root_group.nodes() == [] and not session.host.undo.steps
    assert not session.host.root().modified() and session.module("host").nuke is session.host


def test_what_nobody_could_tell_is_told(recorded: Any) -> None:
    """The answers are those of this stand-in, whichever way it is."""
    session, _, written = recorded
    ours = dataclasses.asdict(session.host.unknowns)
    assert written["unknowns"] == {name: ours[name] for name in written["unknowns"]}
    by_hand = {"hover_samples", "loose_steps", "viewer_zooms"} | ({"after_aborted"} if session.host.GUI else set())
    assert set(ours) - set(written["unknowns"]) == by_hand


def test_a_recording_answers_as_the_host_did(recorded: Any, start: Callable[..., Any]) -> None:
    session, rows, written = recorded
    again = start(gui=session.host.GUI)
    again.host.nodes = None  # the host itself is not asked
    steady = again.module("recording").steady
    found = again.module("acceptance").replay(written["calls"])
    assert [steady(str(row)) for row in found] == [steady(str(row)) for row in rows]


def test_a_recording_of_something_else_is_no_answer(recorded: Any, start: Callable[..., Any]) -> None:
    session, _, written = recorded
    again = start(gui=session.host.GUI)
    calls = [call for call in written["calls"] if call["name"] != "addKnob"]
    with pytest.raises(again.module("recording").Mismatch, match="the recording has"):
        again.module("acceptance").replay(calls)


def test_two_hosts_that_differ_are_told_apart(start: Callable[..., Any], tmp_path: Path) -> None:
    calls = []
    for unknowns in (FIRST, FIRST, SECOND):
        session = start(unknowns=unknowns)
        session.module("acceptance").run(str(tmp_path / "table.json"))
        calls.append(json.loads((tmp_path / "table.json").read_text())["calls"])
    differences = session.module("recording").differences
    assert differences(calls[0], calls[1]) == []
    assert any("bbox_shortens" in line for line in differences(calls[0], calls[2]))


def test_a_point_that_does_not_hold_is_said(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start()
    acceptance = session.module("acceptance")
    acceptance.CHECKS = (("broken", lambda: session.module("acceptance_points").expect(False, 3)),)
    (row,) = acceptance.run(str(tmp_path / "table.json"))
    assert row["result"] == "FAIL" and "saw 3" in row["seen"]


@pytest.mark.parametrize("path", RECORDINGS or [NO_RECORDING], ids=lambda path: path.stem)
def test_the_stand_in_answers_as_a_recorded_host(path: Path, start: Callable[..., Any], tmp_path: Path) -> None:
    """A difference is something that the stand-in has to learn."""
    recording = json.loads(path.read_text(encoding="utf-8"))
    session = start(gui=recording["mode"] == "gui", unknowns=dataclasses.replace(FIRST, **recording["unknowns"]))
    assert isinstance(session.host.unknowns, Unknowns)
    session.module("acceptance").run(str(tmp_path / "table.json"))
    ours = json.loads((tmp_path / "table.json").read_text())["calls"]
    assert session.module("recording").differences(recording["calls"], ours) == []
