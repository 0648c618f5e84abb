"""Take roto that is there already: from which file, at which frames, and whether it is only finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Tuple

from ..client.ends import Done
from ..client.events import Event, RotoRead
from ..client.frames import as_sequence
from ..client.requests import Roto
from ..client.session import Session
from ..client.shot_edits import ShotEdits, pictures_from
from ..client.tables import ROTO_BAND, ROTO_KEYS
from .qt import Qt, QtWidgets

#: What holds roto, for a file chooser.
FILES = "Roto (*.nk *.fxs *.jsx *.json *.svg *.exr *.png *.tif *.tiff *.jpg);;All (*)"


class TakeRoto(QtWidgets.QDialog):
    """Choose, wait; every object of the roto becomes one of the shot, in one step of undo."""

    def __init__(self, session: Session, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Roto from a file")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self._session, self._edits = session, edits
        self._found: List[RotoRead] = []
        self._closed = False
        self.source = QtWidgets.QLineEdit()
        self.source.setToolTip("Shapes (.nk, .fxs, .jsx, .json, .svg), or one picture of a sequence of mattes")
        self.browse_button = QtWidgets.QPushButton("Browse...")
        self.browse_button.clicked.connect(lambda *_: self._browse())
        self.follow = QtWidgets.QRadioButton("Follow the object from keyframes at")
        self.follow.setToolTip("A mask on some frames; the frames between them are tracked")
        self.keys = QtWidgets.QComboBox()
        for key, (label, _) in ROTO_KEYS.items():
            self.keys.addItem(label, key)
        self.count = QtWidgets.QSpinBox()
        self.count.setRange(1, 10_000)
        self.count.setValue(5)
        self.finish = QtWidgets.QRadioButton("Finish: keep every frame, look for hair and blur within")
        self.finish.setToolTip("Nothing is tracked; inside and outside of the band the matte is as it was drawn")
        self.band = QtWidgets.QSpinBox()
        self.band.setRange(1, 1000)
        self.band.setValue(ROTO_BAND)
        self.band.setSuffix(" px of the outline")
        self.follow.setChecked(True)
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.take_button = QtWidgets.QPushButton("Take")
        self.take_button.setDefault(True)
        self.take_button.clicked.connect(lambda *_: self.take())
        grid = QtWidgets.QGridLayout(self)
        for row, parts in enumerate(
            (
                (QtWidgets.QLabel("File"), self.source, self.browse_button),
                (self.follow, self.keys, self.count),
                (self.finish, self.band),
                (self.words, None, self.take_button),
            )
        ):
            for column, part in enumerate(parts):
                if part is not None:
                    grid.addWidget(part, row, column)
        grid.setColumnStretch(1, 1)
        self.keys.currentIndexChanged.connect(lambda *_: self._allow())
        self.follow.toggled.connect(lambda *_: self._allow())
        self._allow()

    def request(self) -> Roto:
        """What is chosen now."""
        folder = Path(self._session.places.root) / "prompts"
        source = str(as_sequence(Path(self.source.text().strip()).absolute()))
        if self.finish.isChecked():
            return Roto(source, str(folder), band=float(self.band.value()))
        return Roto(source, str(folder), self.keys.currentData(), self.count.value())

    def take(self) -> None:
        """Have the masks written; then the objects are there."""
        if not self.source.text().strip():
            self._say("Name a file.")
        elif not self._session.run(self.request(), self._handle, self._ended):
            self._say(self._session.refusal)
        else:
            self._found.clear()
            self._allow(False)
            self._say("Taking the roto")

    def closeEvent(self, event: Any) -> None:
        self._closed = True
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    def _browse(self) -> None:
        name, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Roto", self.source.text(), FILES)
        if name:
            self.source.setText(name)

    def _allow(self, idle: bool = True) -> None:
        self.take_button.setEnabled(idle)
        self.keys.setEnabled(self.follow.isChecked())
        self.count.setEnabled(self.follow.isChecked() and self.keys.currentData() != "keys")
        self.band.setEnabled(self.finish.isChecked())

    def _say(self, words: str) -> None:
        self.words.setText(words)

    def _handle(self, event: Event) -> None:
        if isinstance(event, RotoRead):
            self._found.append(event)

    def _ended(self, end: Optional[Done], reason: str) -> None:
        if end is not None:
            self._edits.add_objects([self._object(read) for read in self._found])
        if self._closed:
            return
        if end is not None:
            self.close()
            return
        self._allow()
        self._say(reason)

    def _object(self, read: RotoRead) -> Tuple[str, Any]:
        """Its name and parts, with what lies beside the document named from there."""
        parts = read.parts
        pictures_from(parts, self._session.places.root)
        return read.object, parts
