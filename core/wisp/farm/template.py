"""The job of a shot: Track -> Matte -> Check, after the Open Job Description specification 2023-09.

Tracking one object is one task: each mask needs the one before. Matting needs a frame and its mask only, so that it is
cut into chunks of frames that the queue may make longer or shorter (extension TASK_CHUNKING).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .ranges import to_openjd

#: Frames in a chunk before the queue knows how long one takes. Short, so that the first finding comes soon.
FRAMES_PER_CHUNK = 10
#: Starting Python and loading a model takes some seconds: under a twentieth of a chunk of five minutes.
TARGET_SECONDS = 300
#: A cancelled task finishes its frame; so long it is waited for before it is killed.
NOTICE_SECONDS = 120

FAIL_ON = ("missing", "suspicious")


@dataclass(frozen=True)
class JobPlan:
    """What a job is made from. `shot` and `cache` are absolute; `objects` are names, `frames` the plate's numbers."""

    shot: Path
    cache: Path
    objects: Sequence[str]
    frames: Sequence[int]
    frames_per_chunk: int = FRAMES_PER_CHUNK
    target_seconds: int = TARGET_SECONDS
    gpu: bool = False
    fail_on: str = "missing"


def job_template(plan: JobPlan) -> dict[str, Any]:
    """The job as the specification's template object."""
    name = plan.shot.stem
    objects = {"name": "Object", "type": "STRING", "range": list(plan.objects)}
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
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"Wisp {name}"[:128],
        "description": f"Tracks and mattes {', '.join(plan.objects)} of {plan.shot.name}."[:2048],
        "parameterDefinitions": _parameters(plan),
        "steps": [
            {
                "name": "Track",
                "parameterSpace": {"taskParameterDefinitions": [objects]},
                **needs,
                "script": _script("track", *one_object, "--frames", "{{Param.Frames}}"),
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
                "script": _script("check", "--frames", "{{Param.Frames}}", "--fail-on", "{{Param.FailOn}}"),
            },
        ],
    }


def _parameters(plan: JobPlan) -> list[dict[str, Any]]:
    return [
        {
            "name": "Shot",
            "type": "PATH",
            "objectType": "FILE",
            "dataFlow": "IN",
            "default": str(plan.shot),
            "description": "The document, NAME.wisp.",
        },
        {
            "name": "Cache",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "INOUT",
            "default": str(plan.cache),
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
            "name": "Wisp",
            "type": "STRING",
            "default": "wisp",
            "description": "The command on the workers: a name on their PATH or a whole path.",
        },
    ]


def _script(stage: str, *extra: str) -> dict[str, Any]:
    common = ["farm", "task", stage, "{{Param.Shot}}", "--cache", "{{Param.Cache}}", "--device", "{{Param.Device}}"]
    return {
        "actions": {
            "onRun": {
                "command": "{{Param.Wisp}}",
                "args": [*common, *extra],
                "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTICE_SECONDS},
            }
        }
    }
