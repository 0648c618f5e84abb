"""What is drawn is neither lost nor put over something else: drafts, saving, saving elsewhere, closing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.hand import FRAMES, SIZE, Hand
from wisp import shot as documents
from wisp.client.client import Client
from wisp.client.session import Session
from wisp.errors import OutputError, UsageError
from wisp.panel.outlines import save_outline
from wisp.panel.qt import Qt, QtCore, QtWidgets
from wisp.panel.versions import keep
from wisp.view.places import open_target
from wisp.view.window import Window, say_faults

FIRST = FRAMES[0]
CONTROL = Qt.KeyboardModifier.ControlModifier
Buttons = QtWidgets.QMessageBox.StandardButton


@pytest.fixture
def window(app: QtWidgets.QApplication, plates: Path, tmp_path: Path) -> Iterator[Window]:
    """A window on the plates whose engine cannot be started: nothing is asked of it here."""
    opened = Window(open_target(plates / "sh010.1001.png"), Client([str(tmp_path / "no-engine")], "wisp-view"))
    opened.show()
    opened.editor.live.setChecked(False)
    yield opened
    opened.editor.edits.mark_saved()
    opened.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the window asks; every question is answered by Cancel or No."""
    found: list[str] = []

    def question(_: QtWidgets.QWidget, __: str, words: str, *buttons: Buttons) -> Buttons:
        found.append(words)
        return Buttons.Cancel if buttons else Buttons.No

    monkeypatch.setattr(QtWidgets.QMessageBox, "question", question)
    return found


def drawn(window: Window) -> int:
    """How many prompts the file at the shot's place has."""
    return sum(len(item.prompts) for item in documents.load(window.opened.path).objects)


def test_a_draft_is_kept_after_a_rest_and_when_its_window_goes(window: Window, hand: Hand, asked: list[str]) -> None:
    hand.click(60, 64)
    assert not window.opened.path.exists(), "not at every click: a large document takes its time"
    hand.wait(window.opened.path.exists, 60)
    assert drawn(window) == 1
    hand.click(70, 64)
    assert window.close() and asked == [] and drawn(window) == 2


def test_a_draft_that_cannot_be_kept_is_asked_about(window: Window, hand: Hand, plates: Path, asked: list[str]) -> None:
    window.opened.path.mkdir()
    hand.click(60, 64)
    hand.wait(lambda: "Cannot write" in window.editor.status.text(), 60)
    assert window.editor.session.failed
    assert not window.close() and len(asked) == 1 and "Cannot write" in asked[0]
    window.opened.path.rmdir()
    assert window.close() and len(asked) == 1 and drawn(window) == 1


def test_an_edit_after_undo_of_what_was_saved_is_asked_about(
    window: Window, hand: Hand, asked: list[str], tmp_path: Path
) -> None:
    hand.click(60, 64)
    window.save(tmp_path / "s.wisp")
    assert not window.windowTitle().startswith("*")
    window.editor.commands["undo"].trigger()
    hand.click(20, 20)
    assert window.windowTitle().startswith("*") and not window.close() and asked == ["Save the changes of s.wisp?"]


def test_keys_and_menus_are_there_once_after_another_shot_is_opened(
    window: Window, hand: Hand, plates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves: list[str] = []
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: saves.append("asked") or ("", ""))

    def reopened() -> tuple[int, int]:
        window.open(plates / "sh010.1001.png")
        QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
        return len(window.actions()), len(window.findChildren(QtWidgets.QMenu))

    assert reopened() == reopened()
    hand.wait(window.editor.canvas.isVisible)  # it is shown with the next events
    hand.key(Qt.Key.Key_S, CONTROL)
    assert saves == ["asked"]


def test_the_suffix_is_appended_and_nothing_is_replaced_unasked(
    window: Window, hand: Hand, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.click(60, 64)
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "sh010.v2"), ""))
    others = tmp_path / "sh010.v2.wisp"
    others.write_text("somebody else's")
    window.commands["save-as"].trigger()
    assert others.read_text() == "somebody else's" and window.opened.draft and "sh010.v2.wisp" in asked[0]
    others.unlink()
    window.commands["save-as"].trigger()
    assert window.opened.path == others and drawn(window) == 1 and len(asked) == 1


def test_a_running_job_is_not_ended_by_saving_elsewhere(
    window: Window, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.click(60, 64)
    mask = tmp_path / "elsewhere" / "mask.png"
    mask.parent.mkdir()
    assert cv2.imwrite(str(mask), np.full((SIZE[1], SIZE[0]), 255, np.uint8))
    monkeypatch.setattr(Session, "busy", property(lambda _: True))
    for work in (
        lambda: window.save(tmp_path / "s.wisp"),
        lambda: window.add_mask(mask),
        lambda: window.set_holdout("core", mask),
    ):
        with pytest.raises(UsageError, match="works on this shot"):
            work()
    assert not (tmp_path / "s.wisp").exists() and window.opened.draft
    assert [one["kind"] for one in window.editor.edits.prompts(1, FIRST)] == ["point"]
    assert not window.editor.edits.objects[0].get("core")


def empty_set(folder: Path) -> Path:
    """A clean plate in that folder."""
    folder.mkdir()
    cv2.imwrite(str(folder / "clean.png"), np.zeros((SIZE[1], SIZE[0]), np.uint8))
    return folder / "clean.png"


def test_a_clean_plate_in_a_folder_of_its_own_can_be_read_unless_a_job_runs(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QtWidgets.QMessageBox, "warning", lambda *said: told.append(said[-1]))

    def choose(folder: str) -> list[str]:
        dialog = window.plate_settings()
        dialog.beside["clean"].setText(str(empty_set(tmp_path / folder)))
        dialog.accept()
        return [Path(one).name for one in window.editor.session.places.readable]

    assert "first" in choose("first") and told == []
    with monkeypatch.context() as during:
        during.setattr(Session, "busy", property(lambda _: True))
        assert "second" not in choose("second") and "works on this shot" in told[0]
    assert Path(window.editor.edits.document["plate"]["clean"]).parent.name == "first"


def test_undo_shows_the_plate_as_it_was_unless_that_would_end_a_job(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits, commands = window.editor.edits, window.editor.commands
    window.editor.edits.add_object("hero")
    before = edits.document["plate"]
    dialog = window.plate_settings()
    dialog.exposure.setValue(1.0)
    dialog.beside["clean"].setText(str(empty_set(tmp_path / "first")))
    dialog.accept()
    seen = edits.document["plate"]
    with monkeypatch.context() as during:
        during.setattr(Session, "busy", property(lambda _: True))
        commands["undo"].trigger()
        assert edits.document["plate"] == seen and "works on this shot" in window.editor.status.text()
    commands["undo"].trigger()
    assert edits.document["plate"] == before == window.opened.shot.plate.model_dump(mode="json")
    assert [item["name"] for item in edits.objects] == ["hero"]
    assert "first" not in [Path(one).name for one in window.editor.session.places.readable]
    window.save(tmp_path / "deep" / "er" / "s.wisp")
    commands["redo"].trigger()
    redone = window.opened.shot.plate
    assert redone.exposure == 1.0
    assert documents.resolve_path(redone.clean or "", window.opened.path) == tmp_path / "first" / "clean.png"
    assert documents.resolve_path(redone.path, window.opened.path).parent == tmp_path / "plates", "the steps went along"
    assert "first" in [Path(one).name for one in window.editor.session.places.readable]


def test_undone_outlines_go_along_when_the_shot_is_saved_elsewhere(window: Window, hand: Hand, tmp_path: Path) -> None:
    hand.click(60, 64)
    hand.key(Qt.Key.Key_L)
    hand.drag((40, 40), (120, 40), (120, 100), (40, 100))
    mask = tmp_path / "roto" / "mask.png"
    mask.parent.mkdir()
    assert cv2.imwrite(str(mask), np.full((SIZE[1], SIZE[0]), 255, np.uint8))
    window.add_mask(mask)
    for _ in range(2):
        window.editor.commands["undo"].trigger()
    window.save(tmp_path / "deep" / "er" / "s.wisp")
    for _ in range(2):
        window.editor.commands["redo"].trigger()
    masks = [one for one in window.editor.edits.prompts(1, FIRST) if one["kind"] == "mask"]
    places = [documents.resolve_path(one["path"], window.opened.path) for one in masks]
    assert places == [tmp_path / "deep" / "er" / "prompts" / places[0].name, mask] and places[0].is_file()
    window.save(tmp_path / "deep" / "er" / "other.wisp")
    assert drawn(window) == 3, "another name in the same folder has the same masks"


def test_versions_go_along_when_a_draft_is_saved_or_it_is_said(
    window: Window, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WISP_CACHE", raising=False)
    hand.click(60, 64)
    (tmp_path / "m.exr").write_text("matte")
    keep(Path(window.editor.session.places.own), window.editor.edits.document, {(1, FIRST): str(tmp_path / "m.exr")})
    window.save(tmp_path / "a" / "s.wisp")
    dialog = window.editor.show_versions()
    assert [one.frames for one in dialog.versions] == [1]
    dialog.close()

    def full(*_: object) -> None:
        raise OutputError("Cannot write a.exr: No space left on device.")

    monkeypatch.setattr("wisp.view.saving.link_or_copy", full)
    window.save(tmp_path / "a" / "other.wisp")
    assert "stay with s.wisp: Cannot write a.exr" in window.editor.session.message and window.editor.session.failed


def test_an_outline_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    outline = [(0.0, 0.0), (1000.0, 17.0), (20.0, 990.0)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256, limits[1]))  # as if the disk were full after so many bytes
    try:
        with pytest.raises(OSError, match="prompts"):
            save_outline(outline, FIRST, (1000, 1000), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "prompts").iterdir()) == []
    assert (tmp_path / save_outline(outline, FIRST, (1000, 1000), tmp_path)).stat().st_size > 256


def test_no_place_for_a_draft_is_said(
    window: Window, plates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QtWidgets.QMessageBox, "warning", lambda *said: told.append(said[-1]))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (str(plates / "sh010.1001.png"), ""))
    (tmp_path / "file").write_text("")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    editor = window.editor
    window.commands["open"].trigger()
    assert len(told) == 1 and "cannot be used" in told[0] and window.editor is editor


def test_a_fault_in_a_slot_is_said(
    window: Window, hand: Hand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    say_faults(window)
    monkeypatch.setattr(window, "show_keys", lambda: {}["keys"])
    hand.wait(lambda: "cannot be started" in window.editor.status.text(), 60)
    QtCore.QTimer.singleShot(0, lambda: window.show_keys())
    hand.wait(lambda: "KeyError" in window.editor.status.text(), 60)
    assert "Report a problem" in window.editor.status.text() and "KeyError" in capsys.readouterr().err
