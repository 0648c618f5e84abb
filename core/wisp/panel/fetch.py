"""Get models: what is not on this machine yet, what it weighs and under which terms, and a button."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ..client.ends import Done
from ..client.events import Event, Progress
from ..client.requests import Fetch
from ..client.session import Session
from ..client.wording import size_text
from .qt import Qt, QtWidgets

#: What a model can be used as in the window.
_KINDS = ("tracker", "head", "detector")


class GetModels(QtWidgets.QDialog):
    """One model at a time. The window stays usable meanwhile; what was stopped goes on from there the next time."""

    def __init__(self, session: Session, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Get models")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.resize(620, 420)
        self._session = session
        #: The model that is being fetched, and whether anybody still looks at this dialog.
        self.fetching, self._closed = "", False
        self.list = QtWidgets.QListWidget()
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(lambda *_: self._choose())
        self.terms = QtWidgets.QLabel()
        self.terms.setWordWrap(True)
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setVisible(False)
        self.get_button = QtWidgets.QPushButton("Get")
        self.get_button.clicked.connect(lambda *_: self.get())
        self.stop_button = QtWidgets.QPushButton("Stop")
        self.stop_button.clicked.connect(lambda *_: session.stop())
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.bar, 1)
        buttons.addStretch(0)
        buttons.addWidget(self.get_button)
        buttons.addWidget(self.stop_button)
        column = QtWidgets.QVBoxLayout(self)
        for widget in (self.list, self.terms, self.words):
            column.addWidget(widget)
        column.addLayout(buttons)
        self._fill()

    @property
    def chosen(self) -> Optional[Dict[str, Any]]:
        """The model whose terms are shown."""
        item = self.list.currentItem()
        name = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        return next((model for model in self._session.models if model["id"] == name), None)

    def get(self) -> None:
        """Fetch the chosen model."""
        model = self.chosen
        if model is None or self.fetching or not model["allowed"]:
            return
        if not self._session.run(Fetch(model["id"]), self._handle, self._ended):
            self.words.setText(self._session.refusal)
            return
        self.fetching = model["id"]
        self.words.setText(f"Fetching {model['id']}")
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self._allow()

    def closeEvent(self, event: Any) -> None:
        self._closed = True
        if self.fetching:
            self._session.stop()
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    def _fill(self) -> None:
        """List what is lacking; nothing is lost of what is chosen."""
        before = self.chosen
        self.list.clear()
        for model in self._session.models:
            if not model["available"] and set(model["kinds"]) & set(_KINDS):
                item = QtWidgets.QListWidgetItem(f"{model['title']}\n{_size(model['missing'])}, {model['licence']}")
                item.setData(Qt.ItemDataRole.UserRole, model["id"])
                self.list.addItem(item)
                if before is not None and before["id"] == model["id"]:
                    self.list.setCurrentItem(item)
        if not self.list.count():
            self.words.setText("All models are on this machine.")
        elif self.list.currentItem() is None:
            self.list.setCurrentRow(0)
        self._choose()

    def _choose(self) -> None:
        model = self.chosen
        refused = "" if model is None or model["allowed"] else " The policy of this studio (WISP_LICENCE) refuses it."
        self.terms.setText("" if model is None else f"{model['terms']} {model['note']}".strip() + refused)
        self._allow()

    def _allow(self) -> None:
        model = self.chosen
        self.get_button.setEnabled(model is not None and model["allowed"] and not self.fetching)
        self.stop_button.setEnabled(bool(self.fetching))
        self.list.setEnabled(not self.fetching)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Progress) and not self._closed:
            # In kilobytes: a bar counts to 2^31.
            self.bar.setRange(0, event.total // 1000)
            self.bar.setValue(event.done // 1000)
            left = "" if event.eta is None else f", {event.eta:.0f} s left"
            of = f" of {_size(event.total)}" if event.total else ""
            self.words.setText(f"Fetching {self.fetching}: {_size(event.done)}{of}{left}")

    def _ended(self, end: Optional[Done], reason: str) -> None:
        name, self.fetching = self.fetching, ""
        if self._closed:
            return
        self.bar.setVisible(False)
        self._fill()
        self.words.setText(f"{name} is here: choose it among the models." if end is not None else reason)


def _size(count: Optional[int]) -> str:
    return "size not known" if count is None else size_text(count)
