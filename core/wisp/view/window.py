"""The window of `wisp view`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..client import engine_path, jobs
from ..client.client import Client
from ..client.session import Session
from ..client.tables import THRESHOLD
from ..errors import WispError
from ..panel.editor import Editor
from ..panel.icons import icon
from ..panel.qt import QKeySequence, Qt, QtCore, QtGui, QtWidgets, clock
from ..panel.shot_edits import ShotEdits, usable_name
from ..panel.theme import STYLE
from .compare import CompareHeads
from .fetch import GetModels
from .frames import ShotFrames
from .places import OpenedShot, open_target, save_as

KEYS = """Mouse: left adds a point, right or Alt+left one to leave out; drag a box; Shift+drag a stroke; middle pans;
wheel zooms; Ctrl+wheel changes the brush; drag a point or a box's corner to move it.

A, R, B, S, L   tools            Ctrl+1 .. 5   plate, matte, tint, cut-out, checkerboard
F, Shift+F, T   track forward, backward, the whole shot     Space   this frame     Esc   stop
Left, Right, Home, End   frames     [ ]   keyframes     P   play     H   fit the picture
N, Shift+N   next, previous suspicious frame     W   wipe between the plate and what is shown
1 .. 8, Tab   objects     Del   remove a prompt     Shift+Del   all of this frame     K   lock the frame
X   the object is absent on this frame, or may be there     G   the frame to correct next
Ctrl+Z, Ctrl+Shift+Z   undo, redo     Ctrl+F   find an object by words     Ctrl+H   compare heads
Ctrl+G   get models"""


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
        self._build_menu()
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

    def compare_heads(self) -> CompareHeads:
        """Open the dialog that mattes the shot with several heads."""
        head = self.editor.edits.document["solve"]["head"]
        dialog = CompareHeads(self.editor.session, head, self.opened.cache / "compare.png", self)
        dialog.show()
        return dialog

    def get_models(self) -> GetModels:
        """Open the dialog that fetches models."""
        dialog = GetModels(self.editor.session, self)
        dialog.show()
        return dialog

    def find_by_words(self, words: str, threshold: float = THRESHOLD) -> None:
        """Look for what the words name on the frame that is shown; what is found becomes a box."""
        edits, session = self.editor.edits, self.editor.session

        def found(event: jobs.Event) -> None:
            if isinstance(event, jobs.BoxFound):
                item = edits.object(edits.active)
                if item is None or item.get("prompts"):
                    edits.add_object(usable_name(words) or None)
                edits.add_prompt({"frame": event.frame, "kind": "box", "xyxy": list(event.xyxy)})

        asked = jobs.Detect(words=words, frame=self.editor.frame, threshold=threshold)
        if session.run(asked, found):
            session.say(f"Looking for {words!r}")
        else:
            session.say("The engine is busy. Try again when its job has ended.", failed=True)

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
        self.editor.models.wanted.connect(lambda: self.get_models())
        changed = edits.on_change

        def on_change() -> None:
            changed()
            self._keep_draft()
            self._title()

        edits.on_change = on_change
        self.setCentralWidget(self.editor)
        self._title()
        QtCore.QTimer.singleShot(0, session.open)

    def _keep_draft(self) -> None:
        """A plate's prompts are not lost with the window, although nobody has said yet where to save them."""
        if self.opened.draft:
            try:
                save_as(self.opened, self.editor.edits.document, self.opened.path)
            except WispError as error:
                self.editor.session.message, self.editor.session.failed = str(error), True

    def _build_menu(self) -> None:
        for title, entries in (
            (
                "&File",
                (
                    ("&Open shot or plate...", "Ctrl+O", self._ask_open),
                    ("&Save", "Ctrl+S", self._ask_save),
                    ("Save &as...", "Ctrl+Shift+S", self._ask_save_as),
                    ("&Quit", "Ctrl+Q", self.close),
                ),
            ),
            (
                "&Shot",
                (
                    ("&Find by words...", "Ctrl+F", self._ask_words),
                    ("&Compare heads...", "Ctrl+H", self.compare_heads),
                    ("&Get models...", "Ctrl+G", self.get_models),
                ),
            ),
            ("&Help", (("&Keys and mouse", "F1", self._show_keys),)),
        ):
            menu = self.menuBar().addMenu(title)
            for text, keys, work in entries:
                action = menu.addAction(text)
                action.setShortcut(QKeySequence(keys))
                action.triggered.connect(lambda *_, work=work: work())

    def _show_keys(self) -> None:
        QtWidgets.QMessageBox.information(self, "Keys and mouse", KEYS)

    def _ask_words(self) -> None:
        words, agreed = QtWidgets.QInputDialog.getText(self, "Find by words", "What is it, in a few words?")
        if agreed and words.strip():
            self.find_by_words(words.strip())

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
