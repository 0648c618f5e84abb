"""One Nuke session: what the module `nuke` offers, with its main thread, contexts, undo and viewer."""

from __future__ import annotations

import contextlib
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import knobs, render, rotopaint, script
from .callbacks import KINDS, Callbacks
from .facts import FIRST, FLAGS, Unknowns
from .nodes import REACHED, Group, Node


class WrongThread(RuntimeError):  # noqa: N818
    """The host was called from a thread that is not its main one."""


class WouldDeadlock(RuntimeError):  # noqa: N818
    """Waiting for the main thread on the main thread."""


class CancelledError(Exception):
    """Raised by file dialogs; not by renders."""


class Undo:
    """One list of steps; a step is a name and what takes it back: values, connections, creations, deletions."""

    def __init__(self, loose: bool) -> None:
        """`loose`: what happens outside a step is a step."""
        self.steps: list[tuple[str, list[Callable[[], Any]]]] = []
        self._open: tuple[str, list[Callable[[], Any]]] | None = None
        self._depth = self._disabled = 0
        self._loose = loose

    def __call__(self) -> Undo:
        """In Nuke a class whose methods need no instance; both `Undo().begin` and `Undo.disable` work."""
        return self

    def remember(self, name: str, back: Callable[[], Any]) -> None:
        if self._disabled:
            return
        if self._open is not None:
            self._open[1].append(back)
        elif self._loose:
            self.steps.append((name, [back]))

    def begin(self, name: str = "") -> None:
        self._depth += 1
        if self._depth == 1:
            self._open = (name, [])

    def end(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            if self._open is not None and self._open[1]:
                self.steps.append(self._open)
            self._open = None

    def disable(self) -> None:
        self._disabled += 1

    def enable(self) -> None:
        if self._disabled == 0:
            raise RuntimeError("undo was enabled more often than disabled")
        self._disabled -= 1

    @contextlib.contextmanager
    def steps_only(self) -> Iterator[None]:
        """Nothing that happens meanwhile is remembered, as while a script is read."""
        self.disable()
        try:
            yield
        finally:
            self.enable()

    def undo(self) -> None:
        """Take the last step back."""
        _, changes = self.steps.pop()
        with self.steps_only():
            for back in reversed(changes):
                back()


class Viewer:
    """The active viewer: it tells no zoom and no pan."""

    def __init__(self, session: FakeNuke) -> None:
        self._session = session
        self._node = session.make("Viewer", session.root_group)

    def node(self) -> Node:
        return self._node

    def activeInput(self) -> int | None:  # noqa: N802
        return 0 if self._node.input(0) is not None else None

    def ctrl_click(self, x: float, y: float) -> None:
        """Pick the pixel (x, y), counted from the bottom left."""
        self.ctrl_shift_drag(x, y, x + 1, y + 1)

    def ctrl_shift_drag(self, x: float, y: float, r: float, t: float) -> None:
        """Pick a region, in pixels from the bottom left; then whoever watches the mouse sees it released."""
        self._sample(x, y, r, t)
        for seen in self._session.on_release:
            seen()

    def hover(self, x: float, y: float) -> None:
        """The pointer passes over a pixel."""
        if self._session.unknowns.hover_samples:
            self._sample(x, y, x + 1, y + 1)

    def _sample(self, x: float, y: float, r: float, t: float) -> None:
        shown = self._node.input(0)
        assert shown is not None
        width, height, aspect = shown.format().width(), shown.format().height(), shown.format().pixelAspect()
        normalised = [
            value
            for px, py in ((x, y), (r, t))
            for value in ((px / width - 0.5) * 2, (py - height / 2) * 2 / (width * aspect))
        ]
        self._node["colour_sample_bbox"].parts = [knobs.Part(value) for value in normalised]


class ProgressTask:
    """A bar; it is open as long as somebody refers to it."""

    def __init__(self, title: str) -> None:
        self.title, self.percent, self.words = title, 0, ""
        self.pressed = False

    def setProgress(self, percent: int) -> None:  # noqa: N802
        assert isinstance(percent, int), "Nuke takes whole numbers only"
        self.percent = percent

    def setMessage(self, words: str) -> None:  # noqa: N802
        self.words = words

    def isCancelled(self) -> bool:  # noqa: N802
        return self.pressed


class Menu:
    def __init__(self, entries: dict[str, Callable[[], None]]) -> None:
        self._entries = entries

    def addCommand(self, name: str, command: Callable[[], None], shortcut: str = "") -> None:  # noqa: N802
        self._entries[name] = command


class Creator:
    """`nuke.nodes`: `nodes.Read(name=..)` in the current context."""

    def __init__(self, session: FakeNuke) -> None:
        self._session = session

    def __getattr__(self, kind: str) -> Callable[..., Node]:
        def create(**values: Any) -> Node:
            if kind == "Cryptomatte" and not self._session.unknowns.has_cryptomatte:
                raise RuntimeError(f"{kind}: Unknown command")
            node = self._session.make(kind, self._session.contexts[-1], **values)
            self._session.created(node)
            return node

        return create


class FakeNuke:
    """Put it into `sys.modules['nuke']`."""

    CONSTANT = 1
    NUKE_VERSION_STRING = "stand-in"
    rotopaint = rotopaint
    CancelledError = CancelledError

    def __init__(self, gui: bool = True, unknowns: Unknowns = FIRST) -> None:
        self.GUI = gui
        self.unknowns = unknowns
        self.env = {"gui": gui, "nc": False, "indie": False}
        self.EXE_PATH = "/opt/Nuke/Nuke"
        self.main_thread = threading.get_ident()
        self.undo = self.Undo = Undo(unknowns.loose_steps)
        self.current = 1
        self.said: list[str] = []
        #: How many frames are still rendered before the artist presses Cancel.
        self.cancel_after: int | None = None
        self.writes_seen: list[str] = []
        #: Who sees that a mouse button was released over a viewer.
        self.on_release: list[Callable[[], None]] = []
        #: The zoom of the viewer, and the place of the picture in its middle.
        self.shown_at: tuple[float, tuple[float, float]] = (1.0, (0.0, 0.0))
        self.is_modified = False
        self._queue: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._running: list[tuple[Node, knobs.Knob]] = []
        self._acting: list[Any] = [None]
        self._nested = self._changing = 0
        self._rendering = False
        self.layers = {"rgba": ["rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"]}
        self.root_group = Group(self, "Root", None)
        self.root_group["name"].content = "Root"
        self.contexts: list[Group] = [self.root_group]
        self.nodes = Creator(self)
        self.viewer: Viewer | None = None
        self.chosen: list[Node] = []
        self.script_views = ["main"]
        self.margin = 0
        self.bars: list[weakref.ref[ProgressTask]] = []
        self.menus: dict[str, dict[str, Callable[[], None]]] = {}
        self.callbacks = {kind: Callbacks(default) for kind, default in KINDS.items()}
        for kind, lists in self.callbacks.items():
            setattr(self, "add" + kind, lists.add)
            setattr(self, "remove" + kind, lists.remove)
        for name, knob in knobs.CONSTRUCTORS.items():
            setattr(self, name, knob)
        for name in ("INVISIBLE", "ALWAYS_SAVE", "NO_UNDO", "STARTLINE", "DO_NOT_WRITE", "DISABLED", "SAVE_MENU"):
            setattr(self, name, FLAGS[name])

    # -- the module's functions ---------------------------------------------------------------------------

    def root(self) -> Group:
        self.check_thread()
        return self.root_group

    def frame(self, f: int | None = None) -> int:
        self.check_thread()
        if f is not None:
            self.current = f
        return self.current

    def thisNode(self) -> Node:  # noqa: N802
        return self._running[-1][0] if self._running else self.contexts[-1]

    def thisKnob(self) -> knobs.Knob | None:  # noqa: N802
        return self._running[-1][1] if self._running else None

    def toNode(self, s: str) -> Any:  # noqa: N802
        found: Any = self.contexts[-1]
        for part in s.split("."):
            found = found.node(part) if isinstance(found, Group) else None
        return found

    def allNodes(  # noqa: N802
        self, filter: str | None = None, group: Group | None = None, recurseGroups: bool = False
    ) -> list[Node]:
        self.check_thread()
        found: list[Node] = []
        for node in (group or self.contexts[-1]).nodes():
            found.append(node)
            found += self.allNodes(None, node, True) if recurseGroups and isinstance(node, Group) else []
        return [node for node in found if filter is None or node.Class() == filter]

    def selectedNodes(self) -> list[Node]:  # noqa: N802
        """Those of the current group."""
        return [node for node in self.chosen if node.parent is self.contexts[-1] and node.is_there()]

    def activeViewer(self) -> Viewer | None:  # noqa: N802
        self.check_thread()
        return self.viewer

    def delete(self, n: Node) -> None:
        """Groups say so before what is in them."""
        self.check_thread()
        parent = n.parent
        assert parent is not None
        self._destroyed(n)
        place = parent.children.index(n)
        parent.children.remove(n)
        self.undo.remember("delete", lambda: self._bring_back(n, parent, place))
        self.is_modified = True

    def nodeCopy(self, s: str) -> None:  # noqa: N802
        """The selected nodes of the current group as a script, without what feeds them."""
        Path(s).write_text("".join(script.alone(node) for node in self.selectedNodes()), encoding="utf-8")

    def nodePaste(self, s: str) -> Node:  # noqa: N802
        before = self.contexts[-1].nodes()
        script.load(self, Path(s).read_text(encoding="utf-8"))
        made = [node for node in self.contexts[-1].nodes() if node not in before]
        self.chosen = [node for node in self.chosen if node not in self.selectedNodes()] + made
        return made[-1]

    def views(self) -> list[str]:
        self.check_thread()
        return list(self.script_views)

    def channels(self) -> list[str]:
        return [name for names in self.layers.values() for name in names]

    def Layer(self, name: str, channels: list[str]) -> None:  # noqa: N802
        """A new layer; whether one that is there is extended is not known."""
        assert name != "rgba" and all(one.startswith(name + ".") for one in channels)
        if name not in self.layers or self.unknowns.layers_extend:
            known = self.layers.setdefault(name, [])
            known += [one for one in channels if one not in known]

    def executing(self) -> bool:
        return self._rendering

    def zoom(self) -> float:
        """Of the graph, as far as is documented; of the viewer, if an unknown says so."""
        return self.shown_at[0] if self.unknowns.viewer_zooms else 1.0

    def center(self) -> list[float]:
        return list(self.shown_at[1]) if self.unknowns.viewer_zooms else [0.0, 0.0]

    def ProgressTask(self, title: str) -> ProgressTask:  # noqa: N802
        self.check_thread()
        if not self.GUI:
            raise RuntimeError("progress bars exist in the interface only")
        bar = ProgressTask(title)
        self.bars.append(weakref.ref(bar))
        return bar

    def menu(self, name: str) -> Menu:
        if not self.GUI:
            raise RuntimeError("menus exist in the interface only")
        return Menu(self.menus.setdefault(name, {}))

    def message(self, prompt: str) -> None:
        self.check_thread()
        self.said.append(prompt)

    tprint = message

    def executeInMainThread(self, call: Callable[..., Any], args: Any = (), kwargs: Any = None) -> None:  # noqa: N802
        given = args if isinstance(args, tuple) else (args,)
        self._queue.append((lambda: call(*given, **(kwargs or {})), ()))

    def executeInMainThreadWithResult(self, call: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:  # noqa: N802
        if threading.get_ident() == self.main_thread:
            raise WouldDeadlock("executeInMainThreadWithResult on the main thread waits for itself")
        results: queue.Queue[Any] = queue.Queue()
        given = args if isinstance(args, tuple) else (args,)
        self._queue.append((lambda: results.put(call(*given, **(kwargs or {}))), ()))
        return results.get(timeout=120.0)

    def scriptClose(self) -> None:  # noqa: N802
        """Nodes go without a word of their own."""
        self.run_callbacks("OnScriptClose", self.root_group)
        self.root_group.children.clear()
        self.is_modified = False

    def execute(
        self,
        nameOrNode: Node,
        start: int,
        end: int,
        incr: int = 1,
        views: list[str] | None = None,
    ) -> None:
        self.check_thread()
        if self._rendering:
            raise RuntimeError("I'm already executing something else")
        assert set(views or self.script_views) <= set(self.script_views)
        self._rendering = self.unknowns.executing_before
        whole = False
        try:
            self.run_callbacks("BeforeRender", nameOrNode)
            self._rendering = True
            for frame in range(start, end + 1, incr):
                if self.cancel_after == 0:
                    raise RuntimeError("Cancelled")
                if self.cancel_after is not None:
                    self.cancel_after -= 1
                render.write(nameOrNode, frame)
                self.writes_seen.append(nameOrNode.fullName())
            whole = True
        finally:
            if whole or self.unknowns.after_aborted:
                self.run_callbacks("AfterRender", nameOrNode)
            self._rendering = False

    # -- the user -----------------------------------------------------------------------------------------

    def user_sets(self, knob: Any, value: Any) -> None:
        """The user changes a knob, in the open panel of its node."""
        knob.node.panel = True
        with self.acting(knob):
            knob.setValue(value)

    def user_connects(self, node: Node, index: int, source: Node | None) -> None:
        """The user connects a node in the graph; its panel may be closed."""
        with self.acting("connect"):
            node.setInput(index, source)

    # -- the test's side ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def acting(self, what: Any) -> Iterator[None]:
        self._acting.append(what)
        try:
            yield
        finally:
            self._acting.pop()

    def by_user(self, node: Node, knob: knobs.Knob) -> bool:
        """Whether it is the user that changes this, not a program."""
        return self._acting[-1] is knob or (self._acting[-1] == "connect" and knob.name() == "inputChange")

    @property
    def in_callback(self) -> bool:
        """Whether a knobChanged runs."""
        return self._changing > 0

    def reaches(self, node: Node) -> bool:
        """Whether Python gets this node from the host: in some editions the first ten only."""
        if not (self.env["nc"] or self.env["indie"]):
            return True
        return node in self._all(self.root_group)[:REACHED]

    def _all(self, group: Group) -> list[Node]:
        found: list[Node] = []
        for node in group.children:
            found.append(node)
            found += self._all(node) if isinstance(node, Group) else []
        return found

    def pump(self) -> None:
        """The main thread is idle: do what other threads have handed over."""
        while self._queue:
            call, args = self._queue.pop(0)
            call(*args)

    def check_thread(self) -> None:
        if threading.get_ident() != self.main_thread:
            raise WrongThread("the host was called from another thread than its main one")

    def make(self, kind: str, parent: Group, quiet: bool = False, **values: Any) -> Any:
        """A node in `parent`, uniquely named; `created` is still to be called. `quiet`: no setter is."""
        self.check_thread()
        node = (Group if kind == "Group" else Node)(self, kind, parent)
        name = parent.unique(str(values.pop("name", kind + "1")))
        parent.children.append(node)
        node["name"].content = name
        node["name"].default = ""
        for key, value in values.items():
            node[key].setValue(value)
        self.undo.remember("create", lambda: parent.children.remove(node) if node in parent.children else None)
        self.is_modified = True
        return node

    def created(self, node: Node) -> None:
        """Call what is to be called for a node that was made, loaded, pasted or brought back."""
        hook = node.knob("onCreate")
        if hook is not None and hook.content:
            self.run_text(node, hook.content, hook)
        self.run_callbacks("OnCreate", node)

    def _destroyed(self, node: Node) -> None:
        hook = node.knob("onDestroy")
        if hook is not None and hook.content:
            self.run_text(node, hook.content, hook)
        self.run_callbacks("OnDestroy", node)
        for inner in node.children if isinstance(node, Group) else []:
            self._destroyed(inner)

    def _bring_back(self, node: Node, parent: Group, place: int) -> None:
        parent.children.insert(place, node)
        self.created(node)

    def run_callbacks(self, kind: str, node: Node, knob: knobs.Knob | None = None) -> None:
        """Call what was registered for the node's class, in its context."""
        self._running.append((node, knob or knobs.Knob(kind)))
        try:
            self.callbacks[kind].run(node.Class())
        finally:
            self._running.pop()

    def run_text(self, node: Node, text: str, knob: knobs.Knob, changed: bool = False) -> None:
        """Python in a knob, with its context; more than three deep is a callback that triggers itself."""
        if self._nested >= 3:
            raise RecursionError(f"knob callbacks are nested: {[one.name() for _, one in self._running]}")
        self._nested += 1
        self._changing += changed
        self._running.append((node, knob))
        try:
            exec(text, {"nuke": self})
        finally:
            self._running.pop()
            self._changing -= changed
            self._nested -= 1

    def view(self, node: Node) -> Viewer:
        """Show a node in the viewer."""
        self.viewer = self.viewer or Viewer(self)
        self.viewer.node().setInput(0, node)
        return self.viewer

    def save(self) -> str:
        """The script as text; it is not modified after that."""
        self.run_callbacks("OnScriptSave", self.root_group)
        text = script.save(self.root_group)
        self.is_modified = False
        return text

    def load(self, text: str) -> None:
        """Evaluate a script's text into this session, and run onCreate of what it holds."""
        script.load(self, text)
        self.run_callbacks("OnScriptLoad", self.root_group)
        self.is_modified = False
