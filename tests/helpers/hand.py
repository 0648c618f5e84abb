"""A small moving disc as a plate, and a hand that draws on it in a window."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6 import QtTest
from wisp.panel.qt import Qt, QtCore, QtWidgets
from wisp.view.window import Window

FRAMES = range(1001, 1009)
SIZE = (192, 128)


def disc(frame: int) -> tuple[float, float]:
    """Where the disc's centre is on that frame, plate pixels."""
    return 60.0 + 4.0 * (frame - FRAMES[0]), 64.0


class Hand:
    """What a person does with a window's canvas, in plate pixels."""

    def __init__(self, window: Window) -> None:
        self.window = window

    @property
    def canvas(self) -> QtWidgets.QWidget:
        return self.window.editor.canvas

    def at(self, x: float, y: float) -> QtCore.QPoint:
        return self.window.editor.canvas.to_screen(x, y).toPoint()

    def click(self, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        QtTest.QTest.mouseClick(self.canvas, button, Qt.KeyboardModifier.NoModifier, self.at(x, y))

    def drag(self, *path: tuple[float, float], keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        left = Qt.MouseButton.LeftButton
        QtTest.QTest.mousePress(self.canvas, left, keys, self.at(*path[0]))
        for point in path[1:]:
            QtTest.QTest.mouseMove(self.canvas, self.at(*point))
        QtTest.QTest.mouseRelease(self.canvas, left, keys, self.at(*path[-1]))

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        # Shortcuts belong to the active window, and a window of the test before may still be it.
        self.wait(self._is_active)
        QtTest.QTest.keyClick(self.canvas, key, keys)

    def _is_active(self) -> bool:
        if QtWidgets.QApplication.activeWindow() is not self.window:
            self.window.activateWindow()
        return QtWidgets.QApplication.activeWindow() is self.window

    def wait(self, until: Callable[[], bool], timeout: float = 600.0) -> None:
        """Run the window until `until()`; fails with the window's own message."""
        deadline = time.monotonic() + timeout
        while not until():
            QtWidgets.QApplication.processEvents()
            time.sleep(0.002)
            assert time.monotonic() < deadline, f"still waiting; the window says: {self.window.editor.status.text()}"
