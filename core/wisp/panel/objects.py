"""The list of objects: which is active, which count, their names and colours."""

from __future__ import annotations

from typing import Any, Optional

from ..client.names import given_name
from ..client.shot_edits import ShotEdits
from .commands import TOOL_TIPS
from .qt import Qt, QtCore, QtGui, QtWidgets, button

_ROLE = Qt.ItemDataRole.UserRole


class ObjectList(QtWidgets.QWidget):
    """Names are edited in place, the check mark says whether the object counts. `refused`: why a name is not taken."""

    chosen, refused = QtCore.Signal(int), QtCore.Signal(str)

    def __init__(self, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.edits = edits
        self.list = QtWidgets.QListWidget()
        self.list.setIconSize(QtCore.QSize(14, 14))
        self.list.setEditTriggers(
            QtWidgets.QAbstractItemView.EditTrigger.DoubleClicked
            | QtWidgets.QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemChanged.connect(self._changed)
        self.add_button = button("+", TOOL_TIPS["add-object"], lambda: edits.add_object())
        self.remove_button = button("\N{MINUS SIGN}", TOOL_TIPS["remove-object"], self.remove)
        self.color_button = button("Colour", TOOL_TIPS["color-object"], self.choose_color)
        row = QtWidgets.QHBoxLayout()
        for one in (self.add_button, self.remove_button, self.color_button):
            row.addWidget(one)
        row.addStretch(1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(QtWidgets.QLabel("Objects"))
        layout.addWidget(self.list)
        layout.addLayout(row)
        self.refresh()

    def refresh(self) -> None:
        """Show the shot's objects as they are now."""
        self.list.blockSignals(True)
        # Rows are kept where they can be: replacing them would end an edit of a name that is under way.
        while self.list.count() > len(self.edits.objects):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(self.edits.objects):
            self.list.addItem(QtWidgets.QListWidgetItem())
        for row, item in enumerate(self.edits.objects):
            entry = self.list.item(row)
            entry.setData(_ROLE, item["id"])
            entry.setText(item["name"])
            swatch = QtGui.QPixmap(14, 14)
            swatch.fill(QtGui.QColor(item["color"]))
            icon = QtGui.QIcon(swatch)
            icon.addPixmap(swatch, QtGui.QIcon.Mode.Selected)  # else it is tinted in the chosen row
            entry.setIcon(icon)
            entry.setFlags(entry.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
            entry.setCheckState(Qt.CheckState.Checked if item.get("enabled", True) else Qt.CheckState.Unchecked)
            if item["id"] == self.edits.active:
                self.list.setCurrentRow(row)
        self.list.scrollToItem(self.list.currentItem())
        self.list.blockSignals(False)
        self.remove_button.setEnabled(bool(self.edits.objects))
        self.color_button.setEnabled(bool(self.edits.objects))

    def rename(self) -> None:
        """Let the active object's name be typed."""
        if self.edits.active is not None:
            self.list.editItem(self.list.currentItem())

    def choose_color(self) -> None:
        """Ask for the active object's colour."""
        item = self.edits.object(self.edits.active)
        if item is not None:
            color = QtWidgets.QColorDialog.getColor(QtGui.QColor(item["color"]), self, "Colour of " + item["name"])
            if color.isValid():
                self.edits.set_object(item["id"], color=color.name())

    def switch(self) -> None:
        """Have the active object count, or not."""
        item = self.edits.object(self.edits.active)
        if item is not None:
            self.edits.set_object(item["id"], enabled=not item.get("enabled", True))

    def remove(self) -> None:
        """Remove the active object."""
        if self.edits.active is not None:
            self.edits.remove_object(self.edits.active)

    def _chosen(self, entry: Any, _before: Any) -> None:
        if entry is not None:
            self.chosen.emit(entry.data(_ROLE))

    def _changed(self, entry: Any) -> None:
        number = entry.data(_ROLE)
        names = {item["id"]: item["name"] for item in self.edits.objects}
        try:
            name = given_name(entry.text(), names.pop(number), names.values())
        except ValueError as fault:
            self.refresh()
            self.refused.emit(str(fault))
            return
        self.edits.set_object(number, name=name, enabled=entry.checkState() == Qt.CheckState.Checked)
        self.refresh()
