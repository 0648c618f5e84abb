"""Gestures without a window: plate pixels in, prompts out."""

from __future__ import annotations

from typing import Any

import pytest
from wisp.client.shot_edits import ShotEdits
from wisp.panel.gestures import BOX, LASSO, POINT_ADD, POINT_REMOVE, STROKE, UNKNOWN, Gestures

SCALE = 0.5


@pytest.fixture
def gestures() -> Gestures:
    plate = {"path": "p.%04d.png", "first": 1, "last": 20, "width": 400, "height": 200}
    return Gestures(ShotEdits({"wisp": 1, "plate": plate, "objects": []}))


def draw(gestures: Gestures, tool: str, *path: tuple[float, float], **keys: bool) -> list[dict[str, Any]]:
    gestures.tool = tool
    gestures.press(path[0], 7, SCALE, **keys)
    for point in path[1:]:
        gestures.move(point, 7, SCALE)
    gestures.release(path[-1], 7, SCALE)
    assert gestures.draft is None and not gestures.active
    return gestures.edits.prompts(gestures.edits.active, 7)


@pytest.mark.parametrize(
    ("tool", "exclude", "include"),
    [(POINT_ADD, False, True), (POINT_ADD, True, False), (POINT_REMOVE, False, False), (POINT_REMOVE, True, False)],
)
def test_a_click_is_a_point(gestures: Gestures, tool: str, exclude: bool, include: bool) -> None:
    assert draw(gestures, tool, (10.123, 20.0), exclude=exclude) == [
        {"frame": 7, "kind": "point", "xy": [10.12, 20.0], "include": include}
    ]


@pytest.mark.parametrize("tool", [POINT_ADD, BOX])
def test_a_drag_is_a_box_whatever_its_direction(gestures: Gestures, tool: str) -> None:
    assert draw(gestures, tool, (90, 80), (50, 30))[0]["xyxy"] == [50, 30, 90, 80]


def test_a_drag_goes_on_beyond_the_picture_and_ends_where_the_overscan_does(gestures: Gestures) -> None:
    assert draw(gestures, BOX, (350, 150), (900, 900))[0]["xyxy"] == [350, 150, 800, 400]
    assert draw(gestures, BOX, (-30, -20), (50, 60))[0]["xyxy"] == [-30, -20, 50, 60]
    gestures.edits.clear_frame(7)
    assert draw(gestures, POINT_ADD, (-30, 20))[0]["xy"] == [-30, 20]


@pytest.mark.parametrize("tool", [BOX, STROKE, UNKNOWN])
def test_what_does_not_reach_the_picture_is_nothing(gestures: Gestures, tool: str) -> None:
    assert draw(gestures, tool, (-150, -90), (-50, -60)) == []


def test_a_click_with_the_box_tool_is_nothing(gestures: Gestures) -> None:
    assert draw(gestures, BOX, (50, 50)) == []


@pytest.mark.parametrize("to", [(57, 50), (50, 57), (58, 56), (300, 55)])
def test_a_trembling_click_is_a_point(gestures: Gestures, to: tuple[float, float]) -> None:
    """Fourteen plate pixels are seven on this screen."""
    assert draw(gestures, POINT_ADD, (50, 50), to)[0]["kind"] == "point"
    assert draw(gestures, BOX, (90, 50), (90 + to[0] - 50, to[1]))[1:] == [], "too small a box is none"


@pytest.mark.parametrize(("tool", "exclude"), [(POINT_ADD, True), (BOX, True), (POINT_REMOVE, False)])
@pytest.mark.parametrize("to", [(61, 58), (150, 150)])
def test_what_takes_away_is_a_point_however_far_it_is_dragged(
    gestures: Gestures, tool: str, exclude: bool, to: tuple[float, float]
) -> None:
    box = draw(gestures, BOX, (20, 20), (180, 180))[0]
    point = {"frame": 7, "kind": "point", "xy": [50, 50], "include": False}
    assert draw(gestures, tool, (50, 50), to, exclude=exclude) == [box, point]


@pytest.mark.parametrize("tool", [LASSO, UNKNOWN])
def test_a_tool_that_takes_nothing_away_says_so(gestures: Gestures, tool: str) -> None:
    said: list[str] = []
    gestures.tell, gestures.save_mask = said.append, lambda *_: "prompts/x.png"
    assert draw(gestures, tool, (10, 10), (60, 10), (60, 60), exclude=True) == []
    assert "stroke (S)" in said[0] and len(said) == 1


@pytest.mark.parametrize(("values", "word"), [({"absent": [[7, 7]]}, "absent"), ({"enabled": False}, "switched off")])
def test_nothing_is_drawn_where_the_object_is_not(gestures: Gestures, values: dict[str, Any], word: str) -> None:
    said: list[str] = []
    gestures.tell = said.append
    gestures.edits.set_object(gestures.edits.add_object(), **values)
    for tool in (POINT_ADD, BOX, STROKE, UNKNOWN):
        assert draw(gestures, tool, (50, 50), (90, 90), (120, 120)) == []
    assert len(said) == 4 and all(word in one for one in said)


def test_a_stroke_with_shift_whatever_the_tool(gestures: Gestures) -> None:
    (stroke,) = draw(gestures, POINT_ADD, (10, 10), (20, 10), (30, 15), stroke=True, exclude=True)
    assert stroke["kind"] == "stroke" and stroke["include"] is False and stroke["radius"] == gestures.radius
    assert stroke["xy"] == [[10, 10], [20, 10], [30, 15]]


def test_the_unknown_brush_paints_lines_that_neither_keep_nor_remove(gestures: Gestures) -> None:
    (line,) = draw(gestures, UNKNOWN, (10, 10), (20, 10), (30, 15))
    assert line["kind"] == "unknown" and line["radius"] == gestures.radius and "include" not in line
    assert line["xy"] == [[10, 10], [20, 10], [30, 15]]


def test_a_prompt_is_taken_hold_of_and_moved(gestures: Gestures) -> None:
    draw(gestures, POINT_ADD, (50, 50))
    assert [p["xy"] for p in draw(gestures, POINT_ADD, (56, 50), (80, 60))] == [[80, 60]]
    gestures.edits.undo()
    assert [p["xy"] for p in gestures.edits.prompts(1, 7)] == [[50, 50]]


def test_a_boxs_corner_stops_before_the_opposite_one(gestures: Gestures) -> None:
    draw(gestures, BOX, (100, 50), (200, 150))
    assert draw(gestures, BOX, (200, 150), (10, 170))[0]["xyxy"] == [100, 50, 101, 170]


def test_a_lasso_is_stored_by_whoever_can(gestures: Gestures) -> None:
    outlines: list[Any] = []
    path = ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0))
    assert draw(gestures, LASSO, *path) == [], "nothing can store it, so there is no prompt"
    gestures.save_mask = lambda outline, frame: outlines.append((outline, frame)) or "prompts/x.png"
    assert draw(gestures, LASSO, *path) == [{"frame": 7, "kind": "mask", "path": "prompts/x.png"}]
    assert outlines == [(list(path), 7)]


def test_a_pen_that_presses_harder_paints_wider_in_one_step_of_undo(gestures: Gestures) -> None:
    gestures.tool, gestures.radius = STROKE, 10.0
    for number, pressure in enumerate((0.0, 0.25, 0.3, 0.8, 1.0, 0.95)):
        gestures.pressure = pressure
        if number == 0:
            gestures.press((10, 10), 7, SCALE)
        gestures.move((20 + 10 * number, 10), 7, SCALE)
    gestures.release((80, 10), 7, SCALE)
    lines = gestures.edits.prompts(gestures.edits.active, 7)
    assert [line["radius"] for line in lines] == [1.5, 2.5, 8.0, 10.0]
    assert [line["xy"][0] for line in lines[1:]] == [line["xy"][-1] for line in lines[:-1]], "without a gap"
    assert lines[-1]["xy"][-1] == [80, 10] and not gestures.drawn
    gestures.edits.undo()
    assert gestures.edits.prompts(gestures.edits.active, 7) == []


def test_a_soft_brush_says_so_and_a_hard_one_says_nothing(gestures: Gestures) -> None:
    assert "softness" not in draw(gestures, STROKE, (10, 10), (20, 10))[0]
    gestures.softness = 0.5
    assert draw(gestures, STROKE, (10, 10), (20, 10))[1]["softness"] == 0.5
    assert "softness" not in draw(gestures, UNKNOWN, (10, 10), (20, 10))[2], "the unknown has no rim"
