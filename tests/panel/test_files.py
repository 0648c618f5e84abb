"""What comes into a shot from elsewhere, and how its plate is seen: real files, through the window."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.hand import FRAMES, SIZE, Hand, disc
from PySide6 import QtTest
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.client.tables import ROTO_BAND
from wisp.errors import WispError
from wisp.panel.qt import Qt, QtCore, QtWidgets
from wisp.panel.roto import TakeRoto
from wisp.view.plate import PlateSettings
from wisp.view.report import ProblemReport
from wisp.view.window import Window

FIRST = FRAMES[0]


def picture(path: Path, centre: tuple[float, float], radius: int = 28) -> Path:
    """A white disc on black, of the plate's size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.circle(drawn, (round(centre[0]), round(centre[1])), radius, 255, -1)
    cv2.imwrite(str(path), drawn)
    return path


def test_a_mask_from_elsewhere_is_a_keyframe_that_the_engine_may_read(
    window: Window, hand: Hand, tmp_path: Path
) -> None:
    editor = window.editor
    window.add_mask(picture(tmp_path / "elsewhere" / "mask.png", disc(FIRST)))
    assert [one["kind"] for one in editor.edits.prompts(1, FIRST)] == ["mask"]
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)
    alpha, _ = read_matte(Path(editor.session.mattes.path(1, FIRST) or ""))
    truth = cv2.imread(str(tmp_path / "elsewhere" / "mask.png"), 0) > 127
    assert np.abs(alpha - truth).mean() < 0.03


def test_a_mask_of_another_size_is_refused(window: Window, hand: Hand, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.full((10, 10), 255, np.uint8))
    with pytest.raises(WispError, match="10x10"):
        window.add_mask(tmp_path / "small.png")
    assert window.editor.edits.objects == []


def test_garbage_and_core_are_obeyed_and_taken_away(window: Window, hand: Hand, tmp_path: Path) -> None:
    editor = window.editor
    with pytest.raises(WispError, match="no object"):
        window.set_holdout("core", picture(tmp_path / "mattes" / "core.png", (160, 20), 10))
    window.add_mask(picture(tmp_path / "elsewhere" / "mask.png", disc(FIRST)))
    window.set_holdout("core", tmp_path / "mattes" / "core.png")
    garbage = [picture(tmp_path / "mattes" / f"bad.{frame}.png", disc(FIRST), 12) for frame in FRAMES]
    window.set_holdout("garbage", garbage[0])
    assert editor.edits.objects[0]["garbage"].endswith("bad.%04d.png"), "one of several means all of them"
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)

    def at(x: float, y: float) -> float:
        alpha, _ = read_matte(Path(editor.session.mattes.path(1, FIRST) or ""))
        return float(alpha[round(y), round(x)])

    x, y = disc(FIRST)
    hand.wait(lambda: at(160, 20) == 1.0 and at(x, y) == 0.0)
    window.commands["no-holdouts"].trigger()
    assert editor.edits.objects[0]["core"] is None and editor.edits.objects[0]["garbage"] is None


def take(window: Window, hand: Hand, source: Path, finish: bool = False) -> TakeRoto:
    """By the command's dialog, with its buttons; until the engine has answered."""
    window.editor.commands["finish-roto" if finish else "roto"].trigger()
    (dialog,) = window.editor.findChildren(TakeRoto)
    QtTest.QTest.keyClicks(dialog.source, str(source))
    QtTest.QTest.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
    hand.wait(lambda: not window.editor.session.busy)
    return dialog


def test_roto_of_another_program_comes_in(window: Window, hand: Hand, tmp_path: Path) -> None:
    for frame in FRAMES[:3]:
        picture(tmp_path / "roto" / f"hero.{frame}.png", disc(frame))
    edits = window.editor.edits
    take(window, hand, tmp_path / "roto" / f"hero.{FIRST}.png")
    (item,) = edits.objects
    assert item["name"] == "hero" and edits.keyframes(1) == list(FRAMES[:3])
    hand.wait(lambda: not window.editor.findChildren(TakeRoto))
    take(window, hand, tmp_path / "roto" / f"hero.{FIRST}.png")
    assert [one["name"] for one in edits.objects] == ["hero", "hero_2"]
    window.editor.commands["undo"].trigger()
    assert len(edits.objects) == 1
    hand.wait(lambda: not window.editor.findChildren(TakeRoto))
    dialog = take(window, hand, tmp_path / "none.nk")
    assert "none.nk" in dialog.words.text() and dialog.take_button.isEnabled() and len(edits.objects) == 1
    dialog.close()


def test_prompts_of_another_take_come_in(
    window: Window, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plate as another shot: what is solved nowhere comes as it was drawn, and what is hidden is in doubt."""
    x, y = disc(FIRST)
    objects = [
        {"id": 4, "name": "hero", "color": "#123456", "prompts": [{"frame": FIRST, "kind": "point", "xy": [x, y]}]},
    ]
    document = dict(window.editor.edits.document, objects=objects)
    plate = documents.resolve_path(document["plate"]["path"], window.opened.path)
    document["plate"] = dict(document["plate"], path=str(plate))
    source = tmp_path / "take1" / "take1.wisp"
    source.parent.mkdir()
    documents.save(documents.parse(document), source)
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (str(source), ""))
    window.activateWindow()
    hand.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    hand.wait(lambda: not window.editor.session.busy and bool(window.editor.edits.objects))
    edits = window.editor.edits
    (item,) = edits.objects
    (prompt,) = item["prompts"]
    assert (item["name"], item["color"], prompt["kind"]) == ("hero", "#123456", "point")
    assert np.allclose(prompt["xy"], [x, y], atol=0.5)
    assert FIRST not in window.editor.session.mattes.lanes[item["id"]].suspicious
    window.editor.commands["undo"].trigger()
    assert edits.objects == []


def test_which_frames_of_a_roto_become_keyframes(window: Window, hand: Hand, tmp_path: Path) -> None:
    dialog = window.editor.beside.take_roto()
    dialog.source.setText(str(picture(tmp_path / "hero.png", disc(FIRST))))
    assert not dialog.count.isEnabled() and not dialog.band.isEnabled()
    for row, (kind, counted) in enumerate((("keys", False), ("every", True), ("most", True))):
        dialog.keys.setCurrentIndex(row)
        assert dialog.count.isEnabled() is counted
        asked = dialog.request()
        assert (asked.keys, asked.count, asked.band, asked.faults) == (kind, 5, None, [])
    QtTest.QTest.mouseClick(dialog.finish, Qt.MouseButton.LeftButton, pos=QtCore.QPoint(8, dialog.finish.height() // 2))
    dialog.band.setValue(7)
    assert dialog.request().band == 7.0 and not dialog.keys.isEnabled()
    dialog.close()


def test_finished_roto_is_kept_outside_its_band_and_goes_along_when_saved(
    window: Window, hand: Hand, tmp_path: Path
) -> None:
    """The drawn discs are a little too small: only in the band may the matte differ from them."""
    for frame in FRAMES:
        picture(tmp_path / "roto" / f"hero.{frame}.png", disc(frame), 25)
    take(window, hand, tmp_path / "roto" / f"hero.{FIRST}.png", finish=True)
    edits, session = window.editor.edits, window.editor.session
    (item,) = edits.objects
    assert edits.keyframes(1) == list(FRAMES) and "core" in item and "garbage" in item
    window.editor.commands["track-both"].trigger()
    hand.wait(lambda: not session.busy)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    for frame in (FRAMES[0], FRAMES[-1]):
        alpha, stamp = read_matte(Path(session.mattes.path(1, frame) or ""))
        away = np.hypot(x - round(disc(frame)[0]), y - round(disc(frame)[1]))
        assert (alpha[away < 25 - ROTO_BAND - 2] == 1).all() and (alpha[away > 25 + ROTO_BAND + 2] == 0).all()
        assert 0.5 < alpha[(away > 25.5) & (away < 26.5)].mean() <= 1, "in the band the picture says what it is"
        assert stamp.track_state == "keyframe"
    window.save(tmp_path / "saved" / "sh010.wisp")
    (saved,) = edits.objects
    for frame in FRAMES:
        for which in ("core", "garbage"):
            assert (tmp_path / "saved" / (saved[which] % frame)).is_file()
    assert all((tmp_path / "saved" / prompt["path"]).is_file() for prompt in saved["prompts"])


def test_exposure_changes_what_is_seen_and_a_wrong_name_is_said(window: Window, hand: Hand) -> None:
    editor = window.editor

    def brightness() -> float:
        plate = editor.loader.get(("plate", FIRST))
        return -1.0 if plate is None else plate.pixelColor(60, 64).lightnessF()

    before = brightness()
    dialog = window.plate_settings()
    dialog.view.setCurrentText("no such view")
    dialog.accept()
    assert dialog.isVisible() and "no such view" in dialog.words.text()
    dialog.view.setCurrentText("ACES 1.0 - SDR Video")
    dialog.colorspace.setCurrentText("sRGB - Texture")
    dialog.exposure.setValue(-3.0)
    dialog.missing.setCurrentIndex(dialog.missing.findData("hold"))
    dialog.accept()
    assert not dialog.isVisible()
    plate = editor.edits.document["plate"]
    assert (plate["exposure"], plate["missing"]) == (-3.0, "hold")
    hand.wait(lambda: 0 <= brightness() < 0.7 * before)
    dialog = window.plate_settings()
    assert dialog.exposure.value() == -3.0 and dialog.beside["clean"].text() == ""
    dialog.reject()


def test_what_was_filmed_beside_the_plate_is_looked_at_before_it_is_taken(
    window: Window, hand: Hand, plates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((4, 4), np.uint8))
    for name in ("clean", "second", "second_clean"):
        picture(plates / "sets" / f"{name}.png", disc(FIRST))
    dialog = window.plate_settings()
    for said, words in (
        ("/nowhere/clean.%04d.exr", "nowhere"),
        ("clean.png", "clean.png"),
        (str(tmp_path / "small.png"), "is 4x4"),
    ):
        dialog.beside["clean"].setText(said)
        dialog.accept()
        assert dialog.isVisible() and words in dialog.words.text()
    dialog.beside["clean"].setText("")
    dialog.backlit.setChecked(True)
    dialog.accept()
    assert dialog.isVisible() and "backlit plate needs" in dialog.words.text()
    dialog.backlit.setChecked(False)
    monkeypatch.setattr(
        QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (str(plates / "sets" / "second_clean.png"), "")
    )
    (button,) = dialog.beside["second_clean"].parentWidget().findChildren(QtWidgets.QPushButton)
    button.click()
    for key in ("clean", "second"):
        dialog.beside[key].setText(f" sets/{key}.png ")
    dialog.accept()
    assert not dialog.isVisible()
    plate = window.editor.edits.document["plate"]
    for key in ("clean", "second", "second_clean"):
        assert documents.resolve_path(plate[key], window.opened.path) == plates / "sets" / f"{key}.png"
    dialog = window.plate_settings()
    assert dialog.beside["second_clean"].text() == str(Path("sets", "second_clean.png"))
    dialog.accept()
    assert window.editor.edits.document["plate"] == plate
    window.save(tmp_path / "s.wisp")
    dialog = window.plate_settings()
    assert dialog.beside["clean"].text() == str(Path("plates", "sets", "clean.png"))
    dialog.reject()


def test_a_long_name_does_not_widen_the_settings_of_a_plate(app: QtWidgets.QApplication, tmp_path: Path) -> None:
    name = "a_long_name_of_an_agency_" * 8 + ".png"
    plate = documents.PlateSpec(path=name, first=1, last=1, width=4, height=4, exposure=30.0)
    dialog = PlateSettings(plate, tmp_path / "s.wisp", tmp_path)
    dialog.show()
    dialog.accept()
    assert dialog.isVisible() and name in dialog.words.text() and dialog.words.toolTip() == dialog.words.text()
    assert dialog.sizeHint().width() <= 600 and dialog.minimumSizeHint().width() <= 600
    assert name in [label.toolTip() for label in dialog.findChildren(QtWidgets.QLabel)]
    assert dialog.exposure.value() == 30.0, "what the document takes is what is shown"
    dialog.close()


def test_a_plate_of_another_size_is_fitted(window: Window, hand: Hand, plates: Path, tmp_path: Path) -> None:
    """The same pictures at half the size: refused, fitted by the menu, then solved as they are now."""
    window.editor.live.setChecked(False)
    hand.click(*disc(FIRST))
    window.commands["fit-plate"].trigger()
    assert "has the size" in window.editor.status.text() and len(window.editor.edits.objects) == 1
    window.save(tmp_path / "s.wisp")
    (drawn,) = window.editor.edits.prompts(1, FIRST)
    for frame in FRAMES:
        path = str(plates / f"sh010.{frame}.png")
        cv2.imwrite(path, cv2.resize(cv2.imread(path), (SIZE[0] // 2, SIZE[1] // 2), interpolation=cv2.INTER_AREA))
    window.open(tmp_path / "s.wisp")
    hand.wait(lambda: window.editor.session.failed, 60)
    hand.click(20, 20)
    window.editor.commands["undo"].trigger()
    window.editor.go(FRAMES[2])
    window.commands["fit-plate"].trigger()
    edits = window.editor.edits
    assert window.editor.frame == FRAMES[2]
    window.editor.commands["redo"].trigger()
    assert np.allclose(edits.prompts(1, FIRST)[1]["xy"], [10, 10], atol=1.0), "the steps are fitted, too"
    window.editor.commands["undo"].trigger()
    window.editor.go(FIRST)
    assert edits.document["plate"]["width"] == SIZE[0] // 2 and edits.unsaved
    (fitted,) = edits.prompts(1, FIRST)
    assert np.allclose(fitted["xy"], [value / 2 for value in drawn["xy"]], atol=0.01)
    hand.wait(lambda: 1 in window.editor.session.mattes.lanes, 60)
    window.editor.commands["track-frame"].trigger()
    hand.wait(lambda: window.editor.session.mattes.path(1, FIRST) is not None and not window.editor.session.busy)
    alpha, _ = read_matte(Path(window.editor.session.mattes.path(1, FIRST) or ""))
    assert alpha.shape == (SIZE[1] // 2, SIZE[0] // 2) and abs(alpha.sum() - np.pi * 14**2) < 120


def test_a_problem_is_reported_without_a_path(window: Window, hand: Hand, tmp_path: Path) -> None:
    window.commands["report"].trigger()
    (dialog,) = window.findChildren(ProblemReport)
    assert not dialog.copy_button.isEnabled()
    hand.wait(lambda: dialog.copy_button.isEnabled())
    QtTest.QTest.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    said = QtWidgets.QApplication.clipboard().text()
    assert "wisp" in said and "device" in said and said == dialog.page.toPlainText()
    assert str(tmp_path) not in said and str(Path.home()) + "/" not in said
    dialog.close()
