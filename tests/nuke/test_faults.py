"""What goes wrong with one node while the host is idle leaves the others, and is said once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_nuke import FIRST

#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])


@pytest.fixture
def nodes(session: Any, tmp_path: Path) -> tuple[Any, Any]:
    """Two nodes, of which the host gives the first one first."""
    return session.wisp(cache=tmp_path / "one"), session.wisp(cache=tmp_path / "two")


def test_a_fault_of_one_node_leaves_the_others(
    session: Any, nodes: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow, (bad, good) = session.module("follow"), nodes
    look, seen = follow.look, []

    def faulty(group: Any, held: bool | None = None) -> None:
        if group is bad:
            raise KeyError("objects")
        seen.append(group)
        look(group, held)

    def poll() -> None:
        raise RuntimeError("nobody has foreseen this")

    monkeypatch.setattr(follow, "look", faulty)
    monkeypatch.setattr(follow.ENGINE, "poll", poll)
    monkeypatch.setattr(follow, "say_once", follow.unguarded_say_once)
    session.rests()
    assert seen == [good] * 3
    assert "KeyError: 'objects'" in bad["wisp_status"].value() and good["wisp_status"].value() == "Ready"
    said = capsys.readouterr().err
    assert said.count("Traceback") == 2, "once each"
    assert f"{bad.name()}: Traceback" in said and "KeyError: 'objects'" in said and "nobody has foreseen this" in said


def test_a_render_begins_whatever_is_wrong_with_a_node(
    session: Any, nodes: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = nodes
    monkeypatch.setattr(session.module("follow"), "say_once", session.module("follow").unguarded_say_once)
    bad.removeKnob(bad["wisp_rendering"])
    session.module("callbacks").before_render()
    assert good["wisp_rendering"].value() == session.module("graph").RENDER


def test_prompts_without_objects_are_said_to_be_unreadable(session: Any, nodes: tuple[Any, Any]) -> None:
    bad, _ = nodes
    bad["wisp_prompts"].setValue(session.module("vendor.client.codec").encode({"v": 1}))
    session.rests()
    bad["wisp_track_both"].execute()
    assert "lack their objects" in bad["wisp_status"].value()
