"""The page of keys: what mouse and keys do, from the table of commands."""

from __future__ import annotations

from typing import Iterable, List, Optional, Tuple

from .commands import COMMANDS, GESTURES, MENUS
from .qt import Qt, QtWidgets

#: Pixels of the page beside its columns: margins and the scroll bar.
_BESIDE = 60


class KeysPage(QtWidgets.QDialog):
    """A list to look through; what is typed above it picks."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.search = QtWidgets.QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.textChanged.connect(self._pick)
        self.list = QtWidgets.QTreeWidget()
        #: Every title with its rows.
        self.parts: List[Tuple[QtWidgets.QTreeWidgetItem, List[QtWidgets.QTreeWidgetItem]]] = []
        self.list.setHeaderLabels(["Keys", "What they do"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self._add("Mouse", GESTURES)
        for menu in MENUS:
            mine = [(one.shown_keys, one.hint) for one in COMMANDS if one.menu == menu and one.keys]
            self._add(menu.replace("&", ""), mine)
        self.list.expandAll()
        widths = []
        for column_number in range(2):
            self.list.resizeColumnToContents(column_number)
            widths.append(self.list.columnWidth(column_number))
        self.resize(sum(widths) + _BESIDE, 620)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.list)

    def _add(self, title: str, rows: Iterable[Tuple[str, str]]) -> None:
        head = QtWidgets.QTreeWidgetItem(self.list, [title])
        font = head.font(0)
        font.setBold(True)
        head.setFont(0, font)
        made = [QtWidgets.QTreeWidgetItem(head, list(row)) for row in rows]
        for row in made:
            row.setToolTip(1, row.text(1))
        self.parts.append((head, made))

    def _pick(self, text: str) -> None:
        """Rows that hold the words; a title where one of its rows does."""
        words = text.lower().split()
        for head, rows in self.parts:
            for row in rows:
                said = f"{row.text(0)} {row.text(1)}".lower()
                row.setHidden(not all(word in said for word in words))
            head.setHidden(all(row.isHidden() for row in rows))
