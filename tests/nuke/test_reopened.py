"""A script that was opened again, before any engine runs: mattes and what is said of them stay with their objects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.render import plane, render

FRAMES = range(1001, 1005)
ALPHA = {"hero": 1.0, "dog": 0.25}


@pytest.fixture
def session(start: Callable[..., Any], tmp_path: Path) -> Any:
    """The session in which the script is open; its node, `group`, has two solved objects with a layer each."""
    before = start()
    made = before.wisp()
    mattes = {name: np.full((48, 64), value, np.float32) for name, value in ALPHA.items()}
    before.solved(made, mattes, tmp_path / "m", FRAMES)
    states = [{**dict.fromkeys(FRAMES, 1), 1002: 2}, dict.fromkeys(FRAMES, 1)]
    before.module("node").show_states(made, states, [True, True])
    before.sets(made, "wisp_layers", True)
    text = before.host.save()
    session = start()
    session.host.load(text)
    session.group = session.host.toNode("Wisp1")
    session.group.input(0).own = made.input(0).own
    session.host.view(session.group)
    session.host.frame(1001)
    session.rests()
    return session


def alpha(session: Any, frame: int = 1001) -> float:
    return float(render(session.group, frame)[0, 0, 3])


def keyed(session: Any) -> list[int]:
    return [frame for frame in FRAMES if session.group["wisp_cache_state"].getValueAt(frame) == 1]


def layers(session: Any) -> list[str]:
    """Of the objects, as the node gives them."""
    found = {knob.value() for node in session.group.nodes() if node.Class() == "Copy" for knob in [node["to0"]]}
    return sorted(found - {"rgba.alpha"})


def test_a_deleted_object_takes_its_matte_along(session: Any) -> None:
    session.sets(session.group, "wisp_object", 0)
    session.group["wisp_delete_object"].execute()
    session.rests()
    assert alpha(session) == pytest.approx(0.25) and keyed(session) == list(FRAMES)
    assert layers(session) == ["matte_dog.alpha"]
    assert plane(session.group, "matte_dog.alpha", 1001)[0, 0] == pytest.approx(0.25)
    session.group["wisp_bake"].execute()
    (read,) = session.host.allNodes("Read")
    assert Path(read["file"].value()).name == "dog.%04d.exr"


def test_what_is_lost_is_said_of_the_object_that_is(session: Any) -> None:
    session.group["wisp_next_lost"].execute()
    assert "Frame 1002: hero lost" in session.group["wisp_status"].value()
    session.host.frame(1001)
    session.sets(session.group, "wisp_object", 0)
    session.group["wisp_delete_object"].execute()
    session.group["wisp_next_lost"].execute()
    assert "No object is lost" in session.group["wisp_status"].value(), "before the inside has followed, too"
    session.rests()
    session.group["wisp_next_lost"].execute()
    assert "No object is lost" in session.group["wisp_status"].value()


def test_an_object_counts_no_more_and_again(session: Any) -> None:
    session.sets(session.group, "wisp_object", 0)
    session.sets(session.group, "wisp_object_enabled", False)
    assert alpha(session) == pytest.approx(0.25) and layers(session) == ["matte_dog.alpha"]
    session.sets(session.group, "wisp_object_enabled", True)
    assert alpha(session) == 1.0 and keyed(session) == list(FRAMES)


def test_a_renamed_object_has_a_layer_of_its_new_name(session: Any) -> None:
    session.sets(session.group, "wisp_object", 0)
    session.sets(session.group, "wisp_object_name", "car")
    assert layers(session) == ["matte_car.alpha", "matte_dog.alpha"]
    assert plane(session.group, "matte_car.alpha", 1001)[0, 0] == 1.0


def test_a_deletion_that_is_undone_brings_the_matte_back(session: Any) -> None:
    session.sets(session.group, "wisp_object", 0)
    for _ in ALPHA:
        session.group["wisp_delete_object"].execute()
        session.rests()
    assert session.objects(session.group) == [] and keyed(session) == []
    session.undo()
    assert alpha(session) == pytest.approx(0.25)
    session.undo()
    assert alpha(session) == 1.0 and keyed(session) == list(FRAMES)
    session.host.frame(1001)
    session.group["wisp_next_lost"].execute()
    assert "Frame 1002: hero lost" in session.group["wisp_status"].value()


def test_a_new_object_has_no_matte_of_a_deleted_one(session: Any) -> None:
    session.sets(session.group, "wisp_object", 1)
    session.group["wisp_delete_object"].execute()
    session.rests()
    session.group["wisp_add_object"].execute()
    session.host.viewer.ctrl_click(10, 5)
    session.group["wisp_add_pos"].execute()
    session.rests()
    assert [item["id"] for item in session.objects(session.group)] == [1, 2], "the id of the one before"
    assert session.group.node("Matte_2")["file"].value() == "" and keyed(session) == []


def test_a_copy_is_arranged_by_itself(session: Any) -> None:
    session.host.load(session.host.save())
    copy = session.host.toNode("Wisp2")
    copy.setInput(0, session.group.input(0))
    session.rests()
    copy.showControlPanel()
    session.sets(copy, "wisp_object", 0)
    copy["wisp_delete_object"].execute()
    session.rests()
    assert render(copy, 1001)[0, 0, 3] == pytest.approx(0.25) and alpha(session) == 1.0
