"""What is asked of an engine as a job, and what is told while a job works and at its end.

One vocabulary: the requests are parameters of the engine's protocol, and what the command line makes of its options;
events are the protocol's notifications `job/..`, what a running solve gives its listener, and the lines of `--json`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Dict, List, Mapping, Optional, Tuple, Type, TypeVar, Union

from .tables import DETECTOR, THRESHOLD

if TYPE_CHECKING:  # annotations are not looked at where Python is too old to have these
    from typing import Annotated, Literal


def counted(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


# -- requests -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """Base of what can be asked. `method`: its name in the protocol; `doing`: what is said while it is done."""

    method: ClassVar[str]
    doing: ClassVar[str]

    @property
    def faults(self) -> List[str]:
        """What is wrong with its numbers, one clause each."""
        return []


@dataclass(frozen=True)
class Solve(Request):
    """Compute what is missing. Answered at once; the work is reported by notifications.

    A job ends with exactly one `job/done` or `job/error`.
    """

    method = "solve"
    doing = "Solving"
    frames: Annotated[Optional[str], "A frame range; null: the whole shot."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    direction: Annotated[
        Literal["both", "forward", "backward"],
        "`forward`: only frames from the first keyframe of these objects on; `backward`: only frames up to their last "
        "keyframe.",
    ] = "both"


@dataclass(frozen=True)
class Detect(Request):
    """Turn words into boxes: those of the shot's text prompts that have no box yet, or `words` on `frame`.

    The document is not changed: each box comes as `job/box`, for the front-end to make a prompt of it.
    """

    method = "detect"
    doing = "Looking for words"
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    words: Annotated[Optional[str], "Look for these on `frame` instead of the shot's text prompts."] = None
    frame: Annotated[Optional[int], "Where `words` are looked for."] = None
    detector: Annotated[str, "The model that looks for the words."] = DETECTOR
    threshold: Annotated[float, "Score from which a box counts, 0..1."] = THRESHOLD
    every: Annotated[bool, "Everything that answers, each an object of its own; else the best."] = False

    @property
    def faults(self) -> List[str]:
        found = [] if self.threshold >= 0.0 else [f"the threshold {self.threshold:g} is below 0"]
        return found + (["'words' need a 'frame' to be looked for on"] if self.words and self.frame is None else [])


@dataclass(frozen=True)
class Subject(Request):
    """Look for what a frame may be about, with nothing prompted: people and animals first.

    The document is not changed: each candidate comes as `job/candidate`, the likeliest first, for a person to choose.
    """

    method = "subject"
    doing = "Looking for the subject"
    frame: Annotated[int, "Where to look."]


@dataclass(frozen=True)
class Region(Request):
    """Fit the part of the plate that models are shown of an object around its masks on all frames, with a margin: a
    small subject keeps its detail. What is not tracked yet is tracked in the whole picture.

    The document is not changed: each region comes as `job/region`, for the front-end to store.
    """

    method = "region"
    doing = "Fitting the region"
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None


@dataclass(frozen=True)
class Deliver(Request):
    """Write solved mattes as files for others. What is null is as the shot says."""

    method = "deliver"
    doing = "Delivering"
    output: Annotated[
        str,
        "A name with `%04d` or `####`, and `{object}` and `{version}` where needed; a movie's name; or a folder. An "
        "absolute path.",
    ]
    layout: Annotated[Optional[Literal["alpha", "layers", "rgba", "crypto", "shapes"]], "What is in a file."] = None
    format: Annotated[
        Optional[str], "Of pictures, movies or shapes; null: what `output` ends in, for a folder EXR (all of shapes)."
    ] = None
    compression: Annotated[Optional[Literal["zip", "zips"]], "Of EXR, both lossless."] = None
    premultiply: Annotated[Optional[bool], "`rgba`: colour times alpha."] = None
    exclusive: Annotated[Optional[bool], "Where objects overlap, their mattes add up to at most 1."] = None
    confidence: Annotated[bool, "Also a layer `conf.<object>` in EXR: 1 - expected error."] = False
    despill: Annotated[Optional[Literal["green", "blue"]], "`rgba`: take this screen's light out of the colour."] = None
    frames: Annotated[Optional[str], "A frame range; null: the whole shot."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    overwrite: Annotated[bool, "Replace files of other content."] = False
    version: Annotated[Union[int, Literal["next"], None], "Number the delivery; no version is ever overwritten."] = None
    tolerance: Annotated[float, "Of shapes: how far off the outline may be, in plate pixels."] = 1.5
    points: Annotated[Optional[int], "Of shapes: at most so many per object; null: as needed."] = None
    keys: Annotated[Optional[int], "Of shapes: a key each so many frames; null: as few as will do."] = None
    name: Annotated[Optional[str], "What files in a folder are called; null: as the plate."] = None

    @property
    def faults(self) -> List[str]:
        found = []
        if not 0.05 <= self.tolerance <= 1000:
            found.append(f"the tolerance {self.tolerance:g} is not from 0.05 to 1000 pixels")
        if self.points is not None and self.points < 4:
            found.append(f"{counted(self.points, 'point')} cannot make a shape, which has 4 or more")
        if self.keys is not None and self.keys < 1:
            found.append(f"a key each {self.keys} frames is none")
        if isinstance(self.version, int) and self.version < 1:
            found.append(f"the version {self.version} is not a number from 1 on")
        return found


@dataclass(frozen=True)
class Compare(Request):
    """Matte the shot with several heads, side by side on a sheet; with the truth, errors too. The shot is not
    changed; each head leaves its mattes in the cache."""

    method = "compare"
    doing = "Comparing heads"
    heads: Annotated[List[str], "Ids, with settings if wanted."]
    output: Annotated[str, "The sheet, a PNG. An absolute path."]
    frames: Annotated[Optional[str], "A frame range; null: a few over the shot, or all that have a truth."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    truth: Annotated[Optional[str], "The true mattes of the one object, by the same frame numbers."] = None
    truth_first: Annotated[Optional[int], "Renumber the truth: its first frame is this."] = None
    rows: Annotated[int, "Frames on the sheet."] = 4
    show: Annotated[
        Literal["checker", "black", "matte", "wipe", "difference"],
        "What of a matte is shown: the object on a chequerboard or black, the matte, that cut-out beside the first "
        "head's left of a line, or how far the matte is from the first head's.",
    ] = "checker"
    overwrite: Annotated[bool, "Replace the sheet."] = False
    name: Annotated[Optional[str], "The shot's, for the sheet's title; null: the plate's."] = None

    @property
    def faults(self) -> List[str]:
        return [] if self.rows >= 1 else [f"a sheet of {self.rows} rows is none"]


@dataclass(frozen=True)
class Check(Request):
    """Look through solved mattes: each frame is told as `job/verdict`. Nothing is computed anew or changed."""

    method = "check"
    doing = "Checking"
    frames: Annotated[Optional[str], "A frame range; null: the whole shot."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    sheet: Annotated[Optional[str], "Write a contact sheet of the worst frames, a PNG. An absolute path."] = None
    worst: Annotated[int, "So many frames are on the sheet."] = 10

    @property
    def faults(self) -> List[str]:
        return [] if self.worst >= 1 else [f"a sheet of {self.worst} frames is none"]


@dataclass(frozen=True)
class Fetch(Request):
    """Bring a model's weights to this machine. Its terms come first, as `job/notice`. A transfer that was cancelled or
    broke off is kept, and the next one goes on there."""

    method = "fetch"
    doing = "Fetching weights"
    model: Annotated[str, "Its id."]


@dataclass(frozen=True)
class Pack(Request):
    """Write the job of a shot for a render farm, and its document for the workers. Nothing is sent or computed."""

    method = "pack"
    doing = "Writing the farm's job"
    queue: Annotated[
        Literal["openjd", "deadline-cloud", "flamenco", "opencue"],
        "Whose form: of any Open Job Description runner, of Deadline Cloud (a job bundle), Flamenco or OpenCue.",
    ]
    folder: Annotated[str, "Of document and job; it holds nothing else. An absolute path."]
    frames: Annotated[Optional[str], "A frame range; null: the whole shot."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    maps: Annotated[List[str], "Where files lie on the workers, `FROM=TO` each."] = field(default_factory=list)
    name: Annotated[Optional[str], "What the document is called; null: as the plate."] = None


@dataclass(frozen=True)
class Roto(Request):
    """Read roto that is there already, and write it as masks. The document is not changed: each object comes as
    `job/roto`, for the front-end to make an object of it."""

    method = "roto"
    doing = "Taking roto"
    source: Annotated[str, "Shapes, a sequence of mattes, or a plate with alpha. An absolute path."]
    folder: Annotated[str, "The masks are written below it. An absolute path."]
    keys: Annotated[
        Literal["keys", "every", "most"],
        "Which frames get a mask: those with a key (of mattes all), every `count`-th, or the `count` that differ most.",
    ] = "keys"
    count: int = 1
    band: Annotated[
        Optional[float],
        "Finish it: a mask on every frame, and `core` and `garbage` that leave open so many plate pixels on either "
        "side of its outline; null: follow the object from its masks.",
    ] = None

    @property
    def faults(self) -> List[str]:
        found = [] if self.count >= 1 else [f"{self.count} is no number of frames"]
        if self.band is not None and not 1 <= self.band <= 1000:
            found.append(f"the band {self.band:g} is not from 1 to 1000 pixels")
        return found


@dataclass(frozen=True)
class Carry(Request):
    """Find the places of another shot's prompts in the pictures of this one: the other eye's, or another take's. The
    document is not changed: what each object gets comes as `job/carried`, frame by frame, for the front-end to draw.

    A frame that is solved there is carried as a mask, any other by its points, boxes, strokes and masks.
    """

    method = "carry"
    doing = "Carrying prompts"
    source: Annotated[str, "The other shot's document. An absolute path."]
    folder: Annotated[str, "Masks are written below it. An absolute path."]
    cache: Annotated[Optional[str], "The other shot's cache, with its mattes; null: this shot's. An absolute path."] = (
        None
    )
    frames: Annotated[Optional[str], "A frame range of the other shot; null: those with prompts."] = None
    shift: Annotated[int, "What is added to a frame number there to have it here."] = 0
    names: Annotated[Optional[List[str]], "Objects there; null: all that are enabled."] = None


REQUESTS: Tuple[Type[Request], ...] = (
    Solve,
    Detect,
    Subject,
    Region,
    Deliver,
    Compare,
    Check,
    Fetch,
    Pack,
    Roto,
    Carry,
)

# -- events ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Base of what is told. `event`: its name in a line of `--json`."""

    event: ClassVar[str]

    @property
    def sentence(self) -> str:
        """For people; empty where a bar or a table says it better."""
        return ""

    def values(self) -> Dict[str, Any]:
        """What it holds, for JSON."""
        return dataclasses.asdict(self)

    def line(self) -> Dict[str, Any]:
        """As a line of `--json` has it."""
        return dict({"event": self.event}, **self.values())


@dataclass(frozen=True)
class Started(Event):
    """Before a solve works, and again where an edit turns out to reach less far than it could have: how many steps of
    each stage it takes in all, and with which models."""

    event = "started"
    track: int
    matte: int
    tracker: str
    head: str
    cached: Annotated[int, "Mattes that are there already."]


@dataclass(frozen=True)
class Progress(Event):
    """One step is done. The protocol sends at most ten a second and job; the last one is always sent."""

    event = "progress"
    stage: Annotated[
        Literal["queued", "track", "matte", "detect", "subject", "deliver", "check", "fetch", "roto", "carry"],
        "`queued`: waits for the device, which another engine uses. `fetch`: its steps are bytes. `total` is 0 while "
        "that is not known.",
    ]
    frame: Optional[int]
    done: Annotated[int, "Steps of this stage that are done."]
    total: Annotated[int, "Steps of this stage."]
    eta: Annotated[Optional[float], "Seconds that remain for the whole job, null while unknown."]


@dataclass(frozen=True)
class FrameDone(Event):
    """The matte of one object on one frame is on disk."""

    event = "frame"
    object: Annotated[str, "The object's name."]
    id: Annotated[int, "The object's id."]
    frame: int
    path: str
    state: Annotated[str, "`solved`, `corrected`, `locked` or `placeholder`, as in the file's header."]
    track_state: Annotated[
        str,
        "`tracked`, `keyframe`, `candidate` (found again, not yet believed), `lost` or `absent` (says the shot).",
    ]
    confidence: Annotated[float, "The tracker's, 0..1."]


@dataclass(frozen=True)
class Notice(Event):
    """One sentence for a person: a licence, a colour choice, a lost object."""

    event = "notice"
    level: Literal["info", "warning"]
    message: str

    @property
    def sentence(self) -> str:
        return self.message


@dataclass(frozen=True)
class BoxFound(Event):
    """A thing that answers to words. `object`: whose prompt it becomes, by name; a new one with `every`."""

    event = "box"
    object: str
    frame: int
    text: str
    xyxy: Annotated[Tuple[float, float, float, float], "Plate pixels."]
    score: Annotated[float, "How sure the detector is, 0..1."]
    others: Annotated[int, "How many more things answer and were left."]

    @property
    def sentence(self) -> str:
        corners = ",".join(f"{value:.0f}" for value in self.xyxy)
        others = f"; {self.others} more like it (--all takes each)" if self.others else ""
        return f"{self.object}: {self.text!r} on frame {self.frame} is box {corners} ({self.score:.2f}){others}"


@dataclass(frozen=True)
class Candidate(Event):
    """What a frame may be about. Its box and its point together are the prompts that make what is outlined."""

    event = "candidate"
    number: Annotated[int, "1 is the likeliest."]
    frame: int
    xyxy: Annotated[Tuple[float, float, float, float], "A box around it, plate pixels."]
    xy: Annotated[Tuple[float, float], "A point in it, plate pixels."]
    confidence: Annotated[float, "The overlap with what is meant that is foreseen, 0..1."]
    living: Annotated[bool, "It looks like a person or an animal."]
    outline: Annotated[List[List[List[float]]], "Its parts as closed polygons of plate pixels, the largest first."]

    @property
    def prompts(self) -> List[Dict[str, Any]]:
        """As a document has them."""
        box = {"frame": self.frame, "kind": "box", "xyxy": list(self.xyxy)}
        return [box, {"frame": self.frame, "kind": "point", "xy": list(self.xy), "include": True}]

    @property
    def sentence(self) -> str:
        corners = ",".join(f"{value:.0f}" for value in self.xyxy)
        kind = "a person or an animal" if self.living else "a thing"
        return f"Candidate {self.number} on frame {self.frame}: {kind}, box {corners} ({self.confidence:.2f})"


@dataclass(frozen=True)
class RegionFitted(Event):
    """The region that an object should have."""

    event = "region"
    object: Annotated[str, "The object's name."]
    id: int
    region: Annotated[
        Optional[List[int]], "Left, top, right, bottom in plate pixels; null: the whole picture is as good."
    ]

    @property
    def sentence(self) -> str:
        return f"{self.object}: {self.region if self.region else 'the whole picture is as good'}"


@dataclass(frozen=True)
class Verdict(Event):
    """What is to be thought of one object's matte on one frame. Only `judged` frames have a score; `reasons`, the
    weightiest first, say what is wrong, or why nothing was judged."""

    event = "frame"
    object: str
    id: int
    frame: int
    state: Literal["judged", "locked", "accepted", "unsolved"]
    score: Annotated[float, "0..1; from 0.5 on a person should look at it."] = 0.0
    suspicious: bool = False
    reasons: Tuple[str, ...] = ()
    path: Annotated[Optional[str], "Of the matte, where there is one."] = None


@dataclass(frozen=True)
class Figures(Event):
    """How well an object's shapes keep to its mattes."""

    event = "shapes"
    object: str
    points: Annotated[int, "On its fullest frame."]
    keys: Annotated[int, "Frames with a key."]
    frames: Annotated[int, "Frames that it is seen on."]
    spans: int
    iou: Annotated[float, "Intersection over union with the matte at one half, the mean."]
    worst_iou: float
    worst_frame: Optional[int]
    near: Annotated[float, "Share of boundary pixels within the tolerance of the matte's, on the worst frame."]
    crossing: Annotated[Tuple[int, ...], "Frames on which a spline crosses itself."]

    @property
    def sentence(self) -> str:
        text = (
            f"{self.object}: {counted(self.points, 'point')}, {counted(self.keys, 'key')} on "
            f"{counted(self.frames, 'frame')} in {counted(self.spans, 'span')}, "
            f"IoU {self.iou:.4f}, at worst {self.worst_iou:.4f} on frame {self.worst_frame}, "
            f"{100 * self.near:.1f} % of the boundary within tolerance"
        )
        if self.crossing:
            text += f", {counted(len(self.crossing), 'frame')} on which a spline crosses itself"
        return text + "."


@dataclass(frozen=True)
class RotoRead(Event):
    """One object of roto that was read, its masks written."""

    event = "roto"
    object: Annotated[str, "A name as a document has it; another object of the shot may have it too."]
    masks: Annotated[List[Tuple[int, str]], "Frame and picture of each."]
    first: Annotated[int, "The first frame that it is seen on."]
    last: int
    core: Annotated[Optional[str], "Where it is finished: what surely belongs to it, a sequence."] = None
    garbage: Annotated[Optional[str], "The same: what surely does not."] = None

    @property
    def parts(self) -> Dict[str, Any]:
        """Of an object in a document: all but its id, name and colour."""
        made: Dict[str, Any] = {
            "prompts": [{"frame": frame, "kind": "mask", "path": path} for frame, path in self.masks],
            "first": self.first,
            "last": self.last,
        }
        return made if self.core is None else dict(made, core=self.core, garbage=self.garbage)


@dataclass(frozen=True)
class PromptsCarried(Event):
    """What one object gets on one frame, in place of what it had there."""

    event = "carried"
    object: str
    frame: int
    prompts: Annotated[List[Dict[str, Any]], "As a document has them; masks by absolute paths."]
    sure: Annotated[float, "How far their places are to be believed, 0..1: the least of them."]
    doubtful: Annotated[bool, "A person should look at the frame."]
    parts: Annotated[Dict[str, Any], "Of an object that is made of them: colour and edge, as a document has them."]

    @property
    def sentence(self) -> str:
        text = f"{self.object}: {counted(len(self.prompts), 'prompt')} carried to frame {self.frame} ({self.sure:.2f})"
        return f"{text}: in doubt, look at it" if self.doubtful else text


@dataclass(frozen=True)
class HeadErrors(Event):
    """One head's errors against the truth, by metric, the mean over the compared frames; null where none has it."""

    event = "head"
    head: str
    errors: Dict[str, Optional[float]]

    def line(self) -> Dict[str, Any]:
        return dict({"event": self.event, "head": self.head}, **self.errors)


# -- how a job ends -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done(Event):
    """Base of how a job ends well."""

    event = "done"


@dataclass(frozen=True)
class Solved(Done):
    """End of `solve`."""

    tracked: Annotated[int, "Masks computed."]
    matted: Annotated[int, "Mattes computed."]
    cached: Annotated[int, "Mattes that were there already."]
    lost: Annotated[Dict[str, str], "Object's name -> frames on which the tracker lost it."] = field(
        default_factory=dict
    )

    @property
    def sentence(self) -> str:
        return f"{counted(self.tracked, 'mask')} tracked, {counted(self.matted, 'matte')} computed, {self.cached} kept."


@dataclass(frozen=True)
class Detected(Done):
    """End of `detect`."""

    boxes: Annotated[int, "How many were told."]

    @property
    def sentence(self) -> str:
        found = "1 box" if self.boxes == 1 else f"{self.boxes} boxes"
        return f"{found} found" if self.boxes else "No text prompt is waiting for a box."


@dataclass(frozen=True)
class SubjectFound(Done):
    """End of `subject`."""

    candidates: Annotated[int, "How many were told."]
    doubtful: Annotated[bool, "The first may well not be what is meant: look before it is matted."]

    @property
    def sentence(self) -> str:
        if not self.doubtful:
            return "Candidate 1 is the likeliest by far."
        return f"What the subject is is in doubt: {counted(self.candidates, 'candidate')}."


@dataclass(frozen=True)
class RegionsFitted(Done):
    """End of `region`."""

    fitted: Annotated[int, "Objects that a region is worth while for."]

    @property
    def sentence(self) -> str:
        if not self.fitted:
            return "The whole picture is as good: the object is not small in it."
        return f"{counted(self.fitted, 'region')} fitted."


@dataclass(frozen=True)
class Delivered(Done):
    """End of `deliver`."""

    written: Annotated[int, "Files written."]
    skipped: Annotated[int, "Files that were there already."]
    version: Optional[int]
    folders: List[str]

    @property
    def sentence(self) -> str:
        return f"{counted(self.written, 'file')} written, {self.skipped} there already: {', '.join(self.folders)}"


@dataclass(frozen=True)
class Compared(Done):
    """End of `compare`: the sheet is on disk."""

    event = "sheet"
    path: str
    heads: List[str]
    frames: Annotated[str, "Those that were compared, a range."]

    @property
    def sentence(self) -> str:
        return f"Sheet: {self.path}"


@dataclass(frozen=True)
class Checked(Done):
    """End of `check`."""

    judged: Annotated[int, "Frames judged, over all objects."]
    suspicious: Annotated[int, "Those a person should look at."]
    sheet: Annotated[Optional[str], "The contact sheet, where one was asked for and a frame was judged."] = None

    @property
    def sentence(self) -> str:
        return f"{counted(self.judged, 'frame')} judged, {self.suspicious or 'none'} suspicious"


@dataclass(frozen=True)
class Fetched(Done):
    """End of `fetch`."""

    model: str
    paths: Annotated[List[str], "Its files."]
    available: Annotated[List[str], "Ids of the models that can be used now: some share files."]

    @property
    def sentence(self) -> str:
        return f"{self.model} is here."


@dataclass(frozen=True)
class Packed(Done):
    """End of `pack`."""

    files: Annotated[List[str], "What was written."]
    words: Annotated[str, "How the job is sent."]

    @property
    def sentence(self) -> str:
        return self.words


@dataclass(frozen=True)
class RotoTaken(Done):
    """End of `roto`."""

    objects: Annotated[int, "How many were told."]

    @property
    def sentence(self) -> str:
        return f"{counted(self.objects, 'object')} taken"


@dataclass(frozen=True)
class Carried(Done):
    """End of `carry`."""

    frames: Annotated[int, "How many were told, over all objects."]
    doubtful: Annotated[int, "Of these, those that a person should look at."]

    @property
    def sentence(self) -> str:
        doubt = f", {self.doubtful} in doubt" if self.doubtful else ""
        return f"Prompts of {counted(self.frames, 'frame')} carried{doubt}."


@dataclass(frozen=True)
class Stopped(Event):
    """A command was interrupted; what it had finished is kept. An engine's job ends by `Failed` then."""

    event = "stopped"
    code: Annotated[int, "The exit code."]
    message: str


@dataclass(frozen=True)
class Failed(Event):
    """The work failed or was cancelled; what it had finished is kept."""

    event = "error"
    code: Annotated[int, "An error code as in answers; in lines of `--json` the exit code."]
    message: str
    kind: str
    hint: Annotated[str, "What to do; may be empty."]
    path: Annotated[Optional[str], "The file or folder concerned."]


#: Notification of the protocol -> its events; `job/done` has the end of the job's own kind. Each has the key `job` too.
NOTIFICATIONS: Mapping[str, Tuple[Type[Event], ...]] = {
    "job/started": (Started,),
    "job/progress": (Progress,),
    "job/frame": (FrameDone,),
    "job/notice": (Notice,),
    "job/box": (BoxFound,),
    "job/candidate": (Candidate,),
    "job/region": (RegionFitted,),
    "job/verdict": (Verdict,),
    "job/shapes": (Figures,),
    "job/head": (HeadErrors,),
    "job/roto": (RotoRead,),
    "job/carried": (PromptsCarried,),
    "job/done": (
        Solved,
        Detected,
        SubjectFound,
        RegionsFitted,
        Delivered,
        Compared,
        Checked,
        Fetched,
        Packed,
        RotoTaken,
        Carried,
    ),
    "job/error": (Failed,),
}
#: Request -> its end.
ENDS: Mapping[str, Type[Done]] = {
    "solve": Solved,
    "detect": Detected,
    "subject": SubjectFound,
    "region": RegionsFitted,
    "deliver": Delivered,
    "compare": Compared,
    "check": Checked,
    "fetch": Fetched,
    "pack": Packed,
    "roto": RotoTaken,
    "carry": Carried,
}
_METHODS = {kind: name for name, kinds in NOTIFICATIONS.items() for kind in kinds}

Kind = TypeVar("Kind", bound=Event)


def notification(job: str, event: Event) -> Dict[str, Any]:
    """An event of a job as the protocol's notification."""
    params = dict({"job": job}, **event.values())
    return {"jsonrpc": "2.0", "method": _METHODS[type(event)], "params": params}


def parse(kind: Type[Kind], params: Mapping[str, Any]) -> Kind:
    """The event of a notification's parameters. What a newer engine adds is passed over; lists stay lists.

    TypeError where something is missing."""
    known = [item.name for item in dataclasses.fields(kind)]
    return kind(**{name: params[name] for name in known if name in params})
