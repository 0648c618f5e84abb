"""A shot small enough to be solved many times, and jobs of plain commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from wisp.shot import Shot, parse, save

SIZE = (96, 64)
FRAMES = tuple(range(1001, 1009))


def write_shot(folder: Path) -> Path:
    """A disc that drifts to the right over 8 frames, prompted by a box on the first."""
    (folder / "plates").mkdir()
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    for frame in FRAMES:
        inside = np.hypot(x - 30 - 3 * (frame - FRAMES[0]), y - 32) < 14
        picture = np.where(inside[..., None], (40, 180, 230), (90, 60, 50)).astype(np.uint8)
        cv2.imwrite(str(folder / f"plates/sh010.{frame}.png"), cv2.GaussianBlur(picture, (0, 0), 1.2))
    place = folder / "sh010.wisp"
    save(_document(), place)
    return place


def _document() -> Shot:
    plate = {"path": "plates/sh010.%04d.png", "first": FRAMES[0], "last": FRAMES[-1]}
    prompt = {"frame": FRAMES[0], "kind": "box", "xyxy": [14, 16, 46, 48]}
    return parse(
        {
            "wisp": 1,
            "plate": {**plate, "width": SIZE[0], "height": SIZE[1]},
            "objects": [{"id": 1, "name": "disc", "prompts": [prompt]}],
            "solve": {"tracker": "flow", "head": "guided"},
        }
    )


def command_job(code: str, frames: str = "1-12", chunk: int = 3, target: int = 0) -> dict[str, Any]:
    """A one-step job whose tasks run Python `code` with the chunk as `sys.argv[1]`."""
    chunks = {"defaultTaskCount": chunk, "targetRuntimeSeconds": target, "rangeConstraint": "CONTIGUOUS"}
    frame = {"name": "F", "type": "CHUNK[INT]", "range": frames, "chunks": chunks}
    cancelation = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 60}
    action = {"command": sys.executable, "args": ["-c", code, "{{Task.Param.F}}"], "cancelation": cancelation}
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": "commands",
        "steps": [
            {
                "name": "Do",
                "parameterSpace": {"taskParameterDefinitions": [frame]},
                "script": {"actions": {"onRun": action}},
            }
        ],
    }
