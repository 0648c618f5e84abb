"""Deliver: everything that `wisp deliver` takes, as one dialog that remembers what was chosen for the shot."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

from ..client.ends import Delivered, Done
from ..client.events import Event, Progress
from ..client.requests import Deliver
from ..client.session import Session
from ..client.shot_edits import ShotEdits
from ..client.tables import (
    FORMATS,
    LAYOUTS,
    SCREENS,
    SHARED_LAYOUTS,
    confidence_fits,
    despill_fits,
    formats_of,
    premultiplied_fits,
)
from .qt import Qt, QtCore, QtGui, QtWidgets
from .theme import failure_style

#: In the shot's own folder: what was asked for last.
REMEMBERED = "deliver.json"
_ALL_SHAPES = ("", "All of them")
_NO_VERSION, _NEXT = "none", "next"
_VERSION = re.compile(r"v?(\d+)")


class DeliverMattes(QtWidgets.QDialog):
    """Choose, write, look. The window stays usable meanwhile; closing the dialog leaves the job at its work."""

    def __init__(
        self, session: Session, edits: ShotEdits, folder: Path, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        """`folder`: where files go if nothing is remembered."""
        super().__init__(parent)
        self.setWindowTitle("Deliver")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.resize(560, 0)
        self._session, self._edits = session, edits
        #: Whether it writes, whether anybody looks at it still, and where the last delivery lies.
        self.running, self._closed, self.folders = False, False, [""]
        self.output = QtWidgets.QLineEdit()
        self.browse_button = QtWidgets.QPushButton("Choose...")
        self.browse_button.clicked.connect(lambda *_: self._browse())
        self.layouts, self.formats = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        for key, (label, hint) in LAYOUTS.items():
            _add(self.layouts, key, label, hint)
        self.layouts.currentIndexChanged.connect(lambda *_: self._offer())
        self.formats.currentIndexChanged.connect(lambda *_: self._allow())
        self.compression = QtWidgets.QComboBox()
        _add(self.compression, "zips", "ZIPS, a line at a time", "Quick where a program reads parts of a frame")
        _add(self.compression, "zip", "ZIP, 16 lines at a time", "Smaller")
        self.exclusive = QtWidgets.QCheckBox("Overlapping objects add up to at most 1")
        self.premultiply = QtWidgets.QCheckBox("Premultiplied")
        self.confidence = QtWidgets.QCheckBox("Confidence as a layer")
        self.despill = QtWidgets.QComboBox()
        _add(self.despill, "", "Leave the colour", "The object was not shot before a screen")
        for key, label in SCREENS.items():
            _add(self.despill, key, label, f"{key.capitalize()} is at most the mean of the other two channels")
        self.tolerance = QtWidgets.QDoubleSpinBox()
        self.tolerance.setRange(0.05, 1000.0)
        self.tolerance.setSuffix(" px")
        self.points, self.keys = QtWidgets.QSpinBox(), QtWidgets.QSpinBox()
        for box, most in ((self.points, 10_000), (self.keys, 10_000)):
            box.setRange(0, most)
            box.setSpecialValueText("as needed")
        self.frames = QtWidgets.QLineEdit()
        self.frames.setPlaceholderText(f"all, {edits.first}-{edits.last}")
        self.objects = QtWidgets.QListWidget()
        self.version = QtWidgets.QComboBox()
        self.version.setEditable(True)
        self.version.addItems([_NO_VERSION, _NEXT])
        self.overwrite = QtWidgets.QCheckBox("Replace files of other content")
        self.what = QtWidgets.QLabel()
        self.words = QtWidgets.QLabel()
        self.bar = QtWidgets.QProgressBar()
        self.start_button = QtWidgets.QPushButton("Deliver")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(lambda *_: self.start())
        self.stop_button = QtWidgets.QPushButton("Stop")
        self.stop_button.clicked.connect(lambda *_: session.stop())
        self.show_button = QtWidgets.QPushButton("Show in folder")
        self.show_button.clicked.connect(lambda *_: self._show())
        self._explain()
        self._lay_out()
        self.refresh()
        self._show_values(dict(self._defaults(folder), **self._remembered()))

    def refresh(self) -> None:
        """List the objects that count now. What was ticked stays so; a new one is ticked where all are."""
        all_ticked = self._all_ticked
        ticks = {row.data(_ROLE): row.checkState() for row in self._object_rows()}
        self.objects.clear()
        for item in self._edits.objects:
            if item.get("enabled", True):
                row = QtWidgets.QListWidgetItem(item["name"])
                row.setData(_ROLE, item["id"])
                row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                usual = Qt.CheckState.Checked if all_ticked else Qt.CheckState.Unchecked
                row.setCheckState(ticks.get(item["id"], usual))
                self.objects.addItem(row)
        self._allow()

    # -- what is asked ------------------------------------------------------------------------------------

    def request(self) -> Deliver:
        """What is chosen now. What does not go with the layout is left out. ValueError for an unreadable version."""
        layout, file_format = self.layouts.currentData(), self.formats.currentData()
        shapes = layout == "shapes"
        premultiply = self.premultiply.isChecked() if premultiplied_fits(layout, file_format or "png") else None
        return Deliver(
            output=self._place(),
            layout=layout,
            format=file_format or None,
            compression=None if shapes else self.compression.currentData(),
            premultiply=premultiply,
            exclusive=self.exclusive.isChecked(),
            confidence=self._confident() and self.confidence.isChecked(),
            despill=(self.despill.currentData() or None) if despill_fits(layout) else None,
            frames=self.frames.text().strip() or None,
            objects=[row.data(_ROLE) for row in self._object_rows() if row.checkState() == Qt.CheckState.Checked],
            overwrite=self.overwrite.isChecked(),
            version=self._chosen_version(),  # type: ignore[arg-type]
            tolerance=self.tolerance.value(),
            points=self.points.value() or None,
            keys=self.keys.value() or None,
        )

    def start(self) -> None:
        """Write the files; how it ended is said here."""
        try:
            asked = self.request()
        except ValueError as error:
            self._say(str(error), failed=True)
            return
        lacks = "Name a folder or a file." if not self.output.text().strip() else ""
        lacks = lacks or ("Choose an object." if asked.objects == [] else "; ".join(asked.faults))
        if lacks:
            self._say(lacks, failed=True)
            return
        self.running = self._session.run(asked, self._handle, self._ended)
        if not self.running:
            self._say(self._session.refusal, failed=True)
            return
        self._remember(asked)
        self._say("")
        self.bar.setRange(0, 0)
        self._allow()

    def closeEvent(self, event: Any) -> None:
        self._closed = True
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    # -- building -----------------------------------------------------------------------------------------

    def _explain(self) -> None:
        """What every choice does, where the mouse rests on it."""
        for widget, hint in (
            (
                self.output,
                "A folder; or a name with the frame as %04d or ####, {object} where each object has its own files,\n"
                "{version} where deliveries are numbered; or a movie's name",
            ),
            (self.layouts, "What is in a file"),
            (self.formats, "What the files are"),
            (self.compression, "Both lose nothing"),
            (
                self.exclusive,
                "Where objects overlap, their mattes are taken down so that they do not sum to more than 1:\n"
                "for objects that are put together by addition",
            ),
            (self.premultiply, "Colour times alpha, ready for Over; else straight colour, ready for grading"),
            (
                self.confidence,
                "Error to be expected of every pixel, 1 minus it, as a layer conf.<object>",
            ),
            (self.despill, "Take the light that a screen throws on the object out of its colour"),
            (self.tolerance, "How far off the outline may be; more needs fewer points and keys"),
            (self.points, "At most so many points per object"),
            (self.keys, "A key each so many frames"),
            (self.frames, "1001-1050, every second one 1001-1050x2, or 1001,1010,1020-1030"),
            (self.objects, "Whose mattes are written"),
            (
                self.version,
                "next: a new folder v001, v002, ...; or a number, to finish a delivery that was stopped.\n"
                "No version is ever overwritten.",
            ),
            (self.overwrite, "Else a file of other content is in the way, and nothing is written"),
            (self.start_button, "Every file appears whole or not at all; what is there already is left alone"),
            (self.stop_button, "What is written stays; the next delivery goes on there"),
            (self.show_button, "Open the folder of the last delivery"),
        ):
            widget.setToolTip(hint)

    def _lay_out(self) -> None:
        self.form = QtWidgets.QFormLayout()
        where = QtWidgets.QHBoxLayout()
        where.addWidget(self.output, 1)
        where.addWidget(self.browse_button)
        self.objects.setMaximumHeight(92)
        for label, part in (
            ("Content", self.layouts),
            ("", self.what),
            ("Format", self.formats),
            ("Compression", self.compression),
            ("Spill", self.despill),
            ("", self.premultiply),
            ("", self.exclusive),
            ("", self.confidence),
            ("Tolerance", self.tolerance),
            ("Points", self.points),
            ("A key each", self.keys),
            ("Objects", self.objects),
            ("Frames", self.frames),
            ("To", where),
            ("Version", self.version),
            ("", self.overwrite),
        ):
            self.form.addRow(label, part)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self.bar, 1)
        buttons.addStretch(0)
        for button in (self.show_button, self.stop_button, self.start_button):
            buttons.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self.words)
        column.addLayout(buttons)
        self.what.setWordWrap(True)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setVisible(False)

    # -- values -------------------------------------------------------------------------------------------

    def _defaults(self, folder: Path) -> Dict[str, Any]:
        """As the shot says, as `wisp deliver` has it, and from in to out."""
        values = {item.name: item.default for item in dataclasses.fields(Deliver)}
        said = self._edits.document.get("deliver", {})
        return {**values, "layout": "alpha", "output": str(folder), **said, "frames": self._edits.span_text}

    def _remembered(self) -> Dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self._memory.read_text("utf-8"))
            if isinstance(found, dict) and found.get("layout") in LAYOUTS:
                found["frames"] = self._edits.span_text or found.get("frames")
                return found
        return {}

    def _remember(self, asked: Deliver) -> None:
        """For the next time, in which all objects may be others; what cannot be kept is not, and nobody is told: it is
        only a convenience. That files may be replaced holds for one delivery."""
        values = dataclasses.asdict(asked)
        del values["overwrite"]
        if self._all_ticked:
            values["objects"] = None
        with contextlib.suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            self._memory.write_text(json.dumps(values), "utf-8")

    @property
    def _memory(self) -> Path:
        return Path(self._session.places.own) / REMEMBERED

    def _show_values(self, values: Dict[str, Any]) -> None:
        self.output.setText(str(values["output"]))
        self.layouts.setCurrentIndex(max(0, self.layouts.findData(values["layout"])))
        self._offer()
        self.formats.setCurrentIndex(max(0, self.formats.findData(values.get("format") or "")))
        self.compression.setCurrentIndex(max(0, self.compression.findData(values["compression"])))
        for box, key in (
            (self.exclusive, "exclusive"),
            (self.premultiply, "premultiply"),
            (self.confidence, "confidence"),
            (self.overwrite, "overwrite"),
        ):
            box.setChecked(bool(values[key]))
        self.despill.setCurrentIndex(max(0, self.despill.findData(values.get("despill") or "")))
        self.frames.setText(values["frames"] or "")
        self.version.setCurrentText(str(values["version"] or _NO_VERSION))
        self.tolerance.setValue(float(values["tolerance"]))
        self.points.setValue(values["points"] or 0)
        self.keys.setValue(values["keys"] or 0)
        if values["objects"] is not None:
            for row in self._object_rows():
                on = row.data(_ROLE) in values["objects"]
                row.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self._allow()

    def _offer(self) -> None:
        """The formats of the layout, the same one if it is among them."""
        layout, before = self.layouts.currentData(), self.formats.currentData()
        self.formats.blockSignals(True)
        self.formats.clear()
        if layout == "shapes":
            self.formats.addItem(_ALL_SHAPES[1], _ALL_SHAPES[0])
        for key in formats_of(layout):
            _add(self.formats, key, FORMATS[key].label, FORMATS[key].hint)
        self.formats.setCurrentIndex(max(0, self.formats.findData(before)))
        self.formats.blockSignals(False)
        self._allow()

    def _allow(self) -> None:
        """Show what goes with the layout and the format, and what can be pressed now."""
        layout, file_format = self.layouts.currentData(), self.formats.currentData() or "png"
        shapes, shared = layout == "shapes", layout in SHARED_LAYOUTS
        self.what.setText(LAYOUTS[layout][1] + ".")
        for widget, shown in (
            (self.compression, file_format in ("exr", "exr32")),
            (self.premultiply, premultiplied_fits(layout, file_format)),
            (self.confidence, self._confident()),
            (self.despill, despill_fits(layout)),
            (self.exclusive, layout != "crypto"),
            (self.tolerance, shapes),
            (self.points, shapes),
            (self.keys, shapes),
        ):
            label = self.form.labelForField(widget)
            for part in (widget, label) if label is not None else (widget,):
                part.setVisible(shown)
        self.objects.setEnabled(not (shared and self.objects.count() == 1))
        self.start_button.setEnabled(not self.running and self.objects.count() > 0)
        self.stop_button.setVisible(self.running)
        self.bar.setVisible(self.running)
        self.show_button.setVisible(bool(self.folders[0]))

    def _confident(self) -> bool:
        file_format = self.formats.currentData()
        return bool(file_format) and confidence_fits(self.layouts.currentData(), file_format)

    def _place(self) -> str:
        """Absolute, as the engine wants it; what has no folder goes beside the document."""
        return str(Path(self._session.places.root) / Path(self.output.text().strip()).expanduser())

    def _chosen_version(self) -> Union[int, str, None]:  # a number or "next"
        text = self.version.currentText().strip().lower()
        if text in ("", _NO_VERSION):
            return None
        number = _VERSION.fullmatch(text)
        if text != _NEXT and (number is None or int(number[1]) < 1):
            raise ValueError(f"The version {text!r} is neither 'next' nor a number from 1 on.")
        return _NEXT if number is None else int(number[1])

    @property
    def _all_ticked(self) -> bool:
        return all(row.checkState() == Qt.CheckState.Checked for row in self._object_rows())

    def _object_rows(self) -> List[QtWidgets.QListWidgetItem]:
        return [self.objects.item(place) for place in range(self.objects.count())]

    # -- reactions ----------------------------------------------------------------------------------------

    def _browse(self) -> None:
        """A folder; what stands behind the folder that was there stays."""
        before = Path(self.output.text().strip() or ".")
        named = before.name if before.suffix or "%" in before.name or "#" in before.name else ""
        start = before.parent if named else before
        while not start.is_dir() and start != start.parent:
            start = start.parent
        chosen = QtWidgets.QFileDialog.getExistingDirectory(self, "Deliver to", str(start))
        if chosen:
            self.output.setText(str(Path(chosen, named) if named else Path(chosen)))

    def _handle(self, event: Event) -> None:
        if self._closed:
            return
        if isinstance(event, Progress):
            left = "" if event.eta is None else f", {event.eta:.0f} s left"
            self.bar.setRange(0, event.total)
            self.bar.setValue(event.done)
            self.bar.setFormat(f"{event.done} of {event.total}{left}")
        elif event.sentence:
            self._say("\n".join(filter(None, (self.words.text(), event.sentence))))

    def _ended(self, end: Optional[Done], reason: str) -> None:
        self.running = False
        if self._closed:
            return
        if isinstance(end, Delivered):
            self.folders = end.folders
            self._say("\n".join(filter(None, (self.words.text(), end.sentence))))
        else:
            self._say(reason, failed=True)
        self._allow()

    def _say(self, words: str, failed: bool = False) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.words.setStyleSheet(failure_style(failed))

    def _show(self) -> None:
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(self.folders[0]))


_ROLE = Qt.ItemDataRole.UserRole


def _add(menu: QtWidgets.QComboBox, key: str, label: str, hint: str) -> None:
    menu.addItem(label, key)
    menu.setItemData(menu.count() - 1, hint, Qt.ItemDataRole.ToolTipRole)
