"""How the plate is read and seen: colour space, view, exposure, layer, missing frames, what was filmed beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..client.tables import MAX_STOPS, MISSING
from ..errors import WispError
from ..panel.qt import Qt, QtWidgets
from ..panel.theme import failure_style
from ..plates import open_plate
from ..plates.colour import AS_IS, choose_colour, known_colours
from ..plates.exr import layer_names
from ..shot import BESIDE, PlateSpec

_BESIDE = {
    "clean": "The empty set: a picture, or a sequence with the plate's frame numbers",
    "second": "The same still or performance before another backing, for alpha by triangulation",
    "second_clean": "That other backing, empty",
}
_FROM_FILE = "as the files say"


class PlateSettings(QtWidgets.QDialog):
    """Accepted, `values` are what is to change in the document's plate. What does not fit is said, and nothing changes.

    Colour decides what the models see: changed, all mattes are to be solved again."""

    def __init__(self, plate: PlateSpec, path: Path, parent: QtWidgets.QWidget | None = None) -> None:
        """`path`: where the plate's pictures lie."""
        super().__init__(parent)
        self.setWindowTitle("Plate")
        self.resize(520, 0)
        self._plate, self._path = plate, path
        self.values: dict[str, Any] = {}
        spaces, views = known_colours(plate.ocio)
        self.colorspace = _menu([_FROM_FILE, *spaces], plate.colorspace or _FROM_FILE)
        self.view = _menu([_FROM_FILE, AS_IS, *views], plate.view or _FROM_FILE)
        self.exposure = QtWidgets.QDoubleSpinBox()
        self.exposure.setRange(-MAX_STOPS, MAX_STOPS)
        self.exposure.setSingleStep(0.25)
        self.exposure.setSuffix(" stops")
        self.exposure.setValue(plate.exposure)
        self.layer = _menu([_FROM_FILE, *_layers(path)], plate.layer or _FROM_FILE)
        self.missing = QtWidgets.QComboBox()
        for key, (label, hint) in MISSING.items():
            self.missing.addItem(label, key)
            self.missing.setItemData(self.missing.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
        self.missing.setCurrentIndex(self.missing.findData(plate.missing))
        self.beside = {key: QtWidgets.QLineEdit(getattr(plate, key) or "") for key in BESIDE}
        for line in self.beside.values():
            line.setPlaceholderText("none")
        self.backlit = QtWidgets.QCheckBox("dark object, only the clean plate is lit")
        self.backlit.setChecked(plate.backlit)
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setStyleSheet(failure_style(True))
        form = QtWidgets.QFormLayout()
        facts = QtWidgets.QLabel(
            f"{path.name}\n{plate.width} x {plate.height}, frames {plate.first}-{plate.last}, "
            f"pixel aspect {plate.pixel_aspect:g}"
        )
        form.addRow(facts)
        for label, widget, hint in (
            ("Colour space", self.colorspace, "What the numbers in the files mean: a name of the OCIO configuration"),
            ("View", self.view, "How you and the models see the plate; it should look as on your screen in the comp"),
            ("Exposure", self.exposure, "Brighter or darker before the view: for plates shot dark or bright"),
            ("Layer", self.layer, "A layer, part or stereo view of a multi-layer EXR"),
            *((name.capitalize(), self.beside[key], _BESIDE[key]) for key, name in BESIDE.items()),
            (
                "Backlit",
                self.backlit,
                "Nothing falls on the object: what it lets by of the clean plate is what is left",
            ),
            ("Missing frames", self.missing, "What is done about a frame that is not there, or that cannot be read"),
        ):
            widget.setToolTip(hint)
            form.addRow(label, widget)
        buttons = QtWidgets.QDialogButtonBox()
        roles = QtWidgets.QDialogButtonBox.StandardButton
        buttons.setStandardButtons(roles.Ok | roles.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.words)
        column.addWidget(buttons)
        self.words.setVisible(False)

    def accept(self) -> None:
        """Close, if the plate can be read and seen so."""
        values = {
            "colorspace": _said(self.colorspace),
            "view": _said(self.view),
            "exposure": self.exposure.value(),
            "layer": _said(self.layer),
            "missing": self.missing.currentData(),
            **{key: line.text().strip() or None for key, line in self.beside.items()},
            "backlit": self.backlit.isChecked(),
        }
        try:
            plate = open_plate(self._path, layer=values["layer"])
            if (plate.width, plate.height) != (self._plate.width, self._plate.height):
                self._say(f"That layer is {plate.width}x{plate.height}; the shot was begun on another size.")
                return
            choose_colour(
                values["colorspace"] or plate.colorspace,
                config=self._plate.ocio,
                view=values["view"],
                exposure=values["exposure"],
            )
        except WispError as error:
            self._say(str(error))
            return
        self.values = values
        super().accept()

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(True)


def _menu(names: list[str], present: str) -> QtWidgets.QComboBox:
    """Names to choose from or to type; what is typed is searched for."""
    menu = QtWidgets.QComboBox()
    menu.setEditable(True)
    menu.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
    menu.addItems(list(dict.fromkeys(names)))
    menu.setCurrentText(present)
    search = QtWidgets.QCompleter(list(dict.fromkeys(names)), menu)
    search.setFilterMode(Qt.MatchFlag.MatchContains)
    search.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    menu.setCompleter(search)
    return menu


def _said(menu: QtWidgets.QComboBox) -> str | None:
    text = menu.currentText().strip()
    return None if text in ("", _FROM_FILE) else text


def _layers(path: Path) -> tuple[str, ...]:
    """Of the plate's first picture; none where it has no layers."""
    try:
        first = open_plate(path).files[0]
        return layer_names(first) if first.suffix.lower() == ".exr" else ()
    except (WispError, OSError):
        return ()
