"""The Wisp node: a Group (never a gizmo, so that a script carries all it needs) with knobs that start with `wisp_`."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import graph, host

#: Version of the knobs. Raise it, and add to `_UPGRADES`, when older scripts must be changed.
SCHEMA = 1

#: Python in knobs runs in scripts opened without the plug-in, too: there it does nothing.
_CALL = (
    "try:\n    from wisp_nuke import callbacks\nexcept ImportError:\n    callbacks = None\n"
    "if callbacks:\n    callbacks.{}\n"
)
_PRESS = (
    "try:\n    from wisp_nuke import callbacks\nexcept ImportError:\n"
    "    nuke.message('The Wisp plug-in is not installed. The mattes render without it.')\n"
    "else:\n    callbacks.pressed('{}')\n"
)


class KnobSpec(NamedTuple):
    """A knob: Nuke's class, name, label, initial value (None: the class's own), further arguments, hidden or not."""

    kind: str
    name: str
    label: str = ""
    value: Any = None
    arguments: Tuple[Any, ...] = ()
    hidden: bool = False


def _button(name: str, label: str) -> KnobSpec:
    return KnobSpec("PyScript_Knob", "wisp_" + name, label, None, (_PRESS.format(name),))


KNOBS: Tuple[KnobSpec, ...] = (
    KnobSpec("Tab_Knob", "wisp_matte_tab", "Wisp"),
    KnobSpec("Int_Knob", "wisp_schema", "", SCHEMA, (), True),
    KnobSpec("String_Knob", "wisp_uid", "", "", (), True),
    KnobSpec("String_Knob", "wisp_prompts", "", "", (), True),
    KnobSpec("Int_Knob", "wisp_object", "object", 1),
    KnobSpec("String_Knob", "wisp_object_name", "name", ""),
    _button("add_object", "New object"),
    _button("add_pos", "Add +"),
    _button("add_neg", "Add -"),
    _button("set_box", "Box from sample"),
    _button("clear_frame", "Clear frame"),
    _button("clear_object", "Clear object"),
    _button("prev_prompt", "< keyframe"),
    _button("next_prompt", "keyframe >"),
    KnobSpec("Int_Knob", "wisp_first", "first", 1),
    KnobSpec("Int_Knob", "wisp_last", "last", 1),
    _button("track_back", "Track backward"),
    _button("track_this", "This frame"),
    _button("track_fwd", "Track forward"),
    _button("track_both", "Track all"),
    _button("stop", "Stop"),
    KnobSpec("Text_Knob", "wisp_status", "", "Ready"),
    KnobSpec("Tab_Knob", "wisp_output_tab", "Output"),
    KnobSpec("Enumeration_Knob", "wisp_output", "output", None, (list(graph.OUTPUTS),)),
    KnobSpec("Double_Knob", "wisp_grow", "grow", 0.0),
    KnobSpec("Double_Knob", "wisp_soft", "soften", 0.0),
    KnobSpec("Double_Knob", "wisp_black", "black", 0.0),
    KnobSpec("Double_Knob", "wisp_white", "white", 1.0),
    KnobSpec("Boolean_Knob", "wisp_invert", "invert", False),
    KnobSpec("Boolean_Knob", "wisp_strict", "an unsolved frame stops a render", True),
    KnobSpec("Double_Knob", "wisp_tint_opacity", "tint", 0.55),
    KnobSpec("Color_Knob", "wisp_tint_color", "tint colour", (0.2, 0.76, 0.42)),
    _button("bake", "Bake to plain nodes"),
    KnobSpec("Tab_Knob", "wisp_setup_tab", "Setup"),
    KnobSpec("File_Knob", "wisp_cache_dir", "cache folder", ""),
    KnobSpec("File_Knob", "wisp_engine_python", "engine's Python", ""),
    KnobSpec("String_Knob", "wisp_tracker", "tracker", "flow"),
    KnobSpec("String_Knob", "wisp_head", "head", "guided"),
    KnobSpec("Boolean_Knob", "wisp_display_input", "input is display-referred (sRGB)", False),
    KnobSpec("Int_Knob", "wisp_cache_state", "", 0, (), True),
    *(KnobSpec("Int_Knob", f"wisp_state_{number}", "", 0, (), True) for number in range(1, graph.MOST_OBJECTS + 1)),
)


def create(source: Optional[Any] = None, name: str = "Wisp1") -> Any:
    """A new node on `source`. Prompts and mattes are still to come; it passes the plate on."""
    group = host.create("Group", name=name)
    add_knobs(group)
    group["wisp_uid"].setValue(uuid.uuid4().hex)
    group["tile_color"].setValue(0x33C26BFF)
    group["knobChanged"].setValue(_CALL.format("knob_changed()"))
    group["onCreate"].setValue(_CALL.format("on_create()"))
    rebuild(group, [])
    if source is not None:
        group.setInput(0, source)
        take_range(group)
    return group


def add_knobs(group: Any) -> None:
    """The knobs that the node lacks."""
    for spec in KNOBS:
        if group.knob(spec.name) is None:
            knob = host.knob(spec.kind, spec.name, spec.label, *spec.arguments)
            group.addKnob(knob)
            if spec.hidden:
                knob.setFlag(host.HIDDEN)
            if spec.value is not None:
                knob.setValue(spec.value)


def upgrade(group: Any) -> Optional[str]:
    """Bring the node of an older script to this version. A sentence where it is of a newer one and stays as it is."""
    schema = group.knob("wisp_schema")
    if schema is not None and int(schema.value()) > SCHEMA:
        return (
            f"{group.name()} was made by a newer Wisp (knobs of version {int(schema.value())}, not {SCHEMA}). "
            "It renders; update the plug-in to edit it."
        )
    add_knobs(group)
    group["wisp_schema"].setValue(SCHEMA)
    return None


def rebuild(group: Any, mattes: List[graph.Mattes]) -> None:
    """Make the inside fit these objects."""
    graph.build(group, graph.desired(mattes, frame_of(group, "wisp_first"), frame_of(group, "wisp_last")))


def frame_of(group: Any, knob: str) -> int:
    return int(group[knob].value())


def take_range(group: Any) -> None:
    """First and last frame of what the node is connected to."""
    source = group.input(0)
    if source is not None:
        span = source.frameRange()
        group["wisp_first"].setValue(int(span.first()))
        group["wisp_last"].setValue(int(span.last()))


def show_states(group: Any, solved: List[Dict[int, int]], enabled: List[bool]) -> None:
    """What is solved, as keys: per object 1 on frames whose matte is there, and the lowest over enabled objects.

    `solved`: per object {frame: 1}; the rest of first..last counts as not solved.
    """
    frames = range(frame_of(group, "wisp_first"), frame_of(group, "wisp_last") + 1)
    with host.not_undoable():
        for number in range(1, graph.MOST_OBJECTS + 1):
            states = solved[number - 1] if number <= len(solved) else {}
            values = {frame: states.get(frame, 0) for frame in frames} if states else {}
            host.constant_keys(group[f"wisp_state_{number}"], values)
        counted = [states for states, on in zip(solved, enabled) if on]
        lowest = {frame: min(states.get(frame, 0) for states in counted) for frame in frames} if counted else {}
        host.constant_keys(group["wisp_cache_state"], lowest)
