"""The strip's data as a shot document: the engine's own model must accept it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wisp.shot import parse

from blender_addon import document

PLATE = SimpleNamespace(
    folder=Path("/plates"), pattern="a.%04d.png", first=1001, last=1010, width=64, height=48, pixel_aspect=1.0
)


def prompt(kind: str, points: list[tuple[float, float]], frame: int = 1001, include: bool = True) -> Any:
    return SimpleNamespace(kind=kind, points=points, frame=frame, include=include, radius=3.0, softness=0.0)


def item(name: str, prompts: list[Any], number: int = 1) -> Any:
    edge = {**dict.fromkeys(document.EDGE, 0), "soften": 1.5, "black": 0.2, "white": 0.1, "gamma": 1.0}
    paths = {"garbage_path": "", "core_path": ""}
    return SimpleNamespace(
        name=name,
        number=number,
        color=(0.2, 0.5, 1.0),
        enabled=True,
        prompts=prompts,
        locks="",
        approved=[],
        life="",
        absent="",
        accepted="",
        region="",
        **edge,
        **paths,
    )


def strip(*objects: Any, **said: Any) -> Any:
    plain = {
        "tracker": "flow",
        "head": "guided",
        "beside_paths": {},
        "backlit": False,
        "uncover": True,
        **document.READING,
    }
    return SimpleNamespace(objects=list(objects), **{**plain, **said})


def made(*objects: Any, folder: Path, **said: Any) -> Any:
    return parse(document.shot_document(strip(*objects, **said), PLATE, folder))


def test_how_the_plate_is_read_arrives_and_is_left_to_the_engine_where_nothing_is_said(tmp_path: Path) -> None:
    said = {"colorspace": "ACEScg", "view": "Raw", "exposure": 1.5, "layer": "left", "missing": "hold"}
    plate = made(folder=tmp_path, **said).plate
    assert {name: getattr(plate, name) for name in said} == said and said.keys() == document.READING.keys()
    assert not document.READING.keys() & document.shot_document(strip(layer=" "), PLATE, tmp_path)["plate"].keys()


def test_a_region_arrives_as_far_as_it_lies_in_the_picture(tmp_path: Path) -> None:
    hero = item("hero", [prompt("point", [(25.0, 16.0)])])
    for stored, arrives in (("20 10 90 40", (20, 10, 64, 40)), ("", None), ("-5 -5 90 90", None), ("70 0 90 9", None)):
        hero.region = stored
        assert made(hero, folder=tmp_path).objects[0].region == arrives, stored


def test_every_kind_of_prompt_arrives(tmp_path: Path) -> None:
    outline = [(10.0, 10.0), (30.0, 10.0), (20.0, 30.0)]
    prompts = [
        prompt("point", [(5.0, 6.0)], include=False),
        prompt("box", [(40.0, 30.0), (10.0, 5.0)]),
        prompt("stroke", [(1.0, 2.0), (3.0, 4.0)]),
        prompt("lasso", outline),
        prompt("lasso", outline, frame=1002, include=False),
    ]
    hero = item("hero", prompts)
    stored = made(hero, folder=tmp_path).objects[0]
    kinds = [each.kind for each in stored.prompts]
    assert kinds[:3] == ["point", "box", "stroke"] and kinds[-1] == "mask" and set(kinds[3:-1]) == {"stroke"}
    assert stored.prompts[1].xyxy == (10.0, 5.0, 40.0, 30.0)
    assert not any(each.include for each in stored.prompts[3:-1])
    drawn = Path(stored.prompts[-1].path)
    assert not drawn.parent.exists(), "a document alone writes nothing"
    document.draw_lassos(strip(hero), PLATE, tmp_path)
    assert list((tmp_path / "prompts").iterdir()) == [drawn]
    assert stored.edge.white > stored.edge.black


def test_locked_frames_arrive_as_spans(tmp_path: Path) -> None:
    hero = item("hero", [prompt("point", [(5.0, 6.0)])])
    hero.life = "1002-1009"
    assert (made(hero, folder=tmp_path).objects[0].first, made(hero, folder=tmp_path).objects[0].last) == (1002, 1009)
    hero.locks, hero.approved = "990-1002,1005,1010-1020", [[990, 1002, "4e07"]]
    assert made(hero, folder=tmp_path).objects[0].approvals == [(990, 1002, "4e07")]
    assert made(hero, folder=tmp_path).objects[0].locks == [(1001, 1002), (1005, 1005), (1010, 1010)]


def test_mask_pictures_arrive(tmp_path: Path) -> None:
    picture, other = prompt("mask", []), prompt("mask", [], frame=5)
    picture.mask_path = other.mask_path = "/roto/dog.png"
    shot = document.shot_document(strip(item("hero", [picture, other])), PLATE, tmp_path)
    (mask,) = parse(shot).objects[0].prompts
    assert (mask.path, mask.frame) == ("/roto/dog.png", 1001)
    assert document.other_folders(shot) == ["/roto"]


def test_pictures_in_the_plates_folder_are_named_from_there(tmp_path: Path) -> None:
    picture, hero = prompt("mask", []), item("hero", [])
    picture.mask_path, hero.core_path, hero.garbage_path = (
        "prompts/4e/dog.png",
        "prompts/4e/core.%04d.png",
        "/roto/g.png",
    )
    hero.prompts.append(picture)
    stored = made(hero, folder=tmp_path).objects[0]
    assert stored.prompts[0].path == (tmp_path / "prompts" / "4e" / "dog.png").as_posix()
    assert (stored.core, stored.garbage) == ((tmp_path / "prompts" / "4e" / "core.%04d.png").as_posix(), "/roto/g.png")


def test_numbers_that_are_none_never_reach_the_engine(tmp_path: Path) -> None:
    nan, far = float("nan"), 1e30
    prompts = [prompt("point", [(nan, 5.0)]), prompt("box", [(1.0, 1.0), (nan, 5.0)]), prompt("box", [(3.0, 3.0)] * 2)]
    prompts.append(prompt("stroke", [(5.0, 5.0), (far, 5.0), (5.0, nan)]))
    (stroke,) = made(item("hero", prompts), folder=tmp_path).objects[0].prompts
    assert stroke.xy == [(5.0, 5.0), (128.0, 5.0)]


def test_prompts_on_frames_that_the_plate_does_not_have_and_strokes_beside_it_are_left_out(tmp_path: Path) -> None:
    prompts = [prompt("point", [(5.0, 5.0)], frame=1), prompt("stroke", [(500.0, 5.0)]), prompt("point", [(5.0, 5.0)])]
    (point,) = made(item("hero", prompts), folder=tmp_path).objects[0].prompts
    assert (point.frame, point.xy) == (1001, (5.0, 5.0))


def test_a_point_may_lie_in_the_overscan_and_no_further(tmp_path: Path) -> None:
    prompts = [prompt("point", [(-20.0, 60.0)]), prompt("point", [(500.0, 5.0)])]
    near, far = made(item("hero", prompts), folder=tmp_path).objects[0].prompts
    assert near.xy == (-20.0, 60.0) and far.xy == (2 * 64.0, 5.0)


def test_names_become_layers(tmp_path: Path) -> None:
    names = ["left hand", "left_hand", "2nd", "con", "", "Ünïcode", "x" * 90]
    objects = [item(name, [], number) for number, name in enumerate(names, 1)]
    stored = [each.name for each in made(*objects, folder=tmp_path).objects]
    assert stored[:5] == ["left_hand", "left_hand_2", "nd", "con_", "object"], "as roto of these names is called"
    assert len({name.casefold() for name in stored}) == len(names)


def test_edges_and_whole_mattes_arrive(tmp_path: Path) -> None:
    hero = item("hero", [])
    values = {"grow": -1.5, "fill_holes": 12.0, "remove_specks": 3.5, "frame_edge": 2, "stabilise": 0.4}
    for name, value in values.items():
        setattr(hero, name, value)
    hero.garbage_path, hero.core_path = "/roto/garbage.####.exr", ""
    filmed = {"clean": "/set/empty.####.exr", "second": "/take/two.####.exr", "second_clean": "/set/white.exr"}
    shot = document.shot_document(strip(hero, beside_paths=filmed, backlit=True, uncover=False), PLATE, tmp_path)
    stored = parse(shot).objects[0]
    assert {name: getattr(stored.edge, name) for name in values} == values
    assert (stored.garbage, stored.core) == ("/roto/garbage.####.exr", None)
    assert parse(shot).plate.beside == filmed and parse(shot).plate.backlit
    assert parse(shot).solve.uncover is False and made(hero, folder=tmp_path).solve.uncover is None
    assert document.other_folders(shot) == ["/roto", "/set", "/take"]
