"""Knobs: each kind with the setters that it takes, its values, and what of it a script holds."""

from __future__ import annotations

import copy
import tkinter
from dataclasses import dataclass, field
from typing import Any

from .expressions import evaluate
from .facts import FLAGS, FORMATS, SETS, KnobFact
from .rotopaint import Layer


class Refused(TypeError):  # noqa: N818 (what happened, not a fault)
    """The host does not take this, or nobody knows that it does."""


class Knob:
    """Any knob. `node` is set when it is added to one."""

    #: Whether a script has a line with its value, and a knob of this class begins a line of its panel.
    saved, starts_line = True, True
    initial: Any = ""

    def __init__(self, name: str, label: str = "") -> None:
        self._name, self._label = name, label
        self.node: Any = None
        self.flags = FLAGS["STARTLINE"] if self.starts_line else 0
        self.content: Any = copy.copy(self.initial)
        self.default = copy.copy(self.initial)
        self.tip = ""
        self.words: tuple[str, ...] = ()

    @classmethod
    def of_class(cls, name: str, fact: KnobFact) -> Knob:
        """A knob of a class of nodes, as the table says."""
        knob = cls(name)
        knob.words = fact.words
        if fact.default is not None:
            knob.content = knob._converted(fact.default)
        knob.default = copy.deepcopy(knob.content)
        return knob

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def setLabel(self, label: str) -> None:  # noqa: N802
        if not isinstance(label, str):
            raise Refused(f"{self._name} takes a label as text")
        if self.node is not None and label != self._label:
            self.node.session.is_modified = True
        self._label = label

    def Class(self) -> str:  # noqa: N802
        return next((name for name, kind in CONSTRUCTORS.items() if kind is type(self)), type(self).__name__)

    def setFlag(self, flag: int) -> None:  # noqa: N802
        self.flags |= flag

    def clearFlag(self, flag: int) -> None:  # noqa: N802
        self.flags &= ~flag

    def getFlag(self, flag: int) -> bool:  # noqa: N802
        return bool(self.flags & flag)

    def setVisible(self, visible: bool) -> None:  # noqa: N802
        before = self.flags
        self.flags = self.flags & ~FLAGS["HIDDEN"] | (0 if visible else FLAGS["HIDDEN"])
        if self.node is not None and self.flags != before and self.node.session.unknowns.visible_modifies:
            self.node.session.is_modified = True

    def visible(self) -> bool:
        return not self.flags & (FLAGS["HIDDEN"] | FLAGS["INVISIBLE"])

    def setTooltip(self, tooltip: str) -> None:  # noqa: N802
        self.tip = tooltip

    def tooltip(self) -> str:
        return self.tip

    def toScript(self, quote: bool = True, context: Any = "now") -> str:  # noqa: N802
        """What a script would hold of it; of this moment only, where `context` is not None and an unknown says so."""
        from .script import text_of

        now = context is not None and self.node is not None and self.node.session.unknowns.script_of_now
        return text_of(self, of_now=now)

    def fromScript(self, script: str) -> None:  # noqa: N802
        from .script import set_text

        before = self.snapshot()
        set_text(self, script)
        self._note(before)

    def value(self) -> Any:
        return self.content

    def setValue(self, val: Any, *_: Any) -> bool:  # noqa: N802
        before = self.snapshot()
        self._take(self._converted(val))
        self._note(before)
        return True

    def is_default(self) -> bool:
        """Whether a script leaves its line out."""
        return bool(self.content == self.default)

    # -- the stand-in's side ------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        """All that undo must bring back."""
        return copy.deepcopy(self.content)

    def restore(self, snapshot: Any) -> None:
        before = self.snapshot()
        self.content = copy.deepcopy(snapshot)
        self._note(before)

    def _converted(self, value: Any) -> Any:
        """What is stored for this value; Refused where the knob does not take it."""
        raise Refused(f"{type(self).__name__} {self._name} takes no value")

    def _take(self, value: Any) -> None:
        self.content = value

    def _note(self, before: Any) -> None:
        """Something was set: undo, the modified flag and callbacks follow if it is another value."""
        if self.node is None:
            return
        self.node.session.check_thread()
        if self.snapshot() == before:
            return
        if not self.flags & FLAGS["NO_UNDO"]:
            self.node.session.undo.remember(f"set {self._name}", lambda: self.restore(before))
        self.node.session.is_modified = True
        self.node.changed(self)


class TextualKnob(Knob):
    def _converted(self, value: Any) -> str:
        anything = self.node is None or self.node.session.unknowns.text_of_anything
        if not isinstance(value, str) and not anything:
            raise Refused(f"{self._name} takes text, not {value!r}")
        return str(value)


class StringKnob(TextualKnob):
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


class EvalStringKnob(StringKnob):
    """What a StringKnob may come back as."""


class FileKnob(StringKnob):
    def value(self) -> str:
        return str(self.content)

    def getEvaluatedValue(self) -> str:  # noqa: N802
        """With Tcl and the frame's number."""
        text = super().value()
        return text % self._now() if "%" in text else text

    def _now(self) -> int:
        return int(self.node.session.current) if self.node is not None else 0

    def _converted(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refused(f"{self._name} takes a path as text, not {value!r}")
        if "\\" in value:
            raise Refused(f"{self._name}: back-slashes in paths are escapes")
        return value


class TextKnob(TextualKnob):
    """A line of words: a script has them in the knob's definition."""

    saved = False

    def __init__(self, name: str, label: str = "", value: str = "") -> None:
        super().__init__(name, label)
        self.content = value


class TabKnob(Knob):
    saved = False


class PyScriptKnob(TextualKnob):
    saved = starts_line = False

    def __init__(self, name: str, label: str = "", command: str = "") -> None:
        super().__init__(name, label)
        self.content = command

    def execute(self) -> None:
        """Press it."""
        if self.node is not None:
            with self.node.session.acting(None):
                self.node.session.run_text(self.node, self.content, self)


class PythonKnob(TextualKnob):
    """`knobChanged`, `onCreate`: text that the host runs."""


class EnumerationKnob(Knob):
    """A menu of a user; `content` is the place of what is chosen."""

    initial = 0

    def __init__(self, name: str, label: str = "", values: list[str] | None = None) -> None:
        super().__init__(name, label)
        self.choices = list(values or [])
        #: The choices that it was made with, and whether others were offered later.
        self.offered = list(self.choices)

    def value(self) -> Any:
        return self.choices[self.content]

    def getValue(self) -> float:  # noqa: N802
        return float(self.content)

    def values(self) -> list[str]:
        return list(self.choices)

    def setValues(self, choices: list[str]) -> None:  # noqa: N802
        """Other choices; what is chosen keeps its place, or is the first."""
        if not choices or not all(isinstance(one, str) for one in choices):
            raise Refused(f"{self._name} takes a list of words")
        before = self.snapshot()
        reset = self.node is not None and self.node.session.unknowns.values_reset
        self.choices = list(choices)
        self.content = 0 if reset else min(self.content, len(self.choices) - 1)
        self._note(before)

    def saved_choices(self) -> list[str]:
        """The choices that its definition in a script has."""
        lost = self.node is not None and self.node.session.unknowns.menus_are_lost
        return self.offered if lost and not self.flags & FLAGS["SAVE_MENU"] else self.choices

    def snapshot(self) -> Any:
        return list(self.choices), self.content

    def restore(self, snapshot: Any) -> None:
        before = self.snapshot()
        self.choices, self.content = list(snapshot[0]), snapshot[1]
        self._note(before)

    def _converted(self, value: Any) -> int:
        """The value as text is looked for among the choices first, and taken as a place only if it is none."""
        if str(value) in self.choices:
            return self.choices.index(str(value))
        try:
            index = int(value)
        except ValueError:
            raise Refused(f"{self._name} has no choice {value!r}") from None
        if not 0 <= index < len(self.choices):
            raise Refused(f"{self._name} has no choice {value!r}")
        return index


class WordKnob(Knob):
    """A menu of a class of nodes: the words that saved scripts have."""

    def getValue(self) -> float:  # noqa: N802
        return float(self.words.index(self.content))

    def _converted(self, value: Any) -> str:
        if value not in self.words:
            raise Refused(f"{self._name}: no saved script has the word {value!r}")
        return str(value)


class ViewKnob(Knob):
    def _converted(self, value: Any) -> str:
        return str(value)


class ChannelKnob(Knob):
    """One channel, as `rgba.red`; of a layer that the script knows."""

    def _converted(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refused(f"{self._name} takes the name of a channel")
        name = value.lstrip("-")
        if name != "none" and self.node is not None and name not in self.node.session.channels():
            raise Refused(f"{self._name}: the script has no channel {name!r}")
        return value


class ChannelsKnob(Knob):
    """A set of channels, by the name of a layer or by a word."""

    def _converted(self, value: Any) -> str:
        known = set(SETS) | ({""} if not self.default else set())
        if self.node is not None:
            known |= set(self.node.session.layers)
        if value not in known:
            raise Refused(f"{self._name}: there is no layer {value!r}")
        return str(value)


class FormatKnob(Knob):
    def _converted(self, value: Any) -> str:
        if value and value not in FORMATS and len(str(value).split()) < 7:
            raise Refused(f"{self._name}: there is no format {value!r}")
        return str(value)


class ChipKnob(Knob):
    """The colour of a node in the graph: 0xRRGGBBAA."""

    initial = 0

    def _converted(self, value: Any) -> int:
        if not isinstance(value, int):
            raise Refused(f"{self._name} takes a whole number")
        return value


@dataclass
class Part:
    """A component: its number, what drives it, or its keys: frame -> (value, interpolation from there on)."""

    value: float = 0.0
    expression: str | None = None
    keys: dict[float, tuple[float, str]] = field(default_factory=dict)
    animated: bool = False

    @property
    def plain(self) -> bool:
        return self.expression is None and not self.animated


class ArrayKnob(Knob):
    """Numbers, one or several, that can be keyed or driven."""

    initial: Any = 0.0
    #: How many numbers, and whether equal ones are written and told as one.
    count, shortens = 1, True

    def __init__(self, name: str, label: str = "", *_: Any) -> None:
        super().__init__(name, label)
        self.parts = [Part(float(one)) for one in self._listed(self.initial)]
        self.range: tuple[float, float] | None = None
        self.default = copy.deepcopy(self.parts)

    @classmethod
    def of_class(cls, name: str, fact: KnobFact) -> Knob:
        knob = cls(name)
        if fact.default is not None:
            knob.parts = [Part(float(one)) for one in knob._listed(fact.default)]
        knob.default = copy.deepcopy(knob.parts)
        return knob

    def setRange(self, low: float, high: float) -> None:  # noqa: N802
        self.range = low, high

    def value(self, index: int | None = None) -> Any:
        return self.getValueAt(self._now(), index)

    def getValueAt(self, time: float, index: int | None = None) -> Any:  # noqa: N802
        found = [self._converted_one(self._at(part, time)) for part in self.parts]
        if index is not None:
            return found[index]
        return found[0] if self.count == 1 or (self._shortens() and len(set(found)) == 1) else found

    def setValue(self, val: Any, index: int = -1, *_: Any) -> bool:  # noqa: N802
        """A number for all components or the one of that index, or one for each."""
        return self.setValueAt(val, self._now(), index)

    def setValueAt(self, value: Any, time: float, index: int = -1) -> bool:  # noqa: N802
        """A key where there are any; else the value."""
        before = self.snapshot()
        numbers = self._listed(value) if index < 0 else [value]
        for part, number in zip(self.parts if index < 0 else [self.parts[index]], numbers, strict=True):
            self._check(number)
            if part.animated:
                part.keys[time] = (float(number), "")
            else:
                part.value, part.expression = float(number), None
        self._note(before)
        return True

    def setExpression(self, expression: str, channel: int = -1) -> bool:  # noqa: N802
        before = self.snapshot()
        for part in self.parts if channel < 0 else [self.parts[channel]]:
            part.expression = expression
        self._note(before)
        return True

    def setAnimated(self, index: int = -1) -> None:  # noqa: N802
        for part in self.parts if index < 0 else [self.parts[index]]:
            if not part.animated:
                part.animated = True
                if self.node is not None and self.node.session.unknowns.set_animated_keys:
                    part.keys[self._now()] = (part.value, "")

    def clearAnimated(self) -> None:  # noqa: N802
        before = self.snapshot()
        for part in self.parts:
            part.value, part.animated, part.expression = self._at(part, self._now()), False, None
            part.keys = {}
        self._note(before)

    def isAnimated(self) -> bool:  # noqa: N802
        """Also where an expression drives it."""
        return not all(part.plain for part in self.parts)

    def animations(self) -> list[Curve]:
        return [Curve(self, part) for part in self.parts if part.animated]

    def is_default(self) -> bool:
        return bool(self.parts == self.default)

    def snapshot(self) -> Any:
        return copy.deepcopy(self.parts)

    def restore(self, snapshot: Any) -> None:
        before = self.snapshot()
        self.parts = copy.deepcopy(snapshot)
        self._note(before)

    def _shortens(self) -> bool:
        return self.shortens

    def _listed(self, value: Any) -> list[Any]:
        numbers = list(value) if isinstance(value, (tuple, list)) else [value] * self.count
        if len(numbers) != self.count:
            raise Refused(f"{self._name} takes {self.count} numbers, not {value!r}")
        return numbers

    def _check(self, value: Any) -> None:
        if not isinstance(value, (int, float)):
            raise Refused(f"{self._name} takes a number, not {value!r}")

    def _converted_one(self, value: float) -> Any:
        return float(value)

    def _now(self) -> float:
        return self.node.session.current if self.node is not None else 0

    def _at(self, part: Part, time: float) -> float:
        if part.expression is not None:
            return float(evaluate(part.expression, self.node.names(time)))
        if not part.keys:
            return part.value
        before = max((key for key in part.keys if key <= time), default=min(part.keys))
        after = min((key for key in part.keys if key >= time), default=max(part.keys))
        held = part.keys[before][1] == "K"
        share = 0.0 if held or before >= after else (time - before) / (after - before)
        return part.keys[before][0] * (1 - share) + part.keys[after][0] * share


class Curve:
    """Of one component; what is neither constant nor given in words goes straight from key to key."""

    def __init__(self, knob: ArrayKnob, part: Part) -> None:
        self._knob, self._part = knob, part

    def keys(self) -> list[float]:
        return sorted(self._part.keys)

    def changeInterpolation(self, keys: list[float], kind: int) -> None:  # noqa: N802
        if self._knob.node is not None and not self._knob.node.session.unknowns.constant_taken:
            raise Refused("changeInterpolation: CONSTANT is not among the documented kinds")
        for key in keys:
            self._part.keys[key] = self._part.keys[key][0], "K"


class IntKnob(ArrayKnob):
    initial = 0

    def _check(self, value: Any) -> None:
        if not isinstance(value, int):
            raise Refused(f"{self._name} takes a whole number, not {value!r}")

    def _converted_one(self, value: float) -> Any:
        return int(value)


class BooleanKnob(ArrayKnob):
    initial, starts_line = False, False

    def _converted_one(self, value: float) -> Any:
        return bool(value)


class DrivenKnob(ArrayKnob):
    """The expression of an Assert: in all scripts an expression drives it, no text is stored."""

    def setValue(self, val: Any, index: int = -1, *_: Any) -> bool:  # noqa: N802
        raise Refused(f"{self._name} is driven by an expression: setExpression, not setValue({val!r})")


class WHKnob(ArrayKnob):
    count, initial = 2, (0.0, 0.0)


class ColorKnob(ArrayKnob):
    count, initial = 3, (0.0,) * 3


class AColorKnob(ArrayKnob):
    count, initial = 4, (0.0,) * 4


class XYKnob(ArrayKnob):
    """Drawn in the viewer as a handle; equal numbers stay two."""

    count, shortens, initial = 2, False, (0.0, 0.0)


class BBoxKnob(ArrayKnob):
    count, shortens, initial = 4, False, (0.0,) * 4

    def _shortens(self) -> bool:
        return self.node is not None and bool(self.node.session.unknowns.bbox_shortens)


class CurvesKnob(Knob):
    """The strokes and shapes of a Roto or RotoPaint node; `seen` is what the host has taken notice of. What a script
    has of them is kept as its text, and written again; of what Python makes there is none."""

    @property
    def saved(self) -> bool:  # type: ignore[override]
        return bool(self.text)

    def is_default(self) -> bool:
        return not self.text

    def __init__(self, name: str, label: str = "") -> None:
        super().__init__(name, label)
        self.rootLayer = Layer(self)
        self.rootLayer.name = "Root"
        self.edits = self.seen = 0
        self.text = ""

    def changed(self) -> None:
        self.seen = self.edits


class ReloadKnob(Knob):
    """The Read's `reload` button; counts its presses."""

    saved, presses = False, 0

    def execute(self) -> None:
        self.presses += 1


#: Nuke's names of the classes that a plug-in makes.
CONSTRUCTORS = {
    "Tab_Knob": TabKnob,
    "Text_Knob": TextKnob,
    "String_Knob": StringKnob,
    "EvalString_Knob": EvalStringKnob,
    "File_Knob": FileKnob,
    "Int_Knob": IntKnob,
    "Double_Knob": ArrayKnob,
    "Boolean_Knob": BooleanKnob,
    "Enumeration_Knob": EnumerationKnob,
    "WH_Knob": WHKnob,
    "Color_Knob": ColorKnob,
    "AColor_Knob": AColorKnob,
    "BBox_Knob": BBoxKnob,
    "XY_Knob": XYKnob,
    "PyScript_Knob": PyScriptKnob,
}
#: Kinds of `facts.KnobFact`.
KINDS: dict[str, type[Knob]] = {
    "string": StringKnob,
    "file": FileKnob,
    "python": PythonKnob,
    "int": IntKnob,
    "bool": BooleanKnob,
    "double": ArrayKnob,
    "driven": DrivenKnob,
    "wh": WHKnob,
    "acolor": AColorKnob,
    "bbox": BBoxKnob,
    "xy": XYKnob,
    "enum": WordKnob,
    "view": ViewKnob,
    "channel": ChannelKnob,
    "channels": ChannelsKnob,
    "format": FormatKnob,
    "chip": ChipKnob,
    "button": ReloadKnob,
    "curves": CurvesKnob,
}
