"""A node as plain nodes beside it: what its inside does, without the switches and the knobs that drive it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from . import edits, graph, host, node
from .vendor.client.wording import counted

_KNOB = re.compile(r"parent\.(\w+)(?:\.([rgb]))?")
#: How scripts hold a number, and keys.
_PLAIN = re.compile(r"[^{]*$|\{+curve\s")
#: Nodes that change nothing while these knobs hold these values.
_IDLE: Dict[str, Dict[str, Any]] = {
    "Levels": {"wisp_black": 0.0, "wisp_white": 1.0, "wisp_gamma": 1.0},
    "Grow": {"wisp_grow": 0.0},
    "Soften": {"wisp_soft": 0.0},
}


def bake(group: Any, mattes: Optional[List[graph.Mattes]] = None) -> Any:
    """Plain nodes outside the group that give what it gives, for people without the plug-in; returns the last one.

    They read `mattes`, by default those in the cache. The node stays. Raises Refusal as `require_solved`.
    """
    objects = edits.stored(group)["objects"]
    require_solved(group)
    mattes = node.present_mattes(group, objects) if mattes is None else mattes
    first, last = edits.span(group)
    output, layers = host.choice(group["wisp_output"]), bool(group["wisp_layers"].value())
    table = graph.baked(mattes, first, last, layers, output, bool(group["wisp_invert"].value()))
    with host.undo_step("Wisp bake"):
        return _Baker(group, table).last()


def require_solved(group: Any) -> None:
    """Raises Refusal while a frame of the node's range has no matte, and as `edits.span`."""
    first, last = edits.span(group)
    unsolved = [frame for frame in range(first, last + 1) if group["wisp_cache_state"].getValueAt(frame) < 1]
    if unsolved:
        raise edits.Refusal(
            f"{counted(len(unsolved), 'frame')} not solved, the first is {unsolved[0]}; track the whole range first."
        )


class _Baker:
    """Makes the nodes of the table that the chosen output needs, each once."""

    def __init__(self, group: Any, nodes: List[graph.NodeSpec]) -> None:
        self._group = group
        self._specs = {spec.name: spec for spec in nodes}
        self._made: Dict[str, Any] = {"Plate": group.input(0)}

    def last(self) -> Any:
        """The node whose picture is that of the group."""
        return self._node(next(reversed(list(self._specs))))

    def _node(self, name: str) -> Any:
        if name not in self._made:
            passed = self._passed_on(self._specs[name])
            self._made[name] = self._node(passed) if passed is not None else self._make(self._specs[name])
        return self._made[name]

    def _passed_on(self, spec: graph.NodeSpec) -> Optional[str]:
        """The input that a node only passes on, as things are; None for one that does something."""
        idle = _IDLE.get(spec.name)
        if idle is not None and all(self._rests(knob, value) for knob, value in idle.items()):
            return spec.inputs[0]
        return None

    def _rests(self, knob: str, value: Any) -> bool:
        return not self._group[knob].isAnimated() and bool(self._group[knob].value() == value)

    def _make(self, spec: graph.NodeSpec) -> Any:
        sources = [self._node(name) for name in spec.inputs]
        made = host.create_beside(self._group, spec.kind)
        graph.set_up(made, spec._replace(values=self._settled(spec.values), expressions=()))
        for name, expression in spec.expressions:
            knob = _KNOB.fullmatch(expression)
            if knob is not None:
                made[name].fromScript(self._held(self._group[knob.group(1)]))
            else:
                host.drive(made, name, expression)
        for index, source in enumerate(sources):
            made.setInput(index, source)
        return made

    def _held(self, knob: Any) -> str:
        """What a script holds of a knob, with its keys; in place of an expression, whose names mean nothing to another
        node, its value on every frame."""
        text = host.as_script(knob)
        if _PLAIN.match(text):
            return text
        first, last = edits.span(self._group)
        values = {frame: float(knob.getValueAt(frame)) for frame in range(first, last + 1)}
        if len(set(values.values())) == 1:
            return repr(values[first])
        return "{curve L " + " ".join(f"x{frame} {value!r}" for frame, value in values.items()) + "}"

    def _settled(self, values: Any) -> Any:
        return tuple((name, self._text(value) if isinstance(value, str) else value) for name, value in values)

    def _text(self, text: str) -> str:
        """An expression with the group's knobs replaced by their present values."""

        def value(match: Any) -> str:
            knob = self._group[match.group(1)]
            if match.group(2):
                return repr(host.numbers(knob, 3)["rgb".index(match.group(2))])
            return repr(float(knob.value()))

        return _KNOB.sub(value, text)
