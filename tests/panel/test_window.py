"""`wisp view` driven by mouse and keys, with the real engine and the built-in models."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.hand import FRAMES, SIZE, Hand, disc
from PySide6 import QtTest
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.client.mattes import Lane
from wisp.client.states import STATES
from wisp.panel import compose
from wisp.panel.qt import Qt, QtCore, QtGui, QtWidgets
from wisp.panel.viewing import INVITATION
from wisp.view.places import open_target
from wisp.view.window import Window

FIRST = FRAMES[0]
CONTROL = Qt.KeyboardModifier.ControlModifier


def draw_box(hand: Hand, frame: int = FIRST) -> None:
    x, y = disc(frame)
    hand.key(Qt.Key.Key_B)
    hand.drag((x - 30, y - 30), (x, y), (x + 30, y + 30))


@pytest.mark.slow
def test_from_a_plate_to_a_saved_shot(window: Window, hand: Hand, gate: Path, tmp_path: Path) -> None:
    """Box, live matte, track, correct, undo, lock, save, open again: what an afternoon consists of."""
    editor = window.editor
    draw_box(hand)
    (item,) = editor.edits.objects
    assert np.allclose(item["prompts"][0]["xyxy"], [30, 34, 90, 94], atol=1.0)
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)

    gate.touch()
    hand.key(Qt.Key.Key_F)
    assert editor.session.busy and not editor.commands["track-forward"].isEnabled()
    gate.unlink()
    hand.wait(lambda: not editor.session.busy)
    hand.wait(lambda: editor.session.mattes.lanes[1].solved == set(FRAMES))
    assert FIRST not in editor.session.mattes.lanes[1].suspicious, "a keyframe is nothing to doubt"
    alpha, _ = read_matte(Path(editor.session.mattes.path(1, FRAMES[-1]) or ""))
    truth = np.zeros(SIZE[::-1], np.uint8)
    cv2.circle(truth, tuple(round(c) for c in disc(FRAMES[-1])), 28, 1, -1)
    assert np.abs(alpha - truth).mean() < 0.02

    hand.key(Qt.Key.Key_End)
    assert editor.frame == FRAMES[-1] == editor.transport.slider.value()
    hand.click(20, 20, Qt.MouseButton.RightButton)
    assert editor.edits.prompts(1, FRAMES[-1])[0]["include"] is False
    hand.wait(lambda: bool(editor.session.mattes.lanes[1].dirty))
    hand.key(Qt.Key.Key_Z, CONTROL)
    assert editor.edits.keyframes() == [FIRST]
    hand.wait(lambda: editor.session.mattes.lanes[1].solved == set(FRAMES))

    hand.key(Qt.Key.Key_K)
    assert editor.edits.locked(1, FRAMES[-1])
    window.save(tmp_path / "saved" / "sh010.wisp")
    assert not window.opened.draft and "not saved" not in window.windowTitle()
    shot = documents.load(tmp_path / "saved" / "sh010.wisp")
    assert shot.plate.path == "../plates/sh010.%04d.png" and shot.objects[0].locks == [(FRAMES[-1], FRAMES[-1])]
    hand.wait(lambda: editor.session.mattes.path(1, FRAMES[-2]) is not None)
    taken_along = Path(editor.session.mattes.path(1, FRAMES[-2]) or "")
    assert tmp_path / "saved" in taken_along.parents, "mattes move along with the shot"

    window.open(tmp_path / "saved" / "sh010.wisp")
    again = window.editor
    hand.wait(lambda: 1 in again.session.mattes.lanes and again.session.mattes.lanes[1].solved >= set(FRAMES[:-1]))
    assert again.edits.keyframes() == [FIRST] and again.edits.locked(1, FRAMES[-1])
    hand.wait(lambda: all(again.session.mattes.path(1, frame) for frame in FRAMES[:-1]))
    hand.wait(lambda: again.loader.get(("plate", FIRST)) is not None)
    plate = again.loader.get(("plate", FIRST))
    hand.wait(lambda: again.canvas._picture not in (None, plate))  # the matte is shown without further ado


@pytest.mark.slow
def test_a_killed_engine_costs_nothing(window: Window, hand: Hand, gate: Path) -> None:
    editor = window.editor
    draw_box(hand)
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)
    pid = editor.session.client.pid
    assert pid is not None
    gate.touch()
    editor.track("track-both")
    hand.wait(lambda: FIRST + 1 in editor.session.mattes.lanes[1].solved)
    os.kill(pid, signal.SIGKILL)
    hand.wait(lambda: not editor.session.busy)
    assert editor.session.failed and "signal 9" in editor.status.text() and "prompts are safe" in editor.status.text()
    assert editor.edits.keyframes() == [FIRST]
    gate.unlink()
    editor.track("track-both")
    hand.wait(lambda: editor.session.mattes.lanes[1].solved == set(FRAMES))
    assert editor.session.client.pid not in (None, pid)


@pytest.mark.slow
def test_stop_keeps_what_is_finished(window: Window, hand: Hand, gate: Path) -> None:
    """Stopped after the first of the job's mattes, in the middle of its work: what is begun is finished."""
    editor = window.editor
    draw_box(hand)
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)
    pid = editor.session.client.pid
    gate.touch()
    editor.track("track-both")
    hand.wait(lambda: FIRST + 1 in editor.session.mattes.lanes[1].solved)
    told: list[bool] = []
    editor.session.mattes_known.connect(lambda: told.append(editor.session.busy))
    hand.key(Qt.Key.Key_Escape)
    hand.wait(lambda: False in told)
    solved = editor.session.mattes.lanes[1].solved
    assert {FIRST, FIRST + 1} <= solved <= {FIRST, FIRST + 1, FIRST + 2}, "and perhaps the one that the head was at"
    assert "Stopped" in editor.status.text(), "how it ended is still said when the engine has told what is there"
    gate.unlink()
    editor.track("track-both")
    hand.wait(lambda: editor.session.mattes.lanes[1].solved == set(FRAMES))
    assert editor.session.client.pid == pid


def test_the_window_answers_while_the_engine_works(window: Window, hand: Hand, gate: Path) -> None:
    """The engine is held up; whatever waited for it would wait until the watchdog lets it go."""
    editor = window.editor
    gate.touch()
    released: list[None] = []
    watchdog = threading.Timer(300.0, lambda: (released.append(None), gate.unlink()))
    watchdog.start()
    draw_box(hand)
    hand.wait(lambda: editor.session.previewing and editor.session.client.state == "ready")
    hand.key(Qt.Key.Key_Right)
    hand.click(20, 20, Qt.MouseButton.RightButton)
    editor.track("track-both")
    hand.key(Qt.Key.Key_Escape)
    hand.key(Qt.Key.Key_Z, CONTROL)
    hand.key(Qt.Key.Key_Home)
    assert editor.frame == FIRST and editor.edits.keyframes() == [FIRST]
    assert editor.session.mattes.path(1, FIRST) is None and not released
    watchdog.cancel()
    gate.unlink()
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None)


def test_objects_tools_and_modes_by_key(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(60, 64)
    editor.objects.add_button.click()
    hand.click(150, 20)
    assert [len(item["prompts"]) for item in editor.edits.objects] == [1, 1]
    hand.key(Qt.Key.Key_1)
    assert editor.edits.active == 1
    hand.key(Qt.Key.Key_Tab)
    assert editor.edits.active == 2
    hand.key(Qt.Key.Key_Right)
    hand.click(100, 100)
    assert editor.edits.keyframes(2) == [FIRST, FIRST + 1]
    hand.key(Qt.Key.Key_Left, CONTROL)
    assert editor.frame == FIRST
    hand.key(Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert editor.edits.keyframes(2) == [FIRST + 1]
    for key, mode in zip((Qt.Key.Key_1, Qt.Key.Key_4), (compose.PLATE, compose.CUTOUT), strict=True):
        hand.key(key, CONTROL)
        assert editor.mode == mode
    editor.objects.list.item(0).setText("The hero!")
    assert editor.edits.objects[0]["name"] == "The_hero"
    editor.objects.list.item(1).setText("the_HERO")
    assert editor.edits.objects[1]["name"] == "object2", "names are told apart without case"
    editor.edits.set_object(2, name="hero_")
    editor.objects.refresh()
    editor.objects.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert (editor.edits.objects[1]["name"], editor.edits.objects[1]["enabled"]) == ("hero_", False)


@pytest.mark.parametrize("change", ["undo", "delete", "remove"])
def test_a_gesture_ends_where_what_it_holds_goes(window: Window, hand: Hand, change: str) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(60, 64)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QtTest.QTest.mousePress(hand.canvas, left, none, hand.at(60, 64))
    QtTest.QTest.mouseMove(hand.canvas, hand.at(80, 64))
    if change == "remove":
        editor.objects.remove_button.click()
    else:
        editor.commands[change].trigger()
    steps = len(editor.edits._past)
    QtTest.QTest.mouseRelease(hand.canvas, left, none, hand.at(80, 64))
    assert editor.edits.keyframes() == [] and len(editor.edits._past) == steps


def test_zoom_keeps_the_pixel_under_the_cursor(window: Window, hand: Hand) -> None:
    canvas = window.editor.canvas
    place = QtCore.QPointF(hand.at(50, 30))
    before = canvas.to_plate(place)
    canvas.zoom_at(4.0, place)
    assert np.allclose(canvas.to_plate(place), before)
    hand.click(50, 30)
    assert np.allclose(window.editor.edits.objects[0]["prompts"][0]["xy"], [50, 30], atol=0.5 / canvas.zoom + 0.01)
    hand.key(Qt.Key.Key_H)
    assert canvas.rect().contains(hand.at(0, 0)) and canvas.rect().contains(hand.at(*SIZE))


def test_the_timeline_goes_where_it_is_clicked(window: Window, hand: Hand) -> None:
    timeline = window.editor.timeline
    for frame in (FRAMES[3], FRAMES[-1]):
        place = QtCore.QPoint(round((timeline.x_of(frame) + timeline.x_of(frame + 1)) / 2), 8)
        QtTest.QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        assert window.editor.frame == frame


def test_the_timeline_tells_a_corrected_and_a_lost_frame(window: Window, hand: Hand) -> None:
    editor, timeline = window.editor, window.editor.timeline
    editor.live.setChecked(False)
    hand.click(50, 30)
    editor.go(FRAMES[2])
    hand.click(60, 40)
    (number,) = [item["id"] for item in editor.edits.objects]
    session = editor.session
    session.mattes.lanes[number] = Lane(set(FRAMES[:2]), {FRAMES[2]}, {})
    session.mattes.note_track_state(number, FRAMES[1], "lost", 0.0)
    session.changed.emit()
    said = []
    for frame in (FRAMES[-1], *FRAMES[:3]):  # the first move only enters
        place = QtCore.QPoint(round(timeline.x_of(frame + 0.5)), 30)
        QtTest.QTest.mouseMove(timeline, place)
        QtWidgets.QApplication.processEvents()
        said.append(timeline.toolTip())
    said = said[1:]
    assert "keyframe" in said[0] and "lost" in said[1] and "corrected" in said[2] and "keyframe" not in said[2], said
    shown = timeline.grab().toImage()
    place = round(timeline.x_of(FRAMES[2] + 0.5))
    colors = {shown.pixelColor(place + dx, 30 + dy).name() for dx in (-2, -1, 0, 1) for dy in (-2, -1, 0, 1)}
    assert STATES["corrected"].color in colors and STATES["keyframe"].color not in colors, colors


def test_a_lasso_becomes_a_mask_that_survives_saving(window: Window, hand: Hand, tmp_path: Path) -> None:
    window.editor.live.setChecked(False)
    hand.key(Qt.Key.Key_L)
    hand.drag((40, 40), (120, 40), (120, 100), (40, 100))
    window.save(tmp_path / "elsewhere" / "sh010.wisp")
    shot = documents.load(window.opened.path)
    (prompt,) = shot.objects[0].prompts
    assert isinstance(prompt, documents.MaskPrompt)
    mask = cv2.imread(str(documents.resolve_path(prompt.path, window.opened.path)), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (SIZE[1], SIZE[0])
    assert mask[70, 80] == 255 and mask[20, 80] == 0 and abs(int((mask > 127).sum()) - 80 * 60) < 300


def test_a_damaged_frame_is_said_and_the_rest_goes_on(broken: None, window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.go(FRAMES[5])
    hand.wait(lambda: f"{FRAMES[5]}" in editor.canvas._note)
    editor.go(FRAMES[4])
    hand.wait(lambda: editor.canvas._note == INVITATION)


@pytest.fixture
def broken(plates: Path) -> None:
    """One of the plates is no picture."""
    (plates / f"sh010.{FRAMES[5]}.png").write_bytes(b"no picture")


def test_a_draft_is_there_again(window: Window, hand: Hand, plates: Path) -> None:
    """Prompts on a plate survive a window that is closed without saving."""
    window.editor.live.setChecked(False)
    hand.click(60, 64)
    window.close()
    assert open_target(plates / "sh010.1003.png").shot.objects[0].keyframes == (FIRST,)


def test_a_pen_paints_as_wide_as_it_is_pressed_and_the_mouse_after_it_fully(window: Window, hand: Hand) -> None:
    """Qt tells of a pen first, and then, as nobody takes that, of a mouse at the same place."""
    editor, kinds = window.editor, QtCore.QEvent.Type
    editor.live.setChecked(False)
    editor.commands["stroke"].trigger()
    editor.gestures.radius = 10.0
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

    def pen(kind: QtCore.QEvent.Type, x: float, pressure: float) -> None:
        place, pen = QtCore.QPointF(hand.at(x, 60)), QtGui.QPointingDevice.primaryPointingDevice()
        event = QtGui.QTabletEvent(kind, pen, place, place, pressure, 0, 0, 0, 0, 0, none, left, left)
        QtWidgets.QApplication.sendEvent(editor.canvas, event)
        assert not event.isAccepted()
        mouse = {kinds.TabletPress: QtTest.QTest.mousePress, kinds.TabletRelease: QtTest.QTest.mouseRelease}.get(kind)
        if mouse is None:
            QtTest.QTest.mouseMove(editor.canvas, hand.at(x, 60))
        else:
            mouse(editor.canvas, left, none, hand.at(x, 60))

    pen(kinds.TabletPress, 40, 0.5)
    pen(kinds.TabletMove, 60, 0.5)
    pen(kinds.TabletMove, 80, 1.0)
    pen(kinds.TabletRelease, 80, 0.0)
    assert [one["radius"] for one in editor.edits.prompts(1, FRAMES[0])] == [5.0, 10.0]
    pen(kinds.TabletMove, 90, 0.0)
    hand.drag((40, 100), (60, 100))
    assert editor.edits.prompts(1, FRAMES[0])[-1]["radius"] == 10.0
    for _ in range(2):
        editor.commands["undo"].trigger()
    assert editor.edits.objects == []


def test_the_brush_is_made_soft_by_keys(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.key(Qt.Key.Key_S)
    for _ in range(5):
        hand.key(Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert editor.gestures.softness == 1.0 and "100%" in editor.status.text()
    hand.key(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    hand.drag((40, 100), (60, 100))
    assert editor.edits.prompts(1, FRAMES[0])[-1]["softness"] == 0.75
    documents.parse(dict(editor.edits.document))


@pytest.mark.parametrize(
    ("text", "words"),
    [("stra\N{LATIN SMALL LETTER SHARP S}e", "already an object"), ("123", "begins with a letter")],
)
def test_a_name_that_cannot_be_given_is_said(window: Window, hand: Hand, text: str, words: str) -> None:
    editor = window.editor
    for name in ("STRASSE", "hero"):
        editor.edits.add_object(name)
    row = editor.objects.list.item(1)
    row.setText(text)
    assert words in editor.status.text() and row.text() == "hero"
    assert [item["name"] for item in editor.edits.objects] == ["STRASSE", "hero"]
    row.setText("tiger left")
    assert editor.edits.objects[1]["name"] == row.text() == "tiger_left"


def test_an_object_is_named_switched_off_coloured_and_removed_by_keys_and_menus(
    window: Window, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, edits, control = window.editor, window.editor.edits, Qt.KeyboardModifier.ControlModifier
    for key in (Qt.Key.Key_E, Qt.Key.Key_F2):
        hand.key(key)
    hand.key(Qt.Key.Key_Delete, control)
    assert not edits.objects, "without an object they do nothing"
    for _ in range(2):
        hand.key(Qt.Key.Key_N, control)
    hand.key(Qt.Key.Key_F2)
    line = editor.objects.list.findChild(QtWidgets.QLineEdit)
    QtTest.QTest.keyClicks(line, "bee")
    QtTest.QTest.keyClick(line, Qt.Key.Key_Return)
    QtWidgets.QApplication.processEvents()
    hand.key(Qt.Key.Key_E)
    monkeypatch.setattr(QtWidgets.QColorDialog, "getColor", lambda *_: QtGui.QColor("#123456"))
    editor.commands["color-object"].trigger()
    second = edits.objects[1]
    assert (second["name"], second["enabled"], second["color"]) == ("bee", False, "#123456")
    hand.key(Qt.Key.Key_E)
    assert edits.objects[1]["enabled"]
    hand.key(Qt.Key.Key_Delete, control)
    assert [item["name"] for item in edits.objects] == ["object1"]
    hand.key(Qt.Key.Key_Z, control)
    assert len(edits.objects) == 2


def test_what_is_ticked_beside_the_tools_and_the_reset_of_the_edge_are_commands_too(window: Window, hand: Hand) -> None:
    editor, edits = window.editor, window.editor.edits
    for name, box in (("live", editor.live), ("foresee", editor.toolbar.foresee)):
        command, before = editor.commands[name], box.isChecked()
        assert command.isCheckable() and command.isChecked() == before
        command.trigger()
        assert command.isChecked() == box.isChecked() != before
        box.click()
        assert command.isChecked() == box.isChecked() == before
    edits.add_object()
    before_reset = edits.document
    editor.commands["reset-edge"].trigger()
    assert edits.document is before_reset, "nothing was to be reset"
    edits.set_edge(1, {"grow": 2.0})
    editor.commands["reset-edge"].trigger()
    assert edits.objects[0]["edge"]["grow"] == 0.0
