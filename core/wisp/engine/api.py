"""All that crosses the border between a host and the engine, as types.

JSON-RPC 2.0, one object per line, UTF-8, on the engine's stdin and stdout. Pixels never cross: paths of
files do. `docs/protocol.md` is generated from this module.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator

from ..client.ends import ENDS
from ..client.requests import Request
from ..client.tables import IDLE_MINUTES, MAX_LINE, PROTOCOL
from ..errors import UsageError

__all__ = ["MAX_LINE", "PROTOCOL"]

MAX_IDLE_MINUTES = 366 * 24 * 60.0

# -- error codes ------------------------------------------------------------------------------------------

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CANCELLED = -32800
PROTOCOL_MISMATCH = -32001
NOT_INITIALIZED = -32002
INPUT = -32003
WEIGHTS = -32004
DEVICE = -32005
MEMORY = -32006
OUTPUT = -32008
QUALITY = -32009
BUSY = -32010

#: Error code -> what it means. Where it has an exit code of the command line, that is -32000 minus the code.
ERRORS: dict[int, str] = {
    PARSE_ERROR: "The line is not JSON, is nested too deeply, or is longer than the limit. The answer's id is null.",
    INVALID_REQUEST: "The object is not a JSON-RPC 2.0 request; batches are refused.",
    METHOD_NOT_FOUND: "There is no such method.",
    INVALID_PARAMS: "A parameter is missing, unknown or wrong; the shot document is invalid; a path is not allowed.",
    INTERNAL_ERROR: "A bug: the traceback is in the engine's log.",
    CANCELLED: "The job or request was cancelled; what it had finished is kept.",
    PROTOCOL_MISMATCH: "Host and engine speak different major versions; the message names both.",
    NOT_INITIALIZED: "Another request came before `initialize`.",
    INPUT: "A plate, mask or frame is missing or unreadable.",
    WEIGHTS: "Model weights are missing, damaged or not allowed by the licence policy.",
    DEVICE: "The device does not exist or cannot run the model.",
    MEMORY: "Out of memory after every fall-back.",
    OUTPUT: "A result cannot be written.",
    QUALITY: "A quality check did not pass.",
    BUSY: "Another engine uses the device; try again.",
}


class Message(BaseModel):
    """Base of everything below: unknown keys are errors, types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


ShotId = Annotated[str, Field(description="The id that `open` gave.")]
JobId = Annotated[str, Field(description="The id that the request for it gave.")]


class Empty(Message):
    """Nothing."""


class Fault(Message):
    """What is the matter, for a program (`kind`) and for a person (`hint`)."""

    kind: str = Field(
        description="`usage`, `input`, `frame`, `weights`, `device`, `memory`, `cancelled`, `output`, `quality`, "
        "`protocol`, `busy` or `unexpected`."
    )
    hint: str = Field(description="One sentence that says what to do; may be empty.")
    path: str | None = Field(description="The file or folder concerned.")


# -- requests ---------------------------------------------------------------------------------------------


class Initialize(Message):
    """The first request. It is answered before torch is loaded."""

    protocol: int = Field(description="The major version that the host speaks.")
    client: str = Field(description="Name and version of the host, for the log.")
    idle_minutes: float = Field(
        IDLE_MINUTES,
        gt=0.0,
        le=MAX_IDLE_MINUTES,
        description="Loaded models are dropped after so many minutes without work; at most a year of them.",
    )


class ModelInfo(Message):
    """One entry of the model registry."""

    id: str
    title: str
    kinds: list[str] = Field(description="What it can be used as: `tracker`, `head`, ...")
    licence: str
    commercial: Literal["yes", "no", "ask"]
    available: bool = Field(description="Whether all its files are on this machine (none are needed for some).")
    terms: str = Field(description="Title, licence and authors in one sentence, to be shown before it is fetched.")
    note: str = Field(description="What is to be known about it; may be empty.")
    missing: int | None = Field(description="Bytes of the files that are not on this machine; null where not known.")
    allowed: bool = Field(description="False where the studio's licence policy refuses it.")


class Initialized(Message):
    """What runs here."""

    protocol: int
    wisp: str = Field(description="The engine's version.")
    device: str = Field(description="The device asked for: `auto`, `cpu`, `cuda:N` or `mps`.")
    models: list[ModelInfo]
    log: str | None = Field(description="The engine's log file; null where none can be written.")


class Open(Message):
    """Open a shot. Every path must lie in one of the folders named here.

    What is to be said of its pictures (a layer that was chosen, a doubtful frame rate) follows the answer as `log`.
    """

    shot: dict[str, Any] = Field(description="The whole shot document.")
    root: str = Field(description="Absolute folder that the document's relative paths refer to; read only.")
    cache: str = Field(description="Absolute folder for results; read and written, made if missing.")
    readable: list[str] = Field(
        default_factory=list, description="Further absolute folders that pictures may be read from."
    )


class ObjectStatus(Message):
    """What is done of one object."""

    id: int
    name: str
    pattern: str = Field(description="Where its mattes lie, with a printf frame number: `/cache/../alpha.%04d.exr`.")
    frames: dict[str, str] = Field(
        description="State -> frame range. `solved`: the file is there. `dirty`: prompts reach the frame, the file is "
        "not there. `empty`: no prompt reaches the frame. `unknown`: not looked at yet, see `complete`."
    )


class ShotStatus(Message):
    """What is done and what is not, per enabled object."""

    objects: list[ObjectStatus]
    complete: bool = Field(
        description="False where the shot is so long that an answer must not wait for the state of every frame: "
        "`shot/status` follows with all of them."
    )


class Opened(Message):
    """The shot is open."""

    shot_id: ShotId
    status: ShotStatus


class Update(Message):
    """Replace the document of an open shot. A job that runs goes on with the one it was started with."""

    shot_id: ShotId
    shot: dict[str, Any] = Field(description="The whole shot document.")
    look_again: bool = Field(
        False, description="Look at the files anew: pictures of the plate or results may have come, gone or changed."
    )


class Updated(Message):
    """What the new document leaves to do."""

    dirty: int = Field(description="How many mattes are known to be missing, over all objects and frames.")
    status: ShotStatus


class Preview(Message):
    """Compute one matte now. While a job runs it is done between two of the job's frames."""

    shot_id: ShotId
    frame: int = Field(description="The plate's own frame number.")
    object: int = Field(description="The object's id.")
    doubt: bool = Field(False, description="Also say how far each pixel is to be believed.")


class Previewed(Message):
    """The matte is on disk."""

    path: str = Field(description="EXR, half, R=G=B=alpha 0..1.")
    track_state: str = Field(description="As in `job/frame`.")
    confidence: float = Field(description="As in `job/frame`.")
    quick: bool = Field(
        description="It was made by the head's quick variant or without the frames before it, to be looked at: the "
        "frame is still to be solved."
    )
    doubt: str | None = Field(
        None, description="Where asked for: EXR, half, R=G=B=the error to be expected of alpha, 0..1."
    )


class JobRequest(Message):
    """Base of what starts a job. `kind`: the same as the rest of Wisp has it."""

    kind: ClassVar[type[Request]]
    shot_id: ShotId

    def request(self) -> Request:
        """Without the shot. UsageError where its numbers make no sense."""
        asked = self.kind(**{item.name: getattr(self, item.name) for item in dataclasses.fields(self.kind)})
        if asked.faults:
            raise UsageError(f"The parameters of '{asked.method}' are wrong: {'; '.join(asked.faults)}.")
        return asked


def described(kind: type) -> dict[str, tuple[Any, str]]:
    """The fields of a request, an event or an end of a job: their types, and their meaning where one is given."""
    hints = get_type_hints(kind, localns={"Annotated": Annotated, "Literal": Literal}, include_extras=True)
    found = {}
    for item in dataclasses.fields(kind):
        hint = hints[item.name]
        annotated = get_origin(hint) is Annotated
        found[item.name] = (get_args(hint)[0], get_args(hint)[1]) if annotated else (hint, "")
    return found


def _job_request(kind: type[Request]) -> type[JobRequest]:
    """A request as parameters that are validated."""
    fields: dict[str, Any] = {}
    for item in dataclasses.fields(kind):
        hint, meaning = described(kind)[item.name]
        default = ... if item.default is dataclasses.MISSING else item.default
        fields[item.name] = (hint, Field(default, description=meaning))
    made = create_model(kind.__name__, __base__=JobRequest, __doc__=inspect.getdoc(kind), **fields)
    made.kind = kind
    return made


JOB_REQUESTS: Mapping[str, type[JobRequest]] = {kind.method: _job_request(kind) for kind in ENDS}


class Solving(Message):
    """The job is queued."""

    job: JobId


class Cancel(Message):
    """Stop a job after the step under way, or a request that waits for its answer. One of the two is named.

    A request that has not begun never begins. Of those that have, `open` and `update` stop while they look at pictures;
    any other is finished.
    """

    job: JobId | None = None
    request: str | int | float | None = Field(None, description="The id of the request.")

    @model_validator(mode="after")
    def _one(self) -> Cancel:
        if (self.job is None) == (self.request is None):
            raise ValueError("name either a job or a request")
        return self


class Cancelling(Message):
    """The job's end follows as `job/error`, the request's as its answer, with the code of cancelled work."""

    cancelled: bool = Field(description="False where it had ended before.")


class JobStatus(Message):
    """One job that has not ended."""

    job: JobId
    shot_id: ShotId
    state: Literal["queued", "running"] = Field(
        description="`queued`: waits for a job before it or for the device, which another engine uses."
    )


class EngineStatus(Message):
    """What the engine is busy with."""

    device: str | None = Field(description="The device in use, null until the first work.")
    models: list[str] = Field(description="Ids of the models in memory.")
    shots: list[ShotId]
    jobs: list[JobStatus]


class Close(Message):
    """Forget a shot; its jobs are cancelled, its files stay."""

    shot_id: ShotId


class Pong(Message):
    """The engine is alive."""

    pid: int


# -- notifications ----------------------------------------------------------------------------------------


class ShotStatusKnown(Message):
    """The state of every frame, where an answer had to leave some open (`ShotStatus.complete`)."""

    shot_id: ShotId
    status: ShotStatus


class Log(Message):
    """One sentence for a person."""

    level: Literal["info", "warning", "error"]
    text: str


class Method(NamedTuple):
    """A request's name, its params, its result, and whether it is answered at once, whatever work goes on."""

    name: str
    params: type[Message]
    result: type[Message]
    at_once: bool


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("initialize", Initialize, Initialized, True),
        Method("open", Open, Opened, False),
        Method("update", Update, Updated, False),
        Method("preview", Preview, Previewed, False),
        *(Method(name, params, Solving, False) for name, params in JOB_REQUESTS.items()),
        Method("cancel", Cancel, Cancelling, True),
        Method("status", Empty, EngineStatus, True),
        Method("close", Close, Empty, False),
        Method("ping", Empty, Pong, True),
        Method("shutdown", Empty, Empty, True),
    )
}

#: Those that are no events of a job; `wisp.client.notifications` has these.
NOTIFICATIONS: Mapping[str, type[Message]] = {
    "shot/status": ShotStatusKnown,
    "log": Log,
}
NOTIFICATION_NAMES: Mapping[type[Message], str] = {params: name for name, params in NOTIFICATIONS.items()}
