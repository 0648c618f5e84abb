"""Versions of a solve: kept by themselves, ten of them, looked at beside the present one, compared, brought back."""

from __future__ import annotations

from pathlib import Path

from helpers.hand import FRAMES, Hand, disc
from wisp.panel import compose
from wisp.panel.compose import Layer
from wisp.panel.qt import Qt, QtCore, QtGui
from wisp.panel.versions import KEPT, keep, versions
from wisp.view.window import Window

FIRST = FRAMES[0]


def test_the_last_ten_are_kept_as_they_were(tmp_path: Path) -> None:
    matte = tmp_path / "a.exr"
    for number in range(1, KEPT + 3):
        fresh = tmp_path / "fresh"
        fresh.write_text(str(number))
        fresh.replace(matte)  # as the cache does: never in place
        keep(tmp_path, {"objects": [{"id": 1, "name": "hero", "prompts": [{}] * number}]}, {(1, 5): str(matte)})
    known = versions(tmp_path)
    assert [one.number for one in known] == list(range(KEPT + 2, 2, -1))
    assert [Path(one.matte(1, 5) or "").read_text() for one in known[:2]] == [str(KEPT + 2), str(KEPT + 1)]
    assert known[0].matte(1, 6) is None and "12 prompts" in known[0].words
    (known[0].folder / "version.json").write_text("{")
    assert versions(tmp_path)[0].number == KEPT + 1, "a damaged one is none"


def test_difference_is_black_where_mattes_agree() -> None:
    size = QtCore.QSize(4, 1)
    one, other = (QtGui.QImage(size, QtGui.QImage.Format.Format_Grayscale8) for _ in range(2))
    for image, values in ((one, (0, 255, 200, 50)), (other, (0, 255, 50, 200))):
        for x, value in enumerate(values):
            image.setPixelColor(x, 0, QtGui.QColor(value, value, value))
    seen = compose.difference([Layer(one, "#ffffff")], [Layer(other, "#ffffff")], size)
    assert [seen.pixelColor(x, 0).red() for x in range(4)] == [0, 0, 150, 150]


def colour(hand: Hand, x: float, y: float) -> tuple[int, ...]:
    picture = hand.canvas.grab().toImage()
    place, dense = hand.at(x, y), picture.devicePixelRatio()
    return picture.pixelColor(round(place.x() * dense), round(place.y() * dense)).getRgb()[:3]


def test_a_solve_is_kept_looked_at_beside_and_brought_back(window: Window, hand: Hand) -> None:
    editor, session = window.editor, window.editor.session
    editor.live.setChecked(False)
    x, y = disc(FIRST)
    hand.key(Qt.Key.Key_B)
    hand.drag((x - 30, y - 30), (x, y), (x + 30, y + 30))
    hand.key(Qt.Key.Key_Space)
    hand.wait(lambda: not session.busy and FIRST in session.lanes[1].solved)
    editor.edge.rows["grow"].number.setValue(12.0)
    hand.key(Qt.Key.Key_Space)
    hand.wait(lambda: not session.busy and not session.stale(1, FIRST))
    dialog = editor.show_versions()
    assert [one.frames for one in dialog.versions] == [1, 1]
    dialog.list.setCurrentRow(1)
    dialog.compare_button.click()
    hand.key(Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    grown = (x, y + 28 + 6)
    hand.wait(lambda: min(colour(hand, *grown)) > 200 and max(colour(hand, x, y + 10)) < 10)
    dialog.none_button.click()
    hand.wait(lambda: "Versions" in editor.canvas._note)

    hand.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    dialog.compare_button.click()
    hand.key(Qt.Key.Key_W)
    editor.canvas.wipe = 1.0
    editor.canvas.update()
    hand.wait(lambda: max(colour(hand, *grown)) < 60)
    editor.canvas.wipe = 0.0
    editor.canvas.update()
    assert min(colour(hand, *grown)) > 200

    dialog.restore_button.click()
    assert editor.edits.objects[0].get("edge", {}).get("grow", 0.0) == 0.0
    editor.commands["undo"].trigger()
    assert editor.edits.objects[0]["edge"]["grow"] == 12.0
    dialog.close()


def test_neighbours_shine_through(window: Window, hand: Hand) -> None:
    editor, session = window.editor, window.editor.session
    editor.live.setChecked(False)
    x, y = disc(FIRST)
    hand.key(Qt.Key.Key_B)
    hand.drag((x - 30, y - 30), (x, y), (x + 30, y + 30))
    editor.edits.mark_out = FIRST + 2
    hand.key(Qt.Key.Key_T)
    hand.wait(lambda: not session.busy and FIRST + 2 in session.lanes[1].solved)
    editor.go(FIRST + 1)
    hand.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    edge = disc(FIRST + 2)[0] + 26.5
    hand.wait(lambda: len(set(colour(hand, edge, y))) == 1)
    hand.key(Qt.Key.Key_U)
    assert editor.commands["onion"].isChecked()
    hand.wait(lambda: colour(hand, edge, y)[2] > colour(hand, edge, y)[0] + 30)
