"""Several objects in one node: names, colours, edges, layers, strokes; and what undo, paste and loading do to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke import rotopaint
from fake_nuke.nodes import Format
from fake_nuke.render import plane, render

RNG = np.random.default_rng(5)


@pytest.fixture
def group(session: Any) -> Any:
    """A node with two objects, each with a point on the first frame; the second one is chosen."""
    made = session.wisp()
    for x in (10, 20):
        made["wisp_add_object"].execute()
        session.host.viewer.ctrl_click(x, 5)
        made["wisp_add_pos"].execute()
    return made


def test_choosing_shows_the_object_in_the_knobs(session: Any, group: Any) -> None:
    session.sets(group, "wisp_object_color", (1.0, 0.5, 0.0))
    session.sets(group, "wisp_object_enabled", False)
    session.sets(group, "wisp_edge_grow", 2.5)
    session.sets(group, "wisp_object_name", "dog")
    first, second = session.objects(group)
    assert (first["name"], second["name"]) == ("object1", "dog")
    assert second["color"] == "#ff8000" and second["enabled"] is False and second["edge"] == {"grow": 2.5}
    assert "edge" not in first and first["color"] == "#33c26b"
    session.sets(group, "wisp_object", 0)
    assert group["wisp_edge_grow"].value() == 0 and group["wisp_object_enabled"].value() is True
    assert np.allclose(group["wisp_object_color"].value(), [0x33 / 255, 0xC2 / 255, 0x6B / 255])
    session.sets(group, "wisp_object", 1)
    assert group["wisp_edge_grow"].value() == 2.5
    session.sets(group, "wisp_edge_grow", 0.0)
    session.idle()
    assert session.objects(group)[1]["edge"] == {}, "what changes nothing is not stored"


@pytest.mark.parametrize(("text", "words"), [("OBJECT1", "already an object"), ("123", "begins with a letter")])
def test_a_name_that_cannot_be_given_is_said(session: Any, group: Any, text: str, words: str) -> None:
    session.sets(group, "wisp_object_name", text)
    assert words in group["wisp_status"].value() and group["wisp_object_name"].getText() == "object2"
    session.sets(group, "wisp_edge_grow", 1.0)
    second = session.objects(group)[1]
    assert second["name"] == "object2" and second["edge"] == {"grow": 1.0}, "it is in the way of nothing"


def test_an_object_keeps_its_name_whatever_else_of_it_is_set(session: Any, group: Any) -> None:
    """Whoever wrote the script, with names that are a document's (`hair_`) or are not (two that differ in case)."""
    for names in (("hair", "hair_"), ("hand", "Hand")):
        objects = [dict(item, name=name) for item, name in zip(session.objects(group), names, strict=True)]
        session.module("edits").store(group, "names", objects)
        session.idle()
        session.sets(group, "wisp_edge_grow", 1.0 + len(names[1]))
        assert tuple(item["name"] for item in session.objects(group)) == names
        assert session.objects(group)[1]["edge"] == {"grow": 1.0 + len(names[1])}, group["wisp_status"].value()


def test_an_object_that_is_switched_off_gets_no_prompt(
    session: Any, group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.sets(group, "wisp_object_enabled", False)
    session.host.viewer.ctrl_click(30, 5)
    group["wisp_add_pos"].execute()
    assert "object2 is switched off" in group["wisp_status"].value() and len(session.prompts(group, 1)) == 1
    group["wisp_clear_object"].execute()
    actions = session.module("actions")

    def answer(group: Any, asked: Any, on_event: Any, on_end: Any, needed: Any) -> None:
        on_event(actions.Candidate(1, 1001, (1.0, 1.0, 9.0, 9.0), (5.0, 5.0), 0.9, True, []))
        on_end(actions.SubjectFound(candidates=1, doubtful=False), "")

    monkeypatch.setattr(actions.solving, "run", answer)
    group["wisp_subject"].execute()
    found = [(item["name"], len(item["prompts"])) for item in session.objects(group)]
    assert found == [("object1", 1), ("object2", 0), ("subject", 2)]


def test_a_dragged_setting_is_one_step_of_undo(session: Any, group: Any) -> None:
    steps = len(session.host.undo.steps)
    session.drags(group, "wisp_edge_soften", (0.1, 0.2, 0.3))
    assert session.objects(group)[1]["edge"] == {"soften": 0.3} and len(session.host.undo.steps) == steps + 1
    session.undo()
    assert "edge" not in session.objects(group)[1] and group["wisp_edge_soften"].value() == 0


def test_the_shot_document_accepts_every_setting(session: Any, group: Any) -> None:
    from wisp.shot import parse

    values = {"grow": -1.5, "soften": 2.0, "black": 0.1, "white": 0.9, "gamma": 1.2}
    values |= {"fill_holes": 3.0, "remove_specks": 4.0, "frame_edge": 2, "stabilise": 0.5}
    assert values.keys() == session.module("edits").EDGE.keys()
    for name, value in values.items():
        group["wisp_edge_" + name].setValue(value)
        session.idle()
    shot = parse(session.module("solving").document(group))
    assert shot.objects[1].edge.model_dump() == pytest.approx(values)
    plain = session.module("edits").EDGE
    assert shot.objects[0].edge.model_dump() == plain, "the defaults are those of the document"


def test_points_in_the_wrong_order_are_refused(session: Any, group: Any) -> None:
    session.sets(group, "wisp_edge_white", 0.0)
    session.idle()
    assert "edge" not in session.objects(group)[1] and "white point" in group["wisp_status"].value()


def test_deleting_an_object_and_undo(session: Any, group: Any) -> None:
    before = session.objects(group)
    group["wisp_delete_object"].execute()
    assert [item["name"] for item in session.objects(group)] == ["object1"]
    assert group["wisp_object"].values() == ["object1"] and group["wisp_object_name"].getText() == "object1"
    session.undo()
    assert session.objects(group) == before and group["wisp_object"].values() == ["object1", "object2"]
    session.sets(group, "wisp_object", 0)
    group["wisp_clear_object"].execute()
    assert session.prompts(group, 0) == [] and session.prompts(group, 1) == before[1]["prompts"]


def test_the_nearest_prompt_goes(session: Any, group: Any) -> None:
    session.host.viewer.ctrl_click(50, 40)
    group["wisp_add_neg"].execute()
    session.host.viewer.ctrl_click(21, 6)
    group["wisp_delete_prompt"].execute()
    assert [p["include"] for p in session.prompts(group, 1)] == [False]
    session.host.frame(1003)
    group["wisp_delete_prompt"].execute()
    assert "no prompt on this frame" in group["wisp_status"].value()


def test_nine_objects_are_one_too_many(session: Any, group: Any) -> None:
    for _ in range(7):
        group["wisp_add_object"].execute()
    assert len(session.objects(group)) == 8 and "at most 8" in group["wisp_status"].value()


def test_prompts_are_stretched_to_another_resolution(session: Any, group: Any) -> None:
    group.input(0).own["format"] = Format(128, 96)
    group["wisp_track_both"].execute()
    assert "Scale prompts" in group["wisp_status"].value()
    group["wisp_scale_prompts"].execute()
    assert [session.prompts(group, index)[0]["xy"] for index in (0, 1)] == [[21, 85], [41, 85]]
    session.undo()
    group.input(0).own["format"] = Format(64, 48)
    assert session.prompts(group, 0)[0]["xy"] == [10.5, 42.5]


# -- layers ---------------------------------------------------------------------------------------------------


def test_every_object_has_a_layer(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    a, b = (RNG.random((48, 64)).astype(np.float16).astype(np.float32) for _ in range(2))
    session.solved(group, {"hero": a, "dog-2": b}, tmp_path / "m")
    with pytest.raises(RuntimeError, match=r"no channel matte_hero\.alpha"):
        plane(group, "matte_hero.alpha", 1001)
    whole = render(group, 1001)
    session.sets(group, "wisp_layers", True)
    assert np.array_equal(plane(group, "matte_hero.alpha", 1001), a)
    assert np.array_equal(plane(group, "matte_dog_2__2.alpha", 1001), b), "a name in letters that every host takes"
    assert {"matte_hero.alpha", "matte_dog_2__2.alpha"} <= set(session.host.channels())
    assert plane(group, "matte_hero.alpha", 1002).max() == 0, "present in every frame"
    assert np.array_equal(render(group, 1001), whole)
    session.sets(group, "wisp_black", 0.5)
    assert np.allclose(plane(group, "matte_hero.alpha", 1001), np.clip(a * 2 - 1, 0, 1), atol=1e-5), "as it is seen"
    session.sets(group, "wisp_black", 0.0)
    session.sets(group, "wisp_layers", False)
    with pytest.raises(RuntimeError, match="no channel"):
        plane(group, "matte_hero.alpha", 1001)


def test_no_two_objects_share_a_layer(session: Any) -> None:
    channel_of = session.module("graph").channel_of
    names = ("A_b_2", "A-b", "A_b__2", "A_b", "A b", "A_b__2__3")
    channels = [channel_of(name, number) for number, name in enumerate(names, 1)]
    assert len(set(channels)) == len(names)
    assert channels[0] == "matte_A_b_2.alpha" and channels[1] == "matte_A_b__2.alpha"


def test_layers_are_united_subtracted_and_intersected_by_the_hosts_merges(session: Any, tmp_path: Path) -> None:
    group = session.wisp()
    a, b = (RNG.random((48, 64)).astype(np.float16).astype(np.float32) for _ in range(2))
    session.solved(group, {"hero": a, "dog": b}, tmp_path / "m")
    session.sets(group, "wisp_layers", True)

    def alpha_of(name: str) -> Any:
        copy = session.host.nodes.Copy(from0=f"matte_{name}.alpha", to0="rgba.alpha")
        for index in (0, 1):
            copy.setInput(index, group)
        return copy

    hero, dog = alpha_of("hero"), alpha_of("dog")
    wanted = {"screen": 1 - (1 - a) * (1 - b), "stencil": a * (1 - b), "mask": a * b}
    for operation, alpha in wanted.items():
        merge = session.host.nodes.Merge2(operation=operation)
        merge.setInput(0, hero)
        merge.setInput(1, dog)
        assert np.allclose(render(merge, 1001)[..., 3], alpha, atol=1e-5), operation
    assert np.allclose(render(group, 1001)[..., 3], wanted["screen"], atol=1e-5), "the node's own alpha is their union"


# -- strokes --------------------------------------------------------------------------------------------------


def stroke(
    painter: Any, points: list[tuple[float, float]], *, size: float = 8, layer: str = "keep", life: Any = None
) -> None:
    curves = painter["curves"]
    target = next(one for one in curves.rootLayer if one.name == layer) if layer else curves.rootLayer
    made = rotopaint.Stroke(curves)
    for point in points:
        made.append(rotopaint.AnimControlPoint(*point))
    attributes = made.getAttributes()
    attributes.set("bs", size)
    if life is not None:
        for name, value in zip(("ltt", "ltn", "ltm"), life, strict=True):
            attributes.set(name, value)
    target.append(made)


def test_painted_strokes_become_prompts(session: Any, group: Any) -> None:
    group["wisp_collect_strokes"].execute()
    assert "Paint strokes first" in group["wisp_status"].value()
    group["wisp_paint_strokes"].execute()
    painter = session.host.toNode("Wisp1_strokes")
    assert painter.input(0) is group.input(0)
    group["wisp_paint_strokes"].execute()
    assert len(session.host.allNodes("RotoPaint")) == 1, "one for a node"
    group["wisp_collect_strokes"].execute()
    assert "no stroke on frame 1001" in group["wisp_status"].value()
    stroke(painter, [(10, 40), (10.5, 40), (30, 40)])
    stroke(painter, [(5, 5), (6, 9)], layer="drop", size=3, life=(1, 1001, 1001))
    stroke(painter, [(20, 5), (26, 9)], layer="unknown", size=30, life=(1, 1001, 1001))
    stroke(painter, [(50, 5)], life=(1, 1003, 1003))
    group["wisp_collect_strokes"].execute()
    kept, dropped, unknown = session.prompts(group, 1)[1:]
    assert unknown == {"frame": 1001, "kind": "unknown", "xy": [[20, 43], [26, 39]], "radius": 15.0}
    assert kept == {"frame": 1001, "kind": "stroke", "xy": [[10, 8], [30, 8]], "radius": 4.0, "include": True}
    assert dropped == {"frame": 1001, "kind": "stroke", "xy": [[5, 43], [6, 39]], "radius": 1.5, "include": False}
    group["wisp_collect_strokes"].execute()
    assert len(session.prompts(group, 1)) == 4, "collected again, they replace those before"
    session.host.frame(1003)
    group["wisp_collect_strokes"].execute()
    assert [p["frame"] for p in session.prompts(group, 1)] == [1001, 1001, 1001, 1001, 1003, 1003]
    session.undo()
    assert len(session.prompts(group, 1)) == 4


def test_hidden_strokes_do_not_count_and_a_shape_is_a_box(session: Any, group: Any) -> None:
    painter = session.module("strokes").paint(group)
    stroke(painter, [(10, 40), (30, 40)])
    next(iter(next(iter(painter["curves"].rootLayer)))).getAttributes().set("vis", 0)
    shape = rotopaint.Shape(painter["curves"])
    for x, y in ((8, 10), (40, 12), (20, 30)):
        shape.append(rotopaint.ShapeControlPoint(x, y))
    painter["curves"].rootLayer.append(shape)
    group["wisp_collect_strokes"].execute()
    assert session.prompts(group, 1)[1:] == [{"frame": 1001, "kind": "box", "xyxy": [8, 18, 40, 38]}]


def test_a_brush_is_as_soft_as_it_is_in_the_host(session: Any, group: Any) -> None:
    painter = session.module("strokes").paint(group)
    stroke(painter, [(10, 40), (30, 40)])
    stroke(painter, [(10, 30), (30, 30)], layer="drop", size=20)
    stroke(painter, [(10, 20), (30, 20)])
    stroke(painter, [(10, 10), (30, 10)])
    drawn = {one.name: list(one) for one in painter["curves"].rootLayer}
    (soft,), (_, bare, clear) = drawn["drop"], drawn["keep"]
    soft.getAttributes().set("h", 0.2)
    del bare.getAttributes()._values["h"]
    clear.getAttributes().set("opc", 0.0)
    group["wisp_collect_strokes"].execute()
    firm, plain, faded = session.prompts(group, 1)[1:]
    assert "softness" not in firm and "softness" not in plain, "what it says nothing of is firm"
    assert faded == {**faded, "include": False, "radius": 10.0, "softness": 0.8}


def test_the_engine_takes_collected_strokes(session: Any, group: Any) -> None:
    from wisp.shot import parse

    painter = session.module("strokes").paint(group)
    stroke(painter, [(10, 40), (30, 40)])
    session.module("strokes").collect(group)
    assert parse(session.module("solving").document(group)).objects[1].prompts[-1].kind == "stroke"


def test_renamed_nodes_keep_their_strokes(session: Any, group: Any, tmp_path: Path) -> None:
    painter = session.module("strokes").paint(group)
    stroke(painter, [(10, 40), (30, 40)])
    group["name"].setValue("Hero")
    painter["name"].setValue("Paint")
    session.host.chosen = [painter]
    session.host.nodeCopy(str(tmp_path / "copy.nk"))
    session.host.nodePaste(str(tmp_path / "copy.nk"))
    group["wisp_collect_strokes"].execute()
    assert len(session.prompts(group, 1)) == 2
    assert session.module("strokes").paint(group) is painter
    other = session.module("node").create(group.input(0))
    assert session.module("strokes").paint(other) is not painter, "each has its own"


def test_a_saved_script_knows_whose_strokes_they_are(start: Callable[..., Any]) -> None:
    session = start()
    group = session.wisp()
    session.module("strokes").paint(group)
    group["name"].setValue("Hero")
    text = session.host.save()
    session = start()
    session.host.load(text)
    (group,) = session.host.allNodes("Group")
    assert session.module("strokes")._painter(group).name() == "Wisp1_strokes"


def test_what_is_painted_outside_the_picture_is_left_out(session: Any, group: Any) -> None:
    from wisp.shot import parse

    painter = session.module("strokes").paint(group)
    stroke(painter, [(-40, -40), (-30, -35)])
    shape = rotopaint.Shape(painter["curves"])
    for x, y in ((-80, -10), (-70, -20), (-60, -30)):
        shape.append(rotopaint.ShapeControlPoint(x, y))
    painter["curves"].rootLayer.append(shape)
    before = session.objects(group)
    group["wisp_collect_strokes"].execute()
    assert "outside the picture" in group["wisp_status"].value() and session.objects(group) == before
    stroke(painter, [(-40, 40), (-3, 40)])
    group["wisp_collect_strokes"].execute()
    assert [one["xy"] for one in session.prompts(group, 1)[1:]] == [[[-40, 8], [-3, 8]]], "its brush reaches in"
    parse(session.module("solving").document(group))


# -- masks ----------------------------------------------------------------------------------------------------


def test_the_alpha_of_another_node_is_a_mask(session: Any, group: Any, tmp_path: Path) -> None:
    import cv2
    from wisp.shot import parse

    session.sets(group, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    group["wisp_mask_selected"].execute()
    assert "Select the one node" in group["wisp_status"].value()
    picture = np.zeros((48, 64, 4), np.float32)
    picture[10:20, 5:30, 3] = 1
    roto = session.plate(lambda frame: picture)
    roto.setSelected(True)
    nodes = [node.name() for node in session.host.allNodes()]
    for _ in range(2):
        group["wisp_mask_selected"].execute()
    masks = [prompt for prompt in session.prompts(group, 1) if prompt["kind"] == "mask"]
    assert len(masks) == 1 and masks[0]["frame"] == 1001, "one on a frame"
    assert masks[0]["path"].startswith("../masks/"), "the cache may be moved"
    shot = Path(session.module("solving").plate_folder(group))
    shot.mkdir()
    written = cv2.imread(str(shot / masks[0]["path"]), cv2.IMREAD_GRAYSCALE)
    assert written.shape == (48, 64) and np.array_equal(written > 127, picture[..., 3] > 0.5)
    assert [node.name() for node in session.host.allNodes()] == nodes, "nothing is left"
    parse(session.module("solving").document(group))
    session.undo()
    session.undo()
    assert [prompt["kind"] for prompt in session.prompts(group, 1)] == ["point"]
    roto.own["format"] = Format(32, 48)
    group["wisp_mask_selected"].execute()
    assert "is 32x48, the plate 64x48" in group["wisp_status"].value()


def test_masks_go_along_into_another_cache_folder(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start()
    group = session.wisp(cache=tmp_path / "cache")
    session.plate(lambda frame: np.ones((48, 64, 4), np.float32)).setSelected(True)
    group["wisp_mask_selected"].execute()
    path = session.prompts(group)[0]["path"]
    solving = session.module("solving")

    def named() -> bytes:
        return (Path(solving.plate_folder(group)) / path).resolve().read_bytes()

    drawn = named()
    session.sets(group, "wisp_cache_dir", (tmp_path / "elsewhere").as_posix())
    solving.keep_cache_folder(group)
    assert named() == drawn and session.prompts(group)[0]["path"] == path
    session.sets(group, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    (tmp_path / "cache" / "masks" / Path(path).name).write_bytes(b"drawn anew")
    solving.keep_cache_folder(group)
    assert named() == b"drawn anew", "what is there stays"


@pytest.mark.parametrize("inside", [False, True], ids=["button at the top", "button in its node"])
def test_what_is_selected_is_looked_for_beside_the_node(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    """In a group as well, in whichever context the host runs a button."""
    host = session.host
    run = host.run_text

    def in_the_node(node: Any, *rest: Any, **options: Any) -> Any:
        with node:
            return run(node, *rest, **options)

    shot = host.nodes.Group(name="Shot")
    plate = session.plate()
    host.root_group.children.remove(plate)
    plate.parent = shot
    shot.children.append(plate)
    with shot:
        group, other = (session.module("node").create(plate) for _ in range(2))
    for one in (group, other):
        one["wisp_cache_dir"].setValue((tmp_path / "cache").as_posix())
    host.view(plate)
    host.frame(1001)
    shot.setSelected(True)
    if inside:
        monkeypatch.setattr(host, "run_text", in_the_node)
    plate.setSelected(True)
    group["wisp_mask_selected"].execute()
    assert [prompt["kind"] for prompt in session.prompts(group)] == ["mask"], group["wisp_status"].value()
    group["wisp_take_roto"].execute()
    assert "is no Roto" in group["wisp_status"].value()
    plate.setSelected(False)
    other.setSelected(True)
    group["wisp_carry"].execute()
    assert "has no prompts" in group["wisp_status"].value()
    assert session.module("host").selected_wisp_nodes() == [other], "also from the top"
    copy = session.module("host").copy(plate, tmp_path / "copy.nk").read_text("utf-8")
    assert "Plate1" in copy and "Wisp" not in copy
    with shot:
        assert host.selectedNodes() == [other]


def test_a_mask_is_of_one_view(session: Any, group: Any, tmp_path: Path) -> None:
    session.sets(group, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    session.host.script_views = ["left", "right"]
    session.plate().setSelected(True)
    group["wisp_mask_selected"].execute()
    assert "Put a OneView" in group["wisp_status"].value() and session.host.writes_seen == []


# -- the script -----------------------------------------------------------------------------------------------


def test_a_pasted_node_keeps_prompts_and_mattes(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start()
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    alpha = RNG.random((48, 64)).astype(np.float32)
    session.solved(group, {"hero": alpha}, tmp_path / "m")
    text = session.host.save()
    session.host.load(text)  # as paste does: the same text into the same script
    pasted = session.host.toNode("Wisp2")
    pasted.setInput(0, group.input(0))
    assert pasted["wisp_uid"].value() != group["wisp_uid"].value()
    assert session.objects(pasted) == session.objects(group)
    assert np.allclose(render(pasted, 1001)[..., 3], alpha, atol=1e-3), "its mattes are there"
    assert pasted["wisp_object"].values() == ["hero"]
    session.host.viewer.ctrl_click(20, 5)
    pasted["wisp_add_neg"].execute()
    assert len(session.prompts(pasted)) == 2 and len(session.prompts(group)) == 1, "each has its own from here on"
    folders = {session.module("state").uid_of(one)[:12] for one in (group, pasted)}
    assert len(folders) == 2, "and its own plates"


def test_loading_shows_what_is_stored(start: Callable[..., Any]) -> None:
    session = start()
    group = session.wisp()
    for x in (10, 20):
        group["wisp_add_object"].execute()
        session.host.viewer.ctrl_click(x, 5)
        group["wisp_add_pos"].execute()
    session.sets(group, "wisp_edge_grow", 3.0)
    session.idle()
    session.sets(group, "wisp_mode", "Add +")
    text, stored = session.host.save(), session.objects(group)
    again = start()
    again.host.load(text)
    loaded = again.host.toNode("Wisp1")
    loaded.input(0).own = group.input(0).own
    again.host.frame(1001)
    again.host.view(loaded.input(0)).ctrl_click(30, 30)
    again.idle()
    assert loaded["wisp_mode"].value() == "Off", "what viewers have picked before is not meant"
    assert again.objects(loaded) == stored
    assert loaded["wisp_object"].value() == "object2" and loaded["wisp_edge_grow"].value() == 3
    assert loaded["wisp_point_1"].value() == [20.5, 5.5]


def test_deleting_a_node_forgets_it(session: Any, group: Any) -> None:
    session.idle()
    known = session.module("state").known
    assert [uid for uid, _ in known()] == [group["wisp_uid"].value()]
    session.host.delete(group)
    assert known() == []
    session.idle()


def test_the_menus_press_the_node_that_is_meant(session: Any, group: Any) -> None:
    session.module("menus").install()
    entries = session.host.menus["Viewer"]
    session.host.viewer.ctrl_click(30, 5)
    entries["Wisp/Add -"]()
    assert len(session.prompts(group, 1)) == 2, "the only node there is"
    other = session.module("node").create(group.input(0))
    entries["Wisp/Add -"]()
    assert session.host.said[-1] == "Select a Wisp node first."
    session.host.chosen = [other]
    entries["Wisp/Add -"]()
    assert len(session.prompts(other)) == 1 and len(session.prompts(group, 1)) == 2
    session.host.menus["Nodes"]["Wisp/Wisp"]()
    assert len(session.module("host").wisp_nodes()) == 3


def test_the_box_of_a_frame_becomes_the_objects_region_and_goes_again(session: Any) -> None:
    group = session.wisp()
    group["wisp_cache_dir"].setValue("/tmp/none")
    group["wisp_region"].execute()
    assert "Draw a box on this frame" in group["wisp_status"].value()
    session.host.viewer.ctrl_shift_drag(8, 6, 40, 40)
    group["wisp_set_box"].execute()
    group["wisp_region"].execute()
    assert session.objects(group)[0]["region"] == [8, 8, 40, 42] and "32x34 pixels" in group["wisp_status"].value()
    assert session.module("solving").document(group)["objects"][0]["region"] == [8, 8, 40, 42]
    session.undo()
    assert not session.objects(group)[0].get("region")
    group["wisp_region"].execute()
    group["wisp_region"].execute()
    assert session.objects(group)[0]["region"] is None and "anywhere" in group["wisp_status"].value()


def test_an_object_begins_in_mid_shot_where_the_node_says_so(session: Any, group: Any) -> None:
    """Frames with prompts, and what is not understood, are refused, and the knob is as it was."""
    from wisp.shot import parse

    session.sets(group, "wisp_object_absent", "1003, 1004")
    assert session.objects(group)[1]["absent"] == [[1003, 1004]] and "absent" not in session.objects(group)[0]
    assert group["wisp_object_absent"].getText() == "1003-1004"
    assert parse(session.module("solving").document(group)).objects[1].absent == [(1003, 1004)]
    session.sets(group, "wisp_object", 0)
    assert group["wisp_object_absent"].getText() == ""
    session.sets(group, "wisp_object", 1)
    for text, words in (
        ("1001-1004", "prompts on frame 1001"),
        ("soon", "'soon' is neither"),
        ("1004-1002", "neither"),
    ):
        session.sets(group, "wisp_object_absent", text)
        assert words in group["wisp_status"].value()
        assert session.objects(group)[1]["absent"] == [[1003, 1004]]
        assert group["wisp_object_absent"].getText() == "1003-1004"
    session.sets(group, "wisp_object_name", "later")
    assert session.objects(group)[1]["name"] == "later", "what was refused is in the way of nothing"
    session.sets(group, "wisp_object_absent", "1002-1004")
    session.undo()
    assert session.objects(group)[1]["absent"] == [[1003, 1004]]
    assert group["wisp_object_absent"].getText() == "1003-1004"
    session.sets(group, "wisp_object_absent", "")
    assert session.objects(group)[1]["absent"] == []


def test_a_new_object_has_nothing_of_one_that_was_just_deleted(session: Any, group: Any, tmp_path: Path) -> None:
    """Before the host is idle, as in a script or while a button is held."""
    upper, lower = np.zeros((48, 64), np.float32), np.zeros((48, 64), np.float32)
    upper[:10], lower[20:40] = 1, 1
    session.solved(group, {"hero": upper, "dog": lower}, tmp_path / "m", range(1001, 1005))
    session.sets(group, "wisp_object", 1)
    assert render(group, 1002)[30, 5, 3] == 1
    group["wisp_delete_object"].execute()
    group["wisp_add_object"].execute()
    session.host.viewer.ctrl_click(50, 5)
    group["wisp_add_pos"].execute()
    session.idle()
    assert [item["id"] for item in session.objects(group)] == [1, 3]
    assert render(group, 1002)[30, 5, 3] == 0 and group["wisp_cache_state"].getValueAt(1002) == 0


def test_prompts_outside_of_the_nodes_range_stay_in_the_script_alone(session: Any, group: Any, tmp_path: Path) -> None:
    session.sets(group, "wisp_cache_dir", tmp_path.as_posix())
    session.host.frame(1003)
    session.host.viewer.ctrl_click(30, 5)
    group["wisp_add_pos"].execute()
    session.sets(group, "wisp_first", 1002)
    told = session.module("solving").document(group)["objects"]
    assert [[prompt["frame"] for prompt in item["prompts"]] for item in told] == [[], [1003]]
    assert [len(item["prompts"]) for item in session.objects(group)] == [1, 2]


def test_masks_are_not_stretched_with_the_rest(session: Any, group: Any, tmp_path: Path) -> None:
    mask = {"frame": 1001, "kind": "mask", "path": "../masks/a.png"}
    session.module("edits").edit(group, "mask", lambda shot: shot.add_prompt(mask))
    before = session.module("prompts").load(group["wisp_prompts"].value(), (64, 48))
    group.input(0).own["format"] = Format(128, 96)
    group["wisp_scale_prompts"].execute()
    assert "The masks of object2 are of 64x48" in group["wisp_status"].value()
    assert session.module("prompts").load(group["wisp_prompts"].value(), (64, 48)) == before
