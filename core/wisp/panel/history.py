"""The versions of a solve as a list: look at one beside what is there now, or bring its objects back."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Callable, List, Optional

from ..client.shot_edits import ShotEdits
from .qt import Qt, QtWidgets
from .versions import Version, versions


class SolveVersions(QtWidgets.QDialog):
    """`own`: the shot's own folder; `look`: told which version is looked at beside the present one; None for none."""

    def __init__(
        self,
        edits: ShotEdits,
        own: Path,
        look: Callable[[Optional[Version]], Any],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Versions of the solve")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.resize(560, 280)
        self._edits, self._look = edits, look
        self.versions: List[Version] = versions(own)
        self.list = QtWidgets.QListWidget()
        self.list.addItems([one.words for one in self.versions])
        self.list.setToolTip("The last ten solves, the newest first")
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setText(
            "" if self.versions else "None is kept yet: each time something is solved here, what is there then is kept."
        )
        self.compare_button = QtWidgets.QPushButton("Look at it beside")
        self.compare_button.setToolTip("It is left of the wipe's line (W), and what Difference (Ctrl+6) compares with")
        self.compare_button.clicked.connect(lambda *_: self._compare())
        self.restore_button = QtWidgets.QPushButton("Bring back")
        self.restore_button.setToolTip("Its objects, prompts, edges and models; undo takes that back")
        self.restore_button.clicked.connect(lambda *_: self._restore())
        self.none_button = QtWidgets.QPushButton("None beside")
        self.none_button.setToolTip("The plate is left of the wipe's line again")
        self.none_button.clicked.connect(lambda *_: self._look(None))
        row = QtWidgets.QHBoxLayout()
        row.addStretch(1)
        for button in (self.none_button, self.compare_button, self.restore_button):
            row.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.list)
        column.addWidget(self.words)
        column.addLayout(row)
        self.list.currentRowChanged.connect(lambda *_: self._allow())
        self.list.setCurrentRow(0 if self.versions else -1)
        self._allow()

    @property
    def chosen(self) -> Optional[Version]:
        row = self.list.currentRow()
        return self.versions[row] if 0 <= row < len(self.versions) else None

    def _allow(self) -> None:
        for button in (self.compare_button, self.restore_button):
            button.setEnabled(self.chosen is not None)

    def _compare(self) -> None:
        if self.chosen is not None:
            self._look(self.chosen)
            self.words.setText(f"Version {self.chosen.number} is left of the wipe's line.")

    def _restore(self) -> None:
        version = self.chosen
        if version is not None:
            self._edits.set_objects(copy.deepcopy(version.objects), **version.solve)
            self.words.setText(f"Version {version.number} is back. What is not in the cache any more is to be solved.")
