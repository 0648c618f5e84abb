"""Compare heads: the same shot by several matting heads, as a sheet to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional

from ..client.ends import Done
from ..client.events import Event, Progress
from ..client.requests import Compare
from ..client.session import Session
from .qt import Qt, QtCore, QtGui, QtWidgets


class CompareHeads(QtWidgets.QDialog):
    """Choose heads, wait, look. The window stays usable meanwhile; the shot is not changed."""

    def __init__(self, session: Session, present: str, sheet: Path, parent: Optional[QtWidgets.QWidget] = None) -> None:
        """`present`: the shot's head. `sheet`: where the picture may lie."""
        super().__init__(parent)
        self.setWindowTitle("Compare heads")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self._session, self._picture = session, sheet
        #: Whether a comparison runs, and whether anybody still looks at this dialog.
        self.running, self._closed = False, False
        self.boxes: List[QtWidgets.QCheckBox] = []
        column = QtWidgets.QVBoxLayout()
        for model in session.models:
            if "head" in model["kinds"]:
                box = QtWidgets.QCheckBox(model["id"])
                lack = "" if model["available"] else f"\nNot on this machine: wisp models get {model['id']}"
                box.setToolTip(f"{model['title']} ({model['licence']}){lack}")
                box.setEnabled(model["available"])
                box.setChecked(model["available"] and (model["id"] == present or len(self.heads) < 2))
                box.toggled.connect(lambda *_: self._allow())
                self.boxes.append(box)
                column.addWidget(box)
        self.start_button = QtWidgets.QPushButton("Compare")
        self.start_button.clicked.connect(lambda *_: self.start())
        self.words = QtWidgets.QLabel("Four frames over the shot, by each head that is checked.")
        self.words.setWordWrap(True)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setVisible(False)
        self.sheet = QtWidgets.QLabel()
        self.area = QtWidgets.QScrollArea()
        self.area.setWidget(self.sheet)
        self.area.setVisible(False)
        for widget in (self.start_button, self.words, self.bar):
            column.addWidget(widget)
        column.addStretch(1)
        row = QtWidgets.QHBoxLayout(self)
        row.addLayout(column)
        row.addWidget(self.area, 1)
        self._allow()

    @property
    def heads(self) -> List[str]:
        """Those that are checked."""
        return [box.text() for box in self.boxes if box.isChecked()]

    def start(self) -> None:
        """Compute the sheet; it is shown when it is there."""
        asked = Compare(self.heads, str(self._picture), overwrite=True)
        self.running = self._session.run(asked, self._handle, self._ended)
        self.words.setText("Matting" if self.running else self._session.refusal)
        if not self.running:
            return
        self.words.setVisible(True)
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self._allow()

    def closeEvent(self, event: Any) -> None:
        self._closed = True
        if self.running:
            self._session.stop()
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    def _allow(self) -> None:
        self.start_button.setEnabled(len(self.heads) > 1 and not self.running)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Progress) and not self._closed:
            self.bar.setRange(0, event.total)
            self.bar.setValue(event.done)

    def _ended(self, _end: Optional[Done], reason: str) -> None:
        self.running = False
        if self._closed:
            return
        self.bar.setVisible(False)
        self.words.setText(reason or "")
        self.words.setVisible(bool(reason))
        if not reason:
            self._show(self._picture)
        self._allow()

    def _show(self, picture: Path) -> None:
        pixels = QtGui.QPixmap(str(picture))
        self.sheet.setPixmap(pixels)
        self.sheet.resize(pixels.size())
        self.area.setVisible(True)
        screen = QtGui.QGuiApplication.primaryScreen().availableGeometry().size()
        wanted = pixels.size() + QtCore.QSize(self.start_button.width() + 60, 40)
        self.resize(wanted.boundedTo(screen * 0.9))
