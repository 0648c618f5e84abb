"""The last row: what is the matter, how far the engine is, where the mouse is."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from ..client.session import Session
from ..client.tables import STAGES
from .qt import Qt, QtWidgets


class StatusLine(QtWidgets.QWidget):
    """One sentence, a progress bar while something is computed, and the place under the mouse."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.words = QtWidgets.QLabel()
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
        self.place = QtWidgets.QLabel()
        self.place.setMinimumWidth(190)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedSize(320, 18)
        kept = self.bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # or the picture would jump whenever something is computed
        self.bar.setSizePolicy(kept)
        #: Stage -> steps done and all, of what is computed now.
        self._stages: Dict[str, Tuple[int, int]] = {}
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 4)
        row.addWidget(self.words, 1)
        row.addWidget(self.bar)
        row.addWidget(self.place)

    def text(self) -> str:
        """The sentence."""
        return self.words.text()

    def show_words(self, words: str, failed: bool = False) -> None:
        self.words.setText(words)
        self.words.setToolTip(words)
        self.words.setStyleSheet("color: #ff8a75;" if failed else "")

    def show_session(self, session: Session) -> None:
        """The session's sentence and progress."""
        progress = session.progress
        self.bar.setVisible(progress is not None or session.previewing)
        if progress is None:
            self._stages.clear()
        if progress is not None:
            if progress.total:  # else it is not known yet how much is to be done
                self._stages[progress.stage] = (progress.done, progress.total)
            done = sum(count for count, _ in self._stages.values())
            total = sum(count for _, count in self._stages.values())
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            eta = "" if progress.eta is None else f", {_duration(progress.eta)} left"
            words = " and ".join(STAGES.get(stage, stage) for stage in self._stages or (progress.stage,))
            self.bar.setFormat(f"{words[:1]}{words[1:].lower()} {done} of {total}{eta}")
        elif session.previewing:
            self.bar.setRange(0, 0)
        self.show_words(session.message, session.failed)

    def show_place(self, xy: Optional[Tuple[float, float]], zoom: float) -> None:
        """Plate pixels under the mouse (None: it is elsewhere) and the canvas's zoom."""
        self.place.setText(f"{xy[0]:.1f}, {xy[1]:.1f}    {zoom:.0%}" if xy is not None else f"{zoom:.0%}")


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min" if whole >= 60 else f"{whole} s"
