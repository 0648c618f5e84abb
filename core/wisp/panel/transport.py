"""The row below the canvas: play, keyframes, the frame as a slider and as a number."""

from __future__ import annotations

from typing import Optional

from .commands import TOOL_TIPS
from .qt import Qt, QtCore, QtWidgets, button

PLAY, PAUSE = "\N{BLACK RIGHT-POINTING TRIANGLE}", "\N{BLACK SQUARE FOR STOP}"


class Transport(QtWidgets.QWidget):
    """`frame_asked(frame)`; `keyframe_asked(step)`: the next (1) or the one before (-1); `beat`: time for the next
    frame while playing; `typed`: a frame was typed to its end."""

    frame_asked = QtCore.Signal(int)
    keyframe_asked = QtCore.Signal(int)
    beat, typed = QtCore.Signal(), QtCore.Signal()

    def __init__(self, first: int, last: int, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.number = QtWidgets.QSpinBox()
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(76)
        for box in (self.slider, self.number):
            box.setRange(first, last)
            box.valueChanged.connect(self.frame_asked.emit)
        self.number.lineEdit().returnPressed.connect(self.typed.emit)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(1000 // 24)
        self._timer.timeout.connect(self.beat.emit)
        self.play_button = button(PLAY, TOOL_TIPS["play"], lambda: self.play(not self.playing))
        before = button(
            "\N{WHITE DIAMOND}\N{LEFTWARDS ARROW}",
            TOOL_TIPS["previous-keyframe"],
            lambda: self.keyframe_asked.emit(-1),
        )
        after = button(
            "\N{RIGHTWARDS ARROW}\N{WHITE DIAMOND}", TOOL_TIPS["next-keyframe"], lambda: self.keyframe_asked.emit(1)
        )
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 2)
        for widget in (before, self.play_button, after, self.slider, self.number):
            row.addWidget(widget, 1 if widget is self.slider else 0)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def play(self, on: bool) -> None:
        """Start or stop the beat."""
        if on:
            self._timer.start()
        else:
            self._timer.stop()
        self.play_button.setText(PAUSE if on else PLAY)

    def show_frame(self, frame: int) -> None:
        """Show that frame without asking for it."""
        for box in (self.slider, self.number):
            box.blockSignals(True)
            box.setValue(frame)
            box.blockSignals(False)
