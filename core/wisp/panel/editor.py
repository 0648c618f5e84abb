"""The prompt editor: canvas, tools, timeline, objects, settings and the engine's state in one widget."""

from __future__ import annotations

import copy
import threading
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from ..client.ends import Done, Solved
from ..client.requests import Solve
from ..client.session import Session
from ..client.shot_edits import EDGE_STEP, Refused, ShotEdits, changed_place
from ..client.wording import counted
from .beside import Beside
from .canvas import Canvas
from .carrying import carried, placed
from .commands import MODES, TOOLS, TRACKING, Actions
from .edge import EdgePanel
from .foresight import Foresight
from .frames import FrameSource, Loader
from .gestures import POINT_ADD, Gestures
from .history import SolveVersions
from .models import ModelChoice
from .objects import ObjectList
from .outlines import save_outline
from .qt import QKeySequence, QShortcut, Qt, QtCore, QtGui, QtWidgets, WheelFilter
from .status import StatusLine
from .timeline import Timeline
from .toolbar import ToolBar
from .transport import Transport
from .versions import keep
from .viewing import Viewing


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
        choose_models: bool = False,
    ) -> None:
        """`choose_models`: offer the trackers and heads; a host has its own place for them, and no menu bar for us."""
        super().__init__(parent)
        self.edits, self.session, self.root = edits, session, root
        self.frame = edits.first
        #: Told that undo or redo has changed the plate; raises Refused where it cannot be another now.
        self.on_plate: Callable[[], None] = lambda: None
        #: Where the last solve is being kept as a version.
        self._keeping: Optional[threading.Thread] = None
        self.loader = Loader(source, parent=self)
        self.gestures = Gestures(edits)
        self.gestures.save_mask = self._save_mask
        self.gestures.radius = max(4.0, round(edits.size[0] / 120.0))
        self.canvas = Canvas(self.gestures)
        self.viewing = Viewing(self.canvas, self.loader, edits, session, parent=self)
        self.foresight = Foresight(self.canvas, self.viewing, edits, session, parent=self)
        self.beside = Beside(self, edits, session, self.canvas)
        self.commands = Actions(self, {**self._work(), **self.beside.work})
        self.toolbar = ToolBar(self.commands, self, with_menu=not choose_models)
        self.transport = Transport(edits.first, edits.last)
        self.timeline = Timeline(edits)
        self.status = StatusLine()
        self.gestures.tell = partial(self.status.show_words, failed=True)
        self.objects = ObjectList(edits)
        self.edge = EdgePanel(edits)
        self.models = ModelChoice(edits)
        self.models.setVisible(choose_models)
        self._lay_out()
        self._wheel = WheelFilter(self)
        for part in (self.edge, self.models):
            self._wheel.watch(part)
        self._connect()
        self._bind_keys()
        self.set_tool(POINT_ADD)
        self.set_mode(self.viewing.mode)
        self.commands.check("unsqueeze", self.canvas.unsqueezed)
        self.go(edits.first)
        self._refresh()

    # -- moving and looking -------------------------------------------------------------------------------

    @property
    def live(self) -> QtWidgets.QCheckBox:
        """Whether every change is followed by a matte of its frame."""
        return self.toolbar.live

    @property
    def mode(self) -> str:
        """What the canvas shows, one of `compose.MODES`."""
        return self.viewing.mode

    def go(self, frame: int) -> None:
        """Show that frame, or the nearest that the shot has."""
        frame = min(max(frame, self.edits.first), self.edits.last)
        if frame != self.frame:
            self.status.clear_words()  # they were of the frame before
            self.gestures.cancel()
            self.canvas.offer([])
        changed, self.frame = frame != self.frame, frame
        self.timeline.show_frame(frame)
        self.transport.show_frame(frame)
        self.viewing.show(frame)
        self._show_lock()
        if changed:
            self.frame_changed.emit(frame)

    def set_mode(self, mode: str) -> None:
        """One of `compose.MODES`."""
        self.toolbar.check(mode)
        self.viewing.set_mode(mode)

    def set_tool(self, tool: str) -> None:
        """One of `gestures.TOOLS`."""
        self.gestures.tool = tool
        self.toolbar.check(tool)
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

    def look_at(self, source: FrameSource) -> None:
        """Show the pictures of another source: the plate is seen otherwise now, by models too."""
        self.loader.look_at(source)
        self.viewing.refresh()
        self.preview()

    def preview(self) -> None:
        """With *Live* on, compute the active object's matte on the frame that is shown."""
        self._drawn()

    # -- work for the engine ------------------------------------------------------------------------------

    def track(self, name: str) -> None:
        """`track-forward`, `track-backward`, `track-both` or `track-frame`, for all enabled objects, from in to out.

        Forward starts at the nearest keyframe at or before this frame, backward ends at the nearest at or after it.
        """
        numbers = [item["id"] for item in self.edits.objects if item.get("enabled", True)]
        keyframes = sorted({frame for number in numbers for frame in self.edits.keyframes(number)})
        if not keyframes:
            self.status.show_words("Draw a point, a box or a stroke on the object first.")
            return
        first, last = self.edits.span
        if name == "track-frame":
            first = last = self.frame
        elif name == "track-forward":
            first = max(first, max([frame for frame in keyframes if frame <= self.frame], default=keyframes[0]))
        elif name == "track-backward":
            last = min(last, min([frame for frame in keyframes if frame >= self.frame], default=keyframes[-1]))
        if first > last:
            self.status.show_words("Nothing lies between the keyframe and in or out.")
            return
        asked = Solve(f"{first}-{last}" if first < last else str(first), numbers)
        self.session.run(asked, on_end=self._solved)

    def close_down(self) -> None:
        """Close its dialogs, stop reading, and let go of the session."""
        for dialog in self.findChildren(QtWidgets.QDialog):
            dialog.close()
        self.transport.play(False)
        self.session.changed.disconnect(self._refresh_state)
        self.finish_keeping()
        self.foresight.close()
        self.viewing.close()
        self.loader.close()

    def finish_keeping(self, patience: float = 10.0) -> None:
        """Wait until the last solve is kept as a version, so many seconds at most."""
        if self._keeping is not None:
            self._keeping.join(patience)

    def _solved(self, end: Optional[Done], _: str) -> None:
        """Keep what is there now as a version, beside whatever else goes on."""
        if isinstance(end, Solved) and end.matted:
            lanes = self.session.mattes.lanes.items()
            paths = {(n, f): self.session.mattes.path(n, f) for n, lane in lanes for f in lane.solved}
            mattes = {key: path for key, path in paths.items() if path is not None}
            arguments = (Path(self.session.places.own), copy.deepcopy(self.edits.document), mattes)
            self._keeping = threading.Thread(target=keep, args=arguments, name="wisp-versions", daemon=True)
            self._keeping.start()

    # -- building -----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        side = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.objects, 1)
        column.addWidget(self.edge)
        column.addWidget(self.models)
        splitter = QtWidgets.QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.canvas)
        splitter.addWidget(side)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([900, 230])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.toolbar)
        layout.addWidget(splitter, 1)
        layout.addWidget(self.transport)
        layout.addWidget(self.timeline)
        layout.addWidget(self.status)

    def _connect(self) -> None:
        self.edits.on_change = self._edited
        self.session.changed.connect(self._refresh_state)
        self.viewing.doubted.connect(self._refresh_state)
        self.canvas.edited.connect(self._drawn)
        self.canvas.hovered.connect(lambda xy: self.status.show_place(xy, self.canvas.zoom))
        self.toolbar.foresee.toggled.connect(self.foresight.switch)
        self.timeline.frame_asked.connect(self.go)
        self.timeline.object_asked.connect(self.choose)
        self.objects.chosen.connect(self.choose)
        self.objects.refused.connect(partial(self.status.show_words, failed=True))
        self.edge.changed.connect(self._finish_changed)
        self.models.changed.connect(lambda role: self._drawn() if role == "tracker" else self._finish_changed())
        for part in (self.edge, self.transport):
            part.typed.connect(self.canvas.setFocus)  # or the keys of commands would be typed, too
        self.transport.frame_asked.connect(self.go)
        self.transport.keyframe_asked.connect(self._keyframe)
        self.transport.beat.connect(self._step)

    def _work(self) -> Dict[str, Callable[[], Any]]:
        """What the editor's own commands do."""
        return {
            **{one.name: partial(self.set_tool, one.name) for one in TOOLS},
            **{one.name: partial(self.set_mode, one.name) for one in MODES},
            **{one.name: partial(self.track, one.name) for one in TRACKING},
            "stop": self._stop,
            "undo": self._undo,
            "redo": self._redo,
            "copy": self._copy,
            "paste": self._paste,
            "delete": self._delete,
            "clear-frame": lambda: self.edits.clear_frame(self.frame),
            "brush-smaller": lambda: self.canvas.resize_brush(1 / 1.15),
            "brush-larger": lambda: self.canvas.resize_brush(1.15),
            "brush-harder": lambda: self._soften(-0.25),
            "brush-softer": lambda: self._soften(0.25),
            "add-object": self.edits.add_object,
            "next-object": self._next_object,
            "rename-object": lambda: self.objects.rename(),
            "color-object": lambda: self.objects.choose_color(),
            "switch-object": lambda: self.objects.switch(),
            "remove-object": lambda: self.objects.remove(),
            "reset-edge": lambda: self.edge.reset(),
            "live": lambda: self.live.toggle(),
            "foresee": lambda: self.toolbar.foresee.toggle(),
            "lock": lambda: self._tell_refusal(self.edits.toggle_lock(self.frame)),
            "absent": lambda: self._tell_refusal(self.edits.toggle_absent(self.frame)),
            "absent-span": self._absent_span,
            "mark-in": lambda: self._mark(self.frame, None),
            "mark-out": lambda: self._mark(None, self.frame),
            "clear-span": lambda: self._mark(None, None),
            "next-doubt": lambda: self._suspicious(1),
            "previous-doubt": lambda: self._suspicious(-1),
            "accept": self._accept,
            "suggest": self._suggested,
            "previous-keyframe": lambda: self._keyframe(-1),
            "next-keyframe": lambda: self._keyframe(1),
            "versions": self.show_versions,
            "wipe": self._wipe,
            "onion": self._onion,
            "fit": lambda: self.canvas.fit(),
            "unsqueeze": self._unsqueeze,
            "play": lambda: self.transport.play(not self.transport.playing),
            "previous-frame": lambda: self.go(self.frame - 1),
            "next-frame": lambda: self.go(self.frame + 1),
            "first-frame": lambda: self.go(self.edits.first),
            "last-frame": lambda: self.go(self.edits.last),
        }

    def _bind_keys(self) -> None:
        """The keys of one object of many; all others are the commands'."""
        for index in range(8):
            shortcut = QShortcut(QKeySequence(str(index + 1)), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._choose_nth, index))

    # -- reactions ----------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self.gestures.cancel()
        self.canvas.offer([])
        self.session.stop()

    def show_versions(self) -> SolveVersions:
        """Open the list of the last solves."""
        self.finish_keeping(2.0)
        dialog = SolveVersions(self.edits, Path(self.session.places.own), self.viewing.look_beside, self)
        dialog.show()
        return dialog

    def _soften(self, step: float) -> None:
        self.canvas.soften_brush(step)
        self.status.show_words(f"The brush is soft over {self.gestures.softness:.0%} of its radius")

    def _onion(self) -> None:
        self.viewing.show_neighbours(not self.viewing.onion)
        self.commands.check("onion", self.viewing.onion)

    def _unsqueeze(self) -> None:
        self.canvas.unsqueeze(not self.canvas.unsqueezed)
        self.commands.check("unsqueeze", self.canvas.unsqueezed)
        if self.canvas.pixel_aspect == self.edits.pixel_aspect == 1.0:
            self.status.show_words("The plate's pixels are square.")

    def _wipe(self) -> None:
        self.canvas.set_wipe(self.canvas.wipe is None)
        self.toolbar.check("wipe", self.canvas.wipe is not None)

    def _mark(self, first: Optional[int], last: Optional[int]) -> None:
        """In, or out, at a frame; neither for none. Where one passes the other, the other is forgotten."""
        edits = self.edits
        if first is not None:
            edits.mark_in = first
            edits.mark_out = None if edits.mark_out is not None and edits.mark_out < first else edits.mark_out
        elif last is not None:
            edits.mark_out = last
            edits.mark_in = None if edits.mark_in is not None and edits.mark_in > last else edits.mark_in
        else:
            edits.mark_in = edits.mark_out = None
        self.timeline.refresh()
        self.status.show_words(f"From in to out: {edits.span_text}" if edits.span_text else "The whole shot")

    def _absent_span(self) -> None:
        if self.edits.span_text is None:
            self.status.show_words("Mark the span first: I on its first frame, O on its last.", failed=True)
        else:
            self._tell_refusal(self.edits.toggle_absent(*self.edits.span))

    def _accept(self) -> None:
        number, frame = self.edits.active, self.frame
        fingerprint = None if number is None else self.session.mattes.fingerprint(number, frame)
        if number is None or fingerprint is None:
            self.status.show_words("There is no matte here to be found fine.", failed=True)
            return
        on = self.edits.toggle_accepted(frame, fingerprint)
        self.status.show_words(f"Frame {frame} is fine as it is" if on else f"Frame {frame} may be doubted again")

    def _copy(self) -> None:
        """The active object's prompts of this frame onto the clipboard, as JSON."""
        prompts = self.edits.prompts(self.edits.active, self.frame)
        if prompts:
            QtWidgets.QApplication.clipboard().setText(carried(prompts, self.edits.size, self.root))
        words = f"{counted(len(prompts), 'prompt')} copied" if prompts else "There are no prompts on this frame."
        self.status.show_words(words)

    def _paste(self) -> None:
        try:
            text = QtWidgets.QApplication.clipboard().text()
            prompts = placed(text, self.frame, self.edits.size, self.root)
            self.edits.add_prompts(prompts, "Paste prompts")
        except (ValueError, Refused) as error:
            self.status.show_words(str(error), failed=True)
            return
        self._drawn()
        self.status.show_words(f"{counted(len(prompts), 'prompt')} pasted")

    def _tell_refusal(self, why: str) -> None:
        self._show_lock()  # the button has changed by itself
        if why:
            self.status.show_words(why, failed=True)

    def _edited(self) -> None:
        self.gestures.cancel()  # what it holds may be gone
        self.session.update()
        self._refresh()

    def _drawn(self) -> None:
        """A gesture has changed the shot on this frame."""
        number = self.edits.active
        if self.live.isChecked() and number is not None and self.edits.prompts(number, self.frame):
            self.session.request_preview(number, self.frame)

    def _finish_changed(self) -> None:
        """What is shown is computed anew from its mask; a frame without a matte has nothing to show."""
        number = self.edits.active
        if self.live.isChecked() and number is not None and self.session.mattes.path(number, self.frame) is not None:
            self.session.request_preview(number, self.frame)

    def _undo(self) -> None:
        self._travel(self.edits.undo, "Undone: {}", "Nothing to undo")

    def _redo(self) -> None:
        self._travel(self.edits.redo, "Done again: {}", "Nothing to redo")

    def _travel(self, work: Callable[[], str], done: str, nothing: str) -> None:
        """Undo or redo, go where that has changed something, and say what it was."""
        before, plate = self.edits.objects, self.edits.document["plate"]
        try:
            with self.edits.all_or_nothing():
                step = work()
                if self.edits.document["plate"] != plate:
                    self.on_plate()
        except Refused as refusal:
            self.status.show_words(str(refusal), failed=True)
            return
        number, frame = changed_place(before, self.edits.objects)
        if number is not None:
            self.choose(number)
        if frame is not None:
            self.go(frame)
        self.status.show_words(done.format(step) if step else nothing)
        if step == EDGE_STEP:
            self._finish_changed()
        elif step:
            self._drawn()

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
        if self.canvas.candidates:
            self.beside.choose_candidate(index)
        elif index < len(self.edits.objects):
            self.choose(self.edits.objects[index]["id"])

    def _keyframe(self, step: int) -> None:
        self._go_to_next(self.edits.keyframes(self.edits.active), step)

    def _suspicious(self, step: int) -> None:
        """The next frame of the active object that is worth a look, with its reason in the status line."""
        lane = self.session.mattes.lanes.get(self.edits.active or 0)
        suspicious = dict(lane.suspicious) if lane is not None else {}
        if self._go_to_next(suspicious, step):
            self.status.show_words(f"Frame {self.frame}: {suspicious[self.frame]}")
        else:
            self.status.show_words(f"No suspicious frame {'after' if step > 0 else 'before'} this one")

    def _suggested(self) -> None:
        """The frame of the active object whose correction would help most."""
        number = self.edits.active
        frame = self.session.mattes.suggestion(number, self.edits.keyframes(number)) if number is not None else None
        if frame is None:
            self.status.show_words("Nothing to correct is known: track the object first, or look through the frames.")
        else:
            self.go(frame)
            self.status.show_words(f"Frame {frame}: a correction here would help most")

    def _go_to_next(self, frames: Iterable[int], step: int) -> bool:
        """The next of these frames (1) or the one before (-1); whether there is one."""
        beyond = [frame for frame in frames if (frame - self.frame) * step > 0]
        if beyond:
            self.go(min(beyond) if step > 0 else max(beyond))
        return bool(beyond)

    def _step(self) -> None:
        """The next frame while playing, from in to out; waits for one that is not read yet, so that all are seen."""
        first, last = self.edits.span
        if self.loader.get(("plate", self.frame)) is not None:
            self.go(self.frame + 1 if first <= self.frame < last else first)

    # -- showing ------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """The shot has changed."""
        for part in (self.objects, self.edge, self.models, self.timeline, self.beside):
            part.refresh()
        self.canvas.update()
        self._refresh_state()
        self.viewing.refresh()

    def _refresh_state(self) -> None:
        """The engine's state has changed."""
        self.timeline.show_lanes(self.session.mattes.lanes, self.session.mattes.lost)
        self.toolbar.allow_tracking(not self.session.busy)
        self.models.offer(self.session.models)
        self.status.show_session(self.session)
        self._show_lock()

    def _show_lock(self) -> None:
        number = self.edits.active
        self.commands.check("lock", self.edits.locked(number, self.frame))
        self.commands.check("absent", self.edits.absent(number, self.frame))
        mark = None if number is None else self.session.mattes.fingerprint(number, self.frame)
        self.commands.check("accept", mark is not None and self.edits.accepted(number, self.frame, mark))

    def _save_mask(self, outline: List[Tuple[float, float]], frame: int) -> Optional[str]:
        try:
            return save_outline(outline, frame, self.edits.size, Path(self.root))
        except OSError as error:
            self.status.show_words(f"The outline cannot be stored: {error}.", failed=True)
            return None
