"""One Nuke session: what the module `nuke` offers, with its main thread, contexts, undo and viewer."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import knobs, render, rotopaint, script
from .callbacks import KINDS, Callbacks
from .nodes import Group, Node


class WrongThread(RuntimeError):  # noqa: N818
    """The host was called from a thread that is not its main one."""


class WouldDeadlock(RuntimeError):  # noqa: N818
    """Waiting for the main thread on the main thread."""


class Undo:
    """One list of steps; a step is knobs and the contents they had."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, list[tuple[knobs.Knob, Any]]]] = []
        self._open: tuple[str, list[tuple[knobs.Knob, Any]]] | None = None
        self._disabled = 0

    def __call__(self) -> Undo:
        """In Nuke a class whose methods need no instance; both `Undo().begin` and `Undo.disable` work."""
        return self

    def remember(self, knob: knobs.Knob) -> None:
        if self._disabled == 0 and self._open is not None:
            self._open[1].append((knob, knob.content))

    def begin(self, name: str = "") -> None:
        self._open = (name, [])

    def end(self) -> None:
        if self._open is not None and self._open[1]:
            self.steps.append(self._open)
        self._open = None

    def disable(self) -> None:
        self._disabled += 1

    def enable(self) -> None:
        self._disabled -= 1

    def undo(self) -> None:
        """Take the last step back; knobs report it like any change."""
        _, changes = self.steps.pop()
        self._disabled += 1
        for knob, content in reversed(changes):
            knob._store(content)
        self._disabled -= 1


class Viewer:
    """The active viewer."""

    def __init__(self, session: FakeNuke) -> None:
        self._node = session.make("Viewer", session.root_group)

    def node(self) -> Node:
        return self._node

    def activeInput(self) -> int | None:  # noqa: N802
        return 0 if self._node.input(0) is not None else None

    def ctrl_click(self, x: int, y: int) -> None:
        """Pick the pixel (x, y), counted from the bottom left."""
        self.ctrl_shift_drag(x, y, x + 1, y + 1)

    def ctrl_shift_drag(self, x: float, y: float, r: float, t: float) -> None:
        """Pick a region, in pixels from the bottom left."""
        shown = self._node.input(0)
        assert shown is not None
        width, height, aspect = shown.format().width(), shown.format().height(), shown.format().pixelAspect()
        normalised = [
            value
            for px, py in ((x, y), (r, t))
            for value in ((px / width - 0.5) * 2, (py - height / 2) * 2 / (width * aspect))
        ]
        self._node["colour_sample_bbox"].setValue(normalised)


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
            node = self._session.make(kind, self._session.contexts[-1], **values)
            self._session.run_callbacks("OnCreate", node)
            return node

        return create


class FakeNuke:
    """Put it into `sys.modules['nuke']`."""

    INVISIBLE, ALWAYS_SAVE, NO_UNDO, CONSTANT = 0x400, 0x2000000, 0x80000, 1
    rotopaint = rotopaint

    def __init__(self, gui: bool = True) -> None:
        self.GUI = gui
        self.EXE_PATH = "/opt/Nuke/Nuke"
        self.main_thread = threading.get_ident()
        self.undo = self.Undo = Undo()
        self.current = 1
        self.said: list[str] = []
        self.cancel_after: int | None = None
        self.writes_seen: list[str] = []
        self._queue: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._running: list[tuple[Node, knobs.Knob]] = []
        self._nested = 0
        self._rendering = False
        self.root_group = Group(self, "Root", None)
        self.root_group["name"].content = "Root"
        self.contexts: list[Group] = [self.root_group]
        self.nodes = Creator(self)
        self.viewer: Viewer | None = None
        self.chosen: list[Node] = []
        self.script_views = ["main"]
        self.margin = 0
        self.script_channels = ["rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"]
        self.bars: list[weakref.ref[ProgressTask]] = []
        self.menus: dict[str, dict[str, Callable[[], None]]] = {}
        self.callbacks = {kind: Callbacks(kind.startswith("OnScript")) for kind in KINDS}
        for kind, lists in self.callbacks.items():
            setattr(self, "add" + kind, lists.add)
            setattr(self, "remove" + kind, lists.remove)
        for name, kind in knobs.CONSTRUCTORS.items():
            setattr(self, name, kind)

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

    def toNode(self, s: str) -> Node | None:  # noqa: N802
        found: Any = self.contexts[-1]
        for part in s.split("."):
            found = found.node(part) if isinstance(found, Group) else None
        return found

    def allNodes(self, kind: str | None = None, group: Group | None = None) -> list[Node]:  # noqa: N802
        return [node for node in (group or self.contexts[-1]).nodes() if kind is None or node.Class() == kind]

    def selectedNodes(self) -> list[Node]:  # noqa: N802
        return list(self.chosen)

    def activeViewer(self) -> Viewer | None:  # noqa: N802
        return self.viewer

    def delete(self, n: Node) -> None:
        self.check_thread()
        assert n.parent is not None
        hook = n.knob("onDestroy")
        if hook is not None and hook.content:
            self.run_text(n, hook.content, hook)
        self.run_callbacks("OnDestroy", n)
        n.parent.children.remove(n)

    def nodeCopy(self, s: str) -> None:  # noqa: N802
        """The selected nodes as a script, without what feeds them."""
        Path(s).write_text("".join(script.alone(node) for node in self.chosen), encoding="utf-8")

    def nodePaste(self, s: str) -> Node:  # noqa: N802
        before = self.contexts[-1].nodes()
        script.load(self, Path(s).read_text(encoding="utf-8"))
        self.chosen = [node for node in self.contexts[-1].nodes() if node not in before]
        return self.chosen[-1]

    def views(self) -> list[str]:
        return list(self.script_views)

    def channels(self) -> list[str]:
        return list(self.script_channels)

    def Layer(self, name: str, channels: list[str]) -> None:  # noqa: N802
        assert all(one.startswith(name + ".") for one in channels)
        self.script_channels += [one for one in channels if one not in self.script_channels]

    def executing(self) -> bool:
        return self._rendering

    def ProgressTask(self, title: str) -> ProgressTask:  # noqa: N802
        bar = ProgressTask(title)
        self.bars.append(weakref.ref(bar))
        return bar

    def menu(self, name: str) -> Menu:
        return Menu(self.menus.setdefault(name, {}))

    def message(self, prompt: str) -> None:
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
        self._rendering = True
        try:
            self.run_callbacks("BeforeRender", nameOrNode)
            for count, frame in enumerate(range(start, end + 1, incr)):
                if self.cancel_after is not None and count >= self.cancel_after:
                    raise RuntimeError("Cancelled")
                render.write(nameOrNode, frame)
                self.writes_seen.append(nameOrNode.fullName())
            self.run_callbacks("AfterRender", nameOrNode)  # not after one that failed
        finally:
            self._rendering = False

    # -- the test's side ----------------------------------------------------------------------------------

    def pump(self) -> None:
        """The main thread is idle: do what other threads have handed over."""
        while self._queue:
            call, args = self._queue.pop(0)
            call(*args)

    def check_thread(self) -> None:
        if threading.get_ident() != self.main_thread:
            raise WrongThread("the host was called from another thread than its main one")

    def make(self, kind: str, parent: Group, **values: Any) -> Node:
        """A node in `parent`, uniquely named."""
        self.check_thread()
        node = (Group if kind == "Group" else Node)(self, kind, parent)
        node["name"].content = parent.unique(str(values.pop("name", kind + "1")))
        parent.children.append(node)
        for name, value in values.items():
            node[name].setValue(value)
        return node

    def run_callbacks(self, kind: str, node: Node, knob: knobs.Knob | None = None) -> None:
        """Call what was registered for the node's class, in its context."""
        self._running.append((node, knob or knobs.Knob(kind)))
        try:
            self.callbacks[kind].run(node.Class())
        finally:
            self._running.pop()

    def run_text(self, node: Node, text: str, knob: knobs.Knob) -> None:
        """Python in a knob, with its context; more than three deep is a callback that triggers itself."""
        if self._nested >= 3:
            raise RecursionError(f"knob callbacks are nested: {[one.name() for _, one in self._running]}")
        self._nested += 1
        self._running.append((node, knob))
        try:
            exec(text, {"nuke": self})
        finally:
            self._running.pop()
            self._nested -= 1

    def view(self, node: Node) -> Viewer:
        """Show a node in the viewer."""
        self.viewer = self.viewer or Viewer(self)
        self.viewer.node().setInput(0, node)
        return self.viewer

    def save(self) -> str:
        """The script as text."""
        self.run_callbacks("OnScriptSave", self.root_group)
        return script.save(self.root_group)

    def load(self, text: str) -> None:
        """Evaluate a script's text into this session, and run onCreate of what it holds."""
        script.load(self, text)
        self.run_callbacks("OnScriptLoad", self.root_group)
