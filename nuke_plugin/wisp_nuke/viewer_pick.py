"""Picks in the viewer, by the host's own sampling: Ctrl+click takes a pixel, Ctrl+Shift+drag a region.

Nuke draws and moves the sample itself, at any zoom. A pick is a Ctrl+release over a viewer that was seen, and nothing
else: whether the sample follows the pointer is not known. Events are watched, never consumed, and only while a node
wants picks.
"""

from __future__ import annotations

import contextlib
from typing import Any, List, Optional

from . import edits, host, overlay


class Picks:
    """What is picked, watched over the viewers while a node wants picks; and what is drawn over them meanwhile."""

    def __init__(self) -> None:
        self.overlay = overlay.Overlay()
        self._picked: Optional[host.Sample] = None
        self._watcher: Any = None

    def released(self) -> None:
        """A Ctrl+release was seen over a viewer: what it has picked is taken at once."""
        self._picked = host.viewer_sample()

    def fresh(self) -> Optional[host.Sample]:
        """What was picked since the last time, if anything was."""
        found, self._picked = self._picked, None
        return found

    def watch(self, wanted: bool) -> None:
        """Look at the application's mouse releases from now on, or no longer. With an interface only."""
        if wanted == (self._watcher is not None) or not host.has_interface():
            return
        from .vendor.panel.qt import QtWidgets

        application: Any = QtWidgets.QApplication.instance()
        if application is None:
            return
        self._picked = None  # what was picked before does not count
        if wanted:
            self._watcher = _make_watcher(application, self)
            application.installEventFilter(self._watcher)
        else:
            application.removeEventFilter(self._watcher)
            self._watcher = None


def apply(group: Any, mode: str, picked: host.Sample) -> None:
    """Turn what is picked into a prompt: a region is a box in every mode."""
    if edits.is_region(edits.sample(group, picked)):
        edits.box_from_sample(group, picked)
    elif mode != "Box":
        edits.add_sample(group, mode == "Add +", picked)


def mouse_held() -> bool:
    """Whether a mouse button is down anywhere; False without an interface."""
    if not host.has_interface():
        return False
    from .vendor.panel.qt import Qt, QtWidgets

    return bool(QtWidgets.QApplication.mouseButtons() != Qt.MouseButton.NoButton)


def over_viewer(widget: Any) -> bool:
    """Whether a widget, or window, belongs to a viewer, by its name and class and those of what holds it.

    How they are called differs between versions; where none fits, the node's buttons pick.
    """
    names: List[str] = []
    while widget is not None:
        names.append((str(widget.objectName()) + " " + str(widget.metaObject().className())).lower())
        widget = widget.parent()
    text = " ".join(names)
    return "viewer" in text and "dag" not in text


def _make_watcher(application: Any, picks: Picks) -> Any:
    """The event filter; its class can only be made where Qt is."""
    from .vendor.panel.qt import Qt, QtCore, QtWidgets, position

    kinds = QtCore.QEvent.Type
    mouse = (kinds.MouseButtonPress, kinds.MouseMove, kinds.MouseButtonRelease)

    class Watcher(QtCore.QObject):
        def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 (Qt's name)
            # Whatever goes wrong here, the event must reach the host.
            with contextlib.suppress(Exception):
                kind = event.type()
                if kind not in mouse or not isinstance(watched, QtWidgets.QWidget) or not over_viewer(watched):
                    return False
                keys, place = event.modifiers(), position(event)
                meant = bool(keys & Qt.KeyboardModifier.ControlModifier)
                pressed = kind == mouse[0] and meant and bool(keys & Qt.KeyboardModifier.ShiftModifier)
                picks.overlay.pointer(watched, (place.x(), place.y()), pressed, kind == mouse[2])
                if kind == mouse[2] and event.button() == Qt.MouseButton.LeftButton and meant:
                    # After the host has taken the release itself, and before the pointer goes on.
                    QtCore.QTimer.singleShot(0, picks.released)
            return False

    return Watcher(application)
