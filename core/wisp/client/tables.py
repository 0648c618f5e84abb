"""What stands in one place only: edge settings, kinds of prompts, colours, limits, rules for names.

The shot document, the JSON Schema, the command line, the Qt panels, Nuke's knobs and Blender's properties read these
tables. An edge setting is one entry here and what it does in `wisp.finish.edge`.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

#: The engine protocol's major version; both sides must agree.
PROTOCOL = 1
#: The longest line either side of the protocol sends, in bytes without the newline.
MAX_LINE = 8 * 1024 * 1024

#: The engine's word for a stage of a job -> what a person reads.
STAGES = {
    "starting": "Starting",
    "queued": "Waiting for the device",
    "track": "Tracking",
    "matte": "Matting",
    "detect": "Looking for words",
    "subject": "Looking for the subject",
    "deliver": "Delivering",
    "check": "Checking",
    "fetch": "Fetching weights",
    "roto": "Taking roto",
    "carry": "Carrying prompts",
}

#: Pictures that were filmed beside the plate: key of the document's plate -> what people call it.
BESIDE = {"clean": "clean plate", "second": "second plate", "second_clean": "second clean plate"}

# -- limits of a document -------------------------------------------------------------------------------------

#: Sizes, coordinates and frame numbers beyond these are mistakes, and would overflow in what computes with them.
MAX_PIXELS = 1_000_000
MAX_FRAME = 1_000_000_000
MAX_STOPS = 64
#: What has no bound of its own is bounded by what hosts hold: numbers of 32 bits.
LARGEST = 3.4e38
#: A disk and a blur of more pixels than these take minutes a frame at 4K.
MAX_GROW = 100
MAX_SOFTEN = 300
#: How far beyond the picture's border a point may lie, in widths and heights of it; boxes and strokes only have to
#: touch the picture. A plate's overscan is never wider.
OVERSCAN = 1.0
#: Wider or taller pixels are mistakes, and do not fit into a file's header.
MAX_ASPECT = 1000
#: A hand draws a few hundred points; what has more is to be thinned out by whoever made it.
MAX_STROKE_POINTS = 20_000
#: Of one object on one frame; more clicks than a hand makes are an outline or a mask.
MAX_PROMPTS = 1_000
#: What is done on a frame whose picture is missing or cannot be read: its name for people, and what that means. The
#: first is done where nothing else is said.
MISSING = {
    "error": ("Stop and say so", "A missing or unreadable frame stops the work"),
    "hold": ("Repeat the frame before", "The frame before is used in its place"),
    "black": ("Use black", "A black picture is used in its place"),
    "skip": ("Leave it out", "No matte is made of it"),
}
#: What a comparison shows of a matte; the first where nothing else is said.
LOOKS = ("checker", "black", "matte", "wipe", "difference")
#: What makes the check at the end of a farm job fail; the first where nothing else is said.
FAIL_ON = ("missing", "suspicious")
#: The folder beside a shot in which masks and mattes are kept where nothing else is said.
CACHE = "wisp-cache"
#: In a cache folder, the one file that is changed in place: what is in it. It is made anew where it lacks.
INDEX = "index.sqlite"
#: Of frames that are locked, and of those that an object is absent on.
MAX_SPANS = 10_000


class EdgeSetting(NamedTuple):
    """One number of an object's `edge`. The default changes nothing."""

    key: str
    label: str
    hint: str
    default: float
    #: What the document accepts; `highest` None: no bound. `above`: the lowest value itself is refused.
    lowest: float
    highest: Optional[float]
    #: What a slider spans, and digits after the point that a hand sets.
    usual: Tuple[float, float]
    decimals: int
    #: `px`: plate pixels; `alpha`: 0..1; empty: a plain factor.
    unit: str = ""
    whole: bool = False
    above: bool = False

    @property
    def limits(self) -> Tuple[float, float]:
        """What a hand can set, ends included: what the document accepts. Those of alpha are what a slider spans, which
        keeps the black point and the white one apart."""
        if self.unit == "alpha":
            return self.usual
        lowest = self.lowest + 10**-self.decimals if self.above else self.lowest
        return lowest, LARGEST if self.highest is None else self.highest

    @property
    def step(self) -> float:
        """What one press of an arrow changes."""
        return {0: 1.0, 1: 0.5}.get(self.decimals, 0.01)


#: In the order in which panels show them.
EDGE = (
    EdgeSetting(
        "grow",
        "Grow",
        "Move the edge out (or in, below 0) by so many pixels",
        0.0,
        -MAX_GROW,
        MAX_GROW,
        (-30.0, 30.0),
        1,
        "px",
    ),
    EdgeSetting("soften", "Soften", "Blur the edge over so many pixels", 0.0, 0.0, MAX_SOFTEN, (0.0, 30.0), 1, "px"),
    EdgeSetting("black", "Black", "Alpha up to this becomes 0", 0.0, 0.0, 1.0, (0.0, 0.99), 2, "alpha"),
    EdgeSetting("white", "White", "Alpha from this on becomes 1", 1.0, 0.0, 1.0, (0.01, 1.0), 2, "alpha"),
    EdgeSetting(
        "gamma", "Gamma", "Bend what lies between; above 1 brightens", 1.0, 0.0, None, (0.2, 5.0), 2, above=True
    ),
    EdgeSetting(
        "fill_holes",
        "Fill holes",
        "Fill holes up to this diameter in pixels",
        0.0,
        0.0,
        MAX_PIXELS,
        (0.0, 200.0),
        0,
        "px",
    ),
    EdgeSetting(
        "remove_specks",
        "Specks",
        "Remove specks up to this diameter in pixels",
        0.0,
        0.0,
        MAX_PIXELS,
        (0.0, 200.0),
        0,
        "px",
    ),
    EdgeSetting(
        "frame_edge",
        "Frame edge",
        "Replace so many pixels at the border by what is inside",
        0,
        0,
        MAX_PIXELS,
        (0, 20),
        0,
        "px",
        whole=True,
    ),
    EdgeSetting(
        "stabilise",
        "Stabilise",
        "Take out what flickers against the neighbouring frames",
        0.0,
        0.0,
        1.0,
        (0.0, 1.0),
        2,
    ),
)


class PromptKind(NamedTuple):
    """What marks an object on a frame; how it is stored is in `wisp.shot.model`."""

    key: str
    hint: str
    #: As it is typed after its frame and a colon.
    typed: str


#: Radius of painted lines in plate pixels, where nobody says another.
STROKE_RADIUS, UNKNOWN_RADIUS = 6.0, 20.0
PROMPTS = (
    PromptKind("box", "a rectangle around the object", "X0,Y0,X1,Y1"),
    PromptKind("point", "a click on it, or with ',-' beside it", "X,Y[,-]"),
    PromptKind("mask", "a black and white picture of it, of the plate's size", "FILE"),
    PromptKind(
        "stroke",
        f"a painted line of radius R ({STROKE_RADIUS:g}) to keep, or with ',-' to remove",
        "X,Y/X,Y/..[@R][,-]",
    ),
    PromptKind(
        "unknown",
        f"a painted line of radius R ({UNKNOWN_RADIUS:g}) under which alpha may be anything: hair, veils",
        "X,Y/X,Y/..[@R]",
    ),
    PromptKind("text", "words that name it", "WORDS"),
)
PROMPT_KINDS = tuple(kind.key for kind in PROMPTS)
#: A painted line gets another width where the pen's pressure, 0..1, has changed by so much; the thinnest, as a share of
#: the brush.
FIRMER, THINNEST = 0.125, 0.15
#: Those that are painted lines, with their radius.
PAINTED = {"stroke": STROKE_RADIUS, "unknown": UNKNOWN_RADIUS}
#: What a shot is solved with, and what words are looked for with, where nobody says otherwise.
TRACKER, HEAD, DETECTOR = "flow", "embedded", "grounding-dino-tiny"
#: What `uncover` does, as people are told it.
UNCOVER = (
    "The background behind hair and other wide soft edges is taken from frames before that show it: for cameras that "
    "stand, pan or turn, where no clean plate was filmed. With the heads that come with Wisp; takes longer where edges "
    "are soft."
)
#: Score from which a detector's box counts; Grounding DINO's authors use 0.25 to 0.4.
THRESHOLD = 0.3
#: Minutes without work after which an engine drops its models.
IDLE_MINUTES = 10.0
#: What a delivery's files can be of -> label and hint.
LAYOUTS = {
    "alpha": ("Alpha per object", "Grey mattes; {object} in the name where there are several"),
    "layers": ("One EXR, a layer per object", "EXR with layers matte.NAME"),
    "rgba": ("Colour and alpha per object", "The foreground; a name ending in .mov or .webm makes a movie with alpha"),
    "crypto": ("Cryptomatte", "EXR that the Cryptomatte nodes of compositors read"),
    "shapes": ("Roto shapes", "Splines with keys, as JSON, SVG and files for other compositors"),
}
#: Those that put all objects into one file.
SHARED_LAYOUTS = ("layers", "crypto")
#: Which frames of roto become masks -> label and hint.
ROTO_KEYS = {
    "keys": ("Every key", "A mask on every frame that has a key; of a sequence of mattes, on every frame"),
    "every": ("Each so many frames", "A mask on each so many frames"),
    "most": ("So many that differ most", "A mask on so many frames, those that differ most"),
}
#: Pixels on either side of roto's outline in which hair and motion blur are looked for, unless somebody says otherwise.
ROTO_BAND = 12
#: Who runs a farm's job -> label and hint.
QUEUES = {
    "openjd": ("Open Job Description", "A job that any of its runners takes, also `wisp farm run`"),
    "deadline-cloud": ("Deadline Cloud", "A job bundle"),
    "flamenco": ("Flamenco", "A job type for the manager, and the job as its interface takes it"),
    "opencue": ("OpenCue", "A script for PyOutline"),
}


class FileFormat(NamedTuple):
    """What delivered files can be: the word of the command line, and words for people. `layers`: it holds named layers,
    so that all objects fit into one file. `movie`: it holds all frames. `ending`: of its files' names, where that is
    not its word."""

    key: str
    label: str
    hint: str
    layers: bool = False
    movie: bool = False
    ending: str = ""

    @property
    def suffix(self) -> str:
        """What its files end in, without the dot."""
        return self.ending or self.key


_PICTURES = (
    FileFormat("exr", "EXR, half float", "The usual choice for compositing", layers=True),
    FileFormat("exr32", "EXR, float", "Where half is too little; twice the size", layers=True, ending="exr"),
    FileFormat("png", "PNG, 16 bit", "For programs without EXR"),
    FileFormat("tiff", "TIFF, 16 bit", "For programs without EXR", ending="tif"),
    FileFormat("mov", "Movie: ProRes 4444", "For editorial; ten bits of colour, sixteen of alpha", movie=True),
    FileFormat("mkv", "Movie: FFV1, lossless", "For archives", movie=True),
    FileFormat("webm", "Movie: VP9", "For browsers; eight bits", movie=True),
)
_SHAPES = (
    FileFormat("json", "JSON", "The plain document"),
    FileFormat("nk", "Nuke", "Roto nodes, to paste or import"),
    FileFormat("fxs", "Silhouette", "A project's shapes"),
    FileFormat("jsx", "After Effects", "A script that makes masks on the chosen layer"),
    FileFormat("svg", "SVG", "A drawing of one frame after the other"),
)
FORMATS = {one.key: one for one in (*_PICTURES, *_SHAPES)}
PICTURE_FORMATS = tuple(one.key for one in _PICTURES)
SHAPE_FORMATS = tuple(one.key for one in _SHAPES)


#: The screen whose light can be taken out of colour -> words; in the order of a second and third channel.
SCREENS = {"green": "Green screen", "blue": "Blue screen"}


def formats_of(layout: str) -> Tuple[str, ...]:
    """The formats that files of this layout can have."""
    if layout == "shapes":
        return SHAPE_FORMATS
    shared = layout in SHARED_LAYOUTS
    return tuple(one.key for one in _PICTURES if one.layers or not shared)


def confidence_fits(layout: str, file_format: str) -> bool:
    """Whether a file can have a layer of confidence beside its alpha."""
    return layout in ("alpha", "layers", "rgba") and FORMATS[file_format].layers


def despill_fits(layout: str) -> bool:
    """Whether there is colour that a screen can have thrown its light on."""
    return layout == "rgba"


def premultiplied_fits(layout: str, file_format: str) -> bool:
    """Whether colour can be multiplied by alpha: PNG holds straight colour, by its standard."""
    return layout == "rgba" and file_format != "png"


#: From this score on, 0..1, a person should look at a frame.
SUSPICIOUS = 0.5
#: Colours given to new objects in turn: far apart in hue, readable over skin, grass and sky.
PALETTE = ("#33c26b", "#e8543f", "#3f8ae8", "#e8b23f", "#a35be8", "#3fd0d8", "#e85ba8", "#9ccc3c")
#: An object's name is a layer's name and a folder's: a letter, then letters, digits, `_` and `-`.
NAME_PATTERN = r"[^\W\d_][\w\-]{0,63}"
#: Windows has devices of these names and makes no folder called so.
DEVICE_PATTERN = r"con|prn|aux|nul|com\d|lpt\d"
