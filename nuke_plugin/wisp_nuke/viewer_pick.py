"""Picks in the viewer, by the host's own sampling: Ctrl+click takes a pixel, Ctrl+Shift+drag a region.

Nuke draws and moves the sample itself, at any zoom. We only notice that there is a new one: its numbers have changed
while no mouse button is held, or a Ctrl+click was seen over a viewer (the same pixel on another frame). Events are
watched, never consumed.
"""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Tuple

from . import edits, host

_known: Dict[str, Tuple[float, ...]] = {}
_clicked = False
_watcher: Any = None


def arm() -> None:
    """From now on; what is picked already does not count."""
    global _known, _clicked
    _known, _clicked = host.samples(), False


def fresh(held: bool) -> bool:
    """Whether something was picked in the active viewer since the last time; that another viewer has become the active
    one is no pick. `held`: a mouse button is down, so that a drag goes on."""
    global _known, _clicked
    if held:
        return False
    seen, viewer = host.samples(), host.active_viewer()
    sample = seen.get(viewer, ())
    new = any(sample) and (_clicked or sample != _known.get(viewer))
    _known, _clicked = seen, False
    return new


def apply(group: Any, mode: str) -> None:
    """Turn what is picked into a prompt: a region is a box in every mode."""
    if edits.is_region(edits.sample(group)):
        edits.box_from_sample(group)
    elif mode != "Box":
        edits.add_sample(group, mode == "Add +")


def watch() -> None:
    """Look at the application's mouse releases. With an interface only."""
    global _watcher
    if _watcher is None:
        _watcher = _make_watcher()


def mouse_held() -> bool:
    """Whether a mouse button is down anywhere; False without an interface."""
    if not host.has_interface():
        return False
    from .vendor.panel.qt import Qt, QtWidgets

    return bool(QtWidgets.QApplication.mouseButtons() != Qt.MouseButton.NoButton)


def over_viewer(widget: Any) -> bool:
    """Whether a widget, or window, belongs to a viewer, by its name and class and those of what holds it.

    How they are called differs between versions; where none fits, only changed samples are noticed.
    """
    names: List[str] = []
    while widget is not None:
        names.append((str(widget.objectName()) + " " + str(widget.metaObject().className())).lower())
        widget = widget.parent()
    text = " ".join(names)
    return "viewer" in text and "dag" not in text


def _saw_click() -> None:
    global _clicked
    _clicked = True


def _make_watcher() -> Any:
    """The event filter; its class can only be made where Qt is."""
    from .vendor.panel.qt import Qt, QtCore, QtWidgets

    class Watcher(QtCore.QObject):
        def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 (Qt's name)
            # Whatever goes wrong here, the event must reach the host.
            with contextlib.suppress(Exception):
                if (
                    event.type() == QtCore.QEvent.Type.MouseButtonRelease
                    and event.button() == Qt.MouseButton.LeftButton
                    and event.modifiers() & Qt.KeyboardModifier.ControlModifier
                    and over_viewer(watched)
                ):
                    _saw_click()
            return False

    application: Any = QtWidgets.QApplication.instance()
    watcher = Watcher(application)
    application.installEventFilter(watcher)
    return watcher
