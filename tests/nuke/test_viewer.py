"""In the viewer: picks that make prompts, handles that move them, guides that show them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_nuke.nodes import Format
from fake_nuke.render import render

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def click(session: Any, x: int, y: int) -> None:
    """Ctrl+click a pixel, then let the host be idle."""
    session.host.viewer.ctrl_click(x, y)
    session.idle()


def box(group: Any) -> list[float]:
    return [group["wisp_box"].value(index) for index in range(4)]


def test_picks_are_prompts_while_a_mode_is_on(session: Any) -> None:
    group = session.wisp()
    click(session, 3, 3)
    assert session.objects(group) == [], "the mode is off"
    session.sets(group, "wisp_mode", "Add +")
    session.idle()
    assert session.objects(group) == [], "what was picked before does not count"
    click(session, 10, 5)
    session.sets(group, "wisp_mode", "Remove -")
    click(session, 20, 5)
    assert [(p["xy"], p["include"]) for p in session.prompts(group)] == [([10.5, 42.5], True), ([20.5, 42.5], False)]
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    session.idle(held=True)
    assert len(session.prompts(group)) == 2, "a drag that goes on"
    session.host.viewer.ctrl_shift_drag(8, 10, 44, 30)
    session.idle()
    session.idle()
    assert session.prompts(group)[2:] == [{"frame": 1001, "kind": "box", "xyxy": [8.0, 18.0, 44.0, 38.0]}]
    session.sets(group, "wisp_mode", "Box")
    click(session, 50, 5)
    assert len(session.prompts(group)) == 3, "a click is no box"


def test_a_pick_that_cannot_be_is_said(session: Any) -> None:
    group = session.wisp()
    session.sets(group, "wisp_mode", "Add +")
    session.host.frame(2000)
    click(session, 10, 5)
    assert "outside" in group["wisp_status"].value() and session.objects(group) == []


def test_the_same_pixel_on_another_frame_is_another_pick(session: Any) -> None:
    group = session.wisp()
    session.sets(group, "wisp_mode", "Add +")
    click(session, 10, 5)
    session.host.frame(1003)
    session.idle()
    assert len(session.prompts(group)) == 1, "another frame is no pick"
    click(session, 10, 5)
    assert [p["frame"] for p in session.prompts(group)] == [1001, 1003]


def test_hovering_is_no_pick(session: Any) -> None:
    """Whether the sampler follows the pointer or not: a pick is a release that was seen."""
    group = session.wisp()
    session.sets(group, "wisp_mode", "Add +")
    for x in range(11):
        session.host.viewer.hover(x, 20)
        session.idle()
    assert session.objects(group) == []
    session.host.viewer.ctrl_click(10, 5)
    for x in range(11):
        session.host.viewer.hover(x, 20)
    session.idle()
    assert [p["xy"] for p in session.prompts(group)] == [[10.5, 42.5]], "and it is where the button was released"


def test_a_pick_in_the_overscan_is_a_point(session: Any) -> None:
    group = session.wisp()
    for x, y in ((70, 5), (10, -3)):
        session.host.viewer.ctrl_click(x, y)
        group["wisp_add_pos"].execute()
    assert [one["xy"] for one in session.prompts(group)] == [[70.5, 42.5], [10.5, 50.5]]


def test_a_pick_far_beyond_the_format_is_refused(session: Any) -> None:
    """Saved scripts have them, to four times the picture's width."""
    group = session.wisp()
    for x, y in ((140, 5), (10, -60), (-200, 500)):
        session.host.viewer.ctrl_click(x, y)
        group["wisp_add_pos"].execute()
        assert "outside the picture" in group["wisp_status"].value()
    session.host.viewer.ctrl_shift_drag(80, 10, 90, 20)
    group["wisp_set_box"].execute()
    assert session.objects(group) == []
    session.host.viewer.ctrl_shift_drag(50, 10, 90, 20)
    group["wisp_set_box"].execute()
    assert session.prompts(group)[0]["xyxy"] == [50, 28, 90, 38], "a box goes on in the overscan"


def test_picks_belong_to_one_node(session: Any) -> None:
    first = session.wisp()
    second = session.wisp(first.input(0))
    session.sets(first, "wisp_mode", "Add +")
    session.sets(second, "wisp_mode", "Add +")
    assert first["wisp_mode"].value() == "Off"
    click(session, 10, 5)
    assert session.objects(first) == [] and len(session.prompts(second)) == 1


def test_another_viewer_is_no_pick(session: Any) -> None:
    group = session.wisp()
    first = session.host.viewer
    session.host.viewer = None
    second = session.host.view(group.input(0))
    second.ctrl_click(30, 30)
    session.host.viewer = first
    session.sets(group, "wisp_mode", "Add +")
    click(session, 10, 5)
    session.host.viewer = second
    session.idle()
    assert len(session.prompts(group)) == 1
    click(session, 31, 30)
    assert [p["xy"] for p in session.prompts(group)] == [[10.5, 42.5], [31.5, 17.5]]


def test_ctrl_clicks_are_watched_and_never_consumed(session: Any) -> None:
    pytest.importorskip("PySide6")
    from PySide6 import QtCore, QtGui, QtWidgets

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    pick = session.module("follow").PICKS
    pick.real_watch(True)
    holder, dag = QtWidgets.QWidget(objectName="Viewer.1"), QtWidgets.QWidget(objectName="DAG.1")
    arrived: list[bool] = []
    seen: list[bool] = []
    pick.released = lambda: seen.append(True)

    class Inside(QtWidgets.QWidget):
        def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
            arrived.append(bool(seen))

    ctrl, none = QtCore.Qt.KeyboardModifier.ControlModifier, QtCore.Qt.KeyboardModifier.NoModifier
    left, right = QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.MouseButton.RightButton

    def release(parent: QtWidgets.QWidget, button: QtCore.Qt.MouseButton, keys: QtCore.Qt.KeyboardModifier) -> None:
        spot = QtCore.QPointF(1, 1)
        kind = QtCore.QEvent.Type.MouseButtonRelease
        inside = Inside(parent)
        application.sendEvent(inside, QtGui.QMouseEvent(kind, spot, spot, button, button, keys))
        application.processEvents()

    try:
        for one in ((dag, left, ctrl), (holder, left, none), (holder, right, ctrl)):
            release(*one)
        assert arrived == [False] * 3 and seen == []
        release(holder, left, ctrl)
        assert arrived == [False] * 4 and seen == [True], "the host has its event before the sample is taken"
    finally:
        pick.real_watch(False)
    release(holder, left, ctrl)
    assert len(arrived) == 5 and seen == [True], "watched only while a node wants picks"


def test_handles_stand_on_the_prompts_of_the_frame(session: Any) -> None:
    plate = session.plate(size=(64, 48))
    group = session.wisp(plate)
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    group["wisp_set_box"].execute()
    assert group["wisp_point_1"].value() == [10.5, 5.5] and group["wisp_point_1"].visible()
    assert group["wisp_box"].value() == [8, 10, 40, 30] and not group["wisp_point_2"].visible()
    session.host.frame(1003)
    session.idle()
    assert box(group) == [0, 0, 0, 0] and not group["wisp_point_1"].visible()


def test_handles_say_what_they_are(session: Any) -> None:
    """The viewer writes a handle's label beside it."""
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    group["wisp_add_neg"].execute()
    assert [group[f"wisp_point_{number}"].label() for number in (1, 2)] == ["+ object1", "- object1"]
    session.sets(group, "wisp_object_name", "hero")
    assert [group[f"wisp_point_{number}"].label() for number in (1, 2)] == ["+ hero", "- hero"]
    assert group["wisp_box"].label() == "box hero"


def test_dragged_handles_move_the_prompts_in_one_step(session: Any) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    steps = len(session.host.undo.steps)
    for x in (11.0, 12.0, 13.0):
        session.module("viewer_pick").mouse_held = lambda: True
        session.host.user_sets(group["wisp_point_1"], (x, 7.0))
        session.idle(held=True)
    assert session.prompts(group)[0]["xy"] == [10.5, 42.5]
    session.idle()
    assert session.prompts(group)[0]["xy"] == [13, 41] and len(session.host.undo.steps) == steps + 1
    session.sets(group, "wisp_box", (4, 6, 20, 30))
    session.idle()
    assert session.prompts(group)[1]["xyxy"] == [4, 18, 20, 42], "a box drawn by its handles"
    session.undo()
    session.undo()
    assert [p["xy"] for p in session.prompts(group)] == [[10.5, 42.5]]
    assert group["wisp_point_1"].value() == [10.5, 5.5] and box(group) == [0, 0, 0, 0]


def test_a_box_that_is_dragged_off_the_picture_goes_back(session: Any) -> None:
    from wisp.shot import parse

    group = session.wisp()
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    group["wisp_set_box"].execute()
    before = session.prompts(group)
    session.drags(group, "wisp_box", [(-20.0, 10.0, -10.0, 30.0), (-50.0, -50.0, -20.0, -20.0)])
    assert "outside the picture" in group["wisp_status"].value()
    assert session.prompts(group) == before and box(group) == [8, 10, 40, 30]
    session.drags(group, "wisp_box", [(-1000.0, -1000.0, 900.0, 900.0)])
    assert session.prompts(group)[0]["xyxy"] == [-64, -48, 128, 96], "no farther than any overscan"
    parse(session.module("solving").document(group))


def test_a_handle_of_another_frame_moves_nothing(session: Any) -> None:
    group = session.wisp()
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    before = session.objects(group)
    session.module("viewer_pick").mouse_held = lambda: True
    session.host.user_sets(group["wisp_point_1"], (30.0, 30.0))
    session.host.frame(1002)
    session.idle()
    assert session.objects(group) == before


def test_the_active_object_has_the_handles(session: Any) -> None:
    group = session.wisp()
    for x in (10, 20):
        group["wisp_add_object"].execute()
        session.host.viewer.ctrl_click(x, 5)
        group["wisp_add_pos"].execute()
    assert group["wisp_point_1"].value() == [20.5, 5.5]
    session.sets(group, "wisp_object", 0)
    assert group["wisp_point_1"].value() == [10.5, 5.5]
    session.sets(group, "wisp_point_1", (12.5, 5.5))
    session.idle()
    assert [p[0]["xy"][0] for p in (session.prompts(group, 0), session.prompts(group, 1))] == [12.5, 20.5]


# -- guides ---------------------------------------------------------------------------------------------------


@pytest.fixture
def guided(session: Any) -> Any:
    """A node with a box on its first frame, and the guides that show it."""
    pytest.importorskip("PySide6", reason="guides are painted by Qt")
    group = session.wisp()
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    group["wisp_set_box"].execute()
    session.rests()
    return group


def test_guides_are_drawn_where_the_prompts_are(session: Any, guided: Any) -> None:
    shown, plate = render(guided, 1001), render(guided.input(0), 1001)
    changed = np.abs(shown[..., :3] - plate[..., :3]).max(axis=2) > 0.02
    rows, columns = np.nonzero(changed)
    # The box is 8..40 x 18..38 from the top; its line and corners reach a few pixels out.
    assert 4 <= columns.min() <= 8 and 39 <= columns.max() <= 44 and 14 <= rows.min() <= 18 and 37 <= rows.max() <= 42
    assert not changed[22:34, 14:34].any(), "nothing inside the box"
    assert np.array_equal(shown[..., 3], render(guided, 1002)[..., 3]), "alpha is that of the matte"
    assert np.array_equal(render(guided, 1002)[..., :3], plate[..., :3]), "no guides on other frames"
    session.sets(guided, "wisp_show_guides", False)
    assert np.array_equal(render(guided, 1001)[..., :3], plate[..., :3])


def test_guides_follow_edits_and_frames(session: Any, guided: Any) -> None:
    file = guided.node("GuideRead")["file"].value()
    assert file.endswith("guides.%04d.png")
    presses = guided.node("GuideRead")["reload"].presses
    session.rests()
    assert guided.node("GuideRead")["reload"].presses == presses, "nothing has changed"
    session.host.viewer.ctrl_click(50, 40)
    guided["wisp_add_pos"].execute()
    session.rests()
    assert guided.node("GuideRead")["file"].value() == file
    assert np.abs(render(guided, 1001)[7, 50, :3] - 0.25).max() > 0.02
    session.host.frame(1002)
    session.rests()
    assert np.allclose(render(guided, 1002)[..., :3], 0.25)
    guided["wisp_add_pos"].execute()
    session.rests()
    assert render(guided, 1002)[..., :3].std() > 0.01 and render(guided, 1001)[..., :3].std() > 0.01
    guided["wisp_clear_object"].execute()
    session.rests()
    assert render(guided, 1002)[..., :3].std() == render(guided, 1001)[..., :3].std() == 0


def test_guides_stay_out_of_saved_scripts(session: Any, guided: Any) -> None:
    session.module("menus").install()
    assert "guides." not in session.host.save()
    session.rests()
    assert render(guided, 1001)[..., :3].std() > 0.01, "they are back"
    assert not session.host.root().modified()


def test_looking_playing_and_saving_leave_the_script_unmodified(session: Any, guided: Any) -> None:
    session.module("menus").install()
    session.host.frame(1003)
    guided["wisp_add_pos"].execute()
    session.rests()
    assert session.host.root().modified(), "a prompt is an edit"
    session.host.save()
    for turn in range(40):
        session.host.frame(1001 + turn % 4)
        session.idle()
    session.rests()
    presses = guided.node("GuideRead")["reload"].presses
    for turn in range(40):
        session.host.frame(1001 + turn % 4)
        session.idle()
    assert guided.node("GuideRead")["reload"].presses == presses, "nothing is read anew while it plays"
    steps = len(session.host.undo.steps)
    session.rests()
    assert not session.host.root().modified() and len(session.host.undo.steps) == steps


def test_closing_a_script_forgets_its_nodes(session: Any, guided: Any) -> None:
    session.module("menus").install()
    known = session.module("state").known
    assert [uid for uid, _ in known()] == [guided["wisp_uid"].value()]
    session.host.scriptClose()
    session.idle()
    assert known() == []


def test_guides_never_reach_a_render(start: Any, tmp_path: Path) -> None:
    """Neither one in the interface, nor one elsewhere, nor the plate of a further node."""
    pytest.importorskip("PySide6", reason="guides are painted by Qt")
    session = start()
    session.module("menus").install()
    group = session.wisp()
    session.host.viewer.ctrl_shift_drag(8, 10, 40, 30)
    group["wisp_set_box"].execute()
    session.sets(group, "wisp_strict", False)
    session.rests()
    assert render(group, 1001)[..., :3].std() > 0.01
    write = session.host.nodes.Write(file=str(tmp_path / "out.%04d.png"))
    write.setInput(0, group)
    session.host.execute(write, 1001, 1001)
    import cv2

    assert cv2.imread(str(tmp_path / "out.1001.png")).std() == 0
    assert render(group, 1001)[..., :3].std() > 0.01, "they are back"

    further = session.module("node").create(group)
    session.module("plates").export(further, str(tmp_path / "plates"), 1001, 1001)
    from wisp.plates.exr import read_channels

    assert read_channels(tmp_path / "plates" / "plate.1001.exr")[0]["R"].std() == 0
    session.host.GUI = False
    assert render(group, 1001)[..., :3].std() == 0


def test_a_render_in_the_interface_stops_at_an_unsolved_frame_and_the_viewer_recovers(
    session: Any, tmp_path: Path
) -> None:
    session.module("menus").install()
    group = session.wisp()
    write = session.host.nodes.Write(file=str(tmp_path / "out.%04d.png"))
    write.setInput(0, group)
    with pytest.raises(RuntimeError, match="not been solved"):
        session.host.execute(write, 1001, 1001)
    if not session.host.unknowns.after_aborted:
        with pytest.raises(RuntimeError, match="not been solved"):
            render(group, 1001)  # the failed render has not said that it is over
    session.idle()
    assert render(group, 1001).shape == (48, 64, 4)


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_picks_handles_and_prompts_agree_also_with_wide_pixels_and_a_proxy(session: Any, aspect: float) -> None:
    plate = session.plate()
    plate.own["format"] = Format(64, 48, aspect)
    group = session.wisp(plate)
    session.host.root()["proxy"].setValue(True)
    session.host.viewer.ctrl_click(10, 5)
    group["wisp_add_pos"].execute()
    assert np.allclose(session.prompts(group)[0]["xy"], [10.5, 42.5], atol=0.011)
    assert np.allclose(group["wisp_point_1"].value(), [10.5, 5.5], atol=0.011)
