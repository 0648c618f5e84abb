"""The prompt editor as a panel of Nuke: precise drawing, strokes, outlines and the timeline, for one node at a time.

It shows the plate that was rendered for the engine, and the mattes as they come.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, List, Optional, cast

from . import edits, follow, host, node, pictures, solving, state
from .engine import ENGINE
from .vendor.client.ends import Done
from .vendor.client.errors import ignore
from .vendor.client.events import Event
from .vendor.client.frames import frames_in
from .vendor.client.requests import Request, Solve
from .vendor.client.session import POLL, Session
from .vendor.client.shot_edits import ShotEdits
from .vendor.panel.editor import Editor
from .vendor.panel.qt import QAction, QKeySequence, QShortcut, Qt, QtCore, QtWidgets

#: The panels that are open; Nuke makes them and keeps no list.
_open: List[Panel] = []


class _Rendered:
    """A node's session as its editor is given it: before a job what the engine lacks of the plate is rendered."""

    def __init__(self, group: Any, session: Session) -> None:
        self._group, self._session, self._uid = group, session, state.uid_of(group)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    @property
    def busy(self) -> bool:
        """As `Session.busy`, or whether the plate is being rendered."""
        return bool(self._session.busy) or self._export is not None

    @property
    def _export(self) -> Optional[Any]:
        mine = state.at(self._uid)  # the node may have gone
        return None if mine is None else mine.export

    def stop(self) -> None:
        """As `Session.stop`, and of the rendering."""
        if self._export is None:
            self._session.stop()
        else:
            self._export.cancelled = True

    def run(
        self,
        asked: Request,
        on_event: Callable[[Event], None] = ignore,
        on_end: Callable[[Optional[Done], str], None] = ignore,
    ) -> bool:
        """As `Session.run`."""
        if self.busy:
            return False

        def begin() -> None:
            if not self._session.run(asked, on_event, on_end):
                on_end(None, self._session.refusal)

        def failed(words: str) -> None:
            self._session.show_message(words)
            on_end(None, words)

        needed = frames_in(asked.frames) if isinstance(asked, Solve) and asked.frames else None
        try:
            solving.export_plates(self._group, begin, failed, needed)
        except (edits.Refusal, OSError) as refusal:
            self._session.show_message(str(refusal))
            return False
        return True

    def solve(self, frames: str, objects: Optional[List[int]] = None, direction: str = "both") -> None:
        """As `Session.solve`."""
        self.run(Solve(frames, objects, direction))  # type: ignore[arg-type]


class Panel(QtWidgets.QWidget):
    """Made by Nuke without arguments; empty until a node is edited."""

    def __init__(self, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.editor: Optional[Editor] = None
        self.group: Any = None
        #: The models as the node's knobs said when they were last looked at.
        self._models: Dict[str, Any] = {}
        #: Identity of that node, which can be asked for once it is gone, too; and of the one before the panel closed.
        self.uid: Optional[str] = None
        self._before: Optional[str] = None
        self._frames: Any = None
        self._text = ""
        #: While a node is edited, what the engine says is shown sooner than the host is idle.
        self._messages = QtCore.QTimer(self)
        self._messages.timeout.connect(ENGINE.poll)
        self.button = QtWidgets.QPushButton("Edit the selected Wisp node")
        self.button.clicked.connect(lambda *_: self._edit_selected())
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.button)
        _open.append(self)

    def edit(self, group: Any) -> None:
        """Show a node, once its missing plate pictures are rendered. Raises what `solving.track` raises."""
        solving.export_plates(group, lambda: self._show(group))

    def _show(self, group: Any) -> None:
        folder = solving.plate_folder(group)
        # What the node's inputs say of objects is told to the engine, and is not what the node keeps.
        document = {**solving.document(group), "objects": edits.stored(group)["objects"]}
        self.leave()
        self.group, self.uid, self._text = group, state.uid_of(group), host.text_of(group["wisp_prompts"])
        shot = ShotEdits(document)
        shot.past_ids = node.mattes_of(group)
        self._models = dict(document["solve"])
        session = _Rendered(group, solving.session_of(group))
        self._frames = pictures.of(group)
        self.editor = Editor(shot, self._frames, cast(Session, session), folder)
        changed = shot.on_change

        def on_change() -> None:
            changed()
            if self._store():
                shot.past_ids = node.mattes_of(group)

        shot.on_change = on_change
        self.editor.frame_changed.connect(host.go)
        self._column.addWidget(self.editor)
        self.editor.show()
        for one in [self.editor, *self.editor.findChildren(QtWidgets.QWidget)]:
            if not isinstance(one, (QtWidgets.QLineEdit, QtWidgets.QAbstractSpinBox)):  # they are typed into
                one.installEventFilter(self)
        self._messages.start(round(POLL * 1000))
        self.editor.go(host.frame())
        self.editor.canvas.setFocus()  # its keys belong to the editor from here on

    def eventFilter(self, _: Any, event: Any) -> bool:  # noqa: N802 (Qt's name)
        """A key of the editor's is the editor's while it has the focus, whatever the host does with that key: its
        shortcuts are for the whole application, and two for one key would both be silent."""
        kind = event.type()
        if kind not in (QtCore.QEvent.Type.ShortcutOverride, QtCore.QEvent.Type.KeyPress):
            return False
        work = self._shortcut(event)
        if work is None:
            return False
        event.accept()
        if kind == QtCore.QEvent.Type.KeyPress:
            work()
        return True

    def _shortcut(self, event: Any) -> Any:
        """What a key does in the editor; None for nothing."""
        if self.editor is None or event.key() in (0, Qt.Key.Key_unknown):
            return None
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        pressed = sequence(event.key(), modifiers)
        for one in self.editor.findChildren(QShortcut):
            if one.isEnabled() and one.key() == pressed:
                return one.activated.emit
        for action in self.editor.findChildren(QAction):
            if action.isEnabled() and pressed in action.shortcuts():
                return action.trigger
        return None

    def leave(self) -> None:
        """Let go of the node."""
        self._messages.stop()
        if self.editor is not None:
            self.editor.close_down()
            self._frames.close()
            self.editor.hide()  # Qt shows what came into a layout a little later, also if it is a window by then
            self.editor.setParent(None)
            self.editor.deleteLater()
        self.editor = self.group = self.uid = None

    def reload(self) -> None:
        """The node's prompts may have changed without us: by a pick, by undo."""
        text = host.text_of(self.group["wisp_prompts"]) if self.group is not None else self._text
        if self.editor is not None and text != self._text:
            self._text = text
            self.editor.replace_objects(edits.stored(self.group)["objects"])

    def look_at_settings(self) -> None:
        """The node's range, models or how its plate is seen may have changed."""
        if self.editor is None:
            return
        shot = self.editor.edits
        with contextlib.suppress(edits.Refusal):
            told = solving.document(self.group)
            if (shot.document["plate"], shot.document["solve"]) != (told["plate"], told["solve"]):
                shot.follow(told["plate"], told["solve"])
                self.editor.replace_objects(shot.objects)
            self._models = dict(told["solve"])

    def closeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """The host may close a panel to put it elsewhere: shown again, it shows its node again."""
        self._before = self.uid
        self.leave()
        if self in _open:
            _open.remove(self)
        event.accept()

    def showEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        before, self._before = state.node_of(self._before), None
        if self not in _open:
            _open.append(self)
        if before is not None:
            with contextlib.suppress(Exception):  # the button still is there
                self.edit(before)
        event.accept()

    def _store(self) -> bool:
        """Keep the objects in the node; whether it is there."""
        assert self.editor is not None
        if state.node_of(self.uid) is None:  # the host has not been idle since it went
            host.message("The Wisp node of this panel is gone, and with it what is drawn here. Edit another node.")
            return False
        try:
            chosen = self.editor.edits.document["solve"]
            if chosen != self._models:
                self._models = dict(chosen)
                edits.choose_models(self.group, self._models)
            self._text = edits.store(self.group, "Wisp prompts", self.editor.edits.objects)
            follow.look(self.group, held=False)
        except edits.Refusal as refusal:
            host.message(str(refusal))
            with contextlib.suppress(edits.Refusal):  # without a plate there is nothing to go back to
                self.editor.replace_objects(edits.stored(self.group)["objects"])
        return True

    def _edit_selected(self) -> None:
        group = next(iter(host.selected_wisp_nodes()), None)
        if group is None:
            host.message("Select a Wisp node first.")
            return
        try:
            self.edit(group)
        except Exception as error:  # a sentence for the artist; nothing may be raised into the host
            host.message(str(error))


def sequence(key: int, modifiers: Any) -> QKeySequence:
    """A key with its modifiers: Qt 6 has a class for the two, Qt 5 adds them up."""
    if hasattr(QtCore, "QKeyCombination"):
        return QKeySequence(QtCore.QKeyCombination(modifiers, Qt.Key(key)))
    return QKeySequence(int(modifiers) | key)


def shows(group: Any) -> bool:
    """Whether a panel shows the node."""
    return any(panel.uid == state.uid_of(group) for panel in _open)


def settings_changed(group: Any) -> None:
    """So have the settings of a node."""
    for panel in _open:
        if panel.uid == state.uid_of(group):
            panel.look_at_settings()


def prompts_changed(group: Any) -> None:
    """A node's prompts have changed, by whatever: tell the panels that show it."""
    for panel in _open:
        if panel.uid == state.uid_of(group):
            panel.reload()


def forget(uid: str) -> None:
    """A node is gone: the panels that show it are empty until another one is edited."""
    for panel in _open:
        if panel.uid == uid:
            panel.leave()
