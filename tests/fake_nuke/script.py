"""Scripts as Nuke writes them: Tcl text, nodes as commands, connections by a stack. Loaded by a Tcl interpreter."""

from __future__ import annotations

import tkinter
from functools import cache
from typing import Any

from . import knobs as k
from .nodes import CLASSES, Group, Node


def save(group: Group) -> str:
    """The nodes in the group, each after its inputs."""
    return "".join(_node(node) for node in _ordered(group))


def load(session: Any, text: str) -> None:
    """Evaluate; raises tkinter.TclError for text that is no Tcl."""
    interpreter = tkinter.Tcl()
    interpreter.eval("interp create -safe inside")
    known: dict[str, Node] = {}
    stacks: list[list[Node | None]] = [[]]
    groups: list[Group] = [session.contexts[-1]]
    created: list[Node] = []

    def node(kind: str, body: str) -> str:
        words = interpreter.splitlist(body)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        values = [(name, value) for name, value in pairs if name not in ("inputs", "addUserKnob")]
        made = session.make(kind, groups[-1], name=dict(values).get("name", kind + "1"))
        for name, value in pairs:
            if name == "addUserKnob":
                _add_user_knob(interpreter, made, value)
        for name, value in values:
            if name != "name":
                set_text(interpreter, made[name], value)
        for index in range(int(dict(pairs).get("inputs", 0 if kind in ("Input", "Read", "Plates") else 1))):
            source = stacks[-1].pop() if stacks[-1] else None
            if source is not None:
                made.setInput(index, source)
        stacks[-1].append(made)
        created.append(made)
        if isinstance(made, Group):
            groups.append(made)
            stacks.append([])
        return ""

    def stack(_index: str) -> str:
        name = f"n{len(known)}"
        found = stacks[-1][-1]
        assert found is not None
        known[name] = found
        return name

    def push(name: str) -> str:
        stacks[-1].append(known.get(name))
        return ""

    def end_group() -> str:
        groups.pop()
        stacks.pop()
        return ""

    for name, work in (("stack", stack), ("push", push), ("end_group", end_group)):
        interpreter.createcommand(f"host_{name}", work)
        interpreter.eval(f"interp alias inside {name} {{}} host_{name}")
    interpreter.createcommand("host_node", node)
    for kind in CLASSES:
        interpreter.eval(f"interp alias inside {kind} {{}} host_node {kind}")
    interpreter.call("inside", "eval", text)
    for made in created:
        hook = made.knob("onCreate")
        if hook is not None and hook.content:
            session.run_text(made, hook.content, hook)
        session.run_callbacks("OnCreate", made)


def alone(node: Node) -> str:
    """One node, unconnected, as it is copied."""
    sources, node._inputs = node._inputs, [None] * len(node._inputs)
    try:
        return _node(node)
    finally:
        node._inputs = sources


def _ordered(group: Group) -> list[Node]:
    ordered: list[Node] = []

    def visit(node: Node) -> None:
        for index in range(node.inputs()):
            source = node.input(index)
            if source is not None and source not in ordered:
                visit(source)
        if node not in ordered:
            ordered.append(node)

    for node in group.nodes():
        visit(node)
    return [node for node in ordered if node.parent is group]


def _node(node: Node) -> str:
    sources = [node.input(index) for index in reversed(range(node.inputs()))]
    lines = [f"push ${_label(source)}" if source else "push 0" for source in sources]
    body = [("inputs", str(node.inputs()))]
    for name in node.user_knobs:
        body.append(("addUserKnob", _user_knob(node[name])))
    fresh = type(node)(node.session, node.kind, None)
    for name, knob in node.knobs().items():
        is_own = name in node.user_knobs
        plain = fresh.knob(name)
        same = not is_own and plain is not None and plain.content == knob.content
        driven = knob.expression is not None or knob.keys is not None or bool(knob.driven)
        if isinstance(knob, (k.TabKnob, k.PyScriptKnob, k.ReloadKnob, k.CurvesKnob)) or (same and not driven):
            continue
        body.append((name, text_of(knob)))
    inside = "\n".join(f" {name} {_word(value)}" for name, value in body)
    lines.append(f"{node.Class()} {{\n{inside}\n}}")
    if isinstance(node, Group):
        lines += [save(node), "end_group"]
    lines.append(f"set {_label(node)} [stack 0]")
    return "\n".join(lines) + "\n"


def _label(node: Node | None) -> str:
    return f"N{id(node):x}"


@cache
def _quoting() -> Any:
    """An interpreter that only quotes words: making one takes longer than all it does."""
    return tkinter.Tcl()


def _word(value: Any) -> str:
    """One word of a Tcl list."""
    interpreter = _quoting()
    interpreter.setvar("value", str(value))
    return str(interpreter.eval("list $value"))


def _user_knob(knob: k.Knob) -> str:
    extra = ""
    if isinstance(knob, k.EnumerationKnob):
        extra = " M " + _word(" ".join(_word(choice) for choice in knob.choices))
    if isinstance(knob, k.PyScriptKnob):
        extra = " T " + _word(knob.content)
    flags = " +INVISIBLE" if knob.flags & 0x400 else ""
    return f"{knob.code} {knob.name()} l {_word(knob.label())}{extra}{flags}"


def text_of(knob: k.Knob) -> str:
    """What a script holds of a knob."""
    if knob.expression is not None:
        return '{"' + knob.expression + '"}'
    if knob.keys is not None:
        return (
            "{curve "
            + ("K " if knob.held else "")
            + " ".join(f"x{time:g} {value:g}" for time, value in sorted(knob.keys.items()))
            + "}"
        )
    if isinstance(knob, k.EnumerationKnob):
        return str(knob.value())
    if isinstance(knob.content, tuple):
        words = [f"{{{knob.driven[i]}}}" if i in knob.driven else f"{one:.9g}" for i, one in enumerate(knob.content)]
        return " ".join(words)
    if isinstance(knob.content, bool):
        return str(knob.content).lower()
    return str(knob.content)


def _add_user_knob(interpreter: Any, node: Node, text: str) -> None:
    code, name, *rest = interpreter.splitlist(text)
    kind = next(one for one in k.CONSTRUCTORS.values() if one.code == int(code))
    options = dict(zip(rest[::2], rest[1::2], strict=False))
    label = options.get("l", "")
    if kind is k.EnumerationKnob:
        node.addKnob(kind(name, label, list(interpreter.splitlist(options["M"]))))
    elif kind is k.PyScriptKnob:
        node.addKnob(kind(name, label, options["T"]))
    else:
        node.addKnob(kind(name, label))
    if "+INVISIBLE" in rest:
        node[name].setFlag(0x400)


def set_text(interpreter: Any, knob: k.Knob, value: str) -> None:
    """Take over what a script holds of a knob."""
    if not isinstance(knob, k.ArrayKnob):
        knob.content = knob._converted(value)
    elif isinstance(knob.content, tuple):
        words = interpreter.splitlist(value)
        numbers = [word.replace(".", "", 1).replace("e", "", 1).lstrip("-").isdigit() for word in words]
        knob.driven = {i: word for i, word in enumerate(words) if not numbers[i]}
        knob.content = tuple(float(word) if numbers[i] else 0.0 for i, word in enumerate(words))
    elif value.startswith("{"):
        (inner,) = interpreter.splitlist(value)
        words = interpreter.splitlist(inner)
        if words[:1] == ("curve",):
            knob.held = words[1:2] == ("K",)
            keys = words[2:] if knob.held else words[1:]
            knob.keys = {float(x[1:]): float(v) for x, v in zip(keys[::2], keys[1::2], strict=True)}
        else:
            (knob.expression,) = words
    elif isinstance(knob, k.BooleanKnob):
        knob.content = value == "true"
    else:
        knob.content = knob._converted(float(value))
