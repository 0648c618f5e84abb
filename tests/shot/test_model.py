"""Every rule of the document has a fault that breaks it, and the message names the key."""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
import pytest
from wisp.errors import UsageError
from wisp.frames import MAX_FRAMES
from wisp.shot import PALETTE, Edge, MaskPrompt, ObjectSpec, PlateSpec, Point, Shot, checked, parse

PLATE: dict[str, Any] = {"path": "a.%04d.exr", "first": 1001, "last": 1100, "width": 640, "height": 360}


def document(*prompts: dict[str, Any], plate: dict[str, Any] | None = None, **item: Any) -> dict[str, Any]:
    """A small valid document with one object, then changed as asked."""
    return {
        "wisp": 1,
        "plate": {**PLATE, **(plate or {})},
        "objects": [{"id": 1, "name": "hero", "prompts": list(prompts), **item}],
    }


def message(broken: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as caught:
        parse(broken)
    return caught.value.message


POINT = {"frame": 1001, "kind": "point", "xy": [10.0, 20.0]}
BOX = {"frame": 1001, "kind": "box", "xyxy": [10.0, 20.0, 30.0, 40.0]}
STROKE = {"frame": 1001, "kind": "stroke", "xy": [[10.0, 20.0], [30.0, 40.0]]}
MASK = {"frame": 1001, "kind": "mask", "path": "roto.exr"}
TEXT = {"frame": 1001, "kind": "text", "text": "the runner"}


def test_the_small_document_is_valid() -> None:
    shot = parse(document(POINT, BOX, STROKE, MASK, TEXT))
    assert [prompt.kind for prompt in shot.objects[0].prompts] == ["point", "box", "stroke", "mask", "text"]


@pytest.mark.parametrize(
    "prompt",
    [
        {**POINT, "xy": [-640.0, 720.0]},
        {**BOX, "xyxy": [-900.0, -20.0, 30.0, 5000.0]},
        {**STROKE, "xy": [[-300.0, 20.0], [30.0, 20.0]]},
    ],
)
def test_prompts_may_lie_in_the_overscan(prompt: dict[str, Any]) -> None:
    (kept,) = parse(document(prompt)).objects[0].prompts
    stored = kept.model_dump(mode="json")
    assert {key: stored[key] for key in prompt} == prompt, "as it was drawn"


PROMPT_FAULTS = [
    ({**POINT, "frame": 1000}, "point on frame 1000, outside the plate's 1001-1100"),
    ({**TEXT, "frame": 1101}, "text on frame 1101, outside the plate's 1001-1100"),
    ({**POINT, "frame": True}, "prompts.0.frame: a number is wanted, not True"),
    ({**POINT, "frame": "1001"}, "prompts.0.frame: a number is wanted, not '1001'"),
    ({**POINT, "frame": 1001.5}, "prompts.0.frame: "),
    ({**POINT, "frame": None}, "prompts.0.frame: "),
    ({**POINT, "frame": 10**30}, "prompts.0.frame: "),
    ({**POINT, "xy": [10.0]}, "prompts.0.xy.1: the key is missing"),
    ({**POINT, "xy": [10.0, 20.0, 30.0]}, "prompts.0.xy: "),
    ({**POINT, "xy": [10.0, "20"]}, "prompts.0.xy.1: a number is wanted"),
    ({**POINT, "xy": [float("nan"), 1.0]}, "prompts.0.xy.0: "),
    ({**POINT, "xy": [float("inf"), 1.0]}, "prompts.0.xy.0: "),
    (
        {**POINT, "xy": [-640.5, 20.0]},
        "point on frame 1001 that lies outside the picture (640x360, pixels from the top left)",
    ),
    ({**POINT, "xy": [10.0, 720.5]}, "lies outside the picture"),
    ({**POINT, "include": "yes"}, "prompts.0.include: "),
    ({**POINT, "include": 1}, "prompts.0.include: "),
    ({**POINT, "exclude": True}, "prompts.0.exclude: unknown key"),
    (
        {**POINT, "kind": "circle"},
        "prompts.0: kind 'circle' is none of 'point', 'box', 'stroke', 'unknown', 'mask', 'text'",
    ),
    ({"frame": 1001, "xy": [1.0, 2.0]}, "prompts.0: the key 'kind' is missing"),
    ({"frame": 1001, "kind": "point"}, "prompts.0.xy: the key is missing"),
    ({**BOX, "xyxy": [30.0, 20.0, 10.0, 40.0]}, "prompts.0.xyxy: a box needs left < right and top < bottom"),
    ({**BOX, "xyxy": [10.0, 40.0, 30.0, 40.0]}, "prompts.0.xyxy: a box needs left < right and top < bottom"),
    ({**BOX, "xyxy": [640.0, 0.0, 700.0, 40.0]}, "box on frame 1001 that lies outside the picture"),
    ({**BOX, "xyxy": [0.0, 0.0, 1e300, 40.0]}, "prompts.0.xyxy.2: "),
    ({**STROKE, "xy": []}, "prompts.0.xy: "),
    ({**STROKE, "xy": [[-50.0, -50.0]]}, "stroke on frame 1001 that lies outside the picture"),
    ({**STROKE, "xy": [[10.0, 10.0], [10.0, 1e9]]}, "prompts.0.xy.1.1: "),
    ({**STROKE, "radius": 0.0}, "prompts.0.radius: "),
    ({**STROKE, "radius": 1e12}, "prompts.0.radius: "),
    ({**MASK, "path": ""}, "prompts.0.path: "),
    ({**MASK, "path": "a\0b"}, "prompts.0.path: a path cannot hold a NUL character"),
    ({**TEXT, "text": ""}, "prompts.0.text: "),
    ({**TEXT, "text": 5}, "prompts.0.text: "),
    ({**TEXT, "text": "half a \ud83d pair"}, "prompts.0.text: "),
]


@pytest.mark.parametrize(("prompt", "says"), PROMPT_FAULTS)
def test_prompt_faults(prompt: dict[str, Any], says: str) -> None:
    assert says in message(document(prompt))


OBJECT_FAULTS = [
    ({"id": 0}, "objects.0.id: "),
    ({"id": 2**31}, "objects.0.id: "),
    ({"id": True}, "objects.0.id: a number is wanted"),
    ({"name": "2nd"}, "objects.0.name: object name '2nd' must start with a letter"),
    ({"name": "_x"}, "must start with a letter"),
    ({"name": "left hand"}, "must start with a letter and hold at most 64 letters, digits, _ and -"),
    ({"name": "a/b"}, "objects.0.name: "),
    ({"name": "a.b"}, "objects.0.name: "),
    ({"name": "hero\n"}, "objects.0.name: "),
    ({"name": "a" * 65}, "at most 64"),
    ({"name": ""}, "objects.0.name: "),
    ({"name": "CON"}, "objects.0.name: object name 'CON' is a device on Windows"),
    ({"name": "lpt1"}, "is a device on Windows"),
    ({"color": "green"}, "objects.0.color: color 'green' is not of the form #rrggbb"),
    ({"color": "#33c26b00"}, "objects.0.color: "),
    ({"enabled": "no"}, "objects.0.enabled: "),
    ({"first": 1050, "last": 1049}, "objects.0: object 'hero' ends (1049) before it begins (1050)"),
    ({"first": "1001"}, "objects.0.first: a number is wanted"),
    ({"locks": [[1034, 1030]]}, "objects.0.locks: the lock [1034, 1030] ends before it begins"),
    ({"absent": [[1034, 1030]]}, "objects.0.absent: the absence [1034, 1030] ends before it begins"),
    (
        {"absent": [[1040, 1060]], "locks": [[1001, 1002], [1050, 1070]]},
        "object 'hero' is locked on frame 1050, where it is said to be absent; remove one of the two",
    ),
    (
        {"absent": [[1000, 1001]], "prompts": [POINT]},
        "object 'hero' has a point on frame 1001, where it is said to be absent; remove one of the two",
    ),
    (
        {"absent": [[1050, 1055], [1020, 1022], [1021, 1024]], "locks": [[1025, 1049], [1023, 1023]]},
        "object 'hero' is locked on frame 1023, where it is said to be absent; remove one of the two",
    ),
    ({"locks": [[1001, 1001]] * 10_001}, "objects.0.locks: "),
    ({"approvals": [[1034, 1030, "4e07"]]}, "objects.0: the approval [1034, 1030] ends before it begins"),
    ({"approvals": [[1030, 1034, "../../4e07"]]}, "objects.0.approvals.0.2: "),
    (
        {"prompts": [POINT] * 1001},
        "object 'hero' has 1001 prompts on frame 1001, more than 1000; paint strokes or give a mask instead",
    ),
    ({"locks": [[1030]]}, "objects.0.locks.0.1: the key is missing"),
    ({"edge": {"soften": -1.0}}, "objects.0.edge.soften: "),
    ({"edge": {"grow": float("nan")}}, "objects.0.edge.grow: "),
    ({"edge": {"gamma": 0.0}}, "objects.0.edge.gamma: "),
    ({"edge": {"black": 1.5}}, "objects.0.edge.black: "),
    ({"edge": {"white": -0.5}}, "objects.0.edge.white: "),
    ({"edge": {"black": 0.5, "white": 0.5}}, "objects.0.edge: the white point must lie above the black point"),
    ({"edge": {"feather": 1.0}}, "objects.0.edge.feather: unknown key"),
    ({"edge": {"fill_holes": -1.0}}, "objects.0.edge.fill_holes: "),
    ({"edge": {"remove_specks": float("inf")}}, "objects.0.edge.remove_specks: "),
    ({"edge": {"frame_edge": 1.5}}, "objects.0.edge.frame_edge: "),
    ({"edge": {"stabilise": 1.5}}, "objects.0.edge.stabilise: "),
    ({"garbage": ""}, "objects.0.garbage: "),
    ({"core": "a\0b"}, "objects.0.core: "),
    ({"colour": "#33c26b"}, "objects.0.colour: unknown key"),
]


@pytest.mark.parametrize(("change", "says"), OBJECT_FAULTS)
def test_object_faults(change: dict[str, Any], says: str) -> None:
    assert says in message(document(POINT, **change))


PLATE_FAULTS = [
    ({"path": ""}, "plate.path: "),
    ({"path": "a\0.exr"}, "plate.path: a path cannot hold a NUL character"),
    ({"path": None}, "plate.path: "),
    ({"last": 1000}, "plate: the plate ends (1000) before it begins (1001)"),
    ({"last": 1001 + MAX_FRAMES}, f"plate: the plate has more than {MAX_FRAMES} frames"),
    ({"first": 1001.25}, "plate.first: "),
    ({"first": False}, "plate.first: a number is wanted, not False"),
    ({"offset": "3"}, "plate.offset: a number is wanted"),
    ({"width": 0}, "plate.width: "),
    ({"width": 10**9}, "plate.width: "),
    ({"height": -5}, "plate.height: "),
    ({"pixel_aspect": 0.0}, "plate.pixel_aspect: "),
    ({"exposure": float("inf")}, "plate.exposure: "),
    ({"exposure": 1e6}, "plate.exposure: "),
    ({"missing": "repeat"}, "plate.missing: "),
    ({"view": 3}, "plate.view: "),
    ({"layer": 3}, "plate.layer: "),
    ({"colorspace": 3}, "plate.colorspace: "),
    ({"fps": 24}, "plate.fps: unknown key"),
]


@pytest.mark.parametrize(("change", "says"), PLATE_FAULTS)
def test_plate_faults(change: dict[str, Any], says: str) -> None:
    assert says in message(document(plate=change))


SECTION_FAULTS = [
    ({"solve": {"tracker": ""}}, "solve.tracker: "),
    ({"solve": {"head": 3}}, "solve.head: "),
    ({"solve": {"precision": "int8"}}, "solve.precision: "),
    ({"solve": {"seed": -1}}, "solve.seed: "),
    ({"solve": {"seed": 2**64}}, "solve.seed: "),
    ({"solve": {"device": "cuda"}}, "solve.device: unknown key"),
    ({"deliver": {"layout": "stack"}}, "deliver.layout: "),
    ({"deliver": {"compression": "dwaa"}}, "deliver.compression: "),
    ({"deliver": {"premultiply": 1}}, "deliver.premultiply: "),
    ({"deliver": {"exclusive": "yes"}}, "deliver.exclusive: "),
    ({"deliver": {"path": "x"}}, "deliver.path: unknown key"),
    ({"plates": {}}, "plates: unknown key"),
    ({"objects": {}}, "objects: "),
    ({"plate": None}, "plate: "),
]


@pytest.mark.parametrize(("change", "says"), SECTION_FAULTS)
def test_section_faults(change: dict[str, Any], says: str) -> None:
    assert says in message({**document(POINT), **change})


def test_a_missing_plate_is_named() -> None:
    broken = document(POINT)
    del broken["plate"]
    assert "plate: the key is missing" in message(broken)


def test_every_fault_is_told_at_once() -> None:
    text = message(document({**POINT, "frame": "x"}, {**BOX, "colour": 1}, plate={"width": 0}, name="2nd"))
    for place in ("prompts.0.frame", "prompts.1.colour", "plate.width", "objects.0.name"):
        assert place in text


def test_two_objects_share_neither_id_nor_name() -> None:
    two = document(POINT)
    two["objects"].append({"id": 1, "name": "other"})
    assert "two objects have the id 1" in message(two)
    two["objects"][1] = {"id": 2, "name": "HERO"}  # one folder on Windows and macOS
    assert "two objects are named 'HERO'" in message(two)


def test_prompts_may_reach_past_the_border_but_must_touch_the_picture() -> None:
    parse(document({**BOX, "xyxy": [-50.0, -50.0, 1.0, 1.0]}, {**STROKE, "xy": [[-5.0, 10.0], [-90.0, 10.0]]}))
    parse(document({**POINT, "xy": [0, 0]}, {**POINT, "xy": [640, 360]}))


def test_whole_numbers_written_as_floats_are_frames() -> None:
    frame = parse(document({**POINT, "frame": 1001.0})).objects[0].prompts[0].frame
    assert frame == 1001
    assert type(frame) is int


def test_numbers_of_numpy_are_numbers() -> None:
    point = Point(frame=np.int64(3), xy=(np.float32(0.5), np.float64(0.25)))  # type: ignore[arg-type]
    assert (type(point.frame), type(point.xy[0])) == (int, float)
    assert point.xy == (0.5, 0.25)


def test_defaults_change_nothing() -> None:
    levels = {"grow": 0.0, "soften": 0.0, "black": 0.0, "white": 1.0, "gamma": 1.0}
    assert Edge().model_dump() == levels | {"fill_holes": 0.0, "remove_specks": 0.0, "frame_edge": 0, "stabilise": 0.0}
    shot = parse({"wisp": 1, "plate": PLATE})
    assert (shot.objects, shot.solve.tracker, shot.solve.head, shot.deliver.layout) == ([], "flow", "embedded", "alpha")


def test_colours_are_stored_in_one_way() -> None:
    assert ObjectSpec(id=1, name="a", color="#ABCDEF").color == "#abcdef"


def test_keyframes_and_life() -> None:
    item = ObjectSpec(
        id=1,
        name="a",
        first=1003,
        prompts=[Point(frame=1005, xy=(1, 1)), Point(frame=1003, xy=(1, 1)), Point(frame=1005, xy=(2, 2))],
    )
    assert item.keyframes == (1003, 1005)
    assert [item.exists(frame) for frame in (1002, 1003, 99999)] == [False, True, True]
    assert not item.model_copy(update={"last": 1004}).exists(1005)


def test_objects_are_added_with_free_names_ids_and_colours() -> None:
    shot = Shot(plate=PlateSpec(**PLATE))
    names = [shot.add_object().name, shot.add_object("Object3").name, shot.add_object().name]
    assert names == ["object1", "Object3", "object4"]
    assert [item.id for item in shot.objects] == [1, 2, 3]
    assert [item.color for item in shot.objects] == list(PALETTE[:3])
    assert checked(shot) == shot


def test_objects_that_cannot_be_added() -> None:
    shot = Shot(plate=PlateSpec(**PLATE))
    shot.add_object("hero")
    with pytest.raises(UsageError, match="already an object named 'Hero'"):
        shot.add_object("Hero")
    with pytest.raises(UsageError, match="'left hand' must start with a letter"):
        shot.add_object("left hand")
    assert len(shot.objects) == 1


def test_objects_are_found_by_name() -> None:
    shot = parse(document(POINT))
    assert shot.object_named("hero").id == 1
    with pytest.raises(UsageError, match=r"no object 'villain'.*hero"):
        shot.object_named("villain")


def test_an_edited_shot_is_checked_as_a_whole() -> None:
    shot = parse(document(POINT))
    shot.objects[0].prompts.append(MaskPrompt(frame=2000, path="late.exr"))
    with pytest.raises(UsageError, match="mask on frame 2000"):
        checked(shot)
    shot.plate.first, shot.plate.last = 1990, 2010  # in either order: nothing is checked in between
    shot.objects[0].prompts = shot.objects[0].prompts[1:]
    assert checked(shot).plate.first == 1990


def test_parsing_leaves_the_document_alone() -> None:
    original = document(POINT, BOX)
    before = copy.deepcopy(original)
    parse(original)
    assert original == before


def test_many_spans_are_read_in_a_moment() -> None:
    """Each lock against each absence would be a hundred million comparisons."""
    locks = [[2 * number, 2 * number] for number in range(10_000)]
    absent = [[2 * number + 1, 2 * number + 1] for number in range(10_000)]
    begin = time.process_time()
    parse(document(locks=locks, absent=absent))
    assert time.process_time() - begin < 5.0
