"""The last row: what is the matter, how far the engine is, where the mouse is."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from ..client.session import READY, Session
from ..client.tables import STAGES
from .qt import Qt, QtCore, QtWidgets
from .theme import failure_style

#: Milliseconds for which an answer to a command stands before the engine's sentence is there again.
READING = 5000
HEIGHT = 18


class StatusLine(QtWidgets.QWidget):
    """One sentence, a progress bar while something is computed, and the place under the mouse."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.words = Sentence()
        self.words.setMinimumHeight(HEIGHT)  # or the picture would jump whenever something is computed
        self.place = QtWidgets.QLabel()
        self.place.setMinimumWidth(190)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedSize(320, HEIGHT)
        #: Stage -> steps done and all, of what is computed now.
        self._stages: Dict[str, Tuple[int, int]] = {}
        #: The engine's sentence, and whether it tells of a failure.
        self._state = ("", False)
        self._reading = QtCore.QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(READING)
        self._reading.timeout.connect(self.clear_words)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 4)
        row.addWidget(self.words, 1)
        row.addWidget(self.bar)
        row.addWidget(self.place)

    def text(self) -> str:
        """The sentence."""
        return self.words.sentence

    def show_words(self, words: str, failed: bool = False) -> None:
        """Answer a command: until the next answer, until the engine has news, or for as long as it takes to read."""
        self._show(words, failed)
        self._reading.start()

    def clear_words(self) -> None:
        """The answer holds no longer: show the engine's sentence again."""
        self._reading.stop()
        self._show(*self._state)

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
        before, self._state = self._state[0], (session.message, session.failed)
        if session.message not in (before, READY) or not self._reading.isActive():
            self.clear_words()

    def show_place(self, xy: Optional[Tuple[float, float]], zoom: float) -> None:
        """Plate pixels under the mouse (None: it is elsewhere) and the canvas's zoom."""
        self.place.setText(f"{xy[0]:.1f}, {xy[1]:.1f}    {zoom:.0%}" if xy is not None else f"{zoom:.0%}")

    def _show(self, words: str, failed: bool) -> None:
        self.words.show_sentence(words)
        self.words.setStyleSheet(failure_style(failed))


class Sentence(QtWidgets.QLabel):
    """A line that leaves its middle out where it is too long: what happened stands first, what to do last. All of it is
    the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = ""
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)

    def show_sentence(self, sentence: str) -> None:
        self.sentence = sentence
        self.setToolTip(sentence)
        self._fit()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.sentence, Qt.TextElideMode.ElideMiddle, self.width()))


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min" if whole >= 60 else f"{whole} s"
