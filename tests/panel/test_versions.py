"""Versions of a solve: kept by themselves, ten of them, looked at beside the present one, compared, brought back."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from helpers.hand import FRAMES, Hand, disc
from wisp.panel import compose
from wisp.panel.compose import Layer
from wisp.panel.qt import Qt, QtCore, QtGui
from wisp.panel.versions import FOLDER, KEPT, keep, versions
from wisp.view.window import Window

FIRST = FRAMES[0]


def test_the_last_ten_are_kept_as_they_were(tmp_path: Path) -> None:
    for number in range(1, KEPT + 3):
        matte = solved(tmp_path, str(number))
        keep(tmp_path, {"objects": [{"id": 1, "name": "hero", "prompts": [{}] * number}]}, {(1, 5): str(matte)})
    known = versions(tmp_path)
    assert [one.number for one in known] == list(range(KEPT + 2, 2, -1))
    assert [Path(one.matte(1, 5) or "").read_text() for one in known[:2]] == [str(KEPT + 2), str(KEPT + 1)]
    assert known[0].matte(1, 6) is None and "12 prompts" in known[0].words
    (known[0].folder / "version.json").write_text("{")
    assert versions(tmp_path)[0].number == KEPT + 1, "a damaged one is none"


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_is_kept_already_is_never_written_into(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a folder that was never finished, or by somebody who numbers a version at the same moment."""
    (tmp_path / "cache").mkdir()
    matte = solved(tmp_path / "cache", "first")
    keep(tmp_path, {}, {(1, 5): str(matte)})
    unfinished = tmp_path / FOLDER / "0002"
    unfinished.mkdir()
    os.link(matte, unfinished / "1.5.exr")
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    solved(tmp_path / "cache", "second")
    keep(tmp_path, {}, {(1, 5): str(matte), (1, 6): str(tmp_path / "gone since")})
    known = versions(tmp_path)
    assert [(one.number, one.frames) for one in known] == [(3, 1), (1, 1)]
    assert [Path(one.matte(1, 5) or "").read_text() for one in known] == ["second", "first"]

    meanwhile = tmp_path / FOLDER / "0004"
    monkeypatch.setattr(
        "wisp.panel.versions._numbered", lambda _: meanwhile.mkdir(exist_ok=True) or {3: known[0].folder}
    )
    keep(tmp_path, {}, {(1, 5): str(matte)})
    assert list(meanwhile.iterdir()) == [] and (tmp_path / FOLDER / "0005" / "version.json").exists()


def test_a_version_that_cannot_be_kept_whole_is_none_and_those_never_finished_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matte = solved(tmp_path, "whole")
    (tmp_path / FOLDER / "0001").mkdir(parents=True)
    for refused in (((os, "link"), (shutil, "copyfileobj")), ((Path, "write_text"),)):
        with monkeypatch.context() as full:
            for place, name in refused:
                full.setattr(place, name, refuse)
            keep(tmp_path, {}, {(1, 5): str(matte)})
    assert [one.name for one in (tmp_path / FOLDER).iterdir()] == ["0001"]
    for _ in range(KEPT):
        keep(tmp_path, {}, {(1, 5): str(matte)})
    assert sorted(one.name for one in (tmp_path / FOLDER).iterdir()) == [f"{n:04d}" for n in range(2, KEPT + 2)]


def solved(cache: Path, text: str) -> Path:
    """A matte, as the cache replaces it: never in place."""
    fresh = cache / "fresh"
    fresh.write_text(text)
    return fresh.replace(cache / "a.exr")


def refuse(*_: object) -> None:
    """As a disk that is full, or has no links."""
    raise OSError(errno.ENOSPC, "No space left on device")


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
    hand.wait(lambda: not session.busy and FIRST in session.mattes.lanes[1].solved)
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
    hand.wait(lambda: not session.busy and FIRST + 2 in session.mattes.lanes[1].solved)
    editor.go(FIRST + 1)
    hand.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    edge = disc(FIRST + 2)[0] + 26.5
    hand.wait(lambda: len(set(colour(hand, edge, y))) == 1)
    hand.key(Qt.Key.Key_U)
    assert editor.commands["onion"].isChecked()
    hand.wait(lambda: colour(hand, edge, y)[2] > colour(hand, edge, y)[0] + 30)
