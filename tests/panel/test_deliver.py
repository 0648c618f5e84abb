"""The dialog of deliveries: all that the command has, only what goes together, remembered, real files at its end."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import OpenEXR
import pytest
from helpers.hand import FRAMES, Hand, disc
from PySide6 import QtTest
from wisp.client.session import Session
from wisp.client.tables import FORMATS, LAYOUTS
from wisp.deliver.style import Style
from wisp.panel.deliver import REMEMBERED, DeliverMattes
from wisp.panel.qt import Qt, QtGui
from wisp.view.window import Window

FIRST = FRAMES[0]


@pytest.fixture
def dialog(window: Window, hand: Hand) -> DeliverMattes:
    """Over a shot of two objects, the second of which is on the first frame alone."""
    window.editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    window.editor.objects.add_button.click()
    hand.click(150, 20)
    return window.editor.beside.deliver()


def press(dialog: DeliverMattes, button: object) -> None:
    QtTest.QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def choose(dialog: DeliverMattes, layout: str, file_format: str = "") -> None:
    dialog.layouts.setCurrentIndex(dialog.layouts.findData(layout))
    if file_format:
        dialog.formats.setCurrentIndex(dialog.formats.findData(file_format))


def test_only_what_goes_together_is_offered(dialog: DeliverMattes) -> None:
    """Whatever is chosen and checked, the request is one that a delivery takes."""
    for box in (dialog.premultiply, dialog.exclusive, dialog.confidence):
        box.setChecked(True)
    offered = {}
    for layout in LAYOUTS:
        choose(dialog, layout)
        offered[layout] = [dialog.formats.itemData(place) for place in range(dialog.formats.count())]
        for file_format in filter(None, offered[layout]):
            choose(dialog, layout, file_format)
            asked = dialog.request()
            assert (asked.layout, asked.format) == (layout, file_format) and not asked.faults
            if layout != "shapes":
                Style(layout, file_format, premultiply=bool(asked.premultiply), confidence=asked.confidence)
            else:
                assert asked.premultiply is None and not asked.confidence
    assert offered["layers"] == ["exr", "exr32"] and "mov" in offered["rgba"] and "fxs" in offered["shapes"]
    assert set(itertools.chain(*offered.values())) - {""} == set(FORMATS)


def test_a_screen_is_chosen_for_colour_alone(dialog: DeliverMattes) -> None:
    choose(dialog, "layers")
    assert dialog.despill.isHidden()
    choose(dialog, "rgba")
    assert not dialog.despill.isHidden() and dialog.request().despill is None
    dialog.despill.setFocus()
    for screen in ("green", "blue"):
        QtTest.QTest.keyClick(dialog.despill, Qt.Key.Key_Down)
        assert dialog.request().despill == screen
    choose(dialog, "alpha")
    assert dialog.request().despill is None


def test_every_control_says_what_it_does(dialog: DeliverMattes) -> None:
    for row in range(dialog.form.rowCount()):
        field = dialog.form.itemAt(row, dialog.form.ItemRole.FieldRole)
        if field is not None and field.widget() is not None and field.widget() is not dialog.what:
            assert len(field.widget().toolTip()) > 8, row


def test_what_cannot_be_asked_is_said_and_nothing_is_sent(dialog: DeliverMattes, window: Window) -> None:
    dialog.version.setCurrentText("last")
    press(dialog, dialog.start_button)
    assert "'last'" in dialog.words.text() and not window.editor.session.busy
    dialog.version.setCurrentText("none")
    dialog.output.setText("  ")
    press(dialog, dialog.start_button)
    assert "folder" in dialog.words.text() and not window.editor.session.busy


@pytest.mark.slow
def test_unsolved_frames_are_named_then_layers_are_written_and_shown(
    dialog: DeliverMattes, window: Window, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = window.editor
    dialog.output.setText(str(tmp_path / "out" / "sh010.%04d.exr"))
    choose(dialog, "layers")
    dialog.confidence.setChecked(True)
    press(dialog, dialog.start_button)
    hand.wait(lambda: not dialog.running)
    assert "Not solved yet" in dialog.words.text() and dialog.isVisible()

    hand.wait(lambda: not editor.session.busy)
    editor.track("track-both")
    hand.wait(lambda: not editor.session.busy and editor.session.mattes.lanes[1].solved == set(FRAMES))
    dialog.frames.setText(f"{FIRST}-{FRAMES[2]}")
    dialog.version.setCurrentText("next")
    dialog.output.setText(str(tmp_path / "out"))
    press(dialog, dialog.start_button)
    assert dialog.stop_button.isVisible() and not dialog.start_button.isEnabled()
    hand.wait(lambda: not dialog.running)
    written = sorted((tmp_path / "out" / "v001").iterdir())
    assert len(written) == 3 and "3 files written" in dialog.words.text()
    names = set(OpenEXR.File(str(written[0]), separate_channels=True).channels())
    assert {"matte.object1", "matte.object2", "conf.object1", "A"} <= names

    opened: list[str] = []
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    press(dialog, dialog.show_button)
    assert opened == [str(tmp_path / "out" / "v001")]

    dialog.close()
    again = editor.beside.deliver()
    assert (again.layouts.currentData(), again.version.currentText()) == ("layers", "next")
    assert again.confidence.isChecked() and again.frames.text() == f"{FIRST}-{FRAMES[2]}"
    again.close()


def test_the_objects_are_those_of_the_shot_as_it_is_now(dialog: DeliverMattes, window: Window) -> None:
    edits = window.editor.edits

    def listed() -> list[tuple[str, bool]]:
        rows = [dialog.objects.item(place) for place in range(dialog.objects.count())]
        return [(row.text(), row.checkState() == Qt.CheckState.Checked) for row in rows]

    assert dialog.request().objects == [1, 2], "what is listed is asked for, whatever comes after"
    edits.add_object("third")
    assert listed() == [("object1", True), ("object2", True), ("third", True)]
    dialog.objects.item(1).setCheckState(Qt.CheckState.Unchecked)
    edits.set_object(1, name="hero")
    edits.add_object("fourth")
    assert listed() == [("hero", True), ("object2", False), ("third", True), ("fourth", False)]
    edits.remove_object(1)
    edits.set_object(2, enabled=False)
    assert listed() == [("third", True), ("fourth", False)] and dialog.request().objects == [3]


def test_a_dialog_is_there_once(dialog: DeliverMattes, window: Window) -> None:
    beside = window.editor.beside
    assert beside.deliver() is dialog
    roto = beside.take_roto()
    assert beside.take_roto(finish=True) is roto and roto.finish.isChecked()
    dialog.close()
    assert beside.deliver() is not dialog


def test_in_and_out_are_the_frames_and_a_damaged_memory_is_none(window: Window, hand: Hand) -> None:
    memory = Path(window.editor.session.places.own) / REMEMBERED
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps({"layout": "holograms"}), "utf-8")
    hand.key(Qt.Key.Key_Right)
    hand.key(Qt.Key.Key_I)
    dialog = window.editor.beside.deliver()
    assert dialog.layouts.currentData() == "alpha" and dialog.frames.text() == f"{FRAMES[1]}-{FRAMES[-1]}"
    dialog.close()


def test_leave_to_replace_holds_for_one_delivery_and_choices_for_one_shot(
    dialog: DeliverMattes, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WISP_CACHE", raising=False)
    monkeypatch.setattr(Session, "run", lambda *_: True)  # what is asked is all that matters here
    window.save(tmp_path / "left.wisp")
    usual = dialog.output.text()
    dialog.output.setText(str(tmp_path / "for the left eye"))
    dialog.overwrite.setChecked(True)
    press(dialog, dialog.start_button)
    dialog.close()
    again = window.editor.beside.deliver()
    assert again.output.text() == str(tmp_path / "for the left eye") and not again.overwrite.isChecked()
    again.close()

    (tmp_path / "right.wisp").write_bytes((tmp_path / "left.wisp").read_bytes())
    window.open(tmp_path / "right.wisp")
    other = window.editor.beside.deliver()
    assert "left eye" not in other.output.text() and Path(other.output.text()).name == Path(usual).name
    other.close()
