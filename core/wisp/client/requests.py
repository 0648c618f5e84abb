"""What is asked of an engine as a job: the parameters of its protocol, and what the command line makes of its options.

Standard library's dataclasses, whose annotations the engine validates by and `docs/protocol.md` is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, List, Optional, Union

from .tables import DETECTOR, STAGES, THRESHOLD
from .wording import counted

if TYPE_CHECKING:  # annotations are not looked at where Python is too old to have these
    from typing import Annotated, Literal


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
    doing = STAGES["detect"]
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    words: Annotated[Optional[str], "Look for these on `frame` instead of the shot's text prompts."] = None
    frame: Annotated[Optional[int], "Where `words` are looked for."] = None
    detector: Annotated[str, "The model that looks for the words."] = DETECTOR
    threshold: Annotated[float, "Score from which a box counts, 0..1."] = THRESHOLD
    every: Annotated[bool, "Every box found, each an object of its own; else the best."] = False

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
    doing = STAGES["subject"]
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
    doing = STAGES["deliver"]
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
            found.append(f"a key each {self.keys} frames: it must be 1 or more")
        if isinstance(self.version, int) and self.version < 1:
            found.append(f"the version {self.version} is below 1")
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
        return [] if self.rows >= 1 else [f"a sheet of {self.rows} rows is empty: it needs 1 or more"]


@dataclass(frozen=True)
class Check(Request):
    """Look through solved mattes: each frame is told as `job/verdict`. Nothing is computed anew or changed."""

    method = "check"
    doing = STAGES["check"]
    frames: Annotated[Optional[str], "A frame range; null: the whole shot."] = None
    objects: Annotated[Optional[List[int]], "Ids; null: all enabled objects."] = None
    sheet: Annotated[Optional[str], "Write a contact sheet of the worst frames, a PNG. An absolute path."] = None
    worst: Annotated[int, "So many frames are on the sheet."] = 10

    @property
    def faults(self) -> List[str]:
        return [] if self.worst >= 1 else [f"a sheet of {self.worst} frames is empty: it needs 1 or more"]


@dataclass(frozen=True)
class Fetch(Request):
    """Download a model's weights. Its terms come first, as `job/notice`. A transfer that was cancelled or
    broke off is kept, and the next one goes on there."""

    method = "fetch"
    doing = STAGES["fetch"]
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
    doing = STAGES["roto"]
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
        found = [] if self.count >= 1 else [f"{self.count} is no number of frames: it must be 1 or more"]
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
    doing = STAGES["carry"]
    source: Annotated[str, "The other shot's document. An absolute path."]
    folder: Annotated[str, "Masks are written below it. An absolute path."]
    cache: Annotated[Optional[str], "The other shot's cache, with its mattes; null: this shot's. An absolute path."] = (
        None
    )
    frames: Annotated[Optional[str], "A frame range of the other shot; null: those with prompts."] = None
    shift: Annotated[int, "What is added to a frame number there to have it here."] = 0
    names: Annotated[Optional[List[str]], "Objects there; null: all that are enabled."] = None
