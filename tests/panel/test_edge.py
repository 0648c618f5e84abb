"""The settings beside the canvas: what a slider writes into the document, and that its effect is seen."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.hand import FRAMES, SIZE, Hand
from PySide6 import QtTest
from wisp import shot as documents
from wisp.cache import read_matte
from wisp.client.shot_edits import ShotEdits
from wisp.client.tables import EDGE, UNCOVER
from wisp.panel.edge import EdgePanel
from wisp.panel.models import ModelChoice
from wisp.panel.qt import Qt, QtCore, QtGui, QtWidgets
from wisp.view.window import Window

FIRST = FRAMES[0]


@pytest.fixture
def edits() -> ShotEdits:
    plate = {"path": "p.%04d.png", "first": 1, "last": 20, "width": 400, "height": 200}
    shot = ShotEdits({"wisp": 1, "plate": plate, "objects": []})
    shot.add_object()
    return shot


@pytest.fixture
def panel(app: QtWidgets.QApplication, edits: ShotEdits) -> EdgePanel:
    panel = EdgePanel(edits)
    edits.on_change = panel.refresh
    return panel


def stored(edits: ShotEdits) -> documents.Edge:
    """As the engine reads it."""
    return documents.parse(edits.document).objects[0].edge


def test_the_wheel_passes_over_the_settings(window: Window, hand: Hand) -> None:
    editor = window.editor
    hand.key(Qt.Key.Key_H)
    editor.edits.add_object()
    before = copy.deepcopy(editor.edits.document)
    grow = editor.edge.rows["grow"]

    def turn(widget: QtWidgets.QWidget) -> None:
        here, none = QtCore.QPointF(widget.rect().center()), Qt.KeyboardModifier.NoModifier
        there, turned = QtCore.QPointF(widget.mapToGlobal(here.toPoint())), QtCore.QPoint(0, 120)
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        event = QtGui.QWheelEvent(here, there, QtCore.QPoint(), turned, buttons, none, phase, False)
        QtWidgets.QApplication.sendEvent(widget, event)

    for widget in (grow.slider, grow.number, *editor.models.menus.values()):
        for _ in range(3):
            turn(widget)
        assert widget.focusPolicy() != Qt.FocusPolicy.WheelFocus
    assert editor.edits.document == before
    grow.number.setFocus()
    turn(grow.number)
    assert editor.edits.objects[0]["edge"]["grow"] == grow.setting.step


def test_after_a_number_is_typed_keys_are_commands_again(window: Window, hand: Hand) -> None:
    editor = window.editor
    editor.edits.add_object()
    for box, text in ((editor.transport.number, str(FIRST + 3)), (editor.edge.rows["grow"].number, "2")):
        hand.key(Qt.Key.Key_I)
        box.setFocus()
        box.selectAll()
        QtTest.QTest.keyClicks(box, text)
        QtTest.QTest.keyClick(box, Qt.Key.Key_Return)
        assert editor.canvas.hasFocus()
    assert editor.frame == editor.edits.mark_in == FIRST + 3 and editor.edits.objects[0]["edge"]["grow"] == 2


def test_every_setting_of_the_document_has_a_row(panel: EdgePanel) -> None:
    plain = documents.Edge()
    assert set(panel.rows) == set(documents.Edge.model_fields)
    assert all(getattr(plain, setting.key) == setting.default for setting in EDGE)


@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_the_ends_of_every_slider_are_accepted(panel: EdgePanel, edits: ShotEdits, end: str) -> None:
    for setting in EDGE:
        slider = panel.rows[setting.key].slider
        slider.setValue(getattr(slider, end)())
        wanted = setting.usual[0] if end == "minimum" else setting.usual[1]
        assert getattr(stored(edits), setting.key) == pytest.approx(wanted)


@pytest.mark.parametrize("end", [0, 1])
def test_a_number_goes_as_far_as_the_document_and_shows_what_is_there(
    panel: EdgePanel, edits: ShotEdits, end: int
) -> None:
    for setting in EDGE:
        number = panel.rows[setting.key].number
        number.setValue(-1e39 if end == 0 else 1e39)
        assert number.value() == getattr(stored(edits), setting.key) == pytest.approx(setting.limits[end])
        edits.set_edge(1, {})
    edits.set_edge(1, {"grow": 80.0})
    row = panel.rows["grow"]
    assert row.number.value() == 80.0 and row.slider.value() == row.slider.maximum()
    row.number.setValue(30.0)
    assert stored(edits).grow == 30.0


def test_black_and_white_give_way(panel: EdgePanel, edits: ShotEdits) -> None:
    panel.rows["black"].number.setValue(0.6)
    panel.rows["white"].number.setValue(0.5)
    assert (stored(edits).black, stored(edits).white) == (0.49, 0.5)
    panel.rows["black"].number.setValue(0.8)
    assert (stored(edits).black, stored(edits).white) == (0.8, 0.81)


def test_a_drag_is_one_step_and_reset_another(panel: EdgePanel, edits: ShotEdits) -> None:
    row = panel.rows["grow"]
    row.slider.setSliderDown(True)
    for tick in (220, 260, 300):
        row.slider.setSliderPosition(tick)
    row.slider.setSliderDown(False)
    assert stored(edits).grow == 15.0
    panel.reset_button.click()
    assert stored(edits) == documents.Edge()
    edits.undo()
    assert stored(edits).grow == 15.0
    edits.undo()
    assert stored(edits) == documents.Edge()


def test_models_that_are_not_here_cannot_be_chosen(app: QtWidgets.QApplication, edits: ShotEdits) -> None:
    def model(name: str, kind: str, available: bool) -> dict[str, Any]:
        return {"id": name, "title": name, "kinds": [kind], "licence": "MIT", "available": available}

    choice = ModelChoice(edits)
    assert choice.menus["head"].currentText() == "embedded", "what the document means, before the engine is there"
    choice.offer([model("flow", "tracker", True), model("big", "tracker", False), model("embedded", "head", True)])
    trackers = choice.menus["tracker"]
    assert [trackers.itemText(index) for index in range(trackers.count())] == ["flow", "big"]
    assert not trackers.model().flags(trackers.model().index(1, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert "wisp models get big" in trackers.itemData(1, Qt.ItemDataRole.ToolTipRole)
    trackers.setCurrentIndex(1)
    assert edits.document["solve"]["tracker"] == "big"


def test_the_background_is_uncovered_by_a_box(app: QtWidgets.QApplication, edits: ShotEdits) -> None:
    choice = ModelChoice(edits)
    changes = []
    choice.changed.connect(lambda: changes.append(documents.parse(edits.document).solve.uncover))
    choice.uncover.click()
    assert changes == [False] and choice.uncover.toolTip() == UNCOVER
    edits.set_solve(uncover=None)
    choice.refresh()
    assert choice.uncover.isChecked() and changes == [False]


@pytest.mark.slow
def test_the_edge_is_seen_without_tracking_again(window: Window, hand: Hand, gate: Path) -> None:
    """While one matte is computed the next is asked for: the last one counts."""
    editor = window.editor
    hand.click(60, 64)
    hand.wait(lambda: editor.session.mattes.path(1, FIRST) is not None and not editor.session.previewing)

    def area() -> float:
        return float(read_matte(Path(editor.session.mattes.path(1, FIRST) or ""))[0].sum())

    before, shown = area(), editor.canvas._picture
    assert 0.0 < before < SIZE[0] * SIZE[1] / 4
    gate.touch()
    number = editor.edge.rows["grow"].number
    number.setValue(-2.0)
    hand.wait(lambda: editor.session.previewing)
    number.setValue(4.0)
    gate.unlink()
    hand.wait(lambda: area() > before)
    radius = np.sqrt(before / np.pi)
    assert np.sqrt(area() / np.pi) == pytest.approx(radius + 4.0, abs=1.5)
    hand.wait(lambda: editor.canvas._picture is not shown)
    assert editor.edits.keyframes() == [FIRST] and editor.session.mattes.lanes[1].solved == {FIRST}
