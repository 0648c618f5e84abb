"""The nodes inside a Wisp group as a table, which one function builds and another checks.

Plain nodes only: the group renders in any Nuke, with neither this plug-in nor torch. A frame that is recorded as solved
reads its file and fails loudly where it is missing; any other frame never touches a file. As few nodes as can be:
in some editions of the host Python reaches ten.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from . import host

#: Objects that one node carries; and where the edition of the host shows Python ten nodes.
MOST_OBJECTS, MOST_IF_LIMITED = 8, 1
#: The node's inputs in their order: what is matted; where no object can be; what surely belongs to one; the empty set;
#: of a pair what is matted before another backing, and that backing empty.
PLATE, GARBAGE, CORE, CLEAN, SECOND, SECOND_CLEAN = INPUTS = (
    "Plate",
    "Garbage",
    "Core",
    "Clean",
    "Second",
    "SecondClean",
)
#: What was filmed beside the plate: the document's key -> the input.
FILMED = {"clean": CLEAN, "second": SECOND, "second_clean": SECOND_CLEAN}
#: Those that count by their alpha; of the others the colours are seen.
BY_ALPHA = (GARBAGE, CORE)
OUTPUTS = ("Plate + alpha", "Premultiplied", "Matte only", "Tint over plate", "Plate")
#: Channels that one Copy takes over.
PER_COPY = 4
#: What the knob `wisp_rendering` says the picture is for: viewers, a render, the plate of a Wisp node below.
VIEWERS, RENDER, PLATE_BELOW = range(3)
#: Of the knobs' expression `wisp_looking`: true for what only the artist sees, never in a render.
LOOKING = "$gui && !wisp_rendering"


class NodeSpec(NamedTuple):
    """One node: its inputs by name, plain knob values, and knobs driven by an expression (`knob` or `knob.index`)."""

    name: str
    kind: str
    inputs: Tuple[str, ...] = ()
    values: Tuple[Tuple[str, Any], ...] = ()
    expressions: Tuple[Tuple[str, str], ...] = ()


class Mattes(NamedTuple):
    """One object: where its mattes lie, with a printf frame number, whether it counts, its channel as a layer, and its
    id in the prompts; 0 for none."""

    pattern: str
    enabled: bool
    channel: str = ""
    number: int = 0


def is_matte(name: str) -> bool:
    """Whether a node inside reads an object's mattes."""
    return name.startswith("Matte_")


def channel_of(name: str, number: int) -> str:
    """The channel of an object: a layer of its own, named in letters that every host allows.

    A name with other letters, or with what looks like this number, gets the object's id behind it, so that no two
    objects of a node, which have different names and ids, share a layer.
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    unique = plain == name and not re.search(r"__\d+$", name)
    return "matte_" + (name if unique else f"{plain}__{number}") + ".alpha"


def desired(
    mattes: List[Mattes],
    first: int,
    last: int,
    layers: bool = False,
    guides: bool = False,
    inputs: Tuple[str, ...] = INPUTS,
) -> List[NodeSpec]:
    """The graph for these objects, in an order in which every input is made before it is used.

    Mattes carry alpha in red, green and blue alike, so what is copied into alpha is red. `layers`: every object's
    matte also comes out as a channel of its own. `guides`: with the picture of the prompts over it. `inputs`: those
    that the group has.
    """
    counted = [(number, matte) for number, matte in enumerate(mattes, 1) if matte.enabled]
    blank = tuple((f"expr{index}", "0") for index in range(4))
    nodes = [NodeSpec(PLATE, "Input")]
    nodes += [_matte(number, matte, first, last) for number, matte in enumerate(mattes, 1)]
    nodes += [NodeSpec(name, "Input", (), (("number", INPUTS.index(name)),)) for name in inputs if name != PLATE]
    nodes.append(NodeSpec("Empty", "Expression", ("Plate",), blank))
    below = "Empty"
    for number, matte in counted:
        solved = (("disable", f"!(parent.wisp_state_{number} > 0)"),)
        read = f"Matte_{number}"
        # 1 - (1 - a)(1 - b), as one covers what the other leaves: two soft edges that touch never add up beyond one.
        nodes.append(NodeSpec(f"Union_{number}", "Merge2", (below, read), (("operation", "screen"),), solved))
        below = f"Union_{number}"
        if layers:
            nodes.append(NodeSpec(f"Layer_{number}", "Copy", (below, read), _copied((RED, matte.channel)), solved))
            below = f"Layer_{number}"
    nodes += [
        NodeSpec("Levels", "Grade", (below,), _LEVELLED, _LEVELS),
        NodeSpec("Grow", "Dilate", ("Levels",), (("channels", "all"),), (("size", "parent.wisp_grow"),)),
        NodeSpec("Soften", "Blur", ("Grow",), (("channels", "all"),), (("size", "parent.wisp_soft"),)),
        # Mattes cover the format; where the plate has pixels beyond it, they go on with the values of the border.
        NodeSpec("Beyond", "Crop", ("Soften",), (("box", (0.0, 0.0, 0.0, 0.0)), ("crop", False)), _AREA),
        NodeSpec("WithAlpha", "Copy", ("Plate", "Beyond"), _copied((RED, "rgba.alpha")), _UNLESS_PLATE),
        NodeSpec("Look", "Expression", ("WithAlpha",), _LOOK, _UNLESS_LOOK),
    ]
    last_one = "Look"
    channels = [matte.channel for _, matte in counted] if layers else []
    for start in range(0, len(channels), PER_COPY):
        some = channels[start : start + PER_COPY]
        name = f"Layers_{start + 1}_to_{start + len(some)}"
        nodes.append(NodeSpec(name, "Copy", (last_one, "Beyond"), _copied(*((one, one) for one in some))))
        last_one = name
    if guides:
        over = (("operation", "over"), ("output", "rgb"))
        nodes += [
            NodeSpec("GuideRead", "Read", (), (("on_error", "black"),)),
            NodeSpec("GuideOver", "Merge2", (last_one, "GuideRead"), over, _UNLESS_GUIDES),
        ]
        last_one = "GuideOver"
    message = (("message", "Wisp: a matte of this frame has not been solved."),)
    return [
        *nodes,
        NodeSpec("Guard", "Assert", (last_one,), message, _GUARD),
        NodeSpec("Output1", "Output", ("Guard",)),
    ]


RED = "rgba.red"
_AREA = (("box.2", "input.width"), ("box.3", "input.height"))
_LEVELLED = (("channels", "all"), ("black_clamp", True), ("white_clamp", True))
_LEVELS = (("blackpoint", "parent.wisp_black"), ("whitepoint", "parent.wisp_white"), ("gamma", "parent.wisp_gamma"))
_ALPHA = "(parent.wisp_invert ? 1 - a : a)"
_TINTED = "({0}*(1 - m*parent.wisp_tint_opacity) + m*parent.wisp_tint_opacity*parent.wisp_tint_color.{0})"
_LOOK_OF = (
    "parent.wisp_output == 1 ? {0}*m : parent.wisp_output == 2 ? m"
    " : parent.wisp_output == 3 && parent.wisp_looking ? " + _TINTED + " : {0}"
)
_LOOK = (
    *((f"expr{index}", re.sub(r"\bm\b", _ALPHA, _LOOK_OF.format(one))) for index, one in enumerate("rgb")),
    ("expr3", _ALPHA),
)
_UNLESS_PLATE = (("disable", "parent.wisp_output == 4"),)
_UNLESS_LOOK = (("disable", "parent.wisp_output == 4 || (parent.wisp_output == 0 && !parent.wisp_invert)"),)
_UNLESS_GUIDES = (("disable", "!(parent.wisp_looking && parent.wisp_show_guides)"),)
_GUARD = (
    (
        "expression",
        f"parent.wisp_looking || parent.wisp_rendering == {PLATE_BELOW} || parent.wisp_cache_state > 0"
        " || !parent.wisp_strict",
    ),
)


def baked(mattes: List[Mattes], first: int, last: int, layers: bool, output: int, inverted: bool) -> List[NodeSpec]:
    """The same picture as the group gives in a render, as plain nodes without what chooses between them; the last of
    the table gives it. Every frame is solved."""
    table = [spec for spec in desired(mattes, first, last, layers, False, ()) if spec.kind not in ("Assert", "Output")]
    specs = {spec.name: spec for spec in table}
    unions = [name for name in specs if name.startswith("Union_")]
    found: List[NodeSpec] = []
    names = {"Empty": specs[unions[0]].inputs[1]} if unions else {}
    for spec in table:
        if unions and spec.name in ("Empty", unions[0]):
            names[spec.name] = specs[unions[0]].inputs[1]
        elif spec.name == "Look":
            looks = _fixed_look(output, inverted)
            found += looks
            names["Look"] = looks[-1].name if looks else names.get("WithAlpha", "WithAlpha")
        elif spec.name == "WithAlpha" and OUTPUTS[output] == "Plate":
            names["WithAlpha"] = "Plate"
        else:
            driven = tuple(one for one in spec.expressions if one[0] != "disable")
            found.append(spec._replace(inputs=tuple(names.get(one, one) for one in spec.inputs), expressions=driven))
    return found


def _fixed_look(output: int, inverted: bool) -> List[NodeSpec]:
    """What `Look` does for one choice of its settings, each on the one before it and the first on `WithAlpha`."""
    nodes: List[NodeSpec] = []
    if inverted and OUTPUTS[output] != "Plate":
        nodes.append(NodeSpec("Flip", "Expression", ("WithAlpha",), (("expr3", "1 - a"),)))
    source = nodes[-1].name if nodes else "WithAlpha"
    if OUTPUTS[output] == "Premultiplied":
        nodes.append(NodeSpec("Premultiplied", "Premult", (source,)))
    elif OUTPUTS[output] == "Matte only":
        nodes.append(NodeSpec("MatteOnly", "Expression", (source,), tuple((f"expr{i}", "a") for i in range(3))))
    return nodes


def _matte(number: int, matte: Mattes, first: int, last: int) -> NodeSpec:
    """One object's mattes. The path is written out: what collects the files of a script finds it."""
    span = (("first", first), ("last", last), ("origfirst", first), ("origlast", last), ("origset", True))
    return NodeSpec(f"Matte_{number}", "Read", (), (("file", matte.pattern), *span, ("raw", True)))


def _copied(*pairs: Tuple[str, str]) -> Tuple[Tuple[str, str], ...]:
    """The knobs of a Copy for these pairs of channels: from, to."""
    knobs = [(("from" + str(index), one[0]), ("to" + str(index), one[1])) for index, one in enumerate(pairs)]
    return tuple(knob for pair in knobs for knob in pair)


def build(group: Any, nodes: List[NodeSpec]) -> None:
    """Make the group's inside what the table says, keeping nodes that are there already, and values that fit.

    Where the edition of the host shows Python only some nodes, and the inside was made before, those that it shows are
    set up and nothing is made again: what is not shown is there all the same.
    """
    wanted = {spec.name: spec for spec in nodes}
    shown = {node.name(): node for node in group.nodes()}
    if host.limit() is not None and "Plate" in shown:
        for name in [name for name in shown if name in wanted]:
            set_up(shown[name], wanted[name])
        return
    with group:
        for node in list(group.nodes()):
            spec = wanted.get(node.name())
            if spec is None or node.Class() != spec.kind:
                host.delete(node)
        made: Dict[str, Any] = {}
        for spec in nodes:
            made[spec.name] = group.node(spec.name) or host.create(spec.kind, name=spec.name)
            set_up(made[spec.name], spec)
        for spec in nodes:
            for index, name in enumerate(spec.inputs):
                if made[spec.name].input(index) != made[name]:
                    made[spec.name].setInput(index, made[name])


def set_up(node: Any, spec: NodeSpec) -> None:
    """Give a node the values and expressions of the table."""
    for name, value in spec.values:
        if name.startswith(("from", "to")):
            host.declare_layer(value)
        node[name].setValue(value)
    for name, expression in spec.expressions:
        host.drive(node, name, expression)
