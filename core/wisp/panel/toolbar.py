"""The row of tools, modes and buttons above the canvas."""

from __future__ import annotations

from typing import Iterable

from .commands import MODES, SWITCHES, TOOLS, TRACKING, Actions, Command, fill_menus
from .qt import Qt, QtCore, QtGui, QtWidgets


class ToolBar(QtWidgets.QToolBar):
    """The commands of every minute as buttons; `live` and `foresee` are switches."""

    def __init__(self, actions: Actions, parent: QtWidgets.QWidget, with_menu: bool) -> None:
        """`with_menu`: all commands are in a menu at its end, for who has no menu bar."""
        super().__init__(parent)
        self._commands = actions
        self.setIconSize(QtCore.QSize(24, 24))
        self.setMovable(False)
        self._group(TOOLS)
        self._group(MODES)
        self.addAction(actions["wipe"])
        self.addSeparator()
        for one in TRACKING:
            self.addAction(actions[one.name])
        self.addAction(actions["stop"])
        self.addSeparator()
        for name in ("lock", "absent"):
            self.addAction(actions[name])
        self.live, self.foresee = map(self._switch, SWITCHES)
        self.live.setChecked(True)
        if with_menu:
            self._add_menu()

    def check(self, name: str, on: bool = True) -> None:
        """Show a tool, a mode or the lock as chosen."""
        self._commands.check(name, on)

    def allow_tracking(self, allowed: bool) -> None:
        for one in TRACKING:
            self._commands[one.name].setEnabled(allowed)

    def _group(self, commands: Iterable[Command]) -> None:
        """Tools or modes of which one is on."""
        group = QtWidgets.QActionGroup(self) if hasattr(QtWidgets, "QActionGroup") else QtGui.QActionGroup(self)
        for one in commands:
            self._commands.check(one.name, False)
            group.addAction(self._commands[one.name])
            self.addAction(self._commands[one.name])
        self.addSeparator()

    def _switch(self, command: Command) -> QtWidgets.QCheckBox:
        """A box that is ticked where its command is."""
        box = QtWidgets.QCheckBox(command.text)
        box.setToolTip(command.tool_tip)
        self.check(command.name, False)
        box.toggled.connect(self._commands[command.name].setChecked)
        box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.addWidget(box)
        return box

    def _add_menu(self) -> None:
        button = QtWidgets.QToolButton()
        button.setText("More")
        button.setToolTip("All commands, with their keys")
        button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QtWidgets.QMenu(button)
        fill_menus(menu.addMenu, self._commands)
        button.setMenu(menu)
        self.addWidget(button)
