"""The overlay over the viewer: drawn where two picks have proven it to lie right, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6", reason="the overlay needs PySide6 (the gui extra)")

from PySide6 import QtTest, QtWidgets
from PySide6.QtCore import QPoint, Qt
from wisp.client.events import Candidate

SIZE, FRAME = (64, 48), 1001
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
    pick = session.module("follow").PICKS
    pick.watch = pick.real_watch
    group = session.wisp()
    session.sets(group, "wisp_overlay", True)
    session.sets(group, "wisp_mode", "Add +")
    group.viewer_of_test = Viewer(session)
    yield group
    pick.watch(False)
    pick.overlay.hide()
    group.viewer_of_test.close()


def test_it_appears_where_two_picks_prove_it_and_nowhere_else(session: Any, picked: Any) -> None:
    viewer, overlay = picked.viewer_of_test, session.module("follow").PICKS.overlay
    viewer.click(20, 10)
    assert len(session.prompts(picked)) == 1, "picking goes on in any case"
    assert not overlay.proven() and overlay.window is None
    viewer.click(40, 30)
    assert len(session.prompts(picked)) == 2
    if not session.host.unknowns.viewer_zooms:
        assert not overlay.wanted(picked) and "overlay is off" in picked["wisp_status"].value()
        assert overlay.window is None
        return
    assert overlay.proven() and overlay.window.isVisible()
    window = overlay.window
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
    # What the frame may be about is outlined until something else is drawn.
    edits = session.module("edits")
    number = edits.active(picked)["id"]
    candidate = Candidate(1, 1001, (5.0, 5.0, 15.0, 15.0), (10.0, 10.0), 0.9, True, [[[5, 5], [15, 5], [10, 20]]])
    other = Candidate(2, 1001, (25.0, 5.0, 35.0, 15.0), (30.0, 10.0), 0.5, True, [[[25, 5], [35, 5], [30, 20]]])
    edits.edit(picked, "Wisp subject", lambda shot: shot.set_object(number, prompts=candidate.prompts))
    session.module("state").of(picked).candidates = [candidate, other]
    QtTest.QTest.mouseMove(viewer, viewer.place(45, 45))
    session.idle()
    assert [one.number for one in edits.candidates(picked)] == [1, 2]
    assert painted(30, 48 - 17) > 30 and painted(30, 48 - 25) == 0
    viewer.click(60, 40)
    assert edits.candidates(picked) == []
    session.idle()
    assert painted(30, 48 - 17) == 0
    session.sets(picked, "wisp_mode", "Off")
    assert not window.isVisible()


def test_a_pick_elsewhere_ends_it(session: Any, picked: Any) -> None:
    viewer, overlay = picked.viewer_of_test, session.module("follow").PICKS.overlay
    viewer.click(20, 10)
    viewer.click(40, 30)
    session.host.shown_at = (ZOOM * 2, CENTER)  # it tells something else than what is seen
    viewer.click(10, 40)
    assert not overlay.wanted(picked) and "overlay is off" in picked["wisp_status"].value()
    assert overlay.window is None or not overlay.window.isVisible()
    assert len(session.prompts(picked)) == 3


def test_the_mattes_are_seen_in_it(session: Any, picked: Any, tmp_path: Path) -> None:
    """As soon as the engine has them, in the object's colour, as strong as the node's tint."""
    viewer, overlay = picked.viewer_of_test, session.module("follow").PICKS.overlay
    viewer.click(20, 10)
    viewer.click(40, 30)
    if not session.host.unknowns.viewer_zooms:
        assert overlay.window is None, "nothing is drawn where the host's numbers do not tell of the viewer"
        return
    alpha = np.zeros((SIZE[1], SIZE[0]), np.float32)
    alpha[8:24, 4:20] = 1.0
    session.matte(tmp_path / "mattes", "object1", FRAME, alpha)
    path = (tmp_path / "mattes" / f"object1.{FRAME}.exr").as_posix()
    session.sets(picked, "wisp_cache_dir", (tmp_path / "cache").as_posix())
    mine, signal = session.module("state").of(picked), session.module("vendor.client.client").Signal
    mine.session = SimpleNamespace(
        matte_changed=signal(),
        mattes=SimpleNamespace(path=lambda number, frame: path if frame == FRAME else None),
        update=lambda: None,
        close=lambda: None,
        busy=False,
    )

    def painted(x: float, y: float) -> Any:
        QtWidgets.QApplication.processEvents()
        return overlay.window.grab().toImage().pixelColor(viewer.place(x, SIZE[1] - y))

    # Rows of pictures go down from the top.
    session.until(lambda: painted(12.5, 16.5).alpha() > 100, timeout=60)
    color = session.objects(picked)[0]["color"]
    inside = painted(12.5, 16.5)
    assert abs(inside.alpha() - 255 * picked["wisp_tint_opacity"].value()) < 4
    assert abs(inside.red() - int(color[1:3], 16)) < 6 and painted(40.5, 40.5).alpha() == 0
    session.host.frame(FRAME + 1)
    session.idle()
    assert painted(12.5, 16.5).alpha() == 0, "another frame has another matte"
    session.host.frame(FRAME)
    session.sets(picked, "wisp_output", "Tint over plate")
    session.until(lambda: painted(12.5, 16.5).alpha() == 0, timeout=10)
    process = mine.tint._frames._process
    session.host.delete(picked)
    assert process.wait(20) == 0, "with the node goes what reads its mattes"


def test_it_is_off_unless_it_is_switched_on(session: Any) -> None:
    group = session.wisp()
    assert group["wisp_overlay"].value() is False and not session.module("follow").PICKS.overlay.wanted(group)
