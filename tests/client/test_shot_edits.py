"""Edits of the document: what they change, and that undo brings back what was there."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp import shot as documents
from wisp.client.events import PromptsCarried
from wisp.client.frames import frames_in, spans
from wisp.client.shot_edits import EDGE_STEP, Refused, ShotEdits
from wisp.client.tables import PALETTE
from wisp.errors import UsageError
from wisp.frames import format_frames, parse_frames

PLATE = {"path": "p.%04d.png", "first": 1, "last": 20, "width": 100, "height": 50}


def edits() -> ShotEdits:
    return ShotEdits({"wisp": 1, "plate": PLATE, "objects": []})


def point(frame: int, x: float = 5.0, include: bool = True) -> dict[str, Any]:
    return {"frame": frame, "kind": "point", "xy": [x, 5.0], "include": include}


def test_first_prompt_makes_an_object_in_one_step() -> None:
    shot = edits()
    shot.add_prompt(point(3))
    assert [item["name"] for item in shot.objects] == ["object1"]
    assert shot.keyframes(shot.active) == [3]
    shot.undo()
    assert shot.objects == []
    shot.redo()
    assert shot.keyframes() == [3]


def test_a_box_replaces_the_frames_box() -> None:
    shot = edits()
    for edge in (10, 20):
        shot.add_prompt({"frame": 1, "kind": "box", "xyxy": [0, 0, edge, 10]})
    assert [prompt["xyxy"][2] for prompt in shot.prompts(1, 1)] == [20]


def test_an_absent_object_takes_no_prompts() -> None:
    shot = edits()
    shot.add_prompt(point(3))
    shot.toggle_absent(7)
    before = copy.deepcopy(shot.document)
    with pytest.raises(Refused, match="object1 is absent on frame 7"):
        shot.add_prompts([point(6), point(7)], "Paste prompts")
    assert shot.take_carried([PromptsCarried("object1", 7, [point(7)], 1.0, False, {})]) == []
    assert shot.document == before, "the document stays one that can be saved"
    shot.toggle_absent(7)
    shot.add_prompt(point(7))
    assert shot.keyframes(1) == [3, 7]


def test_an_object_that_is_switched_off_takes_no_prompts_but_of_a_script() -> None:
    shot = edits()
    shot.set_object(shot.add_object(), enabled=False)
    with pytest.raises(Refused, match="object1 is switched off"):
        shot.add_prompt(point(3))
    assert shot.objects[0]["prompts"] == [] and not shot.takes_first(3)
    shot.add_prompt(point(3), unseen=True)
    assert shot.keyframes(1) == [3]
    shot.toggle_absent(7)
    with pytest.raises(Refused, match="absent"):
        shot.add_prompt(point(7), unseen=True)


def test_objects_have_the_colours_of_the_command_line() -> None:
    assert PALETTE == documents.PALETTE
    shot, other = edits(), documents.parse({"wisp": 1, "plate": PLATE})
    for _ in range(9):
        shot.add_object()
        other.add_object()
    shot.remove_object(2)
    del other.objects[1]
    shot.add_object()
    other.add_object()
    assert [(i["id"], i["name"], i["color"]) for i in shot.objects] == [(i.id, i.name, i.color) for i in other.objects]


def test_what_is_unsaved_is_told_by_what_was_saved() -> None:
    shot = edits()
    shot.add_prompt(point(3))
    assert shot.unsaved
    shot.mark_saved()
    assert not shot.unsaved
    shot.undo()
    assert shot.unsaved
    shot.add_prompt(point(3, 9.0))
    assert shot.unsaved, "as many steps as were saved, but another one"
    shot.undo()
    shot.add_prompt(point(3))
    assert not shot.unsaved


def test_what_is_done_to_the_document_is_done_to_its_steps() -> None:
    shot = edits()
    for frame in (1, 2, 3):
        shot.add_prompt(point(frame))
    shot.undo()

    def move(item: dict[str, Any]) -> dict[str, Any]:
        return dict(item, prompts=[dict(prompt, frame=prompt["frame"] + 10) for prompt in item["prompts"]])

    def shift(plate: dict[str, Any]) -> dict[str, Any]:
        return dict(plate, first=plate["first"] + 10, last=plate["last"] + 10)

    objects = [move(item) for item in shot.objects]
    shot.convert(dict(shot.document, objects=objects, plate=shift(shot.document["plate"])), move, shift)
    assert shot.keyframes() == [11, 12]
    shot.undo()
    assert shot.keyframes() == [11] and (shot.first, shot.last) == (11, 30)
    shot.redo()
    shot.redo()
    assert shot.keyframes() == [11, 12, 13] and (shot.first, shot.last) == (11, 30)


def test_no_two_objects_share_a_name_or_a_colour() -> None:
    shot = edits()
    for name in (None, "Subject_4", "subject"):
        shot.add_object(name)
    shot.add_objects([("Subject", {"prompts": []}), ("subject", {"prompts": []})])
    shot.remove_object(1)
    shot.add_object("SUBJECT")
    carried = [PromptsCarried("Hand", frame, [point(frame)], 1.0, False, {}) for frame in (1, 2)]
    carried.append(PromptsCarried("hand", 3, [point(3)], 1.0, False, {}))
    assert shot.take_carried(carried) == [(shot.active, one) for one in carried]
    assert len({item["name"].casefold() for item in shot.objects}) == len(shot.objects) == 6
    assert len({item["color"] for item in shot.objects}) == 6 and shot.keyframes(shot.active) == [1, 2, 3]
    documents.parse(shot.document)


def test_locks_join_and_split() -> None:
    shot = edits()
    shot.add_object()
    for frame in (4, 6, 5):
        shot.toggle_lock(frame)
    assert shot.objects[0]["locks"] == [[4, 6]]
    shot.toggle_lock(5)
    assert shot.objects[0]["locks"] == [[4, 4], [6, 6]]
    assert shot.locked(1, 6) and not shot.locked(1, 5)


@given(st.lists(st.integers(0, 9), max_size=25))
def test_undo_returns_to_every_earlier_document(commands: list[int]) -> None:
    shot = edits()
    seen = [copy.deepcopy(shot.document)]
    shot.on_change = lambda: seen.append(copy.deepcopy(shot.document))
    for number, command in enumerate(commands):
        prompts = shot.prompts(shot.active, 2)
        if command == 0:
            shot.add_object()
        elif command == 1 and shot.active is not None:
            shot.remove_object(shot.active)
        elif command == 2 and prompts:
            shot.remove_prompt(prompts[0])
        elif command == 3 and prompts:
            shot.replace_prompt(prompts[-1], point(2, 30.0 + number))
        elif command == 4 and shot.active is not None:
            shot.toggle_lock(number % 5 + 1)
        elif command == 5 and shot.active is not None:
            shot.set_object(shot.active, name=f"n{number}")
        elif command == 6:
            shot.clear_frame(2)
        elif command == 8:
            shot.set_plate(exposure=float(number))
        elif command == 9:
            shot.set_solve(tracker=f"t{number}")
        else:
            shot.add_prompt(point(2, float(number)))
    documents.parse(shot.document)
    shot.on_change = lambda: None
    steps = 0
    while shot.undo():
        steps += 1
        assert shot.document in seen
    assert shot.document == seen[0]
    assert not shot.unsaved
    for _ in range(steps):
        shot.redo()
    assert shot.document == seen[-1]


@given(st.sets(st.integers(-50, 200), max_size=40))
def test_frame_ranges_as_the_engine_writes_them(frames: set[int]) -> None:
    assert frames_in(format_frames(frames)) == sorted(frames)
    assert sorted(frame for first, last in spans(frames) for frame in range(first, last + 1)) == sorted(frames)


@pytest.mark.parametrize("text", ["1001-1100x3,1200", "-5--1", "7"])
def test_frame_ranges_like_the_core(text: str) -> None:
    assert frames_in(text) == list(parse_frames(text))


def test_a_drag_of_an_edge_setting_is_one_step() -> None:
    shot = edits()
    number = shot.add_object()
    for count, grow in enumerate((1.0, 2.0, 3.0)):
        shot.set_edge(number, {"grow": grow}, continued=count > 0)
    shot.set_edge(number, {"grow": 4.0})
    assert shot.object(number)["edge"] == {"grow": 4.0}
    assert shot.undo() == EDGE_STEP and shot.object(number)["edge"] == {"grow": 3.0}
    shot.undo()
    assert "edge" not in shot.object(number)


def test_plate_and_models_are_steps_of_undo() -> None:
    shot = edits()
    shot.add_object()
    for _ in range(2):  # what changes nothing is no step
        shot.set_solve(tracker="sam2")
        shot.set_plate(clean="clean.png")
        shot.set_objects(list(shot.objects))
    assert shot.document["solve"] == {"tracker": "sam2"} and shot.document["plate"]["clean"] == "clean.png"
    assert shot.undo() == "Change plate" and shot.document["plate"] == PLATE and shot.unsaved
    assert shot.undo() == "Choose models" and "solve" not in shot.document and len(shot.objects) == 1
    assert shot.undo() == "Add object" and not shot.unsaved
    shot.redo()
    shot.set_objects([], tracker="sam3")
    assert (shot.objects, shot.document["solve"]) == ([], {"tracker": "sam3"})
    assert shot.undo() == "Change objects" and len(shot.objects) == 1 and "solve" not in shot.document


def test_what_is_refused_leaves_nothing_behind() -> None:
    shot = edits()
    shot.add_prompt(point(3))
    shot.add_prompt(point(4))
    shot.undo()
    before, active = copy.deepcopy(shot.document), shot.active
    told: list[int] = []
    shot.on_change = lambda: told.append(len(shot.objects))
    for refused in (
        lambda: None,
        lambda: shot.add_object("more"),
        lambda: shot.set_edge(active, {"grow": 2.0}, continued=True),
        shot.undo,
        shot.redo,
    ):
        with pytest.raises(Refused), shot.all_or_nothing():
            refused()
            raise Refused
        assert (shot.document, shot.active) == (before, active)
    assert told == [2, 1, 1, 1, 0, 1, 1, 1], "whoever shows it is told of both"
    assert shot.redo() == "Add prompt" and shot.keyframes() == [3, 4]


def test_an_object_without_a_wish_for_a_name_is_not_one_with_an_empty_name() -> None:
    shot = edits()
    shot.add_object("")
    assert shot.objects[0]["name"] == ""
    with pytest.raises(UsageError, match="object name ''"):
        documents.parse(shot.document)
