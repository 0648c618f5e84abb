"""The window of `wisp view`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from .. import shot as documents
from ..client import engine_path
from ..client.client import Client
from ..client.session import Session
from ..client.shot_edits import Refused, ShotEdits
from ..errors import UsageError, WispError, expected, one_line
from ..panel.commands import Actions, fill_menus
from ..panel.editor import Editor
from ..panel.icons import icon
from ..panel.keys import KeysPage
from ..panel.qt import Qt, QtCore, QtGui, QtWidgets, clock
from ..panel.theme import STYLE
from ..shot import resolve_path
from .files import PICTURES, holdout, mask_prompt, reached
from .fitting import fit_to_plate, follow_fit
from .frames import ShotFrames
from .places import OpenedShot, open_target
from .plate import PlateSettings
from .report import ProblemReport
from .saving import follow, save_as, take_own_along

#: Milliseconds after the last edit until a draft is written: a large document takes as long as a click may.
REST = 1000


class Window(QtWidgets.QMainWindow):
    """One shot at a time. The engine is started when the window is on the screen."""

    def __init__(self, opened: OpenedShot, client: Client | None = None) -> None:
        """`client`: talks to the engine to use (default: one with this interpreter)."""
        super().__init__()
        self._client = client
        self.opened = opened
        self.editor: Editor
        self.commands = self._own_commands()
        self._draft_timer = QtCore.QTimer(self)
        self._draft_timer.setSingleShot(True)
        self._draft_timer.setInterval(REST)
        self._draft_timer.timeout.connect(self._keep_draft)
        self.setStyleSheet(STYLE)
        self.setWindowIcon(icon("wisp"))
        self.resize(1280, 860)
        self._show_shot(opened)

    def open(self, path: Path) -> None:
        """Open a shot or a plate instead of this one. Raises WispError, and then this one stays."""
        self._keep_draft()
        opened = open_target(path)
        self.editor.close_down()
        self.editor.session.close()
        self._show_shot(opened)

    def save(self, path: Path | None = None) -> None:
        """Write the document where it is, or at `path`. Raises WispError."""
        opened, edits = self.opened, self.editor.edits
        path = path or opened.path
        elsewhere = path.resolve() != opened.path.resolve()
        if elsewhere:
            self._refuse_if_busy()
            self.editor.finish_keeping()
        self.opened = save_as(opened, edits.document, path)
        if elsewhere:
            self.editor.root = str(self.opened.root)
            moved = follow(opened, path)
            edits.convert(self.opened.shot.model_dump(mode="json"), moved, moved)
            self.editor.session.move(self.opened.places)
            self._take_own_along(opened)
        edits.mark_saved()
        self._title()

    def add_mask(self, path: Path) -> None:
        """Take a picture as the frame's mask. Raises WispError."""
        editor = self.editor
        prompt = mask_prompt(path, editor.frame, editor.edits.document, self.opened)
        with editor.edits.all_or_nothing():
            editor.edits.add_prompts([prompt], "Add mask")
            self._reach()
        editor.preview()

    def set_holdout(self, which: str, path: Path) -> None:
        """Take pictures as the active object's `core` or `garbage` matte. Raises WispError."""
        edits = self.editor.edits
        with edits.all_or_nothing():
            if not edits.set_holdouts(**{which: holdout(path, self.opened)}):
                raise UsageError("There is no object yet.", hint="Draw a prompt on it first.")
            self._reach()
        self.editor.preview()

    def plate_settings(self) -> PlateSettings:
        """Open the dialog that says how the plate is read and seen."""
        now = reached(self.opened, self.editor.edits.document)
        dialog = PlateSettings(now.shot.plate, now.path, self._pictures().parent if now.draft else now.root, self)
        dialog.accepted.connect(lambda: self._try(lambda: self._see(dialog.values)))
        dialog.open()
        return dialog

    def fit_plate(self) -> None:
        """Scale all that was drawn to the plate as it is now, a proxy or the final one. Raises WispError."""
        editor, place = self.editor, self.opened.path
        drawn = documents.edited(editor.edits.document)
        fitted = fit_to_plate(drawn, place)
        if fitted is drawn:
            editor.session.show_message("The plate has the size that the prompts were drawn on.")
            return
        self._refuse_if_busy()
        size = fitted.plate.model_dump(include={"width", "height", "pixel_aspect"})
        editor.edits.convert(
            fitted.model_dump(mode="json"),
            follow_fit(place, drawn.plate, fitted.plate),
            lambda plate: {**plate, **size},
        )
        self.opened = reached(self.opened, editor.edits.document)
        editor.session.move(self.opened.places)
        editor.look_at(ShotFrames(self.opened.shot, self.opened.root))
        editor.canvas.fit()

    def report(self) -> ProblemReport:
        """Open what those who help need to know."""
        dialog = ProblemReport(self)
        dialog.show()
        return dialog

    def closeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        if not self._may_leave():
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
        self.editor.on_plate = self._plate_changed
        self.editor.models.wanted.connect(lambda: self.editor.beside.get_models())
        if opened.draft:  # its document lies in a cache, where nobody looks for files
            self.editor.beside.delivery_folder = self._pictures().parent.parent / "delivery"
        changed = edits.on_change

        def on_change() -> None:
            changed()
            self._draft_timer.start()
            self._title()

        edits.on_change = on_change
        self.setCentralWidget(self.editor)
        self.setMenuBar(QtWidgets.QMenuBar())  # the one before goes, with its menus
        fill_menus(self.menuBar().addMenu, self.commands, self.editor.commands)
        self._title()
        if opened.note:
            session.show_message(opened.note, stays=True)
        QtCore.QTimer.singleShot(0, session.open)

    def _pictures(self) -> Path:
        """Where the plate's pictures lie, as a pattern of their names."""
        return resolve_path(self.opened.shot.plate.path, self.opened.path)

    def _keep_draft(self) -> str:
        """A plate's prompts are not lost with the window, although nobody has said yet where to save them. Why they
        cannot be kept, or nothing."""
        self._draft_timer.stop()
        edits = self.editor.edits
        if self.opened.draft and edits.unsaved:
            try:
                self.opened = save_as(self.opened, edits.document, self.opened.path)
            except WispError as error:
                self.editor.session.show_message(str(error), failed=True, stays=True)
                return str(error)
            edits.mark_saved()
        return ""

    def _own_commands(self) -> Actions:
        """Those of the window, whatever shot it shows."""
        return Actions(
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

    def show_keys(self) -> KeysPage:
        """Open the page of keys."""
        page = KeysPage(self.editor)
        page.show()
        return page

    def _reach(self) -> None:
        """Let the engine read what the document names after an edit. Raises UsageError where that would end a running
        job."""
        session = self.editor.session
        now = reached(self.opened, self.editor.edits.document)
        if now.places != session.places:
            self._refuse_if_busy()
            session.move(now.places)
        self.opened = now

    def _take_own_along(self, before: OpenedShot) -> None:
        """Have the versions and choices of the shot as it was opened where it is saved now."""
        try:
            take_own_along(before, self.opened)
        except (OSError, WispError) as error:
            words = f"The versions of its solves stay with {before.path.name}: {error}"
            self.editor.session.show_message(words, failed=True, stays=True)

    def _refuse_if_busy(self) -> None:
        """UsageError while a job runs: to open the shot elsewhere would end it."""
        if self.editor.session.busy:
            raise UsageError("The engine works on this shot.", hint="Stop it by Esc, or try again when it has ended.")

    def _see(self, values: dict[str, Any]) -> None:
        """Read and show the plate so from now on. Raises Refused."""
        edits = self.editor.edits
        with edits.all_or_nothing():
            if edits.set_plate(**values):
                self._plate_changed()

    def _plate_changed(self) -> None:
        """Read and show the plate as the document has it now. Raises Refused where that would end a running job."""
        try:
            self._reach()
        except UsageError as error:
            raise Refused(str(error)) from None
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
        if name and self._may_leave():
            self._try(lambda: self.open(Path(name)))

    def _ask_save(self) -> None:
        if self.opened.draft:
            self._ask_save_as()
        else:
            self._try(self.save)

    def _ask_save_as(self) -> None:
        start = self.opened.path.name if self.opened.draft else str(self.opened.path)
        name, _ = QtWidgets.QFileDialog.getSaveFileName(self, "Save the shot", start, "Shots (*.wisp)")
        path = Path(name if name.lower().endswith(".wisp") else f"{name}.wisp")
        # What has its suffix from here is not what the dialog has asked about.
        if name and (path.name == Path(name).name or not path.exists() or self._may_replace(path)):
            self._try(lambda: self.save(path))

    def _may_replace(self, path: Path) -> bool:
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(self, "Wisp", f"{path.name} is there already. Replace it?")
        return bool(answer == buttons.Yes)

    def _may_leave(self) -> bool:
        """Whether this shot may go: it is saved or kept as a draft, or nobody wants that. Asks where it is not."""
        fault = self._keep_draft()
        if not self.editor.edits.unsaved:
            return True
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self,
            "Unsaved prompts",
            f"{fault} Save the prompts elsewhere?" if fault else f"Save the changes of {self.opened.path.name}?",
            buttons.Save | buttons.Discard | buttons.Cancel,
        )
        if answer == buttons.Save:
            self._ask_save()
            return not self.editor.edits.unsaved
        return bool(answer == buttons.Discard)

    def _try(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception as error:
            fault = error if isinstance(error, Refused) else expected(error)
            if fault is None:
                raise
            QtWidgets.QMessageBox.warning(self, "Wisp", str(fault))


def say_faults(window: Window) -> None:
    """Have errors that nobody catches said in the window's status line, too: Qt only prints them."""
    print_trace = sys.excepthook

    def said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        print_trace(kind, error, trace)
        if isinstance(error, Exception):
            unforeseen = f"Wisp has a fault ({kind.__name__}: {error}): save the shot, and use Help > Report a problem."
            words = str(expected(error) or one_line(unforeseen))
            window.editor.session.show_message(words, failed=True, stays=True)

    sys.excepthook = said


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
