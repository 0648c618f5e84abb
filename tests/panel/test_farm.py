"""The dialog of farm jobs: a real job of what was drawn, by keys and the mouse."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.hand import FRAMES, SIZE, Hand, disc
from PySide6 import QtTest
from wisp.panel.farm import FarmJob
from wisp.panel.qt import Qt
from wisp.view.window import Window


def test_a_job_is_written_with_the_workers_paths(window: Window, hand: Hand, tmp_path: Path) -> None:
    window.editor.live.setChecked(False)
    hand.click(*disc(FRAMES[0]))
    window.editor.commands["farm"].trigger()
    (dialog,) = window.editor.findChildren(FarmJob)
    dialog.folder.clear()
    press = QtTest.QTest.mouseClick
    press(dialog.write_button, Qt.MouseButton.LeftButton)
    assert "folder" in dialog.words.text() and not window.editor.session.busy
    QtTest.QTest.keyClicks(dialog.folder, str(tmp_path / "job"))
    QtTest.QTest.keyClicks(dialog.frames, "1001-1004")
    QtTest.QTest.keyClicks(dialog.paths, "P:/film=/mnt/film; Q:/x=/mnt/x")
    while dialog.queue.currentData() != "flamenco":
        QtTest.QTest.keyClick(dialog.queue, Qt.Key.Key_Down)
    press(dialog.write_button, Qt.MouseButton.LeftButton)
    hand.wait(lambda: dialog.write_button.isEnabled())
    (document,) = (tmp_path / "job").glob("*.wisp")
    shot = json.loads(document.read_text("utf-8"))
    assert [one["xy"] for one in shot["objects"][0]["prompts"]] and shot["plate"]["width"] == SIZE[0]
    pattern = (document.parent / shot["plate"]["path"]).resolve()
    assert (pattern.parent / (pattern.name % FRAMES[0])).is_file(), pattern
    told = [path.read_text("utf-8") for path in (tmp_path / "job").iterdir()]
    assert any("P:/film=/mnt/film" in text and "Q:/x=/mnt/x" in text for text in told)
    assert str(tmp_path / "job") in dialog.words.text() and dialog.show_button.isVisible()
    dialog.frames.clear()
    QtTest.QTest.keyClicks(dialog.frames, "2000")
    press(dialog.write_button, Qt.MouseButton.LeftButton)
    hand.wait(lambda: dialog.write_button.isEnabled())
    assert "2000" in dialog.words.text() and not dialog.show_button.isVisible()
    dialog.close()
