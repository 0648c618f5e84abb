"""The job of a shot: Track -> Matte -> Check, after the Open Job Description specification 2023-09.

Tracking one object is one task: each mask needs the one before. Matting needs a frame and its mask only, so that it is
cut into chunks of frames that the queue may make longer or shorter (extension TASK_CHUNKING).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..client.tables import FAIL_ON
from .ranges import to_openjd

#: Frames in a chunk before the queue knows how long one takes. Short, so that the first finding comes soon.
FRAMES_PER_CHUNK = 10
#: Starting Python and loading a model takes some seconds: under a twentieth of a chunk of five minutes.
TARGET_SECONDS = 300
#: A cancelled task finishes its frame; so long it is waited for before it is killed.
NOTICE_SECONDS = 120

#: The folder of a worker's session, in which its process is found.
SESSION = "{{Session.WorkingDirectory}}/wisp"
#: Fewer frames than this are not tracked apart, unless asked for: a process and a seam cost as much as some frames.
FRAMES_PER_SPAN = 50
#: A job's name is a format string, in which doubled braces cannot be quoted (specification, "Format Strings").
_NO_FORMAT = str.maketrans("{}", "()")
#: What the specification allows as values of a parameter.
MOST_SPANS = 1024


@dataclass(frozen=True)
class JobPlan:
    """What a job is made from. `shot` and `cache` are absolute; `frames` are the plate's numbers.

    `spans`: object -> the parts of its life that are tracked apart, of which there are `MOST_SPANS` at most in all.
    `path_map`: rules as `parse_rules` takes them.
    """

    shot: Path
    cache: Path
    spans: Mapping[str, Sequence[Sequence[int]]]
    frames: Sequence[int]
    frames_per_chunk: int = FRAMES_PER_CHUNK
    target_seconds: int = TARGET_SECONDS
    gpu: bool = False
    fail_on: str = "missing"
    path_map: str = ""

    @property
    def objects(self) -> list[str]:
        """Their names."""
        return list(self.spans)


def joined(spans: Sequence[Sequence[int]], least: int) -> list[list[int]]:
    """Neighbouring spans together until each has `least` frames, where there are as many."""
    found: list[list[int]] = []
    for span in spans:
        if found and (len(found[-1]) < least or len(span) < least):
            found[-1].extend(span)
        else:
            found.append(list(span))
    return found


def job_template(plan: JobPlan, folder: Path | None = None) -> dict[str, Any]:
    """The job as the specification's template object.

    `folder`: where the template will lie. A path in a template must be relative to it and may not leave it, so that
    shot and cache get their values there only if they lie below; else the job is given them (`job_values`).
    """
    name = plan.shot.stem
    objects = {"name": "Object", "type": "STRING", "range": plan.objects}
    parts = [(name, to_openjd(span)) for name, spans in plan.spans.items() for span in spans]
    tracked = [
        {"name": name, "type": "STRING", "range": list(values)}
        for name, values in zip(("Object", "Span"), zip(*parts, strict=True), strict=True)
    ]
    frames = {
        "name": "Frames",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {
            "defaultTaskCount": "{{Param.FramesPerChunk}}",
            "targetRuntimeSeconds": "{{Param.TargetSeconds}}",
            "rangeConstraint": "CONTIGUOUS",
        },
    }
    needs = {"hostRequirements": {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}} if plan.gpu else {}
    one_object = ["--object", "{{Task.Param.Object}}"]
    all_objects = [word for name in plan.objects for word in ("--object", name)]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"Wisp {name}"[:128].translate(_NO_FORMAT),
        "description": f"Tracks and mattes {', '.join(plan.objects)} of {plan.shot.name}."[:2048],
        "parameterDefinitions": _parameters(plan, folder),
        "jobEnvironments": [
            {
                "name": "Session",
                "description": "One process with its models, kept between the tasks that a worker does.",
                "script": {"actions": {"onEnter": _session("start"), "onExit": _session("stop")}},
            }
        ],
        "steps": [
            {
                "name": "Track",
                "parameterSpace": {"taskParameterDefinitions": tracked, "combination": "(Object, Span)"},
                **needs,
                "script": _script(
                    "track", *one_object, "--frames", "{{Task.Param.Span}}", "--within", "{{Param.Frames}}"
                ),
            },
            {
                "name": "Matte",
                "dependencies": [{"dependsOn": "Track"}],
                "parameterSpace": {
                    "taskParameterDefinitions": [objects, frames],
                    "combination": "Object * Frames",
                },
                **needs,
                "script": _script("matte", *one_object, "--frames", "{{Task.Param.Frames}}"),
            },
            {
                "name": "Check",
                "dependencies": [{"dependsOn": "Matte"}],
                "script": _script(
                    "check", *all_objects, "--frames", "{{Param.Frames}}", "--fail-on", "{{Param.FailOn}}"
                ),
            },
        ],
    }


def job_values(plan: JobPlan) -> dict[str, str]:
    """What a job must be given that its template cannot hold."""
    return {"Shot": str(plan.shot), "Cache": str(plan.cache)}


def _below(place: Path, folder: Path | None) -> dict[str, str]:
    inside = folder is not None and place.is_relative_to(folder.resolve())
    return {"default": place.relative_to(folder.resolve()).as_posix()} if inside and folder is not None else {}


def _parameters(plan: JobPlan, folder: Path | None) -> list[dict[str, Any]]:
    return [
        {
            "name": "Shot",
            "type": "PATH",
            "objectType": "FILE",
            "dataFlow": "IN",
            **_below(plan.shot, folder),
            "description": "The document, NAME.wisp.",
        },
        {
            "name": "Cache",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "INOUT",
            **_below(plan.cache, folder),
            "description": "Masks and mattes; every worker must see the same folder.",
        },
        {
            "name": "Frames",
            "type": "STRING",
            "default": to_openjd(plan.frames),
            "description": "Frame numbers of the plate, such as 1001-1100 or 1001-1100:2.",
        },
        {
            "name": "FramesPerChunk",
            "type": "INT",
            "minValue": 1,
            "default": plan.frames_per_chunk,
            "description": "Frames matted by one task before the queue knows how long one takes.",
        },
        {
            "name": "TargetSeconds",
            "type": "INT",
            "minValue": 0,
            "default": plan.target_seconds,
            "description": "How long a chunk should run; 0 keeps the number of frames as it is.",
        },
        {
            "name": "FailOn",
            "type": "STRING",
            "allowedValues": list(FAIL_ON),
            "default": plan.fail_on,
            "description": "Whether suspicious mattes fail the job, or only missing ones.",
        },
        {
            "name": "Device",
            "type": "STRING",
            "default": "auto",
            "description": "auto, cpu or cuda:N on the workers.",
        },
        {
            "name": "PathMap",
            "type": "STRING",
            "default": plan.path_map,
            "description": "Where the shot's files lie on the workers: FROM=TO, several apart by semicolons.",
        },
        {
            "name": "Wisp",
            "type": "STRING",
            "default": "wisp",
            "description": "The command on the workers: a name on their PATH or a whole path.",
        },
    ]


def _script(stage: str, *extra: str) -> dict[str, Any]:
    common = ["farm", "task", stage, "{{Param.Shot}}", "--cache", "{{Param.Cache}}", "--device", "{{Param.Device}}"]
    common += ["--session", SESSION, "--map", "{{Param.PathMap}}", "--path-rules", "{{Session.PathMappingRulesFile}}"]
    return {
        "actions": {
            "onRun": {
                "command": "{{Param.Wisp}}",
                "args": [*common, *extra],
                "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTICE_SECONDS},
            }
        }
    }


def _session(what: str) -> dict[str, Any]:
    return {"command": "{{Param.Wisp}}", "args": ["farm", "session", what, SESSION], "timeout": 300}
