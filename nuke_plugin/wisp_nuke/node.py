"""The Wisp node: a Group (never a gizmo, so that a script carries all it needs) with knobs that start with `wisp_`."""

from __future__ import annotations

import json
import uuid
from typing import Any, Dict, List, Optional, Tuple

from . import graph, host, state
from .knobs import KNOBS, SCHEMA, KnobSpec

#: Run in scripts opened without the plug-in, too: there it does nothing.
_CALL = (
    "try:\n    from wisp_nuke import callbacks\nexcept ImportError:\n    callbacks = None\n"
    "if callbacks:\n    callbacks.{}\n"
)


def create(source: Optional[Any] = None, name: str = "Wisp1") -> Any:
    """A new node on `source`. Prompts and mattes are still to come; it passes the plate on."""
    group = host.create("Group", name=name)
    add_knobs(group)
    group["wisp_uid"].setValue(uuid.uuid4().hex)
    group["tile_color"].setValue(0x33C26BFF)
    hook(group)
    # Where Python reaches few nodes, the one that it must reach later is made among the first.
    rebuild(group, [graph.Mattes("", True)] if host.limit() is not None else [])
    if source is not None:
        group.setInput(0, source)
        read_range(group)
    return group


def hook(group: Any) -> None:
    """What the host calls when something happens to the node."""
    group["knobChanged"].setValue(_CALL.format("knob_changed()"))
    group["onCreate"].setValue(_CALL.format("on_create()"))
    group["onDestroy"].setValue(_CALL.format("on_destroy()"))


def add_knobs(group: Any) -> None:
    """The knobs that the node lacks; those that are there are left alone but for their flags."""
    for spec in KNOBS:
        if group.knob(spec.name) is None:
            knob = host.knob(spec.kind, spec.name, spec.label, *spec.arguments)
            if spec.tip:
                knob.setTooltip(spec.tip)
            if spec.span is not None:
                knob.setRange(*spec.span)
            group.addKnob(knob)
            if spec.value is not None:
                knob.setValue(spec.value)
            if spec.expression:
                host.drive(group, spec.name, spec.expression)
        _set_flags(group[spec.name], spec)


def _set_flags(knob: Any, spec: KnobSpec) -> None:
    """On every load as well as once: a script keeps only some of them."""
    if spec.hidden:
        knob.setFlag(host.INVISIBLE)
    if spec.own:
        knob.setFlag(host.NO_UNDO)
    if spec.passing:
        knob.setFlag(host.DO_NOT_WRITE)
    if spec.kind == "Enumeration_Knob":
        knob.setFlag(host.SAVE_MENU)
    if spec.line is not None:
        (knob.setFlag if spec.line else knob.clearFlag)(host.STARTLINE)


def newer(group: Any) -> Optional[str]:
    """A sentence where the node was made by a newer version, which this one leaves alone."""
    schema = int(group["wisp_schema"].value())
    if schema <= SCHEMA:
        return None
    return (
        f"{group.name()} was made by a newer Wisp (knobs of version {schema}, not {SCHEMA}). "
        "It renders; update the plug-in to edit it."
    )


def upgrade(group: Any) -> None:
    """Bring the node of an older script to this version: knobs are only ever added, their flags set again.

    The inside is left alone until the node is next solved: it renders what it rendered.
    """
    add_knobs(group)
    hook(group)


def rebuild(group: Any, mattes: List[graph.Mattes], guides: bool = False) -> None:
    """Make the inside fit these objects. Never inside a callback of the node's knobs."""
    graph.build(group, wanted(group, mattes, guides))
    numbers = " ".join(str(matte.number) for matte in mattes)
    if host.text_of(group["wisp_mattes_of"]) != numbers:
        group["wisp_mattes_of"].setValue(numbers)


def mattes_of(group: Any) -> List[int]:
    """Ids of the objects whose mattes the inside reads, by place: the first has `Matte_1` and `wisp_state_1`."""
    return [int(number) for number in host.text_of(group["wisp_mattes_of"]).split()]


def rearrange(group: Any, objects: List[Dict[str, Any]]) -> None:
    """Make the inside and the keys of what is solved fit these objects by what the node has of each, without an engine:
    after one was deleted, renamed or no longer counts, and after a change of the layers. An object that undo has
    brought back has what it had."""
    mattes = present_mattes(group, objects)
    states = [_states_of(group, matte.number) for matte in mattes]
    mine = state.of(group)
    former, mine.objects = mine.objects, {item["id"]: json.dumps(item, sort_keys=True) for item in objects}
    if mine.session is None:  # which knows better
        for number in former.keys() - mine.objects.keys():
            mine.deleted[former[number]] = _pattern_of(group, number), _states_of(group, number)
        for place, matte in enumerate(mattes):
            text = mine.objects[matte.number]
            if not matte.pattern and text in mine.deleted:
                pattern, states[place] = mine.deleted.pop(text)
                mattes[place] = matte._replace(pattern=pattern, enabled=bool(objects[place].get("enabled", True)))
    layers = bool(group["wisp_layers"].value())
    asked = [(matte.number, matte.enabled, matte.channel if layers and matte.enabled else "") for matte in mattes]
    made = [(number, *_made_for(group, place)) for place, number in enumerate(mattes_of(group), 1)]
    if made != asked and (made or any(matte.pattern for matte in mattes)):
        with state.writing(group):
            rebuild(group, mattes)
            show_states(group, states, [matte.enabled for matte in mattes])


def _made_for(group: Any, place: int) -> Tuple[bool, str]:
    """Whether the object at that place counts in the inside as it is, and its channel as a layer."""
    layer = group.node(f"Layer_{place}")
    return group.node(f"Union_{place}") is not None, str(layer["to0"].value()) if layer is not None else ""


def wanted(group: Any, mattes: List[graph.Mattes], guides: bool = False) -> List[graph.NodeSpec]:
    """What the inside must be for these objects, by the node's settings. `guides`: with them, as where they are."""
    first, last = frame_of(group, "wisp_first"), frame_of(group, "wisp_last")
    guides = guides or group.node("GuideRead") is not None
    inputs = graph.INPUTS if host.limit() is None else (graph.PLATE,)
    return graph.desired(mattes, first, last, bool(group["wisp_layers"].value()), guides, inputs)


def present_mattes(group: Any, objects: List[Dict[str, Any]]) -> List[graph.Mattes]:
    """The mattes that the inside reads now, for the objects in their order. One that neither has any nor is drawn does
    not count."""
    found = []
    for item in objects:
        number = item["id"]
        pattern = _pattern_of(group, number)
        counts = bool(item.get("enabled", True) and (pattern or item["prompts"]))
        found.append(graph.Mattes(pattern, counts, graph.channel_of(item["name"], number), number))
    return found


def _pattern_of(group: Any, number: int) -> str:
    """Where the inside reads the mattes of the object of that id; empty where it reads none."""
    places = mattes_of(group)
    read = group.node(f"Matte_{places.index(number) + 1}") if number in places else None
    return str(read["file"].value()) if read is not None else ""


def limited(group: Any) -> Optional[str]:
    """A sentence where this edition of the host keeps Python from nodes that the group needs."""
    limit = host.limit()
    if limit is None:
        return None
    reached = len(group.nodes())
    return (
        f"This edition of Nuke shows Python at most {limit} nodes of a script, and {reached} of those inside "
        f"{group.name()}: one object may work, more will not. What is solved renders in any edition."
    )


def show_for(group: Any, purpose: int) -> None:
    """What the node's picture is for from now on: `graph.VIEWERS`, with guides and tint; `graph.RENDER`, where an
    unsolved frame is a failure in the interface too; `graph.PLATE_BELOW`."""
    if int(group["wisp_rendering"].value()) != purpose:
        with state.writing(group):
            group["wisp_rendering"].setValue(purpose)


def frame_of(group: Any, knob: str) -> int:
    return int(group[knob].value())


def read_range(group: Any) -> None:
    """First and last frame of what the node is connected to."""
    source = group.input(0)
    if source is not None:
        span = source.frameRange()
        group["wisp_first"].setValue(int(span.first()))
        group["wisp_last"].setValue(int(span.last()))


def offer_models(group: Any, models: List[Dict[str, Any]]) -> None:
    """The engine's models in the menus: those that are installed, and whatever the node names already."""
    with state.writing(group):
        for knob, kind in (("wisp_tracker", "tracker"), ("wisp_head", "head")):
            chosen = str(group[knob].value())
            ids = [one["id"] for one in models if kind in one["kinds"] and one["available"]]
            ids = ids if chosen in ids else [chosen, *ids]
            host.offer(group[knob], ids, ids.index(chosen))


#: What a frame's key of `wisp_state_N` says of an object's matte.
UNSOLVED, SOLVED, LOST = range(3)


def show_states(group: Any, solved: List[Dict[int, int]], enabled: List[bool]) -> None:
    """What is solved, as keys: of each object what its mattes are, and whether those of all enabled objects are there.

    `solved`: per object {frame: `SOLVED` or `LOST`}; all other frames count as not solved, also those before and after
    the range: a render that goes beyond it must not hold the matte of the last frame.
    """
    frames = range(frame_of(group, "wisp_first") - 1, frame_of(group, "wisp_last") + 2)
    with state.writing(group):
        for number in range(1, graph.MOST_OBJECTS + 1):
            states = solved[number - 1] if number <= len(solved) else {}
            values = {frame: states.get(frame, UNSOLVED) for frame in frames} if states else {}
            host.constant_keys(group[f"wisp_state_{number}"], values)
        counted = [states for states, on in zip(solved, enabled) if on]
        there = {frame: int(all(frame in states for states in counted)) for frame in frames} if counted else {}
        host.constant_keys(group["wisp_cache_state"], there)


def lost_frames(group: Any, number: int) -> List[int]:
    """Frames on which the object of that id is recorded as lost, ascending."""
    return [frame for frame, held in _states_of(group, number).items() if held == LOST]


def solved_frames(group: Any) -> List[int]:
    """Frames on which the keys say of any object that it is solved, or lost."""
    return [frame for number in mattes_of(group) for frame in _states_of(group, number)]


def _states_of(group: Any, number: int) -> Dict[int, int]:
    """What the keys say of the object of that id: {frame: `SOLVED` or `LOST`}, ascending."""
    places = mattes_of(group)
    if number not in places:
        return {}
    target = group[f"wisp_state_{places.index(number) + 1}"]
    frames = range(frame_of(group, "wisp_first"), frame_of(group, "wisp_last") + 1)
    states = {frame: int(target.getValueAt(frame)) for frame in frames}
    return {frame: held for frame, held in states.items() if held != UNSOLVED}
