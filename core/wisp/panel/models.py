"""Which tracker and which head compute the mattes, out of what the engine has."""

from __future__ import annotations

import copy
from typing import Any, Dict, List, Optional

from ..client.shot_edits import ShotEdits
from ..client.tables import HEAD, TRACKER, UNCOVER
from .qt import Qt, QtCore, QtGui, QtWidgets

#: Role in the shot document -> label, hint, and what is used where the document names none.
ROLES = {
    "tracker": ("Tracker", "Follows the object through the shot", TRACKER),
    "head": ("Head", "Finds the soft edge on every frame", HEAD),
}


class ModelChoice(QtWidgets.QWidget):
    """Two menus, and whether the background is uncovered.

    A model whose files are not on this machine is listed, greyed, with what to do about it."""

    #: What of `solve` in the document is another; more models are wanted than are on this machine.
    changed, wanted = QtCore.Signal(str), QtCore.Signal()

    def __init__(self, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.edits = edits
        self.menus: Dict[str, QtWidgets.QComboBox] = {}
        self._models: List[Dict[str, Any]] = []
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(QtWidgets.QLabel("Models"), 0, 0, 1, 2)
        for role, (label, hint, _) in ROLES.items():
            menu = self.menus[role] = QtWidgets.QComboBox()
            menu.setToolTip(hint)
            menu.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            menu.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToContentsOnFirstShow)
            menu.setMinimumContentsLength(10)
            menu.currentIndexChanged.connect(lambda index, role=role: self._chosen(role, index))
            grid.addWidget(QtWidgets.QLabel(label), grid.rowCount(), 0)
            grid.addWidget(menu, grid.rowCount() - 1, 1)
        self.uncover = QtWidgets.QCheckBox("Uncover the background")
        self.uncover.setToolTip(UNCOVER)
        self.uncover.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.uncover.toggled.connect(self._uncovered)
        grid.addWidget(self.uncover, grid.rowCount(), 1)
        self.more = QtWidgets.QPushButton()
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setVisible(False)
        self.more.clicked.connect(lambda *_: self.wanted.emit())
        grid.addWidget(self.more, grid.rowCount(), 0, 1, 2)
        self.refresh()

    def offer(self, models: List[Dict[str, Any]]) -> None:
        """The registry as the engine tells it (see `initialize` of the protocol); empty while nothing is known."""
        if models == self._models:
            return
        self._models = copy.deepcopy(models)  # the session marks what has come since
        lacking = [m for m in models if not m["available"] and any(role in m["kinds"] for role in ROLES)]
        self.more.setText(f"Get models ({len(lacking)} more)...")
        self.more.setToolTip("Better trackers and heads, with their sizes and licences")
        self.more.setVisible(bool(lacking))
        for role, menu in self.menus.items():
            menu.blockSignals(True)
            menu.clear()
            for model in models:
                if role in model["kinds"]:
                    self._add(menu, model)
            menu.blockSignals(False)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says now."""
        solve = self.edits.document.get("solve", {})
        for role, menu in self.menus.items():
            name = solve.get(role, ROLES[role][2])
            menu.blockSignals(True)
            if menu.findData(name) < 0:  # the engine is not there yet, or does not know it
                menu.addItem(name, name)
            menu.setCurrentIndex(menu.findData(name))
            menu.blockSignals(False)
        self.uncover.blockSignals(True)
        self.uncover.setChecked(solve.get("uncover") is not False)
        self.uncover.blockSignals(False)

    def _add(self, menu: QtWidgets.QComboBox, model: Dict[str, Any]) -> None:
        menu.addItem(model["id"], model["id"])
        place = menu.count() - 1
        hint = f"{model['title']} ({model['licence']})"
        if not model["available"]:
            entries = menu.model()
            assert isinstance(entries, QtGui.QStandardItemModel)
            entries.item(place).setFlags(Qt.ItemFlag.NoItemFlags)
            menu.setItemData(place, QtGui.QColor("#6a6a72"), Qt.ItemDataRole.ForegroundRole)
            hint += f"\nNot on this machine: wisp models get {model['id']}"
        menu.setItemData(place, hint, Qt.ItemDataRole.ToolTipRole)

    def _uncovered(self, wanted: bool) -> None:
        self.edits.set_solve(uncover=None if wanted else False)
        self.changed.emit("uncover")

    def _chosen(self, role: str, index: int) -> None:
        self.edits.set_solve(**{role: self.menus[role].itemData(index)})
        self.changed.emit(role)
