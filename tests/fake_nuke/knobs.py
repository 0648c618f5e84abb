"""Knobs: the classes that the plug-in makes, with the values and texts that Nuke gives them."""

from __future__ import annotations

import tkinter
from typing import Any

from .expressions import evaluate
from .rotopaint import Layer


class Knob:
    """Any knob. `node` is set when it is added to one."""

    code: int | None = None
    default: Any = ""

    def __init__(self, name: str, label: str = "") -> None:
        self._name, self._label = name, label
        self.node: Any = None
        self.flags = 0
        self.content = self.default
        self.expression: str | None = None
        #: Component -> expression, of a knob with several.
        self.driven: dict[int, str] = {}
        self.keys: dict[float, float] | None = None
        self.shown, self.tip = True, ""

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def Class(self) -> str:  # noqa: N802
        return next((name for name, kind in CONSTRUCTORS.items() if kind is type(self)), type(self).__name__)

    def setFlag(self, flag: int) -> None:  # noqa: N802
        self.flags |= flag

    def setVisible(self, visible: bool) -> None:  # noqa: N802
        self.shown = visible

    def visible(self) -> bool:
        return self.shown

    def setTooltip(self, tooltip: str) -> None:  # noqa: N802
        self.tip = tooltip

    def tooltip(self) -> str:
        return self.tip

    def toScript(self) -> str:  # noqa: N802
        """What a script would hold of it."""
        from .script import text_of

        return text_of(self)

    def fromScript(self, script: str) -> None:  # noqa: N802
        from .script import set_text

        set_text(tkinter.Tcl(), self, script)

    def value(self) -> Any:
        return self.content

    def setValue(self, val: Any, *_: Any) -> bool:  # noqa: N802
        self._store(self._converted(val))
        return True

    def _converted(self, value: Any) -> Any:
        return value

    def _store(self, value: Any) -> None:
        if self.node is not None:
            self.node.session.check_thread()
            if not self.flags & self.node.session.NO_UNDO:
                self.node.session.undo.remember(self)
        changed = value != self.content
        self.content = value
        if changed and self.node is not None:
            self.node.changed(self)


class StringKnob(Knob):
    code = 1

    def value(self) -> str:
        """Evaluated as Tcl, as in Nuke: a stored `[...]` runs as a command."""
        interpreter = tkinter.Tcl()
        interpreter.eval("interp create -safe inside")
        try:
            return str(interpreter.call("inside", "eval", ["subst", self.content]))
        except tkinter.TclError:
            return str(self.content)

    def getText(self) -> str:  # noqa: N802
        return str(self.content)

    def _converted(self, value: Any) -> str:
        return str(value)


class FileKnob(StringKnob):
    code = 2

    def value(self) -> str:
        return str(self.content)


class TextKnob(Knob):
    code = 26


class TabKnob(Knob):
    code = 20


class PyScriptKnob(Knob):
    code = 22

    def __init__(self, name: str, label: str = "", command: str = "") -> None:
        super().__init__(name, label)
        self.content = command

    def execute(self) -> None:
        """Press it."""
        if self.node is not None:
            self.node.session.run_text(self.node, self.content, self)


class PythonKnob(Knob):
    """`knobChanged`, `onCreate`: text that the host runs."""


class EnumerationKnob(Knob):
    code = 4

    def __init__(self, name: str, label: str = "", values: list[str] | None = None) -> None:
        super().__init__(name, label)
        self.choices = list(values or [])
        self.content = 0

    def value(self) -> Any:
        return self.choices[self.content]

    def getValue(self) -> float:  # noqa: N802
        return float(self.content)

    def values(self) -> list[str]:
        return list(self.choices)

    def setValues(self, choices: list[str]) -> None:  # noqa: N802
        """Other choices; what is chosen keeps its place as far as there is one."""
        self.choices = list(choices)
        self.content = min(self.content, len(self.choices) - 1)

    def _converted(self, value: Any) -> int:
        index = self.choices.index(value) if isinstance(value, str) and not value.isdigit() else int(value)
        if not 0 <= index < len(self.choices):
            raise ValueError(f"{self.name()} has no choice {value!r}")
        return index


class ArrayKnob(Knob):
    """Numbers, one or several, that can be keyed or driven."""

    code = 7
    default: Any = 0.0
    #: Whether a key holds until the next; else values go straight from key to key.
    held = False

    def value(self, index: int | None = None) -> Any:
        if index is not None:
            return self.value()[index] if isinstance(self.content, tuple) else self.value()
        if isinstance(self.content, (tuple, list)):
            return [
                self._evaluated(self.driven[i], 0) if i in self.driven else one for i, one in enumerate(self.content)
            ]
        return self.getValueAt(self.node.session.current if self.node is not None else 0)

    def getValueAt(self, time: float) -> Any:  # noqa: N802
        if self.expression is not None:
            return self._evaluated(self.expression, time)
        if self.keys:
            before = max((key for key in self.keys if key <= time), default=min(self.keys))
            after = min((key for key in self.keys if key >= time), default=max(self.keys))
            share = 0.0 if self.held or before >= after else (time - before) / (after - before)
            return self._converted(self.keys[before] * (1 - share) + self.keys[after] * share)
        return self.content

    def _evaluated(self, text: str, time: float) -> Any:
        source = self.node.input(0)
        if "input." in text and source is not None:
            width, height = source.format().width(), source.format().height()
            text = text.replace("input.width", str(width)).replace("input.height", str(height))
        return evaluate(text, self.node.parent_value(time), self.node.session.GUI, {"frame": time})

    def setExpression(self, expression: str, channel: int = -1) -> bool:  # noqa: N802
        if channel < 0:
            self.expression = expression
        else:
            self.driven[channel] = expression
        return True

    def setAnimated(self) -> None:  # noqa: N802
        self.keys = self.keys or {}

    def clearAnimated(self) -> None:  # noqa: N802
        self.keys, self.held = None, False

    def isAnimated(self) -> bool:  # noqa: N802
        return self.keys is not None

    def setValueAt(self, value: float, time: float) -> bool:  # noqa: N802
        assert self.keys is not None, "setAnimated first"
        self.keys[time] = value
        return True

    def animations(self) -> list[Curve]:
        return [Curve(self)] if self.keys else []

    def _converted(self, value: Any) -> Any:
        return tuple(value) if isinstance(value, (tuple, list)) else float(value)


class Curve:
    """Of a keyed knob: all of it linear, or all of it constant."""

    def __init__(self, knob: ArrayKnob) -> None:
        self._knob = knob

    def keys(self) -> list[float]:
        return sorted(self._knob.keys or {})

    def changeInterpolation(self, keys: list[float], kind: int) -> None:  # noqa: N802
        assert keys == self.keys() and kind == 1, "only all keys at once, and only to constant"
        self._knob.held = True


class IntKnob(ArrayKnob):
    code = 3
    default = 0

    def _converted(self, value: Any) -> int:
        return int(value)


class BooleanKnob(ArrayKnob):
    code = 6
    default = False

    def _converted(self, value: Any) -> bool:
        return bool(value)


class ColorKnob(ArrayKnob):
    code = 18
    default = (0.0, 0.0, 0.0)


class BBoxKnob(ArrayKnob):
    code = 15
    default = (0.0, 0.0, 0.0, 0.0)


class XYKnob(ArrayKnob):
    code = 12
    default = (0.0, 0.0)


class CurvesKnob(Knob):
    """The strokes and shapes of a RotoPaint node."""

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__(name, label)
        self.rootLayer = Layer(self)
        self.rootLayer.name = "Root"


class ReloadKnob(Knob):
    """The Read's `reload` button; counts its presses."""

    presses = 0

    def execute(self) -> None:
        self.presses += 1


#: Nuke's names of the classes that a plug-in makes.
CONSTRUCTORS = {
    "Tab_Knob": TabKnob,
    "Text_Knob": TextKnob,
    "String_Knob": StringKnob,
    "File_Knob": FileKnob,
    "Int_Knob": IntKnob,
    "Double_Knob": ArrayKnob,
    "Boolean_Knob": BooleanKnob,
    "Enumeration_Knob": EnumerationKnob,
    "Color_Knob": ColorKnob,
    "BBox_Knob": BBoxKnob,
    "XY_Knob": XYKnob,
    "PyScript_Knob": PyScriptKnob,
}
