"""The finish of the active object's matte: sliders whose effect is seen on the frame, without tracking again."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ..client.shot_edits import ShotEdits
from ..client.tables import EDGE, EdgeSetting
from .commands import TOOL_TIPS
from .qt import Qt, QtCore, QtWidgets, button

#: Steps of a slider from one end to the other.
TICKS = 400


class EdgePanel(QtWidgets.QWidget):
    """`changed`: the active object's finish is another; `typed`: a number was typed to its end. One drag of a slider is
    one step of undo."""

    changed, typed = QtCore.Signal(), QtCore.Signal()

    def __init__(self, edits: ShotEdits, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.edits = edits
        self.rows: Dict[str, Row] = {}
        self.reset_button = button("Reset", TOOL_TIPS["reset-edge"], self.reset)
        title = QtWidgets.QHBoxLayout()
        title.addWidget(QtWidgets.QLabel("Edge"), 1)
        title.addWidget(self.reset_button)
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        grid.setVerticalSpacing(2)
        grid.addLayout(title, 0, 0, 1, 3)
        for setting in EDGE:
            row = self.rows[setting.key] = Row(setting, self)
            row.changed.connect(self._changed)
            row.number.lineEdit().returnPressed.connect(self.typed.emit)
            for column, widget in enumerate(row.widgets):
                grid.addWidget(widget, len(self.rows), column)
        self.refresh()

    def refresh(self) -> None:
        """Show the active object's settings as they are now."""
        item = self.edits.object(self.edits.active)
        edge = item.get("edge", {}) if item else {}
        self.setEnabled(item is not None)
        for key, row in self.rows.items():
            row.show_value(edge.get(key, row.setting.default))
        self.reset_button.setEnabled(any(edge.get(one.key, one.default) != one.default for one in EDGE))

    def _changed(self, key: str, value: float, continued: bool) -> None:
        if self.edits.active is not None:
            edge = self._edge()
            edge[key] = value
            # The document refuses a white point at or below the black one: the other gives way.
            if key == "black":
                edge["white"] = max(edge["white"], round(value + 0.01, 2))
            elif key == "white":
                edge["black"] = min(edge["black"], round(value - 0.01, 2))
            self.edits.set_edge(self.edits.active, edge, continued)
            self.changed.emit()

    def reset(self) -> None:
        """The active object's matte as it was solved."""
        if self.edits.active is not None and self.reset_button.isEnabled():  # else there is nothing to undo
            self.edits.set_edge(self.edits.active, {one.key: one.default for one in EDGE})
            self.changed.emit()

    def _edge(self) -> Dict[str, Any]:
        item = self.edits.object(self.edits.active)
        return dict({one.key: one.default for one in EDGE}, **(item.get("edge", {}) if item else {}))


class Row(QtCore.QObject):
    """A label, a slider and a number for one setting. `changed(key, value, continued)`: `continued` while a drag goes
    on that has changed the setting before."""

    changed = QtCore.Signal(str, float, bool)

    def __init__(self, setting: EdgeSetting, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setting = setting
        self._dragged = False
        self.label = QtWidgets.QLabel(setting.label)
        self.slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setMinimumWidth(60)
        self.number = QtWidgets.QDoubleSpinBox()
        self.number.setRange(*setting.limits)
        self.number.setDecimals(setting.decimals)
        self.number.setSingleStep(setting.step)
        self.number.setKeyboardTracking(False)
        self.number.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setFixedWidth(48)
        for widget in self.widgets:
            widget.setToolTip(setting.hint)
        self.slider.sliderPressed.connect(self._pressed)
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)

    @property
    def widgets(self) -> List[QtWidgets.QWidget]:
        return [self.label, self.slider, self.number]

    def show_value(self, value: float) -> None:
        """Show it without telling anybody."""
        lowest, highest = self.setting.usual
        for widget in (self.slider, self.number):
            widget.blockSignals(True)
        self.number.setValue(value)
        if not self.slider.isSliderDown():  # it would jump to a tick under the hand
            self.slider.setValue(round((min(max(value, lowest), highest) - lowest) / (highest - lowest) * TICKS))
        for widget in (self.slider, self.number):
            widget.blockSignals(False)

    def _pressed(self) -> None:
        self._dragged = False

    def _slid(self, tick: int) -> None:
        lowest, highest = self.setting.usual
        value = round(lowest + (highest - lowest) * tick / TICKS, self.setting.decimals)
        if value != self.number.value():
            continued = self._dragged and self.slider.isSliderDown()
            self._dragged = True
            self.changed.emit(self.setting.key, value, continued)

    def _typed(self, value: float) -> None:
        self.changed.emit(self.setting.key, value, False)
