"""The overlay over the viewer: drawn where two picks have proven it to lie right, and nowhere else."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6", reason="the overlay needs PySide6 (the gui extra)")

from PySide6 import QtTest, QtWidgets
from PySide6.QtCore import QPoint, Qt

SIZE = (64, 48)
ZOOM, CENTER = 5.0, (30.0, 20.0)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Viewer(QtWidgets.QWidget):
    """Where the host shows its picture; picks as the host does."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.setObjectName("Viewer.1")
        self.setMouseTracking(True)
        self.resize(400, 300)
        self.show()
        self._session = session
        session.host.shown_at = (ZOOM, CENTER)

    def place(self, x: float, y: float) -> QPoint:
        """The host's pixels, from the bottom left, in the widget."""
        return QPoint(round((x - CENTER[0]) * ZOOM + 200), round(150 - (y - CENTER[1]) * ZOOM))

    def click(self, x: int, y: int) -> None:
        """Ctrl+click a pixel."""
        self._session.host.viewer.ctrl_click(x, y)
        QtTest.QTest.mouseClick(self, Qt.MouseButton.LeftButton, CONTROL, self.place(x + 0.5, y + 0.5))
        QtTest.QTest.mouseMove(self, QPoint(390, 290))  # the hand goes on before the host is idle
        QtTest.QTest.qWait(20)
        self._session.idle()


@pytest.fixture
def picked(session: Any) -> Any:
    """A node that is picked for, with the overlay on, and a viewer."""
    QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    pick, overlay = session.module("viewer_pick"), session.module("overlay")
    overlay.forget()
    pick.watch = pick.real_watch
    group = session.wisp()
    session.sets(group, "wisp_overlay", True)
    session.sets(group, "wisp_mode", "Add +")
    group.viewer_of_test = Viewer(session)
    yield group
    pick.watch(False)
    overlay.forget()
    group.viewer_of_test.close()


def test_it_appears_where_two_picks_prove_it_and_nowhere_else(session: Any, picked: Any) -> None:
    viewer, overlay = picked.viewer_of_test, session.module("overlay")
    viewer.click(20, 10)
    assert len(session.prompts(picked)) == 1, "picking goes on in any case"
    assert not overlay.proven() and overlay._window is None
    viewer.click(40, 30)
    assert len(session.prompts(picked)) == 2
    if not session.host.unknowns.viewer_zooms:
        assert not overlay.wanted(picked) and "overlay is off" in picked["wisp_status"].value()
        assert overlay._window is None
        return
    assert overlay.proven() and overlay._window.isVisible()
    window = overlay._window
    assert window.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def painted(x: float, y: float) -> int:
        """How much is drawn there, 0..255."""
        spot = viewer.place(x, y)
        return int(window.grab().toImage().pixelColor(spot).alpha())

    # Prompts lie on their pixels, and a drag is seen as a box before it is one.
    assert painted(40.5, 30.5) > 100 and painted(5, 40) == 0
    QtTest.QTest.mousePress(viewer, Qt.MouseButton.LeftButton, CONTROL | SHIFT, viewer.place(4, 36))
    QtTest.QTest.mouseMove(viewer, viewer.place(14, 44))
    session.idle()
    (box,) = [one for one in overlay.drawn(picked, True) if one["kind"] == "box"]
    assert np.allclose(box["xyxy"], [4, 48 - 44, 14, 48 - 36], atol=0.15)
    assert painted(4, 40) > 50 and len(session.prompts(picked)) == 2
    QtTest.QTest.mouseRelease(viewer, Qt.MouseButton.LeftButton, SHIFT, viewer.place(14, 44))
    session.idle()
    assert not [one for one in overlay.drawn(picked, True) if one["kind"] == "box"]
    session.sets(picked, "wisp_mode", "Off")
    assert not window.isVisible()


def test_a_pick_elsewhere_ends_it(session: Any, picked: Any) -> None:
    viewer, overlay = picked.viewer_of_test, session.module("overlay")
    viewer.click(20, 10)
    viewer.click(40, 30)
    session.host.shown_at = (ZOOM * 2, CENTER)  # it tells something else than what is seen
    viewer.click(10, 40)
    assert not overlay.wanted(picked) and "overlay is off" in picked["wisp_status"].value()
    assert overlay._window is None or not overlay._window.isVisible()
    assert len(session.prompts(picked)) == 3


def test_it_is_off_unless_it_is_switched_on(session: Any) -> None:
    group = session.wisp()
    assert group["wisp_overlay"].value() is False and not session.module("overlay").wanted(group)
