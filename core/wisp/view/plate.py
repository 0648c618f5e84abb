"""How the plate is read and seen: colour space, view, exposure, layer, missing frames, what was filmed beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..client.frames import as_sequence
from ..client.tables import MAX_STOPS, MISSING
from ..errors import WispError
from ..panel.qt import Qt, QtWidgets
from ..panel.status import Sentence
from ..panel.theme import failure_style
from ..plates import open_beside, open_plate
from ..plates.colour import AS_IS, choose_colour, known_colours
from ..plates.exr import layer_names
from ..shot import BESIDE, PlateSpec, relative_path, resolve_path
from .files import PICTURES

_BESIDE = {
    "clean": "The empty set: a picture, or a sequence with the plate's frame numbers",
    "second": "The same still or performance before another backing, for alpha by triangulation",
    "second_clean": "That other backing, empty",
}
_FROM_FILE = "as the files say"


class PlateSettings(QtWidgets.QDialog):
    """Accepted, `values` are what is to change in the document's plate. What does not fit is said, and nothing changes.

    Colour decides what the models see: changed, all mattes are to be solved again."""

    def __init__(self, plate: PlateSpec, document: Path, base: Path, parent: QtWidgets.QWidget | None = None) -> None:
        """`document`: where the shot lies or will lie; `base`: the folder that names typed here refer to."""
        super().__init__(parent)
        self.setWindowTitle("Plate")
        self.resize(520, 0)
        self._plate, self._document, self._base = plate, document, base
        self._path = path = resolve_path(plate.path, document)
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
        self._named = {key: self._name_of(plate.beside.get(key)) for key in BESIDE}
        self.beside = {key: QtWidgets.QLineEdit(name) for key, name in self._named.items()}
        for line in self.beside.values():
            line.setPlaceholderText("none")
        self.backlit = QtWidgets.QCheckBox("dark object, only the clean plate is lit")
        self.backlit.setChecked(plate.backlit)
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setStyleSheet(failure_style(True))
        # A path has no place to be wrapped at, and would widen the window.
        self.words.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
        form = QtWidgets.QFormLayout()
        name = Sentence()
        name.show_sentence(path.name)
        form.addRow(name)
        facts = (
            f"{plate.width} x {plate.height}, frames {plate.first}-{plate.last}, pixel aspect {plate.pixel_aspect:g}"
        )
        form.addRow(QtWidgets.QLabel(facts))
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
            form.addRow(label, self._with_button(label, widget) if isinstance(widget, QtWidgets.QLineEdit) else widget)
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
            **{key: self._stored(key, line.text().strip()) for key, line in self.beside.items()},
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
            self._check_beside(self._plate.model_copy(update=values))
        except WispError as error:
            self._say(str(error))
            return
        self.values = values
        super().accept()

    def _check_beside(self, spec: PlateSpec) -> None:
        """Open what was filmed beside the plate. Raises WispError where it cannot be used."""
        spec.check_beside()
        for key, stored in spec.beside.items():
            name = f"{BESIDE[key]} {stored}"
            open_beside(resolve_path(stored, self._document), name, (spec.width, spec.height), spec.offset)

    def _name_of(self, stored: str | None) -> str:
        """A path of the document, as it is typed here."""
        if stored is None:
            return ""
        path = resolve_path(stored, self._document)
        return str(path.relative_to(self._base) if path.is_relative_to(self._base) else path)

    def _stored(self, key: str, name: str) -> str | None:
        """What is typed, as the document names it; what nobody has changed stays as it is there."""
        if name == self._named[key]:
            return self._plate.beside.get(key)
        return relative_path(self._base / name, self._document) if name else None

    def _with_button(self, title: str, line: QtWidgets.QLineEdit) -> QtWidgets.QWidget:
        """The line, and beside it a button that asks for a file."""

        def choose() -> None:
            name, _ = QtWidgets.QFileDialog.getOpenFileName(self, title, str(self._base), PICTURES)
            if name:
                line.setText(str(as_sequence(Path(name))))

        both = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        button = QtWidgets.QPushButton("Choose...")
        button.setAutoDefault(False)  # Enter closes the window
        button.clicked.connect(lambda *_: choose())
        row.addWidget(line, 1)
        row.addWidget(button)
        return both

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setToolTip(words)
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
