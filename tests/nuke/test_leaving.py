"""What leaves the node: plain nodes and published files, without the plug-in and the same picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.render import plane, render

RNG = np.random.default_rng(3)
FRAMES = range(1001, 1005)


@pytest.fixture
def group(session: Any, tmp_path: Path) -> Any:
    """A node with two objects that are solved on every frame."""
    picture = RNG.random((48, 64, 4)).astype(np.float32)
    made = session.wisp(session.plate(lambda frame: picture))
    mattes = {name: RNG.random((48, 64)).astype(np.float32) for name in ("hero", "dog")}
    session.solved(made, mattes, tmp_path / "m", FRAMES)
    return made


@pytest.mark.parametrize("output", ["Plate + alpha", "Premultiplied", "Matte only", "Tint over plate"])
@pytest.mark.parametrize(
    "settings", [{}, {"black": 0.2, "white": 0.7, "gamma": 1.5, "invert": True, "tint_opacity": 0.3}]
)
def test_a_bake_gives_what_the_node_gives(session: Any, group: Any, output: str, settings: dict[str, Any]) -> None:
    session.sets(group, "wisp_output", output)
    for name, value in settings.items():
        group["wisp_" + name].setValue(value)
    baked = session.module("bake").bake(group)
    assert baked.parent is session.host.root_group
    session.host.GUI = False  # what only viewers show is no part of it
    for frame in (1001, 1003):
        assert np.allclose(render(baked, frame), render(group, frame), atol=1e-6)


def test_a_bake_is_plain_and_small(session: Any, group: Any) -> None:
    before = set(session.host.root_group.nodes())
    group["wisp_bake"].execute()
    made = [node for node in session.host.root_group.nodes() if node not in before]
    assert sorted(node.Class() for node in made) == ["Copy", "Crop", "Merge2", "Read", "Read"]
    assert not any("parent." in line for line in session.host.save().split("end_group")[1].splitlines())


def test_grow_and_soften_are_baked_as_nodes_with_their_keys(session: Any, group: Any) -> None:
    group["wisp_grow"].setAnimated()
    group["wisp_grow"].setValueAt(2.0, 1001)
    group["wisp_grow"].setValueAt(4.0, 1003)
    session.sets(group, "wisp_soft", 1.5)
    before = set(session.host.root_group.nodes())
    session.module("bake").bake(group)
    made = [node for node in session.host.root_group.nodes() if node not in before]
    sizes = [node["size"] for node in made if node.Class() == "Dilate"]
    assert [knob.getValueAt(frame) for knob in sizes for frame in (1001, 1003)] == [2, 4]
    assert [node["size"].value() for node in made if node.Class() == "Blur"] == [1.5]


def test_an_expression_is_baked_as_its_values(session: Any, group: Any) -> None:
    session.sets(group, "wisp_soft", 3.0)
    group["wisp_grow"].setExpression("wisp_soft/2")
    group["wisp_gamma"].setExpression("frame - 1000")
    session.module("bake").bake(group)
    made = {node.Class(): node for node in session.host.root_group.nodes()}
    assert [made["Dilate"]["size"].getValueAt(frame) for frame in FRAMES] == [1.5] * 4
    assert [made["Grade"]["gamma"].getValueAt(frame) for frame in FRAMES] == [1, 2, 3, 4]


def test_layers_are_baked(session: Any, group: Any) -> None:
    session.sets(group, "wisp_layers", True)
    baked = session.module("bake").bake(group)
    for name in ("matte_hero.alpha", "matte_dog.alpha"):
        assert np.array_equal(plane(baked, name, 1002), plane(group, name, 1002))


def test_an_object_that_does_not_count_is_left_out(session: Any, group: Any) -> None:
    session.sets(group, "wisp_object_enabled", False)
    node = session.module("node")
    node.rebuild(group, node.present_mattes(group, session.objects(group)))
    baked = session.module("bake").bake(group)
    assert np.allclose(render(baked, 1001), render(group, 1001))
    assert len(session.host.allNodes("Read")) == 1


def test_an_unsolved_frame_is_refused_by_its_number(session: Any, group: Any) -> None:
    node = session.module("node")
    node.show_states(group, [{1001: 1, 1002: 1, 1004: 1}] * 2, [True, True])
    for button in ("wisp_bake", "wisp_publish"):
        group[button].execute()
        assert "1 frame not solved, the first is 1003" in group["wisp_status"].value()


@pytest.mark.parametrize(
    "button", ["bake", "publish", "track_both", "track_this", "take_solved", "check", "farm", "fit_region"]
)
def test_a_range_that_ends_before_it_begins_is_refused(session: Any, group: Any, button: str, tmp_path: Path) -> None:
    session.sets(group, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    session.sets(group, "wisp_first", 1004)
    session.sets(group, "wisp_last", 1001)
    session.sets(group, "wisp_publish_frames", "1001-1002")
    session.host.frame(1002)
    nodes = set(session.host.root_group.nodes())
    group["wisp_" + button].execute()
    assert "first frame, 1004, comes after its last, 1001" in group["wisp_status"].value()
    assert set(session.host.root_group.nodes()) == nodes and not session.module("solving").busy(group)


def test_nothing_is_published_where_no_object_counts(session: Any, group: Any, tmp_path: Path) -> None:
    session.sets(group, "wisp_publish_dir", (tmp_path / "out").as_posix())
    session.sets(group, "wisp_publish_frames", "1001-1002")
    for index in (0, 1):
        session.sets(group, "wisp_object", index)
        session.sets(group, "wisp_object_enabled", False)
    group["wisp_publish"].execute()
    assert "No object counts" in group["wisp_status"].value() and not (tmp_path / "out").exists()


def test_versions_count_up(session: Any, group: Any, tmp_path: Path) -> None:
    publish = session.module("publish")
    session.sets(group, "wisp_publish_dir", (tmp_path / "out").as_posix())
    assert publish._claim_version(group) == tmp_path / "out" / "Wisp1_v001"
    assert publish._claim_version(group) == tmp_path / "out" / "Wisp1_v002", "a version is taken at once"
    for name in ("Wisp1_v007", "Wisp2_v011", "Wisp1_v9x"):
        (tmp_path / "out" / name).mkdir(parents=True)
    assert publish._claim_version(group) == tmp_path / "out" / "Wisp1_v008"
    session.sets(group, "wisp_publish_dir", "")
    with pytest.raises(session.module("edits").Refusal, match="Save the script"):
        publish._claim_version(group)


def test_a_publication_that_fails_says_why(session: Any, group: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The engine knows nothing of these mattes: it must refuse, and no node may be made."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    session.sets(group, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    session.sets(group, "wisp_publish_dir", (tmp_path / "out").as_posix())
    session.module("plates").export(group, session.module("solving").plate_folder(group), 1001, 1004)
    for index in (0, 1):
        session.sets(group, "wisp_object", index)
        session.host.viewer.ctrl_click(10, 5)
        group["wisp_add_pos"].execute()
    node = session.module("node")
    node.show_states(group, [dict.fromkeys(FRAMES, 1)] * 2, [True, True])
    nodes = set(session.host.root_group.nodes())
    group["wisp_publish"].execute()
    group["wisp_publish"].execute()
    assert "press Stop first" in group["wisp_status"].value()
    session.until(lambda: not session.module("solving").busy(group))
    assert "Not solved yet" in group["wisp_status"].value()
    assert set(session.host.root_group.nodes()) == nodes and session.host.bars[-1]() is None
    assert list((tmp_path / "out").iterdir()) == [], "no version was taken"
