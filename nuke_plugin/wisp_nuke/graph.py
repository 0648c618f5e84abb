"""The nodes inside a Wisp group as a table, which one function builds and another checks.

Plain nodes only: the group renders in any Nuke, with neither this plug-in nor torch. A frame that is recorded as solved
reads its file and fails loudly where it is missing; any other frame never touches a file.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from . import host

#: Objects that one node carries.
MOST_OBJECTS = 8
OUTPUTS = ("Plate + alpha", "Premultiplied", "Matte only", "Tint over plate", "Plate")


class NodeSpec(NamedTuple):
    """One node: its inputs by name, plain knob values, and knobs driven by an expression."""

    name: str
    kind: str
    inputs: Tuple[str, ...] = ()
    values: Tuple[Tuple[str, Any], ...] = ()
    expressions: Tuple[Tuple[str, str], ...] = ()


class Mattes(NamedTuple):
    """Where one object's mattes lie, with a printf frame number, and whether it counts."""

    pattern: str
    enabled: bool


def desired(mattes: List[Mattes], first: int, last: int) -> List[NodeSpec]:
    """The graph for these objects, in an order in which every input is made before it is used.

    Mattes carry alpha in red, green and blue alike, so what is copied into alpha is red.
    """
    nodes = [
        NodeSpec("Plate", "Input"),
        NodeSpec("Empty", "Expression", ("Plate",), tuple((f"expr{index}", "0") for index in range(4))),
    ]
    union = "Empty"
    for number, matte in enumerate(mattes, 1):
        span = (("first", first), ("last", last), ("origfirst", first), ("origlast", last), ("origset", True))
        nodes.append(NodeSpec(f"Matte_{number}", "Read", (), (("file", matte.pattern), *span, ("raw", True))))
        which = f"parent.wisp_state_{number} > 0"
        switch = NodeSpec(f"State_{number}", "Switch", ("Empty", f"Matte_{number}"), (), (("which", which),))
        nodes.append(switch)
        if matte.enabled:
            # The largest, because two soft edges that touch must not add up to more than one.
            values = (("operation", "max"),)
            nodes.append(NodeSpec(f"Union_{number}", "Merge2", (union, f"State_{number}"), values))
            union = f"Union_{number}"
    red_to_alpha = (("from0", "rgba.red"), ("to0", "rgba.alpha"))
    levels = (("blackpoint", "parent.wisp_black"), ("whitepoint", "parent.wisp_white"))
    mix = "{0}*(1-a*parent.wisp_tint_opacity)+a*parent.wisp_tint_opacity*parent.wisp_tint_color.{0}"
    tint = tuple((f"expr{index}", mix.format(channel)) for index, channel in enumerate("rgb"))
    nodes += [
        NodeSpec("Levels", "Grade", (union,), (), levels),
        NodeSpec("Grow", "Dilate", ("Levels",), (), (("size", "parent.wisp_grow"),)),
        NodeSpec("Soften", "Blur", ("Grow",), (), (("size", "parent.wisp_soft"),)),
        NodeSpec("Flip", "Invert", ("Soften",), (), (("disable", "!parent.wisp_invert"),)),
        NodeSpec("WithAlpha", "Copy", ("Plate", "Flip"), red_to_alpha),
        NodeSpec("Premultiplied", "Premult", ("WithAlpha",)),
        NodeSpec("MatteOnly", "Copy", ("Flip", "Flip"), red_to_alpha),
        NodeSpec("Tint", "Expression", ("WithAlpha",), tint),
        NodeSpec(
            "Out",
            "Switch",
            ("WithAlpha", "Premultiplied", "MatteOnly", "Tint", "Plate"),
            (),
            (("which", "parent.wisp_output"),),
        ),
        NodeSpec(
            "Guard",
            "Assert",
            ("Out",),
            (
                ("expression", "$gui || parent.wisp_cache_state > 0 || !parent.wisp_strict"),
                ("message", "Wisp: a matte of this frame has not been solved."),
            ),
        ),
        NodeSpec("Output1", "Output", ("Guard",)),
    ]
    return nodes


def build(group: Any, nodes: List[NodeSpec]) -> None:
    """Make the group's inside what the table says, keeping nodes that are there already."""
    wanted = {spec.name: spec for spec in nodes}
    with group:
        for node in list(group.nodes()):
            spec = wanted.get(node.name())
            if spec is None or node.Class() != spec.kind:
                host.delete(node)
        for spec in nodes:
            node = group.node(spec.name) or host.create(spec.kind, name=spec.name)
            for name, value in spec.values:
                node[name].setValue(value)
            for name, expression in spec.expressions:
                node[name].setExpression(expression)
        for spec in nodes:
            for index, name in enumerate(spec.inputs):
                group.node(spec.name).setInput(index, group.node(name))


def faults(group: Any, nodes: List[NodeSpec]) -> List[str]:
    """What of the table the group lacks, one sentence each; somebody may have edited inside."""
    found: List[str] = []
    present: Dict[str, Any] = {node.name(): node for node in group.nodes()}
    for spec in nodes:
        node = present.get(spec.name)
        if node is None or node.Class() != spec.kind:
            found.append(f"{spec.name} ({spec.kind}) is missing.")
            continue
        for index, name in enumerate(spec.inputs):
            source = node.input(index)
            if source is None or source.name() != name:
                found.append(f"Input {index} of {spec.name} is not {name}.")
    return found
