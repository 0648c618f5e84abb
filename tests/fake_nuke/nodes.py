"""Nodes and groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import knobs as k
from .facts import CLASSES, EVERY, FLAGS, FORMATS

#: How many nodes Python reaches in the editions for learners and for small studios, as users report.
REACHED = 10


class Format:
    """Full resolution, as `node.format()` gives it."""

    def __init__(self, width: int, height: int, aspect: float = 1.0, x: int = 0, y: int = 0) -> None:
        self._numbers = width, height, aspect, x, y

    def width(self) -> int:
        return self._numbers[0]

    def height(self) -> int:
        return self._numbers[1]

    def pixelAspect(self) -> float:  # noqa: N802
        return self._numbers[2]

    def x(self) -> int:
        return self._numbers[3]

    def y(self) -> int:
        return self._numbers[4]


class FrameRange:
    def __init__(self, first: int, last: int) -> None:
        self._first, self._last = first, last

    def first(self) -> int:
        return self._first

    def last(self) -> int:
        return self._last


class Node:
    """A node of a class in the table; `own` is what a test attaches (a plate's pictures and format)."""

    def __init__(self, session: Any, kind: str, parent: Group | None) -> None:
        if kind not in CLASSES:
            raise k.Refused(f"the table has no class {kind}")
        self.session, self.kind, self.parent = session, kind, parent
        self.own: dict[str, Any] = {}
        self.user_knobs: list[str] = []
        #: Whether its panel is open: only then are handles drawn, and only then do older versions call knobChanged.
        self.panel = False
        #: The tab that the panel shows; None: the first that the user has made.
        self.tab: str | None = None
        self._inputs: list[Node | None] = []
        self._knobs: dict[str, k.Knob] = {}
        for name, fact in {**CLASSES[kind], **EVERY}.items():
            knob = k.KINDS[fact.kind].of_class(name, fact)
            knob.node = self
            self._knobs[name] = knob
        if kind == "Crop" and session.unknowns.crop_is_a_format:
            box: Any = self._knobs["box"]
            box.parts = [k.Part(value) for value in (0.0, 0.0, 640.0, 480.0)]
            box.default = box.snapshot()

    def Class(self) -> str:  # noqa: N802
        self.require()
        return self.kind

    def name(self) -> str:
        self.require()
        return str(self._knobs["name"].content)

    def fullName(self) -> str:  # noqa: N802
        above = self.parent.fullName() + "." if self.parent is not None and self.parent.parent is not None else ""
        return above + self.name()

    def knob(self, p: str) -> k.Knob | None:
        self.session.check_thread()
        self.require()
        return self._knobs.get(p)

    def knobs(self) -> dict[str, k.Knob]:
        self.require()
        return dict(self._knobs)

    def __getitem__(self, name: str) -> Any:
        self.session.check_thread()
        self.require()
        if name not in self._knobs:
            raise NameError(f"knob {name} does not exist")
        return self._knobs[name]

    def addKnob(self, knob: k.Knob) -> None:  # noqa: N802
        self.session.check_thread()
        if knob.name() in self._knobs:
            raise k.Refused(f"{self.name()} has a knob {knob.name()} already")
        knob.node = self
        self._knobs[knob.name()] = knob
        self.user_knobs.append(knob.name())
        self.session.is_modified = True

    def removeKnob(self, knob: k.Knob) -> None:  # noqa: N802
        if knob.name() not in self.user_knobs:
            raise ValueError(f"{knob.name()} is not a user knob")
        del self._knobs[knob.name()]
        self.user_knobs.remove(knob.name())

    def opHashes(self) -> list[int]:  # noqa: N802
        """Differs when the picture differs; a test says so of what it supplies by `own['version']`."""
        if self["disable"].getValueAt(self.session.current) and self.input(0) is not None:
            return self.input(0).opHashes()  # type: ignore[union-attr]
        sources = [self._source()] if self.kind == "Input" else self._inputs
        above = [source.opHashes() for source in sources if source is not None]
        looks = ("name", "label", "xpos", "ypos", "selected", "tile_color")
        settings = [knob.toScript(False, None) for name, knob in self._knobs.items() if name not in looks]
        return [hash((self.kind, str(self.own.get("version")), str(settings), str(above), self.session.current))]

    def input(self, index: int) -> Node | None:
        """One that is gone is connected to nothing."""
        self.require()
        source = self._inputs[index] if index < len(self._inputs) else None
        return source if source is not None and source.is_there() else None

    def inputs(self) -> int:
        """The highest connected one, and one more."""
        return max((index + 1 for index in range(len(self._inputs)) if self.input(index) is not None), default=0)

    def setInput(self, i: int, node: Node | None) -> bool:  # noqa: N802
        """False, and nothing, for a node of another group."""
        self.session.check_thread()
        self.require()
        if node is not None and node.parent is not self.parent:
            return False
        before = self.input(i)
        self._inputs += [None] * (i + 1 - len(self._inputs))
        self._inputs[i] = node
        if node is not before:
            self.session.undo.remember("connect", lambda: self.setInput(i, before))
            self.session.is_modified = True
            self.changed(k.Knob("inputChange"))
        return True

    def format(self) -> Format:
        self.require()
        if "format" in self.own:
            return self.own["format"]
        if self.kind == "Constant":
            return Format(*FORMATS[self["format"].value() or "square_256"])
        source = self._source()
        if source is None and self.kind == "Roto" and self["format"].value():  # as a script has it
            width, height, x, y, _, _, aspect, *_ = self["format"].value().split()
            return Format(int(width), int(height), float(aspect), int(x), int(y))
        return source.format() if source is not None else Format(640, 480)

    def frameRange(self) -> FrameRange:  # noqa: N802
        self.require()
        if "range" in self.own:
            return FrameRange(*self.own["range"])
        source = self._source()
        return source.frameRange() if source is not None else FrameRange(1, 1)

    def _source(self) -> Node | None:
        """What it takes its format from: an Input has what its group has at the input of that number."""
        if self.kind == "Input" and self.parent is not None:
            return self.parent.input(int(self["number"].value()))
        return self.input(0)

    def sample(self, channel: str, x: float, y: float) -> float:
        """The value of a pixel, counted from the bottom left, on the current frame."""
        from .render import beyond

        margin = int(max(0, -x, -y, x + 1 - self.format().width(), y + 1 - self.format().height()))
        picture = beyond(self, self.session.current, margin)
        row, column = picture.shape[0] - 1 - margin - int(y), margin + int(x)
        return float(picture[row, column, ["red", "green", "blue", "alpha"].index(channel)])

    def setSelected(self, selected: bool) -> None:  # noqa: N802
        self.require()
        others = [node for node in self.session.chosen if node is not self]
        self.session.chosen = [*others, self] if selected else others

    def showControlPanel(self) -> None:  # noqa: N802
        """Open the panel; the knob of that name changes for the node's callback."""
        self.panel = True
        self.changed(k.Knob("showPanel"), by_user=True)

    def hideControlPanel(self) -> None:  # noqa: N802
        self.panel = False

    # -- the stand-in's side ------------------------------------------------------------------------------

    def is_there(self) -> bool:
        """Whether it is in the script still, and not deleted."""
        return self.parent is None or (any(one is self for one in self.parent.children) and self.parent.is_there())

    def require(self) -> None:
        """As the host refuses whatever is asked of a node that is gone."""
        if not self.is_there():
            raise ValueError("A PythonObject is not attached to a node")

    def changed(self, knob: k.Knob, by_user: bool = False) -> None:
        """Run the node's knobChanged as the host does, also for knobs that are none.

        Documented up to 16.0: for what the user changes while the panel is open, not for programs, and not inside
        itself. 17.1: for any change.
        """
        if knob.name() in ("name", "knobChanged", "onCreate", "onDestroy", "xpos", "ypos", "selected"):
            return
        session = self.session
        by_user = by_user or session.by_user(self, knob)
        if not session.unknowns.any_change and not (by_user and self.panel and not session.in_callback):
            return
        text = self._knobs.get("knobChanged")
        if text is not None and text.content:
            session.run_text(self, text.content, knob, changed=True)
        session.run_callbacks("KnobChanged", self, knob)

    def names(self, time: float) -> Callable[[str], Any]:
        """What names mean in this node's expressions. KeyError for what is not known."""

        def name(word: str) -> Any:
            if word == "$gui":
                return float(self.session.GUI)
            if word == "frame":
                return time
            head, _, rest = word.partition(".")
            if head == "input" and rest in ("width", "height"):
                source = self.input(0)
                return getattr(source.format(), rest)() if source is not None else 0.0
            if head == "parent":
                assert self.parent is not None
                return _named(self.parent, rest, time)
            return _named(self, word, time)

        return name

    def tabs(self) -> dict[str, list[list[str]]]:
        """The user's tabs of the panel: label -> lines of the knobs that are seen, as the flags lay them out."""
        found: dict[str, list[list[str]]] = {}
        lines: list[list[str]] = []
        for name in self.user_knobs:
            knob = self._knobs[name]
            if isinstance(knob, k.TabKnob):
                lines = found.setdefault(knob.label() or name, [])
            elif knob.visible():
                if knob.getFlag(FLAGS["STARTLINE"]) or not lines:
                    lines.append([])
                lines[-1].append(name)
        return found

    def handles(self) -> list[str]:
        """The knobs that the viewer draws handles of: those of the tab that an open panel shows."""
        tabs = self.tabs()
        if not self.panel or not tabs:
            return []
        shown = {name for line in tabs[self.tab or next(iter(tabs))] for name in line}
        return [name for name in self.user_knobs if name in shown and isinstance(self[name], (k.XYKnob, k.BBoxKnob))]


def _named(node: Node, word: str, time: float) -> Any:
    """A knob, or with `knob.r` a component."""
    name, _, component = word.partition(".")
    knob = node.knob(name)
    if knob is None:
        raise KeyError(word)
    if isinstance(knob, k.ArrayKnob):
        index = next(("xyrt".index(component) for _ in "1" if component in ("x", "y")), None)
        index = "rgba".index(component) if component in tuple("rgba") else index
        return float(knob.getValueAt(time, index if component else None))
    return knob.getValue() if hasattr(knob, "getValue") else knob.value()


class Group(Node):
    """Also the script itself, the root."""

    def __init__(self, session: Any, kind: str, parent: Group | None) -> None:
        super().__init__(session, kind, parent)
        self.children: list[Node] = []

    def opHashes(self) -> list[int]:  # noqa: N802
        """Those of what it gives."""
        return [part for node in self.children if node.Class() == "Output" for part in node.opHashes()]

    def nodes(self) -> list[Node]:
        self.require()
        return [node for node in self.children if self.session.reaches(node)]

    def node(self, s: str) -> Node | None:
        return next((node for node in self.nodes() if node.name() == s), None)

    def modified(self) -> bool:
        """Of the root: whether the script differs from what was saved."""
        return bool(self.session.is_modified)

    def setModified(self, modified: bool) -> None:  # noqa: N802
        self.session.is_modified = modified

    def begin(self) -> Group:
        self.session.contexts.append(self)
        return self

    def end(self) -> None:
        self.session.contexts.pop()

    __enter__ = begin

    def __exit__(self, *_: Any) -> None:
        self.end()

    def unique(self, wanted: str) -> str:
        """`wanted`, or with the next number where that is taken."""
        taken = {node.name() for node in self.children}
        stem = re.sub(r"\d+$", "", wanted)
        number = 1
        while wanted in taken:
            wanted = f"{stem}{number}"
            number += 1
        return wanted
