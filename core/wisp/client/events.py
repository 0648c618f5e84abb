"""What is told while a job works.

Events are the protocol's notifications `job/..`, what a running solve gives its listener, and the lines of `--json`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Dict, List, Optional, Tuple

from .wording import counted

if TYPE_CHECKING:  # annotations are not looked at where Python is too old to have these
    from typing import Annotated, Literal


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
    """A box found for words. `object`: the name of the object whose prompt it becomes; a new one with `every`."""

    event = "box"
    object: str
    frame: int
    text: str
    xyxy: Annotated[Tuple[float, float, float, float], "Plate pixels."]
    score: Annotated[float, "The detector's score, 0..1."]
    others: Annotated[int, "How many more boxes were found and left out."]

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
    confidence: Annotated[float, "The expected overlap with what is meant, 0..1."]
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
    """What a check says of one object's matte on one frame. Only `judged` frames have a score; `reasons`, the
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
class ShapesMeasured(Event):
    """How closely an object's shapes follow its mattes."""

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
    first: Annotated[int, "The first frame that it may be seen on."]
    last: int
    absent: Annotated[List[List[int]], "First and last frame of each span between them in which it is not there."]
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
        if self.absent:
            made["absent"] = self.absent
        return made if self.core is None else dict(made, core=self.core, garbage=self.garbage)


@dataclass(frozen=True)
class PromptsCarried(Event):
    """What one object gets on one frame, in place of what it had there."""

    event = "carried"
    object: str
    frame: int
    prompts: Annotated[List[Dict[str, Any]], "As a document has them; masks by absolute paths."]
    sure: Annotated[float, "Confidence in their places, 0..1: the lowest of them."]
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
