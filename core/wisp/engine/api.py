"""All that crosses the border between a host and the engine, as types.

JSON-RPC 2.0, one object per line, UTF-8, on the engine's stdin and stdout. Pixels never cross: paths of
files do. `docs/protocol.md` is generated from this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..client.tables import MAX_LINE, PROTOCOL

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


FrameRange = Annotated[str, Field(description="A frame range: `1001-1100`, `1001-1100x2`, `1001,1005`; may be empty.")]
ShotId = Annotated[str, Field(description="The id that `open` gave.")]
JobId = Annotated[str, Field(description="The id that `solve` gave.")]


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
        10.0,
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


class Previewed(Message):
    """The matte is on disk."""

    path: str = Field(description="EXR, half, R=G=B=alpha 0..1.")


class Solve(Message):
    """Compute what is missing. Answered at once; the work is reported by notifications.

    A job ends with exactly one `job/done` or `job/error`.
    """

    shot_id: ShotId
    frames: str | None = Field(None, description="A frame range; null: the whole shot.")
    objects: list[int] | None = Field(None, description="Ids; null: all enabled objects.")
    direction: Literal["both", "forward", "backward"] = Field(
        "both",
        description="`forward`: only frames from the first keyframe of these objects on; `backward`: only frames up to "
        "their last keyframe.",
    )


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


class JobProgress(Message):
    """At most ten a second and job; the last one is always sent."""

    job: JobId
    stage: Literal["queued", "track", "matte", "deliver"] = Field(
        description="`queued`: waits for the device, which another engine uses."
    )
    frame: int | None
    done: int = Field(description="Steps of this stage that are done.")
    total: int = Field(description="Steps of this stage.")
    eta: float | None = Field(description="Seconds that remain for the whole job, null while unknown.")


class JobFrame(Message):
    """A matte is on disk."""

    job: JobId
    object: int = Field(description="The object's id.")
    frame: int
    path: str
    state: str = Field(description="`solved`, `corrected`, `locked` or `placeholder`, as in the file's header.")
    track_state: str = Field(description="`tracked`, or how the tracker lost the object.")
    confidence: float = Field(description="The tracker's, 0..1.")


class JobDone(Message):
    """The job is finished."""

    job: JobId
    tracked: int = Field(description="Masks computed.")
    matted: int = Field(description="Mattes computed.")
    cached: int = Field(description="Mattes that were there already.")
    lost: dict[str, str] = Field(description="Object name -> frames on which the tracker lost it.")


class JobError(Message):
    """The job failed or was cancelled; what it had finished is kept."""

    job: JobId
    code: int = Field(description="An error code as in answers.")
    message: str
    kind: str
    hint: str
    path: str | None


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
        Method("solve", Solve, Solving, False),
        Method("cancel", Cancel, Cancelling, True),
        Method("status", Empty, EngineStatus, True),
        Method("close", Close, Empty, False),
        Method("ping", Empty, Pong, True),
        Method("shutdown", Empty, Empty, True),
    )
}

NOTIFICATIONS: Mapping[str, type[Message]] = {
    "job/progress": JobProgress,
    "job/frame": JobFrame,
    "job/done": JobDone,
    "job/error": JobError,
    "shot/status": ShotStatusKnown,
    "log": Log,
}
NOTIFICATION_NAMES: Mapping[type[Message], str] = {params: name for name, params in NOTIFICATIONS.items()}
