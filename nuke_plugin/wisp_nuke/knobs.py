"""The knobs of the Wisp node as a table: what it shows, what its script keeps."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

from . import graph
from .vendor.client.tables import (
    EDGE,
    FORMATS,
    HEAD,
    LAYOUTS,
    PICTURE_FORMATS,
    QUEUES,
    SCREENS,
    THRESHOLD,
    TRACKER,
    UNCOVER,
    EdgeSetting,
)

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

#: Python in knobs runs in scripts opened without the plug-in, too.
_PRESS = (
    "try:\n    from wisp_nuke import callbacks\nexcept ImportError:\n"
    "    nuke.message('The Wisp plug-in is not installed. The mattes render without it.')\n"
    "else:\n    callbacks.pressed('{}')\n"
)


#: What the value of a knob changes: the solved mattes, as prompts do; the picture of them that is rendered.
MATTES, PICTURE = "mattes", "picture"


class KnobSpec(NamedTuple):
    """A knob: Nuke's class, name, label, initial value (None: the class's own), further arguments, and what is set by
    flags: `hidden` from the artist, `own` for what the artist's undo must not hold, `passing` for what a script does
    not keep; what another value `changes`: `MATTES`, `PICTURE` or nothing; `line` where it begins a line of the panel
    (None: as its class does), `span` of its slider."""

    kind: str
    name: str
    label: str = ""
    value: Any = None
    arguments: Tuple[Any, ...] = ()
    hidden: bool = False
    own: bool = False
    passing: bool = False
    changes: str = ""
    line: Optional[bool] = None
    span: Optional[Tuple[float, float]] = None
    expression: str = ""
    tip: str = ""


def _button(name: str, label: str, tip: str = "", line: bool = False) -> KnobSpec:
    return KnobSpec("PyScript_Knob", "wisp_" + name, label, None, (_PRESS.format(name),), line=line, tip=tip)


def _check(name: str, label: str, value: bool, tip: str = "", own: bool = False, changes: str = "") -> KnobSpec:
    return KnobSpec("Boolean_Knob", "wisp_" + name, label, value, own=own, changes=changes, line=True, tip=tip)


def _number(name: str, label: str, value: float, span: Tuple[float, float], tip: str, changes: str = "") -> KnobSpec:
    return KnobSpec("Double_Knob", "wisp_" + name, label, value, changes=changes, span=span, tip=tip)


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
    # The folder that paths of masks in the prompts start from.
    _hidden("String_Knob", "masks_from")._replace(own=True),
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
        "String_Knob",
        "wisp_object_absent",
        "absent on",
        "",
        own=True,
        tip="Frames on which the object is not to be seen, such as 1001-1010,1040: nothing is tracked there.",
    ),
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
    _button(
        "carry",
        "Prompts of selected Wisp",
        "Of the other eye, or another take: each finds its place in this plate; what is solved there comes as masks.",
        line=True,
    ),
    KnobSpec("File_Knob", "wisp_carry_from", "or of a shot", "", tip="A document NAME.wisp."),
    _button("carry_file", "Take"),
    KnobSpec("Int_Knob", "wisp_carry_shift", "frames later", 0, tip="Added to the other's frame numbers."),
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
    _button(
        "fit_region",
        "Fit region",
        "The same, fitted around its masks on all frames: a small object is seen finer; again: the whole picture.",
    ),
    _button("prev_prompt", "< keyframe"),
    _button("next_prompt", "keyframe >"),
    KnobSpec("Int_Knob", "wisp_first", "first", 1, changes=MATTES),
    KnobSpec("Int_Knob", "wisp_last", "last", 1, line=False, changes=MATTES),
    _button("track_back", "Track backward", line=True),
    _button("track_this", "This frame"),
    _button("track_fwd", "Track forward"),
    _button("track_both", "Track all"),
    _button("stop", "Stop"),
    _button("check", "Check", "Look through the mattes: which frames are worth a look, and why.", line=True),
    _button("prev_doubt", "< suspicious"),
    _button("next_doubt", "suspicious >"),
    _button("prev_lost", "< lost", "To the frame before on which an object is lost."),
    _button("next_lost", "lost >", "To the next frame on which an object is lost."),
    _button("suggest", "Correct next", "Go to the frame of the chosen object from which a correction mends most."),
    KnobSpec("String_Knob", "wisp_words", "words", "", tip="What to look for on this frame, such as: the red car."),
    _number(
        "words_score", "from score", THRESHOLD, (0, 1), "Of what answers to the words, what is at least so sure."
    )._replace(line=False),
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
    KnobSpec("Enumeration_Knob", "wisp_output", "output", None, (list(graph.OUTPUTS),), changes=PICTURE),
    _check("layers", "a layer per object (matte_NAME)", False, changes=PICTURE),
    _number("grow", "grow", 0.0, (-20, 20), "Live, on all objects. Pixels.", PICTURE),
    _number("soft", "soften", 0.0, (0, 20), "Live, on all objects. Pixels.", PICTURE),
    _number("black", "black", 0.0, (0, 1), "Live, on all objects.", PICTURE),
    _number("white", "white", 1.0, (0, 1), "Live, on all objects.", PICTURE),
    _number("gamma", "gamma", 1.0, (0.1, 4), "Live, on all objects.", PICTURE),
    _check("invert", "invert", False, changes=PICTURE),
    _check("strict", "an unsolved frame stops a render", True),
    KnobSpec("Color_Knob", "wisp_tint_color", "tint colour", (0.2, 0.76, 0.42)),
    _number("tint_opacity", "tint", 0.55, (0, 1), "Opacity of the output 'Tint over plate', which only viewers show."),
    KnobSpec("File_Knob", "wisp_publish_dir", "publish folder", "", tip="Empty: 'mattes' beside the script."),
    KnobSpec("Enumeration_Knob", "wisp_publish_layout", "publish as", None, (_PUBLISHED,)),
    KnobSpec(
        "Enumeration_Knob",
        "wisp_publish_format",
        "files",
        None,
        ([FORMATS[key].label for key in PICTURE_FORMATS],),
        tip="Nodes that read them are made of EXR. A movie of colour and alpha has alpha.",
    ),
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
    KnobSpec(
        "File_Knob", "wisp_cache_dir", "cache folder", "", tip="Empty: 'wisp-cache' beside the script, once it is used."
    ),
    KnobSpec("File_Knob", "wisp_engine_python", "engine's Python", ""),
    KnobSpec("Enumeration_Knob", "wisp_tracker", "tracker", None, ([TRACKER],), changes=MATTES),
    KnobSpec("Enumeration_Knob", "wisp_head", "head", None, ([HEAD],), changes=MATTES),
    _check("uncover", "uncover the background", True, UNCOVER, changes=MATTES),
    KnobSpec(
        "Enumeration_Knob",
        "wisp_colorspace",
        "colour space",
        None,
        (list(COLORSPACES),),
        changes=MATTES,
        tip="Of the node's input, for the models; 'sRGB - Texture' for what a display shows as it is.",
    ),
    KnobSpec(
        "String_Knob",
        "wisp_view",
        "view",
        "",
        changes=MATTES,
        tip="How the models see the plate, by its name in OpenColorIO, such as 'ACES 1.0 - SDR Video'. Empty: as fits "
        "the colour space.",
    ),
    _number(
        "exposure",
        "exposure",
        0.0,
        (-6, 6),
        "Stops that the models see the plate brighter; the plate itself stays.",
        MATTES,
    ),
    _check(
        "backlit", "backlit", False, "The object is dark before the input Clean, which alone is lit.", changes=MATTES
    ),
    _button(
        "refresh_plates", "Render the plate again", "After a change that the node cannot see, such as new files.", True
    ),
    _button("scale_prompts", "Scale prompts", "After a change of the plate's resolution."),
    _button("start_engine", "Start engine", line=True),
    _button("stop_engine", "Stop engine"),
    _button("diagnostics", "Diagnostics"),
    _button("report", "Report a problem", "A page about this installation, without a path or a name of yours."),
    _hidden("Int_Knob", "rendering", passing=True),
    _hidden("Int_Knob", "looking", expression=graph.LOOKING),
    _hidden("String_Knob", "mattes_of"),
    _hidden("Int_Knob", "cache_state"),
    *(_hidden("Int_Knob", f"state_{number}") for number in range(1, graph.MOST_OBJECTS + 1)),
)


def that_change(what: str) -> Tuple[str, ...]:
    """The names of the knobs whose value changes `MATTES` or `PICTURE`."""
    return tuple(spec.name for spec in KNOBS if spec.changes == what)
