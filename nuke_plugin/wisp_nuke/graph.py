"""The nodes inside a Wisp group as a table, which one function builds and another checks.

Plain nodes only: the group renders in any Nuke, with neither this plug-in nor torch. A frame that is recorded as solved
reads its file and fails loudly where it is missing; any other frame never touches a file.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from . import host

#: Objects that one node carries.
MOST_OBJECTS = 8
OUTPUTS = ("Plate + alpha", "Premultiplied", "Matte only", "Tint over plate", "Plate")
#: The nodes that give them.
OUTPUT_NODES = ("WithAlpha", "Premultiplied", "MatteOnly", "Tint", "Plate")
#: What only the artist sees: never outside the interface, and not while it renders either.
LOOKING = "$gui && !parent.wisp_rendering"


class NodeSpec(NamedTuple):
    """One node: its inputs by name, plain knob values, and knobs driven by an expression (`knob` or `knob.index`)."""

    name: str
    kind: str
    inputs: Tuple[str, ...] = ()
    values: Tuple[Tuple[str, Any], ...] = ()
    expressions: Tuple[Tuple[str, str], ...] = ()


class Mattes(NamedTuple):
    """One object: where its mattes lie, with a printf frame number, whether it counts, and its channel as a layer."""

    pattern: str
    enabled: bool
    channel: str = ""


def channel_of(name: str, number: int) -> str:
    """The channel of an object: `matte.` and its name in letters that every host allows."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return "matte." + (plain if plain == name else f"{plain}_{number}")


def desired(mattes: List[Mattes], first: int, last: int, layers: bool = False) -> List[NodeSpec]:
    """The graph for these objects, in an order in which every input is made before it is used.

    Mattes carry alpha in red, green and blue alike, so what is copied into alpha is red. `layers`: every object's
    matte also comes out as a channel of its own.
    """
    nodes = [
        NodeSpec("Plate", "Input"),
        NodeSpec("Empty", "Expression", ("Plate",), tuple((f"expr{index}", "0") for index in range(4))),
    ]
    counted = [(number, matte) for number, matte in enumerate(mattes, 1) if matte.enabled]
    union = "Empty"
    for number, matte in enumerate(mattes, 1):
        nodes += _object(number, matte, first, last)
    for number, _ in counted:
        # The largest, because two soft edges that touch must not add up to more than one.
        nodes.append(NodeSpec(f"Union_{number}", "Merge2", (union, f"Soften_{number}"), (("operation", "max"),)))
        union = f"Union_{number}"
    mix = "{0}*(1-a*parent.wisp_tint_opacity)+a*parent.wisp_tint_opacity*parent.wisp_tint_color.{0}"
    tint = tuple((f"expr{index}", mix.format(channel)) for index, channel in enumerate("rgb"))
    nodes += [
        _continued("Beyond", union),
        NodeSpec("Flip", "Invert", ("Beyond",), (), (("disable", "!parent.wisp_invert"),)),
        NodeSpec("WithAlpha", "Copy", ("Plate", "Flip"), _red_to("rgba.alpha")),
        NodeSpec("Premultiplied", "Premult", ("WithAlpha",)),
        NodeSpec("MatteOnly", "Copy", ("Flip", "Flip"), _red_to("rgba.alpha")),
        NodeSpec("Tint", "Expression", ("WithAlpha",), tint),
        NodeSpec("Out", "Switch", OUTPUT_NODES, (), (("which", "parent.wisp_output"),)),
    ]
    last_one = "Out"
    for number, matte in counted if layers else []:
        nodes.append(_continued(f"Beyond_{number}", f"Soften_{number}"))
        nodes.append(NodeSpec(f"Layer_{number}", "Copy", (last_one, f"Beyond_{number}"), _red_to(matte.channel)))
        last_one = f"Layer_{number}"
    return nodes + _looks(last_one)


def _object(number: int, matte: Mattes, first: int, last: int) -> List[NodeSpec]:
    """One object's mattes with the node's own adjustments."""
    span = (("first", first), ("last", last), ("origfirst", first), ("origlast", last), ("origset", True))
    levels = (
        ("blackpoint", "parent.wisp_black"),
        ("whitepoint", "parent.wisp_white"),
        ("gamma", "parent.wisp_gamma"),
    )
    clamped = (("black_clamp", True), ("white_clamp", True))
    solved = f"parent.wisp_state_{number} > 0"
    return [
        NodeSpec(f"Matte_{number}", "Read", (), (("file", matte.pattern), *span, ("raw", True))),
        NodeSpec(f"State_{number}", "Switch", ("Empty", f"Matte_{number}"), (), (("which", solved),)),
        NodeSpec(f"Levels_{number}", "Grade", (f"State_{number}",), clamped, levels),
        NodeSpec(f"Grow_{number}", "Dilate", (f"Levels_{number}",), (), (("size", "parent.wisp_grow"),)),
        NodeSpec(f"Soften_{number}", "Blur", (f"Grow_{number}",), (), (("size", "parent.wisp_soft"),)),
    ]


def _continued(name: str, source: str) -> NodeSpec:
    """Mattes cover the format; where the plate has pixels beyond it, they go on with the values of the border."""
    area = (("box.2", "input.width"), ("box.3", "input.height"))
    return NodeSpec(name, "Crop", (source,), (("crop", False),), area)


def _looks(source: str) -> List[NodeSpec]:
    """What stands between the result and the output: the prompts drawn over it, and the guard."""
    shown = f"!({LOOKING} && parent.wisp_show_guides && parent.wisp_guide_frame == frame)"
    over = (("operation", "over"), ("output", "rgb"))
    guard = (
        ("expression", f"({LOOKING}) || parent.wisp_cache_state > 0 || !parent.wisp_strict"),
        ("message", "Wisp: a matte of this frame has not been solved."),
    )
    return [
        NodeSpec("GuideRead", "Read", (), (("on_error", "black"),)),
        NodeSpec("GuidePremult", "Premult", ("GuideRead",)),
        NodeSpec("GuideOver", "Merge2", (source, "GuidePremult"), over, (("disable", shown),)),
        NodeSpec("Guard", "Assert", ("GuideOver",), guard),
        NodeSpec("Output1", "Output", ("Guard",)),
    ]


def _red_to(channel: str) -> Tuple[Tuple[str, str], ...]:
    return (("from0", "rgba.red"), ("to0", channel))


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
                if name == "to0":
                    host.declare_channel(value)
                node[name].setValue(value)
            for name, expression in spec.expressions:
                host.drive(node, name, expression)
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
