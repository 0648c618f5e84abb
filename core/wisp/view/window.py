"""The window of `wisp view`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import shot as documents
from ..client import engine_path
from ..client.client import Client
from ..client.session import Session
from ..errors import UsageError, WispError
from ..panel.commands import Actions, fill_menus
from ..panel.editor import Editor
from ..panel.icons import icon
from ..panel.keys import KeysPage
from ..panel.qt import Qt, QtCore, QtGui, QtWidgets, clock
from ..panel.shot_edits import ShotEdits
from ..panel.theme import STYLE
from ..shot import resolve_path
from .files import PICTURES, holdout, mask_prompt, reached
from .frames import ShotFrames
from .places import OpenedShot, fit_to_plate, open_target, save_as
from .plate import PlateSettings
from .report import ProblemReport


class Window(QtWidgets.QMainWindow):
    """One shot at a time. The engine is started when the window is on the screen."""

    def __init__(self, opened: OpenedShot, client: Client | None = None) -> None:
        """`client`: talks to the engine to use (default: one with this interpreter)."""
        super().__init__()
        self._client = client
        self.opened = opened
        self.editor: Editor
        self.setStyleSheet(STYLE)
        self.setWindowIcon(icon("wisp"))
        self.resize(1280, 860)
        self._show_shot(opened)

    def open(self, path: Path) -> None:
        """Open a shot or a plate instead of this one. Raises WispError, and then this one stays."""
        opened = open_target(path)
        self.editor.close_down()
        self.editor.session.close()
        self._show_shot(opened)

    def save(self, path: Path | None = None) -> None:
        """Write the document where it is, or at `path`. Raises WispError."""
        moved = save_as(self.opened, self.editor.edits.document, path or self.opened.path)
        if moved.path != self.opened.path:
            self.editor.edits.document = moved.shot.model_dump(mode="json")
            self.editor.root = str(moved.root)
            self.editor.session.move(moved.places)
        self.opened = moved
        self.editor.edits.unsaved = 0
        self._title()

    def add_mask(self, path: Path) -> None:
        """Take a picture as the frame's mask. Raises WispError."""
        editor = self.editor
        editor.edits.add_prompts([mask_prompt(path, editor.frame, editor.edits.document, self.opened)], "Add mask")
        self._reach()
        editor.preview()

    def set_holdout(self, which: str, path: Path) -> None:
        """Take pictures as the active object's `core` or `garbage` matte. Raises WispError."""
        if not self.editor.edits.set_holdouts(**{which: holdout(path, self.opened)}):
            raise UsageError("There is no object yet.", hint="Draw a prompt on it first.")
        self._reach()
        self.editor.preview()

    def plate_settings(self) -> PlateSettings:
        """Open the dialog that says how the plate is read and seen."""
        now = reached(self.opened, self.editor.edits.document)
        dialog = PlateSettings(now.shot.plate, resolve_path(now.shot.plate.path, now.path), self)
        dialog.accepted.connect(lambda: self._see(dialog.values))
        dialog.open()
        return dialog

    def fit_plate(self) -> None:
        """Scale all that was drawn to the plate as it is now, a proxy or the final one. Raises WispError."""
        opened = self.opened
        drawn = documents.parse(self.editor.edits.document)
        fitted = fit_to_plate(drawn, opened.path)
        if fitted is drawn:
            self.editor.session.show_message("The plate has the size that the prompts were drawn on.")
            return
        self.editor.close_down()
        self.editor.session.close()
        self._show_shot(replace(opened, shot=fitted))
        self.editor.edits.unsaved = 1
        self._title()

    def report(self) -> ProblemReport:
        """Open what those who help need to know."""
        dialog = ProblemReport(self)
        dialog.show()
        return dialog

    def closeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        if self.editor.edits.unsaved and not self.opened.draft and not self._may_close():
            event.ignore()
            return
        self.editor.close_down()
        self.editor.session.close()
        event.accept()

    # -- inside -------------------------------------------------------------------------------------------

    def _show_shot(self, opened: OpenedShot) -> None:
        edits = ShotEdits(opened.shot.model_dump(mode="json"))
        client = self._client or Client(engine_path.command(Path(sys.executable)), "wisp-view")
        session = Session(client, lambda: edits.document, opened.places, clock)
        self.opened = opened
        self.editor = Editor(edits, ShotFrames(opened.shot, opened.root), session, str(opened.root), choose_models=True)
        self.editor.models.wanted.connect(lambda: self.editor.beside.get_models())
        if opened.draft:  # its document lies in a cache, where nobody looks for files
            pictures = resolve_path(opened.shot.plate.path, opened.path)
            self.editor.beside.delivery_folder = pictures.parent.parent / "delivery"
        changed = edits.on_change

        def on_change() -> None:
            changed()
            self._keep_draft()
            self._title()

        edits.on_change = on_change
        self.setCentralWidget(self.editor)
        self._build_menu()
        self._title()
        QtCore.QTimer.singleShot(0, session.open)

    def _keep_draft(self) -> None:
        """A plate's prompts are not lost with the window, although nobody has said yet where to save them."""
        if self.opened.draft:
            try:
                self.opened = save_as(self.opened, self.editor.edits.document, self.opened.path)
            except WispError as error:
                self.editor.session.message, self.editor.session.failed = str(error), True

    def _build_menu(self) -> None:
        """The editor's commands and the window's own."""
        self.commands = Actions(
            self,
            {
                "open": self._ask_open,
                "save": self._ask_save,
                "save-as": self._ask_save_as,
                "plate-settings": self.plate_settings,
                "mask-file": lambda: self._ask_file("A mask", PICTURES, self.add_mask),
                "core-file": lambda: self._ask_file("Core matte", PICTURES, partial(self.set_holdout, "core")),
                "garbage-file": lambda: self._ask_file("Garbage matte", PICTURES, partial(self.set_holdout, "garbage")),
                "no-holdouts": lambda: self.editor.edits.set_holdouts(core=None, garbage=None),
                "fit-plate": lambda: self._try(self.fit_plate),
                "quit": self.close,
                "report": self.report,
                "keys": self.show_keys,
            },
        )
        self.menuBar().clear()
        fill_menus(self.menuBar().addMenu, self.commands, self.editor.commands)

    def show_keys(self) -> KeysPage:
        """Open the page of keys."""
        page = KeysPage(self.editor)
        page.show()
        return page

    def _reach(self) -> None:
        """The engine may read what the document names now."""
        self.opened = reached(self.opened, self.editor.edits.document)
        if self.opened.places != self.editor.session.places:
            self.editor.session.move(self.opened.places)

    def _see(self, values: dict[str, Any]) -> None:
        """Read and show the plate so from now on."""
        if self.editor.edits.set_plate(**values):
            self.opened = reached(self.opened, self.editor.edits.document)
            self.editor.look_at(ShotFrames(self.opened.shot, self.opened.root))

    def _ask_file(self, title: str, kinds: str, work: Callable[[Path], None]) -> None:
        name, _ = QtWidgets.QFileDialog.getOpenFileName(self, title, "", kinds)
        if name:
            self._try(lambda: work(Path(name)))

    def _title(self) -> None:
        name = self.opened.path.name + (" (not saved yet)" if self.opened.draft else "")
        star = "*" if self.editor.edits.unsaved and not self.opened.draft else ""
        self.setWindowTitle(f"{star}{name} - Wisp")

    def _ask_open(self) -> None:
        pictures = "Shots and plates (*.wisp *.exr *.png *.jpg *.jpeg *.tif *.tiff *.dpx *.mov *.mp4 *.mxf);;All (*)"
        name, _ = QtWidgets.QFileDialog.getOpenFileName(self, "Open a shot or a plate", "", pictures)
        if name and (not self.editor.edits.unsaved or self.opened.draft or self._may_close()):
            self._try(lambda: self.open(Path(name)))

    def _ask_save(self) -> None:
        if self.opened.draft:
            self._ask_save_as()
        else:
            self._try(self.save)

    def _ask_save_as(self) -> None:
        start = self.opened.path.name if self.opened.draft else str(self.opened.path)
        name, _ = QtWidgets.QFileDialog.getSaveFileName(self, "Save the shot", start, "Shots (*.wisp)")
        if name:
            self._try(lambda: self.save(Path(name).with_suffix(".wisp")))

    def _may_close(self) -> bool:
        """Ask about unsaved edits; saves them if wanted."""
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self,
            "Unsaved prompts",
            f"Save the changes of {self.opened.path.name}?",
            buttons.Save | buttons.Discard | buttons.Cancel,
        )
        if answer == buttons.Save:
            self._try(self.save)
            return not self.editor.edits.unsaved
        return bool(answer == buttons.Discard)

    def _try(self, work: Any) -> None:
        try:
            work()
        except WispError as error:
            QtWidgets.QMessageBox.warning(self, "Wisp", str(error))


def application() -> QtWidgets.QApplication:
    """The one application object, made on first use."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["wisp view"])
    assert isinstance(app, QtWidgets.QApplication)
    app.setApplicationName("Wisp")
    app.setStyle("Fusion")
    palette = QtGui.QPalette(QtGui.QColor("#2a2a2e"))
    palette.setColor(QtGui.QPalette.ColorRole.Highlight, QtGui.QColor("#2f7d58"))
    app.setPalette(palette)
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
    return app
