"""What is known of the host, as tables that the stand-in obeys: what is not in them is refused.

The numbers come from 2,624 saved scripts and gizmos of 37 public repositories (written by versions 4.5 to 15.1), the
headers of the C++ kit of versions 13.2 to 17.0, the docstrings of 15.0, the developer guide of 16.0 and the guide to
Write of 8.0 to 15.1. Nothing was run in the host.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

#: Flags of knobs, equal in all versions.
FLAGS = {
    "DISABLED": 0x80,
    "NO_ANIMATION": 0x100,
    "DO_NOT_WRITE": 0x200,
    "INVISIBLE": 0x400,
    "STARTLINE": 0x1000,
    "ENDLINE": 0x2000,
    "HIDDEN": 0x40000,
    "NO_UNDO": 0x80000,
    "ALWAYS_SAVE": 0x100000,
    "SAVE_MENU": 0x2000000,
    "KNOB_CHANGED_RECURSIVE": 0x8000000,
    "READ_ONLY": 0x10000000,
}
#: Those that an `addUserKnob` line was ever seen to carry; all others are gone after loading and pasting.
SAVED_FLAGS = ("STARTLINE", "HIDDEN", "DISABLED", "INVISIBLE", "DO_NOT_WRITE")
#: Flags in scripts that mean nothing to the stand-in.
OTHER_SAVED_FLAGS = ("NO_HANDLES", "SLIDER", "LOG_SLIDER")

#: Classes of knobs that a node may be given, with the number that a script has for them.
CODES = {
    "String_Knob": 1,
    "EvalString_Knob": 1,
    "File_Knob": 2,
    "Int_Knob": 3,
    "Enumeration_Knob": 4,
    "Boolean_Knob": 6,
    "Double_Knob": 7,
    "XY_Knob": 12,
    "WH_Knob": 14,
    "BBox_Knob": 15,
    "Color_Knob": 18,
    "AColor_Knob": 19,
    "Tab_Knob": 20,
    "PyScript_Knob": 22,
    "Text_Knob": 26,
}


class KnobFact(NamedTuple):
    """A knob of a class: its kind (see `knobs.KINDS`), what it holds at first, and the words that it takes."""

    kind: str
    default: Any = None
    words: tuple[str, ...] = ()


#: Sets of channels that a `channels` knob takes by a word, besides the names of layers.
SETS = ("all", "none", "rgba", "rgb", "alpha")
FORMATS = {"square_256": (256, 256), "square_512": (512, 512), "HD_1080": (1920, 1080)}
_OPERATIONS = (
    *("over", "plus", "multiply", "screen", "under", "copy", "mask", "max", "minus", "from", "divide", "stencil"),
    *("difference", "min", "average", "in", "out"),
)
#: Without the word for linear, which no saved script has: leave the default alone.
_SPACES = ("sRGB", "Cineon", "HSV", "HSL", "YCbCr", "CIE-XYZ", "CIE-Yxy", "CIE-Lab", "CIE-LCH", "AlexaV3LogC", "2.20")

#: What of its metadata a Write puts into an EXR, each more than the one before.
METADATA = (
    "no metadata",
    "default metadata",
    "default metadata and exr/*",
    "all metadata except input/*",
    "all metadata",
)

_number, _whole, _switch = KnobFact("double", 0.0), KnobFact("int", 1), KnobFact("bool", False)
_text, _file, _color = KnobFact("string", ""), KnobFact("file", ""), KnobFact("acolor", 0.0)
_ALL, _RGB = KnobFact("channels", "all"), KnobFact("channels", "rgb")
#: Of every node.
EVERY = {
    "name": _text,
    "label": _text,
    "tile_color": KnobFact("chip", 0),
    "gl_color": KnobFact("chip", 0),
    "disable": _switch,
    "selected": _switch,
    "xpos": KnobFact("int", 0),
    "ypos": KnobFact("int", 0),
}
_CALLBACKS = {name: KnobFact("python", "") for name in ("knobChanged", "onCreate", "onDestroy")}
CLASSES: dict[str, dict[str, KnobFact]] = {
    "Group": {"help": _text, **_CALLBACKS},
    "Input": {"number": KnobFact("int", 0)},
    "Output": {},
    "Read": {
        "file": _file,
        "format": KnobFact("format", ""),
        **dict.fromkeys(("first", "last", "origfirst", "origlast"), _whole),
        "origset": _switch,
        "raw": _switch,
        "premultiplied": _switch,
        "on_error": KnobFact("enum", "error", ("error", "black", "checkerboard", "nearest frame")),
        "localizationPolicy": KnobFact(
            "enum", "fromAutoLocalizePath", ("fromAutoLocalizePath", "on", "off", "onDemand")
        ),
        "reload": KnobFact("button"),
    },
    "Write": {
        "file": _file,
        "file_type": KnobFact("enum", "", ("", "png", "exr", "jpeg", "mov", "tiff", "cin", "targa")),
        "channels": _RGB,
        "raw": _switch,
        "create_directories": _switch,
        "metadata": KnobFact("enum", "default metadata", METADATA),
    },
    "Expression": {
        **{f"expr{index}": _text for index in range(4)},
        **{f"channel{index}": KnobFact("channels", "") for index in range(4)},
    },
    "Switch": {"which": _number},
    "Merge2": {
        "operation": KnobFact("enum", "over", _OPERATIONS),
        "output": KnobFact("channels", "rgba"),
        "Achannels": KnobFact("channels", "rgba"),
        "also_merge": KnobFact("channels", "none"),
    },
    "Grade": {
        "channels": _RGB,
        "blackpoint": _color,
        "whitepoint": KnobFact("acolor", 1.0),
        "gamma": KnobFact("acolor", 1.0),
        "black_clamp": KnobFact("bool", True),
        "white_clamp": _switch,
    },
    "Crop": {"box": KnobFact("bbox", None), "crop": KnobFact("bool", True), "reformat": _switch},
    "Dilate": {"channels": _ALL, "size": KnobFact("wh", 0.0)},
    "Blur": {"channels": _ALL, "size": KnobFact("wh", 0.0)},
    "Invert": {"channels": _ALL},
    "Multiply": {"channels": _ALL, "value": KnobFact("acolor", 1.0)},
    "Premult": {"channels": _RGB},
    "Copy": {f"{way}{index}": KnobFact("channel", "none") for index in range(4) for way in ("from", "to")},
    "Assert": {"expression": KnobFact("driven", 1.0), "message": _text},
    "Colorspace": {name: KnobFact("enum", None, _SPACES) for name in ("colorspace_in", "colorspace_out")},
    "OneView": {"view": KnobFact("view", "")},
    "RotoPaint": {"curves": KnobFact("curves")},
    "Roto": {
        "curves": KnobFact("curves"),
        "output": KnobFact("channels", ""),
        "cliptype": KnobFact("enum", None, ("none", "bbox")),
        "format": KnobFact("format", ""),
    },
    "Constant": {"channels": _RGB, "color": _color, "format": KnobFact("format", "")},
    "Viewer": {"colour_sample_bbox": KnobFact("bbox", (0.0,) * 4)},
    "TimeOffset": {"time_offset": KnobFact("int", 0)},
    "FrameHold": {"first_frame": KnobFact("int", 0)},
    "Cryptomatte": {"matteList": _text},
    "Dot": {},
    "NoOp": {},
    "Plates": {},  # not of the host: pictures that a test supplies
    "Root": {
        "proxy": _switch,
        "first_frame": _whole,
        "last_frame": KnobFact("int", 100),
        "format": KnobFact("format", ""),
        "colorManagement": KnobFact("enum", "Nuke", ("Nuke", "OCIO")),
        "workingSpaceLUT": KnobFact("string", "linear"),
        "OCIO_config": _text,
        "customOCIOConfigPath": _file,
        "project_directory": _file,
    },
}
#: Classes with a mask, which a script counts as `2+1`.
MASKED = ("Merge2", "Grade", "Dilate", "Blur", "Copy", "Multiply", "Invert", "Premult", "Colorspace")
#: What makes no picture from others.
SOURCES = ("Input", "Read", "Constant", "Plates", "Root")


@dataclass(frozen=True)
class Unknowns:
    """What nobody could tell us: each may be either way, and the plug-in must hold in both."""

    #: knobChanged is called for whatever changes a knob, and inside itself; else only for what the user changes in an
    #: open panel, and never nested (documented up to 16.0).
    any_change: bool = False
    #: `setAnimated` makes a key on the current frame.
    set_animated_keys: bool = False
    #: A text knob comes back from a script as EvalString_Knob.
    eval_strings: bool = False
    #: The viewer's sampler follows the pointer.
    hover_samples: bool = False
    #: `toScript()` without arguments gives the value of now.
    script_of_now: bool = False
    #: `setValues` chooses the first.
    values_reset: bool = False
    #: The choices that a menu was given later are saved with SAVE_MENU only.
    menus_are_lost: bool = False
    #: A BBox of four equal numbers is one number, as of other arrays.
    bbox_shortens: bool = False
    #: afterRender is called for a render that was aborted.
    after_aborted: bool = False
    #: `executing()` is true in beforeRender already.
    executing_before: bool = True
    #: `changeInterpolation` takes CONSTANT.
    constant_taken: bool = True
    #: `Layer` adds channels to a layer that is there.
    layers_extend: bool = True
    #: A Crop's box begins with the numbers of a format.
    crop_is_a_format: bool = False
    #: `setVisible` marks the script as modified.
    visible_modifies: bool = False
    #: A text knob takes what is no text.
    text_of_anything: bool = True
    #: There is a Cryptomatte node in this version (13.0 has one) and edition.
    has_cryptomatte: bool = True
    #: `zoom()` and `center()` tell of the viewer that the mouse is in; else of the graph, as is documented.
    viewer_zooms: bool = False
    #: Setting a knob by a program outside of `Undo.begin` is a step of undo.
    loose_steps: bool = False


FIRST = Unknowns()
SECOND = replace(FIRST, **{one.name: not getattr(FIRST, one.name) for one in fields(FIRST)})
#: One unknown turned at a time.
EACH = {one.name: replace(FIRST, **{one.name: not getattr(FIRST, one.name)}) for one in fields(FIRST)}

#: What is known of the host's behaviour: each is modelled, and has a test in `tests/nuke`.
BEHAVIOUR = (
    "an Assert is driven by an expression; no script stores text in it",
    "`knobChanged` up to 16.0: changes by the user in an open panel only, never inside itself",
    "`onCreate`: of inner nodes before their group, also for loading, pasting and undone deletions",
    "`onDestroy`: of a group before what is in it",
    "callbacks around renders are of Write unless told, those about scripts of Root",
    "a menu's `setValue` looks for the words first, and takes a place only if there is no such word",
    "equal components of colours and sizes are one number; of XY and BBox never in a script",
    "`isAnimated` is true for expressions, too",
    "`setValue` of a keyed knob is a key; `setValueAt` of another one sets it",
    "an integer knob takes whole numbers only",
    "`setInput` is false for a node of another group",
    "`selectedNodes` and `nodeCopy` are of the current group",
    "a node that is gone raises ValueError, whatever it is asked",
    "`inputs()` is the highest connected one and one more; a script has `2+1` where the last is a mask",
    "`String_Knob.value()` is evaluated as Tcl, `getText()` is not",
    "`toScript(False, None)` has all keys",
    "values at their default are not in a script, nor are those of knobs with DO_NOT_WRITE",
    "text and buttons have their content in `addUserKnob`, and no line of their own",
    "a knob's value follows its definition at once, knobs of the class come first",
    "colours of tiles are hexadecimal; `$` and `[` are escaped in quotes",
    "curves: a number without a frame is on the next one; letters hold from there on",
    "a layer is in a script before what writes to it (`add_layer`)",
    "a Write gives an EXR time code and rate of its metadata, and of the rest what it is told to",
    "menus exist in the interface only",
    "a cancelled render is a RuntimeError that begins with `Cancelled`",
    "`executeInMainThreadWithResult` waits; the other does not",
    "the viewer's sampler is normalised to half the format's width, and goes beyond the format",
    "Non-commercial and Indie editions show Python ten nodes",
)


def count() -> dict[str, int]:
    """How many facts of each kind the tables hold."""
    from .callbacks import KINDS

    return {
        "knobs of classes": len(EVERY) + sum(map(len, CLASSES.values())),
        "words of menus": sum(len(fact.words) for knobs in CLASSES.values() for fact in knobs.values()),
        "classes of user knobs": len(CODES),
        "flags": len(FLAGS) + len(SAVED_FLAGS),
        "lists of callbacks": len(KINDS),
        "behaviours": len(BEHAVIOUR),
    }
