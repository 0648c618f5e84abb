"""Nodes and groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import knobs as k

#: Knobs of each class that the plug-in touches: name -> kind, initial value.
_EVERY: list[tuple[str, Any, Any]] = [
    ("name", k.StringKnob, ""),
    ("disable", k.BooleanKnob, False),
    ("xpos", k.IntKnob, 0),
    ("ypos", k.IntKnob, 0),
]
_READ = [
    ("file", k.FileKnob, ""),
    *((name, k.IntKnob, 1) for name in ("first", "last", "origfirst", "origlast")),
    ("origset", k.BooleanKnob, False),
    ("raw", k.BooleanKnob, False),
    ("on_error", k.StringKnob, "error"),
    ("reload", k.ReloadKnob, ""),
]
_WRITE = [
    ("file", k.FileKnob, ""),
    ("file_type", k.StringKnob, ""),
    ("channels", k.StringKnob, "rgb"),
    ("raw", k.BooleanKnob, False),
    ("create_directories", k.BooleanKnob, False),
]
CLASSES: dict[str, list[tuple[str, Any, Any]]] = {
    "Group": [
        ("tile_color", k.IntKnob, 0),
        *((name, k.PythonKnob, "") for name in ("knobChanged", "onCreate", "onDestroy")),
    ],
    "Input": [],
    "Output": [],
    "Read": _READ,
    "Write": _WRITE,
    "Expression": [(f"expr{index}", k.StringKnob, "") for index in range(4)],
    "Switch": [("which", k.ArrayKnob, 0.0)],
    "Merge2": [("operation", k.StringKnob, "over"), ("output", k.StringKnob, "rgba")],
    "Grade": [
        ("blackpoint", k.ArrayKnob, 0.0),
        ("whitepoint", k.ArrayKnob, 1.0),
        ("gamma", k.ArrayKnob, 1.0),
        ("black_clamp", k.BooleanKnob, True),
        ("white_clamp", k.BooleanKnob, False),
    ],
    "Crop": [("box", k.BBoxKnob, (0.0,) * 4), ("crop", k.BooleanKnob, True)],
    "RotoPaint": [("curves", k.CurvesKnob, None)],
    "OneView": [("view", k.StringKnob, "")],
    "Dilate": [("size", k.ArrayKnob, 0.0)],
    "Blur": [("size", k.ArrayKnob, 0.0)],
    "Invert": [],
    "Copy": [("from0", k.StringKnob, ""), ("to0", k.StringKnob, "")],
    "Premult": [],
    "Multiply": [("value", k.ArrayKnob, 1.0)],
    "Assert": [("expression", k.StringKnob, ""), ("message", k.StringKnob, "")],
    "Colorspace": [("colorspace_in", k.StringKnob, "Linear"), ("colorspace_out", k.StringKnob, "Linear")],
    "Viewer": [("colour_sample_bbox", k.BBoxKnob, (0.0,) * 4)],
    "Constant": [("color", k.ArrayKnob, 0.0), ("format", k.StringKnob, "")],
    "Plates": [],  # not Nuke's: pictures that a test supplies
    "Root": [("proxy", k.BooleanKnob, False)],
}


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
    """A node of a class in `CLASSES`; `own` is what a test attaches (a plate's pictures and format)."""

    def __init__(self, session: Any, kind: str, parent: Group | None) -> None:
        self.session, self.kind, self.parent = session, kind, parent
        self.own: dict[str, Any] = {}
        self.user_knobs: list[str] = []
        self._inputs: list[Node | None] = []
        self._knobs: dict[str, k.Knob] = {}
        for name, knob_class, value in [*_EVERY, *CLASSES[kind]]:
            knob = knob_class(name)
            if value is not None:
                knob.content = value
            knob.node = self
            self._knobs[name] = knob

    def Class(self) -> str:  # noqa: N802
        return self.kind

    def name(self) -> str:
        return str(self._knobs["name"].content)

    def fullName(self) -> str:  # noqa: N802
        above = self.parent.fullName() + "." if self.parent is not None and self.parent.parent is not None else ""
        return above + self.name()

    def knob(self, p: str) -> k.Knob | None:
        return self._knobs.get(p)

    def knobs(self) -> dict[str, k.Knob]:
        return dict(self._knobs)

    def __getitem__(self, name: str) -> k.Knob:
        if name not in self._knobs:
            raise NameError(f"knob {name} does not exist")
        return self._knobs[name]

    def addKnob(self, knob: k.Knob) -> None:  # noqa: N802
        knob.node = self
        self._knobs[knob.name()] = knob
        self.user_knobs.append(knob.name())

    def removeKnob(self, knob: k.Knob) -> None:  # noqa: N802
        if knob.name() not in self.user_knobs:
            raise ValueError(f"{knob.name()} is not a user knob")
        del self._knobs[knob.name()]
        self.user_knobs.remove(knob.name())

    def opHashes(self) -> list[int]:  # noqa: N802
        """Differs when the picture differs; a test says so of what it supplies by `own['version']`."""
        above = [source.opHashes() for source in self._inputs if source is not None]
        settings = [knob.toScript() for name, knob in self._knobs.items() if name not in ("name", "xpos", "ypos")]
        return [hash((self.kind, str(self.own.get("version")), str(settings), str(above), self.session.current))]

    def input(self, index: int) -> Node | None:
        return self._inputs[index] if index < len(self._inputs) else None

    def inputs(self) -> int:
        return len(self._inputs)

    def setInput(self, i: int, node: Node | None) -> bool:  # noqa: N802
        self.session.check_thread()
        self._inputs += [None] * (i + 1 - len(self._inputs))
        self._inputs[i] = node
        self.changed(k.Knob("inputChange"))
        return True

    def format(self) -> Format:
        if "format" in self.own:
            return self.own["format"]
        if self.kind == "Constant":
            return Format(256, 256)  # the only one that is asked for, `square_256`
        return self._inputs[0].format() if self._inputs and self._inputs[0] is not None else Format(640, 480)

    def frameRange(self) -> FrameRange:  # noqa: N802
        if "range" in self.own:
            return FrameRange(*self.own["range"])
        return self._inputs[0].frameRange() if self._inputs and self._inputs[0] is not None else FrameRange(1, 1)

    def sample(self, channel: str, x: float, y: float) -> float:
        """The value of a pixel, counted from the bottom left, on the current frame."""
        from .render import beyond

        margin = int(max(0, -x, -y, x + 1 - self.format().width(), y + 1 - self.format().height()))
        picture = beyond(self, self.session.current, margin)
        row, column = picture.shape[0] - 1 - margin - int(y), margin + int(x)
        return float(picture[row, column, ["red", "green", "blue", "alpha"].index(channel)])

    def setSelected(self, selected: bool) -> None:  # noqa: N802
        others = [node for node in self.session.chosen if node is not self]
        self.session.chosen = [*others, self] if selected else others

    def showControlPanel(self) -> None:  # noqa: N802
        self.changed(k.Knob("showPanel"))

    def changed(self, knob: k.Knob) -> None:
        """Run the node's knobChanged, as the host does, also for knobs that are none."""
        text = self._knobs.get("knobChanged")
        if text is not None and text.content and knob.name() not in ("name", "knobChanged", "onCreate", "onDestroy"):
            self.session.run_text(self, text.content, knob)
        self.session.run_callbacks("KnobChanged", self, knob)

    def parent_value(self, time: float) -> Callable[[str, str | None], Any]:
        """What `parent.knob` means in this node's expressions."""
        group = self.parent
        assert group is not None

        def value(name: str, component: str | None) -> Any:
            knob = group[name]
            if component is not None:
                return knob.value()["rgba".index(component)]
            if isinstance(knob, k.EnumerationKnob):
                return knob.getValue()
            return knob.getValueAt(time) if isinstance(knob, k.ArrayKnob) else knob.value()

        return value


class Group(Node):
    """Also the script itself, the root."""

    def __init__(self, session: Any, kind: str, parent: Group | None) -> None:
        super().__init__(session, kind, parent)
        self.children: list[Node] = []

    def nodes(self) -> list[Node]:
        return list(self.children)

    def node(self, s: str) -> Node | None:
        return next((node for node in self.children if node.name() == s), None)

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
