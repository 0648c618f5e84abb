"""The panel in the host: what is drawn goes into the node, what changes in the node is shown."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6", reason="the panel needs PySide6 (the gui extra)")

from PySide6 import QtTest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def pictures(frame: int) -> np.ndarray:
    """A bright disc that moves to the right over noise, RGBA, linear."""
    noise = np.random.default_rng(7).random((96, 128, 4)).astype(np.float32) * 0.05
    cv2.circle(noise, (50 + 3 * (frame - 1001), 48), 20, (0.8, 0.5, 0.2, 0.0), -1)
    return noise


@pytest.fixture
def panel(start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A panel that edits a node on that plate."""
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("WISP_OFFLINE", "1")
    QApplication.instance() or QApplication([])
    session = start()
    panel = session.module("panel").Panel()
    panel.resize(900, 700)
    panel.show()
    panel.session = session
    panel.edit(session.wisp(session.plate(pictures, (128, 96)), tmp_path / "cache"))
    wait(lambda: panel.editor is not None and panel.editor.loader.get(("plate", 1001)) is not None)
    yield panel
    panel.close()


def wait(until: Callable[[], bool], timeout: float = 120.0) -> None:
    """The host is idle until something holds."""
    deadline = time.monotonic() + timeout
    while not until():
        QApplication.processEvents()
        sys.modules["wisp_nuke.follow"].idle()
        time.sleep(0.002)
        assert time.monotonic() < deadline, "still waiting"


def active(panel: Any) -> bool:
    """Whether it is the active window, to which shortcuts belong; asks to be while it is not."""
    if QApplication.activeWindow() is not panel:
        panel.activateWindow()
    return QApplication.activeWindow() is panel


def at(panel: Any, x: float, y: float) -> Any:
    return panel.editor.canvas.to_screen(x, y).toPoint()


def kinds(panel: Any) -> list[str]:
    objects = panel.session.module("edits").stored(panel.group)["objects"]
    return [prompt["kind"] for item in objects for prompt in item["prompts"]]


def test_drawing_and_undo_on_both_sides(panel: Any) -> None:
    panel.editor.live.setChecked(False)
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 50, 48))
    QtTest.QTest.mouseClick(panel.editor.canvas, Qt.MouseButton.RightButton, NONE, at(panel, 10, 10))
    assert kinds(panel) == ["point", "point"]
    panel.session.undo()
    assert kinds(panel) == ["point"] and len(panel.editor.edits.prompts(1, 1001)) == 1
    panel.session.host.viewer.ctrl_click(20, 20)
    panel.group["wisp_add_neg"].execute()
    assert [prompt["include"] for prompt in panel.editor.edits.prompts(1, 1001)] == [True, False]
    wait(lambda: active(panel))
    QtTest.QTest.keyClick(panel.editor.canvas, Qt.Key.Key_Right)
    wait(lambda: panel.session.host.frame() == 1002, 5)


def test_keys_are_the_editors_while_it_has_the_focus(panel: Any) -> None:
    """Although the host has shortcuts of its own on them, for the whole application."""
    from PySide6.QtGui import QKeySequence, QShortcut

    seen: list[str] = []
    kept = []
    for key in ("Right", "Ctrl+Z"):
        shortcut = QShortcut(QKeySequence(key), panel)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        shortcut.activated.connect(lambda key=key: seen.append(key))
        kept.append(shortcut)
    panel.editor.live.setChecked(False)
    wait(lambda: active(panel))
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 50, 48))
    QtTest.QTest.keyClick(panel.editor.canvas, Qt.Key.Key_Right)
    assert panel.session.host.frame() == 1002
    QtTest.QTest.keyClick(panel.editor.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert kinds(panel) == [] and seen == []
    panel.button.setFocus()
    QtTest.QTest.keyClick(panel.button, Qt.Key.Key_Right)
    assert seen == ["Right"], "elsewhere it is the host's"


def test_a_panel_that_is_put_elsewhere_shows_its_node_again(panel: Any) -> None:
    group = panel.group
    panel.close()
    assert panel.editor is None and panel.group is None
    panel.show()
    wait(lambda: panel.editor is not None)
    assert panel.group is group and panel.session.module("follow").in_panel(group)


def test_a_node_that_is_gone_is_edited_no_more(panel: Any, tmp_path: Path) -> None:
    """By its deletion, and by undo of its making, of which the host does not tell."""
    host, follow = panel.session.host, panel.session.module("follow")
    host.delete(panel.group)
    assert panel.editor is None and panel.group is None
    plate = panel.session.plate(pictures, (128, 96))
    host.undo.begin("Wisp")
    group = panel.session.wisp(plate, tmp_path / "cache")
    host.undo.end()
    panel.edit(group)
    wait(lambda: panel.editor is not None)
    host.undo.undo()
    said = len(host.said)
    panel.editor.edits.add_object()
    assert "is gone" in host.said[said]
    follow.idle()
    assert panel.editor is None and panel.session.module("state").known() == []
    QApplication.processEvents()
    assert [one for one in QApplication.topLevelWidgets() if one.isVisible()] == [panel]


def test_a_script_that_is_closed_takes_its_node_out_of_the_panel(panel: Any) -> None:
    panel.session.module("menus").install()
    text, own = panel.session.host.save(), panel.group.input(0).own
    panel.session.host.scriptClose()
    assert panel.editor is None
    panel.session.host.load(text)
    group = panel.session.host.toNode("Wisp1")
    group.input(0).own = own
    panel.edit(group)
    wait(lambda: panel.editor is not None)
    panel.editor.edits.add_object()
    assert len(panel.session.objects(group)) == 1


def test_an_object_too_many_is_refused_in_the_panel_too(panel: Any) -> None:
    panel.editor.live.setChecked(False)
    for _ in range(9):
        panel.editor.edits.add_object()
    assert len(panel.session.objects(panel.group)) == len(panel.editor.edits.objects) == 8
    assert "at most 8" in panel.session.host.said[-1]


def test_a_node_in_a_panel_needs_no_bar_of_the_host(panel: Any) -> None:
    panel.editor.live.setChecked(False)
    follow = panel.session.module("follow")
    assert follow.in_panel(panel.group)
    panel.session.host.viewer.ctrl_click(50, 48)
    panel.group["wisp_add_pos"].execute()
    panel.group["wisp_track_this"].execute()
    assert panel.session.host.bars == []
    wait(lambda: panel.group["wisp_cache_state"].getValueAt(1001) == 1)
    group = panel.group
    panel.leave()
    assert not follow.in_panel(group)


def test_an_edit_in_the_panel_keeps_what_is_asked_of_an_input_that_is_not_there(panel: Any) -> None:
    session, group = panel.session, panel.group
    panel.leave()
    session.host.viewer.ctrl_click(50, 48)
    group["wisp_add_pos"].execute()
    session.sets(group, "wisp_object_core", True)
    panel.edit(group)
    wait(lambda: panel.editor is not None and panel.editor.loader.get(("plate", 1001)) is not None)
    panel.editor.live.setChecked(False)
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 60, 48))
    session.idle()
    (item,) = session.objects(group)
    assert len(item["prompts"]) == 2 and item["core"] and group["wisp_object_core"].value() is True


def test_the_panel_knows_the_nodes_range_and_models_and_chooses_them(panel: Any) -> None:
    session, group, shot = panel.session, panel.group, panel.editor.edits
    panel.editor.live.setChecked(False)
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 50, 48))
    session.sets(group, "wisp_last", 1003)
    session.module("host").offer(group["wisp_head"], ["embedded", "guided"], 1)
    session.idle()
    assert (shot.first, shot.last) == (1001, 1003)
    assert shot.document["solve"]["head"] == "guided", "what a version of it is kept with"
    shot.set_objects([dict(shot.objects[0], prompts=[])], tracker="flow", head="closed-form", uncover=False)
    session.idle()
    assert group["wisp_head"].value() == "closed-form" and group["wisp_uncover"].value() is False
    assert session.objects(group)[0]["prompts"] == []


def test_undo_in_the_panel_takes_no_setting_of_the_node_back(panel: Any) -> None:
    session, group = panel.session, panel.group
    panel.editor.live.setChecked(False)
    for x in (50, 60):
        QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, x, 48))
    session.rests()
    session.module("host").offer(group["wisp_head"], ["embedded", "guided"], 1)
    session.rests()
    panel.editor.edits.undo()
    session.rests()
    assert len(session.prompts(group)) == 1 and group["wisp_head"].value() == "guided"


def test_stop_in_the_panel_stops_the_rendering_of_the_plate(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, group = panel.session, panel.group
    panel.editor.live.setChecked(False)
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 50, 48))
    session.rests()
    solving, plates = session.module("solving"), session.module("plates")
    plates.forget(solving.plate_folder(group))
    monkeypatch.setattr(plates, "PATIENCE", 0.0)
    panel.editor.track("track-both")
    assert session.module("state").of(group).export is not None and panel.editor.session.busy
    panel.editor.session.stop()
    session.rests()
    assert not panel.editor.session.busy and group["wisp_cache_state"].getValueAt(1001) != 1


def test_a_job_of_the_panel_has_the_plate_as_it_is_now(panel: Any) -> None:
    session, group = panel.session, panel.group
    panel.editor.live.setChecked(False)
    QtTest.QTest.mouseClick(panel.editor.canvas, LEFT, NONE, at(panel, 50, 48))
    picture = Path(session.module("solving").plate_folder(group)) / "plate.1001.exr"
    before = picture.read_bytes()
    group.input(0).own.update(pictures=lambda frame: pictures(frame)[::-1] * 0.5, version="graded")
    session.rests()
    panel.editor.track("track-frame")
    wait(lambda: group["wisp_cache_state"].getValueAt(1001) == 1)
    assert picture.read_bytes() != before


@pytest.mark.slow
def test_what_the_panel_solves_the_node_has(panel: Any) -> None:
    panel.editor.live.setChecked(False)
    panel.editor.set_tool("box")
    canvas = panel.editor.canvas
    QtTest.QTest.mousePress(canvas, LEFT, NONE, at(panel, 28, 26))
    QtTest.QTest.mouseMove(canvas, at(panel, 60, 60))
    QtTest.QTest.mouseRelease(canvas, LEFT, NONE, at(panel, 72, 70))
    panel.editor.track("track-both")
    wait(lambda: panel.group["wisp_cache_state"].getValueAt(1004) == 1)
    from fake_nuke.render import render

    found = render(panel.group, 1004)[..., 3] > 0.5
    truth = pictures(1004)[..., 0] > 0.4
    assert (found & truth).sum() / (found | truth).sum() > 0.85


def test_a_pen_paints_as_wide_as_it_is_pressed_and_as_soft_as_the_brush(panel: Any) -> None:
    """Qt tells of a pen first, and then, as nobody takes that, of a mouse at the same place."""
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QPointingDevice, QTabletEvent

    editor = panel.editor
    editor.live.setChecked(False)
    editor.commands["stroke"].trigger()
    editor.gestures.radius, editor.gestures.softness = 8.0, 0.5
    mouse = {QEvent.Type.TabletPress: QtTest.QTest.mousePress, QEvent.Type.TabletRelease: QtTest.QTest.mouseRelease}
    for kind, x, pressure in (
        (QEvent.Type.TabletPress, 30, 0.5),
        (QEvent.Type.TabletMove, 50, 0.5),
        (QEvent.Type.TabletMove, 70, 1.0),
        (QEvent.Type.TabletRelease, 70, 0.0),
    ):
        place = QPointF(at(panel, x, 48))
        device = QPointingDevice.primaryPointingDevice()
        event = QTabletEvent(kind, device, place, place, pressure, 0, 0, 0, 0, 0, NONE, LEFT, LEFT)
        QApplication.sendEvent(editor.canvas, event)
        if kind in mouse:
            mouse[kind](editor.canvas, LEFT, NONE, at(panel, x, 48))
        else:
            QtTest.QTest.mouseMove(editor.canvas, at(panel, x, 48))
    assert kinds(panel) == ["stroke", "stroke"], "in the node"
    drawn = panel.session.prompts(panel.group)
    assert [one["radius"] for one in drawn] == [4.0, 8.0] and [one["softness"] for one in drawn] == [0.5, 0.5]
    panel.session.undo()
    assert panel.session.objects(panel.group) == [], "one step of the host's undo"


def key(panel: Any, pressed: Any, held: Any = NONE) -> None:
    wait(lambda: active(panel))
    QtTest.QTest.keyClick(panel.editor.canvas, pressed, held)


@pytest.mark.slow
def test_what_helps_to_look_and_to_choose_is_there_in_the_host_too(panel: Any) -> None:
    """A click foreseen, locks, doubt of every pixel, the frame to correct next, a wipe, versions brought back."""
    editor, canvas, ctrl = panel.editor, panel.editor.canvas, Qt.KeyboardModifier.ControlModifier
    editor.live.setChecked(False)
    wait(lambda: editor.session.client.state == "ready")
    editor.toolbar.foresee.setChecked(True)
    QtTest.QTest.mouseMove(canvas, at(panel, 46, 46))
    QtTest.QTest.mouseMove(canvas, at(panel, 50, 48))
    wait(lambda: editor.viewing._foreseen is not None)
    assert kinds(panel) == [] and panel.session.objects(panel.group) == [], "nothing was drawn"
    editor.toolbar.foresee.setChecked(False)

    editor.set_tool("box")
    QtTest.QTest.mousePress(canvas, LEFT, NONE, at(panel, 28, 26))
    QtTest.QTest.mouseMove(canvas, at(panel, 60, 60))
    QtTest.QTest.mouseRelease(canvas, LEFT, NONE, at(panel, 72, 70))
    for grow in (0.0, 6.0):
        editor.edge.rows["grow"].number.setValue(grow)
        editor.track("track-both")
        wait(
            lambda: (
                editor.session.settled
                and not editor.session.mattes.lanes[1].dirty
                and len(editor.session.mattes.lanes[1].solved) == 4
            )
        )
    looks: list[Any] = []
    for number in range(Qt.Key.Key_1, Qt.Key.Key_6):  # plate, matte, tint, cut-out, chequerboard
        key(panel, Qt.Key(number), ctrl)
        wait(lambda: all(canvas.grab().toImage() != one for one in looks))
        looks.append(canvas.grab().toImage())
    key(panel, Qt.Key.Key_K)
    assert panel.session.objects(panel.group)[0]["locks"] == [[1001, 1001]]
    panel.session.undo()
    assert not panel.session.objects(panel.group)[0].get("locks")
    key(panel, Qt.Key.Key_7, ctrl)
    assert editor.mode == "doubt"
    for frame in (1003, 1004):
        editor.session.mattes.note_track_state(1, frame, "tracked", 0.3)
    key(panel, Qt.Key.Key_G)
    wait(lambda: panel.session.host.frame() == 1003)
    key(panel, Qt.Key.Key_W)
    assert canvas.wipe is not None
    dialog = editor.show_versions()
    wait(lambda: len(editor.show_versions().versions) == 2)
    dialog = editor.show_versions()
    dialog.list.setCurrentRow(1)
    panel.activateWindow()
    key(panel, Qt.Key.Key_6, ctrl)
    assert editor.mode == "difference"
    wait(lambda: all(canvas.grab().toImage() != one for one in looks))
    dialog.restore_button.click()
    assert not panel.session.objects(panel.group)[0].get("edge", {}).get("grow")
    dialog.close()


def test_weights_are_offered_with_their_terms_and_fetched_on_from_the_panel(panel: Any) -> None:
    """There is no network here: a sentence says so, and it can be tried again."""
    editor = panel.editor
    wait(lambda: bool(editor.session.models))
    key(panel, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = editor.findChildren(panel.session.module("vendor.panel.fetch").GetModels)
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    dialog.list.setCurrentRow(next(row for row, text in enumerate(texts) if "216 MB, CC-BY-NC-SA-4.0" in text))
    assert "NON-COMMERCIAL" in dialog.terms.text()
    for _ in range(2):
        dialog.get_button.click()
        assert dialog.fetching and not dialog.get_button.isEnabled()
        wait(lambda: not dialog.fetching)
        assert "WISP_OFFLINE is set" in dialog.words.text() and dialog.get_button.isEnabled()
    dialog.close()
