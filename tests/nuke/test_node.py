"""The node: prompts from the viewer, its graph, its life in scripts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.nodes import Format
from fake_nuke.render import render

DATA = Path(__file__).parent / "data"
RNG = np.random.default_rng(11)


def objects(session: Any, group: Any) -> list[dict[str, Any]]:
    return session.module("edits").stored(group)["objects"]


def test_a_new_node_passes_the_plate_on(session: Any) -> None:
    group = session.wisp()
    assert (group["wisp_first"].value(), group["wisp_last"].value()) == (1001, 1004)
    assert np.array_equal(render(group, 1001)[..., :3], render(group.input(0), 1001)[..., :3])
    assert session.module("acceptance_points").faults(group, session.module("graph").desired([], 1001, 1004)) == []


@pytest.mark.parametrize("form", [Format(64, 48), Format(1828, 1556, 2.0)])
def test_a_click_in_the_viewer_is_a_point_on_that_pixel(session: Any, form: Format) -> None:
    plate = session.plate()
    plate.own["format"] = form
    group = session.wisp(plate)
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_add_neg"].execute()
    (item,) = objects(session, group)
    for prompt, include in zip(item["prompts"], (True, False), strict=True):
        assert prompt["frame"] == 1001 and prompt["include"] is include
        assert np.allclose(prompt["xy"], [10.5, form.height() - 5.5], atol=0.011)


def test_a_region_is_a_box(session: Any) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    group["wisp_set_box"].execute()
    assert np.allclose(objects(session, group)[0]["prompts"][0]["xyxy"], [8, 18, 40, 38], atol=0.011)
    session.host.viewer.ctrl_click(3, 3)
    group["wisp_set_box"].execute()
    assert "Ctrl+Shift" in group["wisp_status"].value() and len(objects(session, group)[0]["prompts"]) == 1


def test_objects_and_frames(session: Any) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_add_object"].execute()
    session.host.frame(1003)
    group["wisp_add_pos"].execute()
    assert [[p["frame"] for p in item["prompts"]] for item in objects(session, group)] == [[1001], [1003]]
    group["wisp_prev_prompt"].execute()
    assert session.host.frame() == 1001
    assert group["wisp_status"].value() == "Frame 1001: object1 keyframe"
    group["wisp_next_prompt"].execute()
    assert group["wisp_status"].value() == "Frame 1003: object2 keyframe"
    session.host.frame(2000)
    group["wisp_add_pos"].execute()
    assert "outside" in group["wisp_status"].value()


def test_names(session: Any) -> None:
    group = session.wisp()
    group["wisp_add_object"].execute()
    group["wisp_add_object"].execute()
    assert group["wisp_object_name"].getText() == "object2"
    session.sets(group, "wisp_object_name", "the hero!")
    assert group["wisp_object_name"].getText() == "the_hero"
    assert group["wisp_object"].values() == ["object1", "the_hero"]
    session.sets(group, "wisp_object", 0)
    assert group["wisp_object_name"].getText() == "object1"
    session.sets(group, "wisp_object_name", "The_Hero")
    assert [item["name"] for item in objects(session, group)] == ["object1", "the_hero"], "names differ without case"


def test_one_prompt_is_one_step_of_undo(session: Any) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    before = group["wisp_prompts"].getText()
    group["wisp_add_neg"].execute()
    session.undo()
    assert group["wisp_prompts"].getText() == before and len(objects(session, group)[0]["prompts"]) == 1


def test_what_cannot_be_is_a_sentence(session: Any) -> None:
    group = session.wisp()
    for button, words in (("wisp_add_pos", "Ctrl+click"), ("wisp_track_both", "prompt first"), ("wisp_bake", "solved")):
        group[button].execute()
        assert words in group["wisp_status"].value()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group.input(0).own["format"] = Format(100, 100)
    group["wisp_track_both"].execute()
    assert "64x48" in group["wisp_status"].value() and "100x100" in group["wisp_status"].value()
    session.sets(group, "wisp_prompts", "wisp2:abc")
    group["wisp_track_both"].execute()
    assert "Update" in group["wisp_status"].value()


def test_the_graph_means_what_it_should(session: Any, tmp_path: Path) -> None:
    """Two objects, one frame not solved: every output against the same arithmetic on arrays."""
    plate = RNG.random((48, 64, 4)).astype(np.float32)
    group = session.wisp(session.plate(lambda frame: plate))
    node = session.module("node")
    a, b = (RNG.random((48, 64)).astype(np.float16).astype(np.float32) for _ in range(2))
    session.solved(group, {"a": a, "b": b}, tmp_path / "m")
    mattes = node.present_mattes(group, session.objects(group))
    union, rgb = (a + b - a * b)[..., None], plate[..., :3]
    color = np.array([0.2, 0.76, 0.42])
    wanted = {
        "Plate + alpha": np.dstack([rgb, union]),
        "Premultiplied": np.dstack([rgb * union, union]),
        "Matte only": np.repeat(union, 4, axis=2),
        "Tint over plate": np.dstack([rgb * (1 - 0.55 * union) + color * 0.55 * union, union]),
        "Plate": plate,
    }
    for output, picture in wanted.items():
        session.sets(group, "wisp_output", output)
        assert np.allclose(render(group, 1001), picture, atol=1e-5), output
    session.sets(group, "wisp_output", "Matte only")
    assert render(group, 1002).max() == 0, "an unsolved frame touches no file in the interface"
    session.sets(group, "wisp_invert", True)
    assert np.allclose(render(group, 1001)[..., 0], 1 - union[..., 0], atol=1e-5)
    session.sets(group, "wisp_invert", False)
    session.sets(group, "wisp_black", 0.25)
    session.sets(group, "wisp_gamma", 2.0)
    graded = np.sqrt(np.clip((union[..., 0] - 0.25) / 0.75, 0, 1))
    assert np.allclose(render(group, 1001)[..., 0], graded, atol=1e-5)
    session.sets(group, "wisp_gamma", 1.0)
    session.sets(group, "wisp_black", 0.0)
    session.sets(group, "wisp_white", 0.8)
    assert np.allclose(render(group, 1001)[..., 0], np.clip(union[..., 0] / 0.8, 0, 1), atol=1e-5)
    session.sets(group, "wisp_white", 1.0)
    node.rebuild(group, [mattes[0], mattes[1]._replace(enabled=False)])
    assert np.allclose(render(group, 1001)[..., 0], a, atol=1e-5)


def test_a_farm_needs_no_plugin_and_stops_where_a_matte_lacks(start: Callable[..., Any], tmp_path: Path) -> None:
    session = start()
    group = session.wisp()
    alpha = RNG.random((48, 64)).astype(np.float32)
    session.solved(group, {"a": alpha}, tmp_path / "m", (1001, 1002, 1004))
    (tmp_path / "m" / "a.1002.exr").unlink()
    plate = group.input(0).own
    text = session.host.save()

    farm = start(gui=False, with_plugin=False)
    farm.host.load(text)
    loaded = farm.host.toNode("Wisp1")
    loaded.input(0).own = plate
    assert np.allclose(render(loaded, 1001)[..., 3], alpha, atol=1e-3)
    with pytest.raises(RuntimeError, match="no such file"):
        render(loaded, 1002)
    for frame in (1003, 1000, 1005):
        with pytest.raises(RuntimeError, match="has not been solved"):
            render(loaded, frame)
    loaded["wisp_strict"].setValue(False)
    assert render(loaded, 1003)[..., 3].max() == 0
    loaded["wisp_track_both"].execute()
    assert "not installed" in farm.host.said[-1]


def test_prompts_survive_saving_and_a_copy_gets_its_own_identity(start: Callable[..., Any]) -> None:
    session = start()
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    text, stored = session.host.save(), objects(session, group)
    again = start()
    again.host.load(text)
    loaded = again.host.toNode("Wisp1")
    loaded.input(0).own = group.input(0).own
    assert objects(again, loaded) == stored and loaded["wisp_uid"].value() == group["wisp_uid"].value()
    again.host.load(text)
    pasted = again.host.toNode("Wisp2")
    assert pasted["wisp_uid"].value() not in ("", loaded["wisp_uid"].value())
    pasted.setInput(0, loaded.input(0))
    assert objects(again, pasted) == stored


def test_saved_scripts_are_tcl(session: Any, tmp_path: Path) -> None:
    """Read by another Tcl than the one that wrote them."""
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        pytest.skip("needs tclsh")
    session.wisp()
    (tmp_path / "script.nk").write_text(session.host.save(), encoding="utf-8")
    (tmp_path / "count.tcl").write_text(
        "set count 0\nproc unknown args {incr ::count}\nproc stack i {return n$::count}\nproc push n {}\n"
        "set file [open script.nk]\nset text [read $file]\nputs [info complete $text]\neval $text\nputs $count\n"
    )
    run = subprocess.run([tclsh, "count.tcl"], cwd=tmp_path, capture_output=True, text=True, check=True)
    complete, count = run.stdout.split()
    nodes = 1 + len(session.host.toNode("Wisp1").nodes()) + 2  # the group, what is inside, the plate, the viewer
    assert complete == "1" and int(count) == nodes + 3  # and version, Root, end_group


def test_a_script_of_a_newer_version_is_left_alone(start: Callable[..., Any]) -> None:
    session = start()
    session.wisp()["wisp_schema"].setValue(9)
    text = session.host.save()
    again = start()
    again.host.load(text)
    loaded = again.host.toNode("Wisp1")
    assert loaded["wisp_schema"].value() == 9 and "newer Wisp" in loaded["wisp_status"].value()
    session.sets(loaded, "wisp_status", "")
    again.host.view(loaded)
    loaded["wisp_add_object"].execute()
    session.sets(loaded, "wisp_object_name", "x")
    again.idle()
    assert "newer Wisp" in loaded["wisp_status"].value() and loaded["wisp_prompts"].getText() == ""
