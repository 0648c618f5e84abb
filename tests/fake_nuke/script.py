"""Scripts as Nuke writes and reads them: Tcl text, nodes as commands, connections by a stack."""

from __future__ import annotations

import re
import tkinter
from functools import cache
from typing import Any

from . import knobs as k
from .facts import CLASSES, CODES, FLAGS, MASKED, OTHER_SAVED_FLAGS, SAVED_FLAGS, SOURCES
from .nodes import Group, Node

#: What needs no quotes as a word.
_BARE = re.compile(r"[^\s\"$\[\]{}\\;#]+")
_ESCAPED = {'"': '\\"', "$": "\\$", "[": "\\[", "]": "\\]", "{": "\\{", "}": "\\}", "\\": "\\\\", "\n": "\\n"}
#: Interpolations and slopes of a curve's keys.
_LETTERS = "KLCSRH"
_SLOPE = re.compile(r"[stkluv]-?[\d.]+(?:e[-+]?\d+)?")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|0x[0-9a-f]+|nan|inf")


# -- reading --------------------------------------------------------------------------------------------------


class _Reader:
    """Evaluates a script's commands in a safe Tcl interpreter."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.fault: Exception | None = None
        self.known: dict[str, Node] = {}
        self.stacks: list[list[Node | None]] = [[]]
        self.groups: list[Group] = [session.contexts[-1]]
        self.outer = tkinter.Tcl()
        self.outer.eval("interp create -safe inside")
        commands: dict[str, Any] = {
            "stack": self._on_stack,
            "push": self._push,
            "end_group": self._end_group,
            "version": lambda *_: "",
            "define_window_layout_xml": lambda *_: "",
            "add_layer": self._add_layer,
            "clone": self._clone,
        }
        for name, work in commands.items():
            self._command(name, work)
        for kind in CLASSES:
            if kind != "Root":
                self._command(kind, lambda body, kind=kind: self._node(kind, body))
        self._command("Root", self._root)

    def read(self, text: str) -> None:
        try:
            self.outer.call("inside", "eval", text)
        except tkinter.TclError:
            if self.fault is None:
                raise
            raise self.fault from None

    def _command(self, name: str, work: Any) -> None:
        def run(*words: str) -> Any:
            try:
                return work(*words)
            except Exception as error:  # Tcl would say only that there was one
                self.fault = self.fault or error
                raise

        self.outer.createcommand(f"host_{name}", run)
        self.outer.eval(f"interp alias inside {name} {{}} host_{name}")

    def _node(self, kind: str, body: str) -> str:
        words = _split(body)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        plain = dict(pairs)
        made = self.session.make(kind, self.groups[-1], name=plain.get("name", kind + "1"), quiet=True)
        for name, value in pairs:
            if name == "addUserKnob":
                _add_user_knob(made, value)
            elif name not in ("inputs", "name"):
                set_text(made[name], value)
        wanted = plain.get("inputs", "0" if kind in SOURCES else "1")
        for index in range(sum(int(one) for one in wanted.split("+"))):
            source = self.stacks[-1].pop() if self.stacks[-1] else None
            if source is not None:
                made.setInput(index, source)
        self.stacks[-1].append(made)
        if isinstance(made, Group):
            self.groups.append(made)
            self.stacks.append([])
        else:
            self.session.created(made)
        return ""

    def _root(self, body: str) -> str:
        words = _split(body)
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name not in ("inputs", "name"):
                set_text(self.session.root_group[name], value)
        return ""

    def _clone(self, name: str, _body: str = "") -> str:
        """Another node with the same knobs."""
        original = self.known[name.lstrip("$")]
        made = self.session.make(original.kind, self.groups[-1], name=original.name(), quiet=True)
        for knob in original.knobs().values():
            if knob.name() != "name" and knob.saved:
                made[knob.name()].restore(knob.snapshot())
        self.stacks[-1].append(made)
        self.session.created(made)
        return ""

    def _add_layer(self, body: str) -> str:
        name, *channels = _split(body)
        known = self.session.layers.setdefault(name, [])
        known += [one for one in channels if one not in known]
        return ""

    def _on_stack(self, index: str) -> str:
        stack = self.stacks[-1]
        return self._label(stack[-1 - int(index)] if int(index) < len(stack) else None)

    def _label(self, node: Node | None) -> str:
        if node is None:  # nothing is there: scripts that were copied begin with it, whatever was selected
            return "0"
        name = f"n{len(self.known)}"
        self.known[name] = node
        return name

    def _push(self, name: str) -> str:
        self.stacks[-1].append(self.known.get(name))
        return ""

    def _end_group(self) -> str:
        """A group's onCreate runs after those of the nodes inside."""
        self.stacks.pop()
        self.session.created(self.groups.pop())
        return ""


def load(session: Any, text: str) -> None:
    """Evaluate; raises tkinter.TclError for text that is no Tcl, and what `knobs.Refused` says."""
    disabled = session.undo.steps_only()
    with disabled:
        _Reader(session).read(text)


def _add_user_knob(node: Node, text: str) -> None:
    number, name, *rest = _split(text)
    kind = next((kind for kind, code in CODES.items() if code == int(number)), None)
    if kind is None:
        raise k.Refused(f"the table has no knob of the number {number}")
    if kind == "String_Knob" and node.session.unknowns.eval_strings:
        kind = "EvalString_Knob"
    flags = [word for word in rest if re.fullmatch(r"[+-][A-Z_]+", word)]
    options, others = {}, [word for word in rest if word not in flags]
    while others:
        count = 3 if others[0] == "R" else 2
        options[others[0]] = others[1] if count == 2 else " ".join(others[1:count])
        del others[:count]
    arguments: list[Any] = [options.get("l", name)]
    if kind == "Enumeration_Knob":
        arguments.append([one.split("\t")[0] for one in _split(options["M"])])
    elif kind in ("PyScript_Knob", "Text_Knob"):
        arguments.append(options.get("T", ""))
    knob = k.CONSTRUCTORS[kind](name, *arguments)
    node.addKnob(knob)
    knob.setTooltip(options.get("t", ""))
    if "R" in options and isinstance(knob, k.ArrayKnob):
        low, high = options["R"].split()
        knob.setRange(float(low), float(high))
    for word in flags:
        if word[1:] in SAVED_FLAGS:
            (knob.setFlag if word[0] == "+" else knob.clearFlag)(FLAGS[word[1:]])
        elif word[1:] not in OTHER_SAVED_FLAGS:
            raise k.Refused(f"no saved script has the flag {word}")


def set_text(knob: k.Knob, value: str) -> None:
    """Take over what a script holds of a knob."""
    if isinstance(knob, k.ArrayKnob):
        words = _split(value)
        if len(words) == 1 and knob.count > 1:
            words = words * knob.count
        if len(words) != knob.count:
            raise k.Refused(f"{knob.name()} has {knob.count} numbers, not {value!r}")
        knob.parts = [_part(word) for word in words]
    elif isinstance(knob, k.ChipKnob):
        knob.content = int(value, 0)
    elif isinstance(knob, k.CurvesKnob):
        knob.text = value
    elif isinstance(knob, k.EnumerationKnob):
        knob.content = knob._converted(value) if value in knob.choices else 0
    else:
        knob.content = knob._converted(value)


def _part(word: str) -> k.Part:
    """A component: a number, an expression, or a curve."""
    if word in ("true", "false"):
        return k.Part(float(word == "true"))
    if _NUMBER.fullmatch(word):
        return k.Part(float(int(word, 16)) if word.startswith("0x") else float(word))
    inner = _split(word)
    if inner[:1] == ["curve"]:
        return _curve(inner[1:])
    return k.Part(expression=inner[0])  # an older script has an `i` behind it


def _curve(words: list[str]) -> k.Part:
    """Keys: `x9 1` is a key on frame 9; a number without a frame is on the next one."""
    part = k.Part(animated=True)
    time, letter = 0.0, ""
    last: float | None = None
    for word in words:
        if word in _LETTERS:
            letter = word
            if last is not None and last in part.keys:
                part.keys[last] = part.keys[last][0], letter
        elif word.startswith("x"):
            time = float(word[1:])
        elif _NUMBER.fullmatch(word):
            part.keys[time] = float(word), letter
            last, time = time, time + 1
        elif word != "i" and not _SLOPE.fullmatch(word):
            raise k.Refused(f"no saved curve has {word!r}")
    return part


def _split(text: str) -> list[str]:
    return [str(word) for word in _tcl().splitlist(text)]


@cache
def _tcl() -> Any:
    """An interpreter that only splits words: making one takes longer than all it does."""
    return tkinter.Tcl()


# -- writing --------------------------------------------------------------------------------------------------


def save(group: Group) -> str:
    """A whole script: version, root, layers, nodes."""
    session = group.session
    layers = [f"add_layer {{{name} {' '.join(names)}}}\n" for name, names in session.layers.items() if name != "rgba"]
    lines = _lines(session.root_group, [("inputs", "0")])
    return "version 15.0 v1\n" + f"Root {{\n{lines}}}\n" + "".join(layers) + _inside(group)


def alone(node: Node) -> str:
    """One node, unconnected, as it is copied."""
    sources, node._inputs = node._inputs, [None] * len(node._inputs)
    try:
        return _node(node)
    finally:
        node._inputs = sources


def _inside(group: Group) -> str:
    """The nodes in the group, each after its inputs."""
    ordered: list[Node] = []

    def visit(node: Node) -> None:
        for index in range(node.inputs()):
            source = node.input(index)
            if source is not None and source not in ordered:
                visit(source)
        if node not in ordered:
            ordered.append(node)

    for node in group.children:
        visit(node)
    return "".join(_node(node) for node in ordered if node.parent is group)


def _node(node: Node) -> str:
    sources = [node.input(index) for index in reversed(range(node.inputs()))]
    lines = [f"push ${_mark(source)}" if source else "push 0" for source in sources]
    count = node.inputs()
    if count == 3 and node.kind in MASKED:
        head = [("inputs", "2+1")]
    else:
        head = [("inputs", str(count))] if count != 1 or node.kind in SOURCES else []
    lines.append(f"{node.Class()} {{\n{_lines(node, head)}}}")
    lines.append(f"set {_mark(node)} [stack 0]")
    if isinstance(node, Group):
        # A group is marked before its nodes: until end_group the stack is that of the inside.
        lines[-1:] = [_inside(node) + "end_group", lines[-1]]
    return "\n".join(lines) + "\n"


def _lines(node: Node, head: list[tuple[str, str]]) -> str:
    """The knobs: those of the class first, then each of the user directly followed by its value."""
    body = list(head)
    own = [knob for name, knob in node.knobs().items() if name not in node.user_knobs]
    for knob in own:
        if knob.saved and (knob.name() == "name" or not knob.is_default()):
            body.append((knob.name(), line_of(knob)))
    for name in node.user_knobs:
        knob = node[name]
        body.append(("addUserKnob", _user_knob(knob)))
        if knob.saved and not knob.is_default() and not knob.getFlag(FLAGS["DO_NOT_WRITE"]):
            body.append((name, line_of(knob)))
    return "".join(f" {name} {value}\n" for name, value in body)


def _mark(node: Node | None) -> str:
    return f"N{id(node):x}"


def quoted(text: str) -> str:
    """One word: bare, or in quotes with what Tcl would evaluate escaped."""
    if _BARE.fullmatch(text):
        return text
    return '"' + "".join(_ESCAPED.get(letter, letter) for letter in text) + '"'


def _user_knob(knob: k.Knob) -> str:
    words = [str(CODES[knob.Class()]), knob.name()]
    if knob.label() != knob.name():
        words += ["l", quoted(knob.label())]
    if knob.tip:
        words += ["t", quoted(knob.tip)]
    if isinstance(knob, k.EnumerationKnob):
        words += ["M", "{" + " ".join(quoted(choice) for choice in knob.saved_choices()) + "}"]
    if isinstance(knob, k.ArrayKnob) and knob.range is not None:
        words += ["R", *(f"{one:g}" for one in knob.range)]
    if isinstance(knob, (k.PyScriptKnob, k.TextKnob)):
        words += ["T", quoted(knob.content)]
    for name in SAVED_FLAGS:
        if name == "STARTLINE":
            if knob.getFlag(FLAGS[name]) != knob.starts_line:
                words.append("+STARTLINE" if knob.getFlag(FLAGS[name]) else "-STARTLINE")
        elif knob.getFlag(FLAGS[name]):
            words.append(f"+{name}")
    return "{" + " ".join(words) + "}"


def line_of(knob: k.Knob) -> str:
    """What stands behind a knob's name in a script."""
    if isinstance(knob, k.CurvesKnob):
        return "{" + knob.text + "}"
    if not isinstance(knob, k.ArrayKnob):
        return quoted(text_of(knob))
    text = text_of(knob)
    return text if _BARE.fullmatch(text) else "{" + text + "}"


def text_of(knob: k.Knob, of_now: bool = False) -> str:
    """What a script holds of a knob, without what makes it one word; `of_now`: without what drives it."""
    if isinstance(knob, k.ChipKnob):
        return f"0x{knob.content:x}"
    if isinstance(knob, k.EnumerationKnob):
        return str(knob.value())
    if not isinstance(knob, k.ArrayKnob):
        return str(knob.content)
    words = [_component(knob, k.Part(knob._at(part, knob._now())) if of_now else part) for part in knob.parts]
    shortens = knob.shortens and len(set(words)) == 1
    return words[0] if shortens or knob.count == 1 else " ".join(words)


def _component(knob: k.ArrayKnob, part: k.Part) -> str:
    if part.expression is not None:
        return "{" + quoted(part.expression) + "}"
    if part.animated:
        words, letter, expected = ["curve"], "", None
        for time, (value, kind) in sorted(part.keys.items()):
            if kind != letter:
                words.append(kind or "L")
                letter = kind
            words += [f"{value:.10g}"] if time == expected else [f"x{time:g}", f"{value:.10g}"]
            expected = time + 1
        return "{" + " ".join(words) + "}"
    if isinstance(knob, k.BooleanKnob):
        return "true" if part.value else "false"
    return f"{part.value:.10g}"
