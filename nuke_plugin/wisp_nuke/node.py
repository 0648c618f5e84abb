"""The Wisp node: a Group (never a gizmo, so that a script carries all it needs) with knobs that start with `wisp_`."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import graph, host, state
from .vendor.client.tables import EDGE, HEAD, LAYOUTS, QUEUES, SCREENS, TRACKER, EdgeSetting

#: Version of the knobs. Raise it when an older plug-in would misread them.
SCHEMA = 1
#: Points of one frame that get a handle in the viewer.
HANDLES = 8
POINTS = range(1, HANDLES + 1)
#: Of the input: what the project says, or a space by the name that the engine's OpenColorIO knows.
COLORSPACES = ("from the project", "Linear Rec.709 (sRGB)", "ACEScg", "ACES2065-1", "sRGB - Texture")
_PUBLISHED = [label for label, _ in LAYOUTS.values()]
#: Screens of which the light is taken out of published colour.
SPILL = ("leave", *SCREENS)
#: What a pick in the viewer means.
MODES = ("Off", "Add +", "Remove -", "Box")

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
    """A knob: Nuke's class, name, label, initial value (None: the class's own), further arguments, and what is set by
    flags: `hidden` from the artist, `own` for what the artist's undo must not hold, `passing` for what a script does
    not keep, `line` where it begins a line of the panel (None: as its class does), `span` of its slider."""

    kind: str
    name: str
    label: str = ""
    value: Any = None
    arguments: Tuple[Any, ...] = ()
    hidden: bool = False
    own: bool = False
    passing: bool = False
    line: Optional[bool] = None
    span: Optional[Tuple[float, float]] = None
    expression: str = ""
    tip: str = ""


def _button(name: str, label: str, tip: str = "", line: bool = False) -> KnobSpec:
    return KnobSpec("PyScript_Knob", "wisp_" + name, label, None, (_PRESS.format(name),), line=line, tip=tip)


def _check(name: str, label: str, value: bool, tip: str = "", own: bool = False) -> KnobSpec:
    return KnobSpec("Boolean_Knob", "wisp_" + name, label, value, own=own, line=True, tip=tip)


def _number(name: str, label: str, value: float, span: Tuple[float, float], tip: str) -> KnobSpec:
    return KnobSpec("Double_Knob", "wisp_" + name, label, value, span=span, tip=tip)


def _edge(setting: EdgeSetting) -> KnobSpec:
    """A setting of the active object; what undo holds is the text that all objects are stored in."""
    name, label, tip = "edge_" + setting.key, setting.label.lower(), setting.hint + "."
    if setting.whole:
        return KnobSpec("Int_Knob", "wisp_" + name, label, int(setting.default), own=True, tip=tip)
    return _number(name, label, setting.default, setting.usual, tip)._replace(own=True)


def _hidden(kind: str, name: str, passing: bool = False, expression: str = "", value: Any = None) -> KnobSpec:
    return KnobSpec(kind, "wisp_" + name, "", value, hidden=True, own=passing, passing=passing, expression=expression)


KNOBS: Tuple[KnobSpec, ...] = (
    KnobSpec("Tab_Knob", "wisp_matte_tab", "Wisp"),
    _hidden("Int_Knob", "schema", value=SCHEMA),
    _hidden("String_Knob", "uid"),
    _hidden("String_Knob", "prompts"),
    KnobSpec("Enumeration_Knob", "wisp_object", "object", None, (["none"],)),
    _button("add_object", "New object"),
    _button("delete_object", "Delete object"),
    KnobSpec(
        "String_Knob", "wisp_object_name", "name", "", own=True, tip="Also the name of the object's layer and files."
    ),
    KnobSpec("Color_Knob", "wisp_object_color", "colour", (0.0, 0.0, 0.0), own=True),
    _check("object_enabled", "counts", True, "Off: the object is neither solved nor shown.", own=True),
    _check("object_core", "core input", False, "The alpha of the input Core surely belongs to this object.", own=True),
    KnobSpec(
        "Enumeration_Knob",
        "wisp_mode",
        "picking",
        None,
        (list(MODES),),
        own=True,
        passing=True,
        tip="While on: Ctrl+click in the viewer makes a point, Ctrl+Shift+drag a box.",
    ),
    _button("add_pos", "Add +", "The picked pixel belongs to the object.", line=True),
    _button("add_neg", "Add -", "The picked pixel does not belong to the object."),
    _button("set_box", "Box from sample", "The picked region is around the object."),
    _button("paint_strokes", "Paint strokes", "Make or choose the RotoPaint node to paint strokes in.", line=True),
    _button("collect_strokes", "Collect strokes", "Take this frame's strokes from the RotoPaint node."),
    _button("mask_selected", "Mask of selected node", "This frame's alpha of a Roto, a key: inside above one half."),
    _button(
        "take_roto", "Shapes of selected Roto", "A new object of its shapes, with a mask wherever they have a key."
    ),
    _number(
        "roto_band",
        "finish within",
        0.0,
        (0, 64),
        "Above 0: shapes are kept on every frame, and hair and motion "
        "blur are looked for within so many pixels of their outline.",
    ),
    _button("delete_prompt", "Delete nearest", line=True),
    _button("clear_frame", "Clear frame"),
    _button("clear_object", "Clear object"),
    _button(
        "region",
        "Region of box",
        "Models look at this part of the picture alone, and finer, on all frames; again: at all of it.",
    ),
    _button("prev_prompt", "< keyframe"),
    _button("next_prompt", "keyframe >"),
    KnobSpec("Int_Knob", "wisp_first", "first", 1),
    KnobSpec("Int_Knob", "wisp_last", "last", 1, line=False),
    _button("track_back", "Track backward", line=True),
    _button("track_this", "This frame"),
    _button("track_fwd", "Track forward"),
    _button("track_both", "Track all"),
    _button("stop", "Stop"),
    _button("check", "Check", "Look through the mattes: which frames are worth a look, and why.", line=True),
    _button("prev_doubt", "< suspicious"),
    _button("next_doubt", "suspicious >"),
    _button("suggest", "Correct next", "Go to the frame of the chosen object from which a correction mends most."),
    KnobSpec("String_Knob", "wisp_words", "words", "", tip="What to look for on this frame, such as: the red car."),
    _button("find", "Find", "A box of the chosen object around what the words name. Needs a detector."),
    _button(
        "subject",
        "Subject",
        "What this frame is about, as an object; press again for the next of up to three candidates.",
    ),
    KnobSpec("Text_Knob", "wisp_status", "", None, ("Ready",)),
    # The handles are on the tab of the buttons that pick: the viewer draws those of the tab that is seen.
    KnobSpec("BBox_Knob", "wisp_box", "box", None, own=True, tip="The object's box on this frame."),
    *(KnobSpec("XY_Knob", f"wisp_point_{number}", f"point {number}", None, own=True) for number in POINTS),
    KnobSpec("Tab_Knob", "wisp_edge_tab", "Edge"),
    KnobSpec(
        "Text_Knob",
        "wisp_edge_about",
        "",
        None,
        ("Of the chosen object; solved with it, so press Track after a change.",),
    ),
    *map(_edge, EDGE),
    KnobSpec("Tab_Knob", "wisp_output_tab", "Output"),
    KnobSpec("Enumeration_Knob", "wisp_output", "output", None, (list(graph.OUTPUTS),)),
    _check("layers", "a layer per object (matte_NAME)", False),
    _number("grow", "grow", 0.0, (-20, 20), "Live, on all objects. Pixels."),
    _number("soft", "soften", 0.0, (0, 20), "Live, on all objects. Pixels."),
    _number("black", "black", 0.0, (0, 1), "Live, on all objects."),
    _number("white", "white", 1.0, (0, 1), "Live, on all objects."),
    _number("gamma", "gamma", 1.0, (0.1, 4), "Live, on all objects."),
    _check("invert", "invert", False),
    _check("strict", "an unsolved frame stops a render", True),
    KnobSpec("Color_Knob", "wisp_tint_color", "tint colour", (0.2, 0.76, 0.42)),
    _number("tint_opacity", "tint", 0.55, (0, 1), "Opacity of the output 'Tint over plate', which only viewers show."),
    KnobSpec("File_Knob", "wisp_publish_dir", "publish folder", "", tip="Empty: 'mattes' beside the script."),
    KnobSpec("Enumeration_Knob", "wisp_publish_layout", "publish as", None, (_PUBLISHED,)),
    KnobSpec(
        "String_Knob",
        "wisp_publish_frames",
        "frames",
        "",
        tip="Such as 1001-1050x2; empty: the node's range. Of a part no nodes are made that read it.",
    ),
    _check("publish_exclusive", "exclusive", False, "Where objects overlap, their mattes add up to at most 1."),
    _check("publish_confidence", "confidence", False, "Also a layer conf.NAME: 1 - expected error of every pixel."),
    KnobSpec(
        "Enumeration_Knob",
        "wisp_publish_despill",
        "spill",
        None,
        (list(SPILL),),
        tip="Of colour: take the light of a screen that the object was shot before out of it.",
    ),
    _check("publish_premultiply", "premultiply", False, "Of colour: times alpha."),
    _button("publish", "Publish", "Write a new version of the matte files, and plain nodes that read them.", line=True),
    _button("bake", "Bake to plain nodes", "Plain nodes that read the cache."),
    KnobSpec("Enumeration_Knob", "wisp_farm_queue", "farm", None, ([label for label, _ in QUEUES.values()],)),
    KnobSpec(
        "String_Knob",
        "wisp_farm_map",
        "farm's paths",
        "",
        tip="Where files lie on the workers, if elsewhere: P:/film=/mnt/film; //server/film=/mnt/film",
    ),
    _button("farm", "Farm job", "Write the shot and a job of it for a render farm, beside its plate.", line=True),
    _button("take_solved", "Take what is solved", "Mattes of this shot that a farm or a command line has solved."),
    KnobSpec("Tab_Knob", "wisp_guides_tab", "Guides"),
    _check("show_guides", "draw the prompts over the picture", True, "Never rendered."),
    _check(
        "overlay",
        "what a pick would give, over the viewer",
        False,
        "Needs a Nuke that tells where its viewer's picture lies: two picks prove it, or turn it off.",
    ),
    _number("guide_size", "size", 1.0, (0.2, 4), "Of the marks; 1 is right for a picture that fills the viewer."),
    KnobSpec("Tab_Knob", "wisp_setup_tab", "Setup"),
    KnobSpec("File_Knob", "wisp_cache_dir", "cache folder", "", tip="Empty: 'wisp-cache' beside the script."),
    KnobSpec("File_Knob", "wisp_engine_python", "engine's Python", ""),
    KnobSpec("Enumeration_Knob", "wisp_tracker", "tracker", None, ([TRACKER],)),
    KnobSpec("Enumeration_Knob", "wisp_head", "head", None, ([HEAD],)),
    KnobSpec(
        "Enumeration_Knob",
        "wisp_colorspace",
        "colour space",
        None,
        (list(COLORSPACES),),
        tip="Of the node's input, for the models; 'sRGB - Texture' for what a display shows as it is.",
    ),
    _number(
        "exposure", "exposure", 0.0, (-6, 6), "Stops that the models see the plate brighter; the plate itself stays."
    ),
    _check("backlit", "backlit", False, "The object is dark before the input Clean, which alone is lit."),
    _button(
        "refresh_plates", "Render the plate again", "After a change that the node cannot see, such as new files.", True
    ),
    _button("scale_prompts", "Scale prompts", "After a change of the plate's resolution."),
    _button("start_engine", "Start engine", line=True),
    _button("stop_engine", "Stop engine"),
    _button("diagnostics", "Diagnostics"),
    _hidden("Boolean_Knob", "rendering", passing=True),
    _hidden("Int_Knob", "looking", expression=graph.LOOKING),
    _hidden("Int_Knob", "cache_state"),
    *(_hidden("Int_Knob", f"state_{number}") for number in range(1, graph.MOST_OBJECTS + 1)),
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


def wanted(group: Any, mattes: List[graph.Mattes], guides: bool = False) -> List[graph.NodeSpec]:
    """What the inside must be for these objects, by the node's settings. `guides`: with them, as where they are."""
    first, last = frame_of(group, "wisp_first"), frame_of(group, "wisp_last")
    guides = guides or group.node("GuideRead") is not None
    inputs = graph.INPUTS if host.limit() is None else (graph.PLATE,)
    return graph.desired(mattes, first, last, bool(group["wisp_layers"].value()), guides, inputs)


def present_mattes(group: Any, objects: List[Dict[str, Any]]) -> List[graph.Mattes]:
    """The mattes that the inside reads now, for the objects in their order."""
    found = []
    for number, item in enumerate(objects, 1):
        read = group.node(f"Matte_{number}")
        pattern = str(read["file"].value()) if read is not None else ""
        channel = graph.channel_of(item["name"], item["id"])
        found.append(graph.Mattes(pattern, bool(item.get("enabled", True)), channel))
    return found


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


def show_states(group: Any, solved: List[Dict[int, int]], enabled: List[bool]) -> None:
    """What is solved, as keys: per object 1 on frames whose matte is there, and the lowest over enabled objects.

    `solved`: per object {frame: 1}; all other frames count as not solved, also those before and after the range: a
    render that goes beyond it must not hold the matte of the last frame.
    """
    frames = range(frame_of(group, "wisp_first") - 1, frame_of(group, "wisp_last") + 2)
    with state.writing(group):
        for number in range(1, graph.MOST_OBJECTS + 1):
            states = solved[number - 1] if number <= len(solved) else {}
            values = {frame: states.get(frame, 0) for frame in frames} if states else {}
            host.constant_keys(group[f"wisp_state_{number}"], values)
        counted = [states for states, on in zip(solved, enabled) if on]
        lowest = {frame: min(states.get(frame, 0) for states in counted) for frame in frames} if counted else {}
        host.constant_keys(group["wisp_cache_state"], lowest)
