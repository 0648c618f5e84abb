"""One Qt for all: PySide6 where it is, else PySide2 (Nuke 13 to 15). Everything here imports Qt through this module."""

from __future__ import annotations

from typing import Any, Callable

try:
    from PySide6 import QtCore, QtGui, QtWidgets
    from PySide6.QtGui import QAction, QKeySequence, QShortcut
except ImportError:
    from PySide2 import QtCore, QtGui, QtWidgets  # type: ignore[import-not-found, no-redef]
    from PySide2.QtGui import QKeySequence  # type: ignore[import-not-found, no-redef]
    from PySide2.QtWidgets import QAction, QShortcut  # type: ignore[import-not-found, no-redef]

__all__ = [
    "QAction",
    "QKeySequence",
    "QShortcut",
    "Qt",
    "QtCore",
    "QtGui",
    "QtWidgets",
    "WheelFilter",
    "button",
    "clock",
    "execute",
    "position",
]

Qt = QtCore.Qt


def position(event: Any) -> QtCore.QPointF:
    """Where a mouse or wheel event happened in its widget: Qt 6 and Qt 5 name it differently."""
    if hasattr(event, "position"):
        return QtCore.QPointF(event.position())
    return QtCore.QPointF(event.localPos() if hasattr(event, "localPos") else event.posF())


def clock(seconds: float, work: Callable[[], None]) -> Callable[[], None]:
    """Calls `work` once, so many seconds later, on Qt's thread; what is returned takes that back. A session's clock."""
    timer = QtCore.QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(work)
    timer.start(round(seconds * 1000))
    return lambda: timer.stop()


def button(text: str, hint: str, work: Callable[[], Any]) -> QtWidgets.QPushButton:
    """A button that leaves the keys to the picture."""
    made = QtWidgets.QPushButton(text)
    made.setToolTip(hint)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.clicked.connect(lambda *_: work())
    return made


class WheelFilter(QtCore.QObject):
    """Keeps the wheel from changing values over which the mouse only passes: it works in the widget with the focus."""

    def watch(self, parent: QtWidgets.QWidget) -> None:
        """The menus, numbers and sliders that are in `parent` now."""
        for kind in (QtWidgets.QComboBox, QtWidgets.QAbstractSpinBox, QtWidgets.QSlider):
            for widget in parent.findChildren(kind):
                widget.installEventFilter(self)
                if widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        passes = event.type() == QtCore.QEvent.Type.Wheel and not watched.hasFocus()
        if passes:
            event.ignore()
        return bool(passes)


def execute(dialog_or_app: Any) -> int:
    """Run a dialog, a menu or the application until it ends."""
    run = getattr(dialog_or_app, "exec", None) or dialog_or_app.exec_
    return int(run() or 0)
