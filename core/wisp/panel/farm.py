"""Write the shot's job for a render farm: for which queue, into which folder, where files lie on the workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ..client.ends import Done
from ..client.requests import Pack
from ..client.session import Session
from ..client.shot_edits import ShotEdits
from ..client.tables import QUEUES
from .qt import Qt, QtCore, QtGui, QtWidgets
from .theme import failure_style


class FarmJob(QtWidgets.QDialog):
    """Choose and write; how the job is then sent is said here. Nothing is sent or computed."""

    def __init__(
        self, session: Session, edits: ShotEdits, folder: Path, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        """`folder`: where the job's own folder goes at first."""
        super().__init__(parent)
        self.setWindowTitle("Farm job")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.resize(560, 0)
        self._session, self._edits, self._closed = session, edits, False
        self.queue = QtWidgets.QComboBox()
        for key, (label, hint) in QUEUES.items():
            self.queue.addItem(label, key)
            self.queue.setItemData(self.queue.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        self.folder = QtWidgets.QLineEdit(str(folder))
        self.frames = QtWidgets.QLineEdit(edits.span_text or "")
        self.frames.setPlaceholderText(f"all, {edits.first}-{edits.last}")
        self.paths = QtWidgets.QLineEdit()
        self.paths.setPlaceholderText("as here")
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.show_button = QtWidgets.QPushButton("Show in folder")
        self.show_button.setVisible(False)
        self.show_button.clicked.connect(
            lambda *_: QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(self.request().folder))
        )
        self.write_button = QtWidgets.QPushButton("Write")
        self.write_button.setDefault(True)
        self.write_button.clicked.connect(lambda *_: self.write())
        form = QtWidgets.QFormLayout()
        for label, field, hint in (
            ("Queue", self.queue, "Who runs it"),
            (
                "Folder",
                self.folder,
                "Gets the job and the shot for the workers, who must reach it",
            ),
            ("Frames", self.frames, "1001-1050, or every second one 1001-1050x2"),
            (
                "Paths",
                self.paths,
                "Where files lie on the workers, if elsewhere: P:/film=/mnt/film; //server/film=/mnt/film",
            ),
        ):
            field.setToolTip(hint)
            form.addRow(label, field)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.show_button)
        buttons.addWidget(self.write_button)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.words)
        column.addLayout(buttons)

    def request(self) -> Pack:
        """What is chosen now."""
        rules = [rule.strip() for rule in self.paths.text().split(";") if rule.strip()]
        folder = str(Path(self._session.places.root) / Path(self.folder.text().strip()).expanduser())
        return Pack(self.queue.currentData(), folder, self.frames.text().strip() or None, maps=rules)

    def write(self) -> None:
        """Have the job written."""
        if not self.folder.text().strip():
            self._say("Name a folder.", failed=True)
        elif not self._session.run(self.request(), lambda _: None, self._ended):
            self._say(self._session.refusal, failed=True)
        else:
            self.write_button.setEnabled(False)
            self._say("Writing")

    def closeEvent(self, event: Any) -> None:
        self._closed = True
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    def _ended(self, end: Optional[Done], reason: str) -> None:
        if self._closed:
            return
        self.write_button.setEnabled(True)
        self.show_button.setVisible(end is not None)
        self._say(reason if end is None else end.sentence, failed=end is None)

    def _say(self, words: str, failed: bool = False) -> None:
        self.words.setText(words)
        self.words.setStyleSheet(failure_style(failed))
