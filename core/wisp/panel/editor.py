"""The prompt editor: canvas, tools, timeline, objects and the engine's state in one widget."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import compose
from .canvas import Canvas
from .compose import Layer
from .frames import Failed, FrameSource, Key, Loader, Matte
from .gestures import BOX, LASSO, POINT_ADD, POINT_REMOVE, STROKE, Gestures
from .icons import icon
from .objects import ObjectList
from .paint import path_of
from .qt import QAction, QKeySequence, QShortcut, Qt, QtCore, QtGui, QtWidgets
from .session import Session
from .shot_edits import ShotEdits
from .timeline import Timeline

TOOL_HINTS = (
    (POINT_ADD, "A", "Point that belongs to the object (drag: box)"),
    (POINT_REMOVE, "R", "Point that does not belong to the object"),
    (BOX, "B", "Box around the object"),
    (STROKE, "S", "Stroke over the object; right button or Alt takes away (Ctrl+wheel: brush)"),
    (LASSO, "L", "Outline of the object"),
)
MODE_HINTS = (
    (compose.PLATE, "Ctrl+1", "The plate"),
    (compose.MATTE, "Ctrl+2", "The matte"),
    (compose.TINT, "Ctrl+3", "The matte as a tint over the plate"),
    (compose.CUTOUT, "Ctrl+4", "The object on black"),
    (compose.CHECKER, "Ctrl+5", "The object on a checkerboard"),
)
STAGES = {"starting": "Starting", "queued": "Waiting for the device", "track": "Tracking", "matte": "Matting"}


class Editor(QtWidgets.QWidget):
    """Shows and edits one shot. `root`: the folder of the document, where lassos are stored under `prompts`."""

    frame_changed = QtCore.Signal(int)

    def __init__(
        self,
        edits: ShotEdits,
        source: FrameSource,
        session: Session,
        root: str,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.edits, self.session, self.root = edits, session, root
        self.frame = edits.first
        self.mode = compose.TINT
        self.loader = Loader(source, parent=self)
        self.gestures = Gestures(edits)
        self.gestures.save_mask = self._save_mask
        width = edits.size[0]
        self.gestures.radius = max(4.0, round(width / 120.0))
        self.canvas = Canvas(self.gestures)
        self.timeline = Timeline(edits)
        self.objects = ObjectList(edits)
        self.actions_by_name: Dict[str, QAction] = {}
        self._composed: Tuple[Any, Optional[QtGui.QImage]] = (None, None)
        self._play = QtCore.QTimer(self)
        self._play.setInterval(1000 // 24)
        self._build()
        self._connect()
        self.go(edits.first)
        self._refresh()

    # -- moving and looking -------------------------------------------------------------------------------

    def go(self, frame: int) -> None:
        """Show that frame, or the nearest that the shot has."""
        frame = min(max(frame, self.edits.first), self.edits.last)
        if self.gestures.active and frame != self.frame:
            self.gestures.cancel()
        changed, self.frame = frame != self.frame, frame
        self.canvas.frame = frame
        self.timeline.refresh(frame)
        for box in (self.slider, self.number):
            box.blockSignals(True)
            box.setValue(frame)
            box.blockSignals(False)
        self._want()
        self._show()
        if changed:
            self.frame_changed.emit(frame)

    def set_mode(self, mode: str) -> None:
        """One of `compose.MODES`."""
        self.mode = mode
        self.actions_by_name[mode].setChecked(True)
        self._want()
        self._show()

    def set_tool(self, tool: str) -> None:
        """One of `gestures.TOOLS`."""
        self.gestures.tool = tool
        self.actions_by_name[tool].setChecked(True)
        self.canvas.update()

    def choose(self, number: int) -> None:
        """Make an object the active one."""
        if self.edits.object(number) is not None and self.edits.active != number:
            self.gestures.cancel()
            self.edits.active = number
            self._refresh()

    def replace_objects(self, objects: List[Dict[str, Any]]) -> None:
        """The shot was changed by somebody else; that change is theirs to undo."""
        self.gestures.cancel()
        self.edits.document["objects"] = objects
        if self.edits.object(self.edits.active) is None:
            self.edits.active = objects[0]["id"] if objects else None
        self.session.update()
        self._refresh()

    def play(self, on: bool) -> None:
        """Step through the frames; waits for those not read yet, so that every one is seen."""
        if on:
            self._play.start()
        else:
            self._play.stop()
        self.play_button.setText("\N{BLACK SQUARE FOR STOP}" if on else "\N{BLACK RIGHT-POINTING TRIANGLE}")

    # -- work for the engine ------------------------------------------------------------------------------

    def track(self, name: str) -> None:
        """`track-forward`, `track-backward`, `track-both` or `track-frame`, for all enabled objects.

        Forward starts at the nearest keyframe at or before this frame, backward ends at the nearest at or after it.
        """
        numbers = [item["id"] for item in self.edits.objects if item.get("enabled", True)]
        keyframes = sorted({frame for number in numbers for frame in self.edits.keyframes(number)})
        if not keyframes:
            self._tell("Draw a point, a box or a stroke on the object first.")
            return
        first, last = self.edits.first, self.edits.last
        if name == "track-frame":
            first = last = self.frame
        elif name == "track-forward":
            first = max([frame for frame in keyframes if frame <= self.frame], default=keyframes[0])
        elif name == "track-backward":
            last = min([frame for frame in keyframes if frame >= self.frame], default=keyframes[-1])
        self.session.solve(f"{first}-{last}" if first < last else str(first), numbers)

    def close_down(self) -> None:
        """Stop reading and end the engine."""
        self._play.stop()
        self.loader.close()
        self.session.close()

    # -- building -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.toolbar = QtWidgets.QToolBar()
        self.toolbar.setIconSize(QtCore.QSize(24, 24))
        self.toolbar.setMovable(False)
        self._group(TOOL_HINTS, self.set_tool, POINT_ADD)
        self._group(MODE_HINTS, self.set_mode, self.mode)
        for name, key, hint in (
            ("track-backward", "Shift+F", "Track backward from the next keyframe"),
            ("track-frame", "Space", "Solve this frame"),
            ("track-forward", "F", "Track forward from the last keyframe"),
            ("track-both", "T", "Track the whole shot"),
        ):
            self._action(name, key, hint, partial(self.track, name))
        self._action("stop", "Esc", "Stop; what is finished is kept", self._escape)
        self.toolbar.addSeparator()
        self._action("lock", "K", "Lock this frame's matte, or free it", lambda: self.edits.toggle_lock(self.frame))
        self.actions_by_name["lock"].setCheckable(True)
        self.live = QtWidgets.QCheckBox("Live")
        self.live.setToolTip("Compute this frame's matte after every prompt")
        self.live.setChecked(True)
        self.live.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.toolbar.addWidget(self.live)

        self.slider = QtWidgets.QSlider(Qt.Orientation.Horizontal)
        self.number = QtWidgets.QSpinBox()
        for box in (self.slider, self.number):
            box.setRange(self.edits.first, self.edits.last)
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(76)
        self.play_button = self._transport("\N{BLACK RIGHT-POINTING TRIANGLE}", "Play (P)")
        self.previous_button = self._transport("\N{WHITE DIAMOND}\N{LEFTWARDS ARROW}", "Previous keyframe ([)")
        self.next_button = self._transport("\N{RIGHTWARDS ARROW}\N{WHITE DIAMOND}", "Next keyframe (])")
        transport = QtWidgets.QHBoxLayout()
        transport.setContentsMargins(6, 2, 6, 2)
        for widget in (self.previous_button, self.play_button, self.next_button, self.slider, self.number):
            transport.addWidget(widget, 1 if widget is self.slider else 0)

        self.state = QtWidgets.QLabel()
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.state.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred)
        self.where = QtWidgets.QLabel()
        self.where.setMinimumWidth(190)
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedSize(260, 18)
        status = QtWidgets.QHBoxLayout()
        status.setContentsMargins(8, 2, 8, 4)
        status.addWidget(self.state, 1)
        status.addWidget(self.bar)
        status.addWidget(self.where)

        self.splitter = QtWidgets.QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.canvas)
        self.splitter.addWidget(self.objects)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setSizes([900, 180])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.toolbar)
        layout.addWidget(self.splitter, 1)
        layout.addLayout(transport)
        layout.addWidget(self.timeline)
        layout.addLayout(status)

    def _group(self, hints: Tuple[Tuple[str, str, str], ...], choose: Callable[[str], None], chosen: str) -> None:
        """Tools or modes of which one is on."""
        group = QtWidgets.QActionGroup(self) if hasattr(QtWidgets, "QActionGroup") else QtGui.QActionGroup(self)
        for name, key, hint in hints:
            action = self._action(name, key, hint, partial(choose, name))
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)
        self.toolbar.addSeparator()

    def _action(self, name: str, key: str, hint: str, work: Callable[[], None]) -> QAction:
        action = QAction(icon(name), name.replace("-", " ").capitalize(), self)
        action.setToolTip(f"{hint} ({key})")
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda *_: work())
        self.addAction(action)
        self.toolbar.addAction(action)
        self.actions_by_name[name] = action
        return action

    def _transport(self, text: str, hint: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _connect(self) -> None:
        self.edits.on_change = self._edited
        self.session.changed.connect(self._refresh_state)
        self.session.matte_changed.connect(self._matte_changed)
        self.session.mattes_known.connect(self._look_again)
        self.loader.loaded.connect(self._loaded)
        self.canvas.edited.connect(self._drawn)
        self.canvas.hovered.connect(self._hovered)
        self.timeline.frame_asked.connect(self.go)
        self.timeline.object_asked.connect(self.choose)
        self.objects.chosen.connect(self.choose)
        self.slider.valueChanged.connect(self.go)
        self.number.valueChanged.connect(self.go)
        self.play_button.clicked.connect(lambda *_: self.play(not self._play.isActive()))
        self.previous_button.clicked.connect(lambda *_: self._keyframe(-1))
        self.next_button.clicked.connect(lambda *_: self._keyframe(1))
        self._play.timeout.connect(self._step)
        for key, work in (
            ("Left", lambda: self.go(self.frame - 1)),
            ("Right", lambda: self.go(self.frame + 1)),
            ("Home", lambda: self.go(self.edits.first)),
            ("End", lambda: self.go(self.edits.last)),
            ("[", lambda: self._keyframe(-1)),
            ("]", lambda: self._keyframe(1)),
            ("P", lambda: self.play(not self._play.isActive())),
            ("Tab", self._next_object),
            ("H", self.canvas.fit),
            ("Del", self._delete),
            ("Shift+Del", lambda: self.edits.clear_frame(self.frame)),
            ("Ctrl+Z", self._undo),
            ("Ctrl+Shift+Z", self._redo),
            ("Ctrl+Y", self._redo),
        ):
            self._shortcut(key, work)
        for index in range(8):
            self._shortcut(str(index + 1), partial(self._choose_nth, index))

    def _shortcut(self, key: str, work: Callable[[], Any]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: work())

    # -- reactions ----------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.session.update()
        self._refresh()

    def _drawn(self) -> None:
        """A gesture has changed the shot on this frame."""
        number = self.edits.active
        if self.live.isChecked() and number is not None and self.edits.prompts(number, self.frame):
            self.session.want_preview(number, self.frame)

    def _undo(self) -> None:
        name = self.edits.undo()
        self._tell("Undone: " + name if name else "Nothing to undo")
        if name:
            self._drawn()

    def _redo(self) -> None:
        name = self.edits.redo()
        self._tell("Done again: " + name if name else "Nothing to redo")
        if name:
            self._drawn()

    def _escape(self) -> None:
        self.gestures.cancel()
        self.canvas.update()
        self.session.stop()

    def _delete(self) -> None:
        """The prompt under the mouse, else the last one drawn on this frame."""
        place = self.canvas.mapFromGlobal(QtGui.QCursor.pos())
        xy = self.canvas.to_plate(QtCore.QPointF(place))
        hold = self.gestures.near(xy, self.frame, self.canvas.zoom)
        prompts = self.edits.prompts(self.edits.active, self.frame)
        if hold is not None or prompts:
            self.edits.remove_prompt(hold.prompt if hold is not None else prompts[-1])
            self._drawn()

    def _next_object(self) -> None:
        numbers = [item["id"] for item in self.edits.objects]
        if numbers:
            place = numbers.index(self.edits.active) if self.edits.active in numbers else -1
            self.choose(numbers[(place + 1) % len(numbers)])

    def _choose_nth(self, index: int) -> None:
        if index < len(self.edits.objects):
            self.choose(self.edits.objects[index]["id"])

    def _keyframe(self, step: int) -> None:
        frames = self.edits.keyframes(self.edits.active)
        beyond = [frame for frame in frames if (frame - self.frame) * step > 0]
        if beyond:
            self.go(min(beyond) if step > 0 else max(beyond))

    def _step(self) -> None:
        if self.loader.get(("plate", self.frame)) is not None:
            self.go(self.frame + 1 if self.frame < self.edits.last else self.edits.first)

    def _hovered(self, xy: Optional[Tuple[float, float]]) -> None:
        zoom = f"{self.canvas.zoom:.0%}"
        self.where.setText(f"{xy[0]:.1f}, {xy[1]:.1f}    {zoom}" if xy is not None else zoom)

    def _matte_changed(self, number: int, frame: int) -> None:
        path = self.session.matte_path(number, frame)
        if path is not None:
            self.loader.forget(("matte", path))
        if frame == self.frame:
            self._want()

    def _look_again(self) -> None:
        self._want()
        self._show()

    def _loaded(self, key: Key) -> None:
        loaded = self.loader.get(key)
        if isinstance(loaded, Matte):
            for item in self.edits.objects:
                if self.session.matte_path(item["id"], self.frame) == key[1]:
                    self.session.doubt(item["id"], self.frame, loaded.track_state, loaded.confidence)
                    self.timeline.update()
        if key == ("plate", self.frame) or key[0] == "matte":
            self._show()

    # -- showing ------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """The shot has changed."""
        self.objects.refresh()
        self.timeline.lanes = self.session.lanes
        self.timeline.refresh()
        self.canvas.update()
        self._refresh_state()
        self._want()
        self._show()

    def _refresh_state(self) -> None:
        """The engine's state has changed."""
        session = self.session
        self.timeline.lanes = session.lanes
        self.timeline.update()
        for name in ("track-backward", "track-frame", "track-forward", "track-both"):
            self.actions_by_name[name].setEnabled(not session.busy)
        self.actions_by_name["stop"].setEnabled(True)
        self.actions_by_name["lock"].setChecked(self.edits.locked(self.edits.active, self.frame))
        progress = session.progress
        self.bar.setVisible(progress is not None or session.previewing)
        if progress is not None:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            eta = "" if progress.eta is None else f", {_duration(progress.eta)} left"
            words = STAGES.get(progress.stage, progress.stage)
            self.bar.setFormat(f"{words} {progress.done} of {progress.total}{eta}")
        elif session.previewing:
            self.bar.setRange(0, 0)
        self._tell(session.message, session.failed)

    def _tell(self, words: str, failed: bool = False) -> None:
        self.state.setText(words)
        self.state.setToolTip(words)
        self.state.setStyleSheet("color: #ff8a75;" if failed else "")

    def _layers_keys(self, frame: int) -> List[Tuple[Dict[str, Any], Key]]:
        """The enabled objects that have a matte on the frame, and the keys of those mattes."""
        keys: List[Tuple[Dict[str, Any], Key]] = []
        for item in self.edits.objects:
            path = self.session.matte_path(item["id"], frame) if item.get("enabled", True) else None
            if path is not None:
                keys.append((item, ("matte", path)))
        return keys

    def _want(self) -> None:
        """Ask for this frame's pictures, then for those of its neighbours, as many as memory holds."""
        width, height = self.edits.size
        keys: List[Key] = []
        around = [self.frame]
        for distance in range(1, self.loader.room(width * height * 5) // 2):
            around += [self.frame + distance, self.frame - distance]
        for frame in around:
            if self.edits.first <= frame <= self.edits.last:
                keys.append(("plate", frame))
                if self.mode != compose.PLATE:
                    keys.extend(key for _, key in self._layers_keys(frame))
        self.loader.want(keys)

    def _show(self) -> None:
        """Put on the canvas what is there of this frame; the rest follows when it is read."""
        plate = self.loader.get(("plate", self.frame))
        layers, parts, note = [], [], ""
        for item, key in self._layers_keys(self.frame) if self.mode != compose.PLATE else []:
            matte = self.loader.get(key)
            if isinstance(matte, Matte):
                layers.append(Layer(matte.alpha, item["color"]))
                parts.append((id(matte), item["color"]))
            elif isinstance(matte, Failed):
                note = matte.reason
            if self.session.stale(item["id"], self.frame):
                note = note or "This matte is out of date: prompts have changed. Track again."
        if isinstance(plate, Failed):
            note, plate = plate.reason, None
        if plate is None and not note:
            return  # the picture before stays until this one is there: no flicker while scrubbing
        assert plate is None or isinstance(plate, QtGui.QImage)
        wanted = (self.mode, id(plate), tuple(parts))
        if self._composed[0] != wanted:
            picture = compose.compose(self.mode, plate, QtCore.QSize(*self.edits.size), layers)
            self._composed = (wanted, picture)
        self.canvas.show_picture(self._composed[1], note)

    def _save_mask(self, outline: List[Tuple[float, float]], frame: int) -> Optional[str]:
        """A lasso as a picture of the plate's size under `prompts`, named after its content."""
        width, height = self.edits.size
        image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QtGui.QPainter(image)
        path = path_of(outline)
        path.closeSubpath()
        painter.fillPath(path, QtGui.QColor("#ffffff"))
        painter.end()
        name = f"{hashlib.sha1(repr(outline).encode()).hexdigest()[:10]}.{frame}.png"
        folder = Path(self.root) / "prompts"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._tell(f"The outline cannot be stored: {error}.", failed=True)
            return None
        if not image.save(str(folder / name)):
            self._tell(f"The outline cannot be stored in {folder}.", failed=True)
            return None
        return "prompts/" + name


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d} min" if whole >= 60 else f"{whole} s"
