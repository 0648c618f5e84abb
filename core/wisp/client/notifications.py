"""Events of jobs as the protocol's notifications."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Mapping, Tuple, Type, TypeVar

from .ends import ENDS, Failed
from .events import (
    BoxFound,
    Candidate,
    Event,
    FrameDone,
    HeadErrors,
    Notice,
    Progress,
    PromptsCarried,
    RegionFitted,
    RotoRead,
    ShapesMeasured,
    Started,
    Verdict,
)

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
    "job/shapes": (ShapesMeasured,),
    "job/head": (HeadErrors,),
    "job/roto": (RotoRead,),
    "job/carried": (PromptsCarried,),
    "job/done": tuple(ENDS.values()),
    "job/error": (Failed,),
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
