"""What helps to look: the wipe, the next frame worth a look, the matte that a click would give."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.hand import FRAMES, Hand, disc
from PySide6 import QtTest
from wisp.client.errors import EngineError
from wisp.client.events import Progress
from wisp.client.session import READY, Session
from wisp.client.shots import RemoteShot
from wisp.panel.qt import Qt, QtWidgets
from wisp.panel.viewing import REST
from wisp.view.window import Window

FIRST = FRAMES[0]


def colour(hand: Hand, x: float, y: float) -> tuple[int, ...]:
    """What the canvas shows at a place of the plate."""
    picture = hand.canvas.grab().toImage()
    dense = picture.devicePixelRatio()
    place = hand.at(x, y)
    return picture.pixelColor(round(place.x() * dense), round(place.y() * dense)).getRgb()[:3]


def test_a_wipe_shows_the_plate_on_its_left(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.set_mode("matte")
    height = editor.edits.size[1]
    hand.wait(lambda: colour(hand, 100, 20) == (0, 0, 0))
    hand.key(Qt.Key.Key_W)
    middle = editor.edits.size[0] / 2
    assert colour(hand, middle - 12, 20) != (0, 0, 0) and colour(hand, middle + 12, 20) == (0, 0, 0)
    hand.drag((middle, height / 2), (middle + 20, height / 2), (middle + 40, height / 2))
    assert editor.edits.objects == [], "the handle was taken, nothing was drawn"
    assert colour(hand, middle + 28, 20) != (0, 0, 0) and colour(hand, middle + 52, 20) == (0, 0, 0)
    hand.key(Qt.Key.Key_W)
    assert editor.canvas.wipe is None and colour(hand, middle - 12, 20) == (0, 0, 0)


def test_an_anamorphic_plate_is_shown_unsqueezed_until_a_key_asks_for_its_pixels(window: Window, hand: Hand) -> None:
    editor = window.editor
    shape = [hand.at(40, 0).x() - hand.at(0, 0).x(), hand.at(0, 40).y() - hand.at(0, 0).y()]
    assert abs(shape[0] - shape[1]) <= 1, "square pixels"
    editor.edits.document["plate"]["pixel_aspect"] = 2.0
    for unsqueezed in (False, True, False):
        hand.key(Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
        across, down = hand.at(40, 0).x() - hand.at(0, 0).x(), hand.at(0, 40).y() - hand.at(0, 0).y()
        assert abs(across - down * (2.0 if unsqueezed else 1.0)) <= 2
        assert editor.commands["unsqueeze"].isChecked() is unsqueezed
        x, y = editor.canvas.to_plate(editor.canvas.to_screen(33.0, 44.0))
        assert (round(x, 6), round(y, 6)) == (33.0, 44.0), "prompts stay in plate pixels"


def test_doubt_is_shown_where_the_matte_is_not_to_be_believed(window: Window, hand: Hand) -> None:
    editor = window.editor
    hand.click(*disc(FIRST))
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and editor.session.settled)
    hand.key(Qt.Key.Key_7, Qt.KeyboardModifier.ControlModifier)
    assert editor.mode == "doubt"

    def redness(frame: int, radius: float) -> int:
        """The most of it around the disc."""
        x, y = disc(frame)
        around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        found = [colour(hand, x + radius * np.cos(turn), y + radius * np.sin(turn)) for turn in around]
        return max(red - green for red, green, _ in found)

    def doubted(frame: int) -> bool:
        return max(redness(frame, radius) for radius in (27.5, 28, 28.5)) > 20

    hand.wait(lambda: doubted(FIRST))
    assert redness(FIRST, 15) < 10 and redness(FIRST, 45) < 10, "inside and outside are sure, and grey"
    hand.key(Qt.Key.Key_Right)
    assert editor.frame == FIRST + 1
    hand.wait(lambda: not doubted(FIRST + 1) and not doubted(FIRST))
    hand.key(Qt.Key.Key_Left)
    hand.wait(lambda: doubted(FIRST))


def test_an_answer_stands_as_long_as_it_is_read_or_of_the_frame(window: Window, hand: Hand) -> None:
    editor, session = window.editor, window.editor.session
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    hand.wait(lambda: session.settled)
    hand.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    session.show_message(READY)
    assert editor.status.text() == "1 prompt copied"
    editor.status._reading.setInterval(20)
    hand.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    hand.wait(lambda: editor.status.text() == READY)
    editor.status._reading.setInterval(60_000)
    session.mattes.note_track_state(1, FIRST + 2, "lost", 0.0)
    hand.key(Qt.Key.Key_N)
    assert editor.status.text() == f"Frame {FIRST + 2}: lost"
    hand.key(Qt.Key.Key_Right)
    assert editor.status.text() == READY, "it was said of another frame"
    hand.key(Qt.Key.Key_Y)
    session.show_message("8 frames solved")
    assert editor.status.text() == "8 frames solved", "news are not held back"


def test_undo_goes_to_what_it_changes(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    editor.go(FIRST + 4)
    hand.click(20, 20)
    editor.edits.add_object()
    for change in ("undo", "undo", "redo"):
        editor.choose(2)
        editor.go(FIRST)
        editor.commands[change].trigger()
    assert (editor.frame, editor.edits.active) == (FIRST + 4, 1) and editor.status.text() == "Done again: Add prompt"


def test_a_long_sentence_shows_its_beginning_and_its_end(window: Window) -> None:
    line = window.editor.status
    sentence = f"The picture {'/plates' * 40}/sh010.1001.exr cannot be read. Write the file anew."
    window.resize(1024, 700)
    line.show_words(sentence, failed=True)
    QtWidgets.QApplication.processEvents()
    shown = line.words.text()
    assert (
        shown.startswith("The picture /")
        and shown.endswith("Write the file anew.")
        and "\N{HORIZONTAL ELLIPSIS}" in shown
    )
    assert line.text() == line.words.toolTip() == sentence
    assert line.words.width() > 700, "the bar's place is theirs while it is not there"


def test_playing_goes_from_in_to_out(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.edits.mark_in, editor.edits.mark_out = FIRST + 2, FIRST + 4
    seen = []
    for _ in range(5):
        hand.wait(lambda: editor.loader.get(("plate", editor.frame)) is not None)
        editor.transport.beat.emit()
        seen.append(editor.frame - FIRST)
    assert seen == [2, 3, 4, 2, 3]


def test_another_head_is_seen_at_once(window: Window, hand: Hand) -> None:
    editor, asked = window.editor, []
    hand.click(*disc(FIRST))
    hand.wait(lambda: editor.session.settled and editor.session.mattes.path(1, FIRST) is not None)
    editor.session.request_preview = lambda *what: asked.append(what)  # type: ignore[method-assign]
    head = editor.models.menus["head"]
    head.setCurrentIndex(head.findData("guided"))
    assert asked == [(1, FIRST)]
    window._see({"exposure": 1.0})
    assert asked == [(1, FIRST)] * 2
    editor.live.setChecked(False)
    editor.models.uncover.toggle()
    assert len(asked) == 2


def test_doubt_is_asked_for_where_scrubbing_rests_and_again_where_the_engine_was_lost(
    window: Window, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, session, asked = window.editor, window.editor.session, []
    monkeypatch.setattr(session.mattes, "path", lambda number, frame: "/none/matte.exr")
    monkeypatch.setattr(session, "ask_doubt", lambda number, frame, *ends: asked.append((frame, ends[1])) or True)
    editor.edits.add_object()
    editor.set_mode("doubt")
    for frame in FRAMES:
        editor.go(frame)
    hand.wait(lambda: bool(asked))
    assert [frame for frame, _ in asked] == [FRAMES[-1]]
    editor.viewing.refresh()
    QtTest.QTest.qWait(2 * REST)
    assert len(asked) == 1, "it is on its way"
    asked[0][1]()
    editor.viewing.refresh()
    hand.wait(lambda: len(asked) == 2)


def test_what_is_read_ahead_fits_into_memory_whatever_the_number_of_objects(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, wanted = window.editor, []
    monkeypatch.setattr(editor.session.mattes, "path", lambda number, frame: f"/none/{number}.{frame}.exr")
    monkeypatch.setattr(editor.loader, "want", lambda keys: wanted.append(keys))
    width, height = editor.edits.size
    monkeypatch.setattr(editor.loader, "_budget", 5 * 4 * width * height)
    for _ in range(4):
        editor.edits.add_object()
    size = sum(4 if key[0] == "plate" else 1 for key in wanted[-1]) * width * height
    assert 0 < size <= editor.loader._budget


def test_no_more_is_read_ahead_than_the_shot_has_however_small_its_pictures(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewing, loader = window.editor.viewing, window.editor.loader
    monkeypatch.setattr(loader, "want", lambda keys: None)
    monkeypatch.setattr(loader, "room", lambda size: 1_000_000)
    tracemalloc.start()
    viewing.refresh()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000, "bytes"


def test_a_note_leaves_the_picture_until_the_next_is_read(
    window: Window, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = window.editor
    editor.edits.add_object()
    picture = editor.canvas._picture
    monkeypatch.setattr(editor.session.mattes, "path", lambda number, frame: "/none/matte.exr")
    monkeypatch.setattr(editor.session, "stale", lambda number, frame: True)
    monkeypatch.setattr(editor.loader, "get", lambda key: None)
    editor.go(FRAMES[-1])
    assert picture is not None and editor.canvas._picture is picture


def test_keys_go_to_the_next_frame_worth_a_look(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    editor.session.mattes.note_track_state(1, FIRST + 2, "lost", 0.0)
    editor.session.mattes.note_track_state(1, FIRST + 5, "tracked", 0.2)
    hand.key(Qt.Key.Key_N)
    assert editor.frame == FIRST + 2 and "lost" in editor.status.text()
    hand.key(Qt.Key.Key_N)
    assert editor.frame == FIRST + 5 and "0.20" in editor.status.text()
    hand.key(Qt.Key.Key_N)
    assert editor.frame == FIRST + 5 and "No suspicious frame" in editor.status.text()
    hand.key(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert editor.frame == FIRST + 2


def test_a_resting_mouse_shows_what_a_click_would_give(
    window: Window, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    editor = window.editor
    hand.wait(lambda: editor.session.client.state == "ready")
    x, y = disc(FIRST)
    QtTest.QTest.mouseMove(hand.canvas, hand.at(x - 3, y))
    QtTest.QTest.qWait(400)
    assert editor.viewing._foreseen is None, "nothing while it is off"
    editor.toolbar.foresee.setChecked(True)
    before = colour(hand, x + 8, y)
    busy = [True]
    monkeypatch.setattr(Session, "previewing", property(lambda _: busy[0]))
    QtTest.QTest.mouseMove(hand.canvas, hand.at(x, y))
    QtTest.QTest.qWait(2 * REST)
    assert editor.viewing._foreseen is None, "the engine has something else to do when the mouse comes to rest"
    refusals, ask = [EngineError("Another engine uses the device.", kind="busy")], RemoteShot.preview

    def ask_twice(shot: RemoteShot, frame: int, number: int, there: Any, failed: Any) -> None:
        failed(refusals.pop()) if refusals else ask(shot, frame, number, there, failed)

    monkeypatch.setattr(RemoteShot, "preview", ask_twice)
    busy[0] = False
    hand.wait(lambda: np.abs(np.subtract(colour(hand, x + 8, y), before)).max() > 20)
    assert editor.edits.objects == [] and not editor.edits.unsaved, "nothing was drawn"
    assert list((tmp_path / "temporary").glob("wisp-foresight-*"))
    QtTest.QTest.mouseMove(hand.canvas, hand.at(10, 10))
    hand.wait(lambda: colour(hand, x + 8, y) == before)
    editor.toolbar.foresee.setChecked(False)
    assert not list((tmp_path / "temporary").glob("wisp-foresight-*"))


def test_progress_of_two_stages_is_one_that_only_rises_and_moves_nothing(window: Window) -> None:
    line, session = window.editor.status, window.editor.session
    hidden = line.sizeHint().height()
    seen = []
    for stage, done, total in (("starting", 0, 0), ("track", 1, 4), ("matte", 1, 4), ("track", 2, 4), ("matte", 2, 4)):
        session.progress = Progress(stage, 1001, done, total, 75.0)  # type: ignore[arg-type]
        line.show_session(session)
        seen.append((line.bar.value(), line.bar.maximum()))
    assert seen == [(0, 0), (1, 4), (2, 8), (3, 8), (4, 8)]
    assert line.bar.text() == "Tracking and matting 4 of 8, 1:15 min left"
    assert line.bar.fontMetrics().horizontalAdvance(line.bar.text()) < line.bar.width()
    assert line.sizeHint().height() == hidden
    session.progress = None
    line.show_session(session)
    assert not line.bar.isVisibleTo(line) and line.sizeHint().height() == hidden
