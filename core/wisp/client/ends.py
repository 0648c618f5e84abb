"""How jobs end: each kind with an event of its own, or failed, or stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Type

from . import requests
from .events import Event
from .wording import counted

if TYPE_CHECKING:  # annotations are not looked at where Python is too old to have it
    from typing import Annotated


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
        return f"{found} found" if self.boxes else "No text prompt is without a box."


@dataclass(frozen=True)
class SubjectFound(Done):
    """End of `subject`."""

    candidates: Annotated[int, "How many were told."]
    doubtful: Annotated[bool, "The first may not be what is meant: a person should look before it is matted."]

    @property
    def sentence(self) -> str:
        if not self.doubtful:
            return "Candidate 1 is the likeliest by far."
        return f"It is not certain what the subject is: {counted(self.candidates, 'candidate')}."


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
    unsolved: Annotated[int, "Those that could not be judged, for they are not solved."] = 0

    @property
    def sentence(self) -> str:
        found = f"{counted(self.judged, 'frame')} judged, {self.suspicious or 'none'} suspicious"
        return f"{found}; {self.unsolved} not solved" if self.unsolved else found


@dataclass(frozen=True)
class Fetched(Done):
    """End of `fetch`."""

    model: str
    paths: Annotated[List[str], "Its files."]
    available: Annotated[List[str], "Ids of the models that can be used now: some share files."]

    @property
    def sentence(self) -> str:
        return f"The weights of {self.model} are on this machine."


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
    left_out: Annotated[List[str], "What the file has beside that is not read, in a few words each."] = field(
        default_factory=list
    )

    @property
    def sentence(self) -> str:
        taken = f"{counted(self.objects, 'object')} taken"
        return f"{taken}; {self.lack}" if self.lack else taken

    @property
    def lack(self) -> str:
        """What was left out, the first of it by name; empty where nothing was."""
        named, more = ", ".join(self.left_out[:3]), len(self.left_out) - 3
        return f"left out: {named}{f' and {more} more' if more > 0 else ''}" if named else ""


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


#: Every kind of job: its request -> its end.
ENDS: Mapping[Type[requests.Request], Type[Done]] = {
    requests.Solve: Solved,
    requests.Detect: Detected,
    requests.Subject: SubjectFound,
    requests.Region: RegionsFitted,
    requests.Deliver: Delivered,
    requests.Compare: Compared,
    requests.Check: Checked,
    requests.Fetch: Fetched,
    requests.Pack: Packed,
    requests.Roto: RotoTaken,
    requests.Carry: Carried,
}
