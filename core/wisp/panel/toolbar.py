"""The row of tools, modes and buttons above the canvas, with their keys."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, Tuple

from . import compose
from .gestures import BOX, LASSO, POINT_ADD, POINT_REMOVE, STROKE
from .icons import icon
from .qt import QAction, QKeySequence, Qt, QtCore, QtGui, QtWidgets

Hints = Tuple[Tuple[str, str, str], ...]

TOOL_HINTS: Hints = (
    (POINT_ADD, "A", "Point that belongs to the object (drag: box)"),
    (POINT_REMOVE, "R", "Point that does not belong to the object"),
    (BOX, "B", "Box around the object"),
    (STROKE, "S", "Stroke over the object; right button or Alt takes away (Ctrl+wheel: brush)"),
    (LASSO, "L", "Outline of the object"),
)
MODE_HINTS: Hints = (
    (compose.PLATE, "Ctrl+1", "The plate"),
    (compose.MATTE, "Ctrl+2", "The matte"),
    (compose.TINT, "Ctrl+3", "The matte as a tint over the plate"),
    (compose.CUTOUT, "Ctrl+4", "The object on black"),
    (compose.CHECKER, "Ctrl+5", "The object on a checkerboard"),
)
WIPE_HINT = "Wipe: the plate left of the line, what is shown right of it; drag the line's handle"
TRACK_HINTS: Hints = (
    ("track-backward", "Shift+F", "Track backward from the next keyframe"),
    ("track-frame", "Space", "Solve this frame"),
    ("track-forward", "F", "Track forward from the last keyframe"),
    ("track-both", "T", "Track the whole shot"),
)


class ToolBar(QtWidgets.QToolBar):
    """`tool_chosen`, `mode_chosen`: a name of `gestures.TOOLS`, of `compose.MODES`. `asked`: `track-...`, `stop`,
    `lock` or `wipe`. The actions are added to `owner`, so that their keys work wherever the focus is in it."""

    tool_chosen = QtCore.Signal(str)
    mode_chosen = QtCore.Signal(str)
    asked = QtCore.Signal(str)

    def __init__(self, owner: QtWidgets.QWidget) -> None:
        super().__init__(owner)
        self.actions_by_name: Dict[str, QAction] = {}
        self._owner = owner
        self.setIconSize(QtCore.QSize(24, 24))
        self.setMovable(False)
        self._group(TOOL_HINTS, self.tool_chosen.emit)
        self._group(MODE_HINTS, self.mode_chosen.emit)
        self._action("wipe", "W", WIPE_HINT, self.asked.emit).setCheckable(True)
        self.addSeparator()
        for name, key, hint in TRACK_HINTS:
            self._action(name, key, hint, self.asked.emit)
        self._action("stop", "Esc", "Stop; what is finished is kept", self.asked.emit)
        self.addSeparator()
        self._action("lock", "K", "Lock this frame's matte, or free it", self.asked.emit).setCheckable(True)
        self._action("absent", "X", "The object is not on this frame, or may be", self.asked.emit).setCheckable(True)
        self.live = QtWidgets.QCheckBox("Live")
        self.live.setToolTip("Compute this frame's matte after every change")
        self.live.setChecked(True)
        self.live.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addWidget(self.live)
        self.foresee = QtWidgets.QCheckBox("Foresee")
        self.foresee.setToolTip("Rest the mouse: the matte that a click there would give, before anything is drawn")
        self.foresee.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addWidget(self.foresee)

    def check(self, name: str, on: bool = True) -> None:
        """Show a tool, a mode or the lock as chosen."""
        self.actions_by_name[name].setChecked(on)

    def allow_tracking(self, allowed: bool) -> None:
        for name, _, _ in TRACK_HINTS:
            self.actions_by_name[name].setEnabled(allowed)

    def _group(self, hints: Hints, choose: Callable[[str], Any]) -> None:
        """Tools or modes of which one is on."""
        group = QtWidgets.QActionGroup(self) if hasattr(QtWidgets, "QActionGroup") else QtGui.QActionGroup(self)
        for hint in hints:
            action = self._action(*hint, choose)
            action.setCheckable(True)
            group.addAction(action)
        self.addSeparator()

    def _action(self, name: str, key: str, hint: str, work: Callable[[str], Any]) -> QAction:
        action = QAction(icon(name), name.replace("-", " ").capitalize(), self._owner)
        action.setToolTip(f"{hint} ({key})")
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(partial(self._pressed, work, name))
        self._owner.addAction(action)
        self.addAction(action)
        self.actions_by_name[name] = action
        return action

    @staticmethod
    def _pressed(work: Callable[[str], Any], name: str, *_: Any) -> None:
        work(name)
