"""The job for queues that do not speak Open Job Description: Flamenco and OpenCue. They call the same tasks."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from ..atomic import replacing
from ..frames import format_frames
from .ranges import to_openjd
from .template import JobPlan

_JOB_TYPE = Path(__file__).with_name("flamenco.js")
_PLATFORMS = {"win32": "windows", "darwin": "darwin"}


def write_flamenco(plan: JobPlan, folder: Path) -> list[Path]:
    """The job type for the manager's folder `scripts`, and the job as its interface takes it (`POST /api/v3/jobs`)."""
    job_type, job = folder / "wisp.js", folder / f"{plan.shot.stem}.flamenco.json"
    with replacing(job_type) as fresh:
        shutil.copyfile(_JOB_TYPE, fresh)
    with replacing(job) as fresh:
        fresh.write_text(json.dumps(flamenco_job(plan), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return [job_type, job]


def flamenco_job(plan: JobPlan) -> dict[str, Any]:
    """The job's name, type and settings."""
    tracks = [[name, to_openjd(span)] for name, spans in plan.spans.items() for span in spans]
    return {
        "name": f"Wisp {plan.shot.stem}",
        "type": "wisp",
        "priority": 50,
        "submitter_platform": _PLATFORMS.get(sys.platform, "linux"),
        "settings": {
            "shot": plan.shot.as_posix(),
            "cache": plan.cache.as_posix(),
            "tracks": json.dumps(tracks),
            "frames": _by_comma(plan.frames),
            "chunk_size": plan.frames_per_chunk,
            "device": "auto",
            "path_map": plan.path_map,
            "wisp": "wisp",
            "fail_on": plan.fail_on,
        },
    }


def write_opencue(plan: JobPlan, folder: Path) -> list[Path]:
    """A Python script for PyOutline that sends the job: `python NAME.outline.py`."""
    place = folder / f"{plan.shot.stem}.outline.py"
    with replacing(place) as fresh:
        fresh.write_text(opencue_script(plan), "utf-8")
    return [place]


def opencue_script(plan: JobPlan) -> str:
    """The script's text: a layer per part of a track, one of mattes per object in chunks, and the check."""
    common = ["--cache", str(plan.cache), "--map", plan.path_map]
    frames = _by_comma(plan.frames)
    lines = [
        '"""Send this shot to OpenCue."""',
        "",
        "import outline",
        "import outline.cuerun",
        "from outline.modules.shell import Shell",
        "",
        'WISP = "wisp"',
        f"COMMON = {common!r}",
        f"SHOT = {str(plan.shot)!r}",
        "",
        "",
        "def layer(name, stage, words, frames, chunk, after):",
        '    command = [WISP, "farm", "task", stage, SHOT, *COMMON, *words]',
        "    made = Shell(name, command=command, range=frames, chunk=chunk)",
        "    job.add_layer(made)",
        "    for earlier in after:",
        "        made.depend_all(earlier)",
        "    return made",
        "",
        "",
        f"job = outline.Outline({f'wisp-{plan.shot.stem}'!r})",
        "mattes = []",
    ]
    for name, spans in plan.spans.items():
        lines.append("tracks = []")
        for number, span in enumerate(spans):
            words = ["--object", name, "--frames", to_openjd(span), "--within", to_openjd(plan.frames)]
            lines.append(f'tracks.append(layer("track_{name}_{number}", "track", {words!r}, "1", 1, []))')
        # The queue counts on through what was left out, between a chunk's first frame and its last.
        words = ["--object", name, "--frames", "#FRAME_START#-#FRAME_END#", "--within", to_openjd(plan.frames)]
        lines.append(
            f'mattes.append(layer("matte_{name}", "matte", {words!r}, "{frames}", {plan.frames_per_chunk}, tracks))'
        )
    words = [word for name in plan.objects for word in ("--object", name)]
    words += ["--frames", to_openjd(plan.frames), "--fail-on", plan.fail_on]
    lines += [f'layer("check", "check", {words!r}, "1", 1, mattes)', "outline.cuerun.launch(job)", ""]
    return "\n".join(lines)


def _by_comma(frames: Any) -> str:
    """`1001-1010,1020`: without steps, which neither queue reads as Wisp does."""
    return format_frames(frames) if "x" not in format_frames(frames) else ",".join(map(str, frames))
