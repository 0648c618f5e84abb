"""How a farm job scales on this machine: workers, and what a chunk costs beyond its frames.

`wisp bench farm` mattes one made clip several times from its tracked masks, with 1, 2 and 4 workers, by the job that
`wisp farm` writes: every task does real work, nothing sleeps. The overhead is the time of a task whose frames are all
done: a process starts, reads the shot, finds nothing to do, and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..commands.farm import wisp_command
from ..demo.clip import COLORSPACE, write_clip
from ..farm.local import run_job
from ..farm.template import JobPlan, job_template, job_values
from ..shot import load, parse, save


def run(workers: Sequence[int] = (1, 2, 4), frames: int = 32, size: tuple[int, int] = (1280, 720)) -> dict[str, Any]:
    """Seconds of each step by number of workers, the speed-up of Matte against one worker, and the overhead of a task.

    The clip has `frames` frames of that size, width x height; chunks have an eighth of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        shot = _shot(Path(folder), frames, size)
        chunk = max(1, frames // 8)
        rows = [_solve(shot, Path(folder) / f"cache-{count}", count, chunk) for count in workers]
        again = _solve(shot, Path(folder) / f"cache-{workers[0]}", 1, chunk)
    return {
        "cores": os.cpu_count(),
        "frames": frames,
        "frames_per_chunk": chunk,
        "overhead_s": again["matte_s"] / again["chunks"],
        "workers": {
            str(count): {**row, "speed_up": rows[0]["matte_s"] / row["matte_s"]}
            for count, row in zip(workers, rows, strict=True)
        },
    }


def _shot(folder: Path, frames: int, size: tuple[int, int]) -> Path:
    clip = write_clip(folder, frames, size)
    width, height = size
    plate = {"path": str(clip.plate), "first": clip.first, "last": clip.last, "width": width, "height": height}
    prompts = [{"frame": frame, "kind": "box", "xyxy": list(box)} for frame, box in clip.boxes.items()]
    document = {
        "wisp": 1,
        "plate": {**plate, "colorspace": COLORSPACE},
        "objects": [{"id": 1, "name": clip.object_name, "prompts": prompts}],
    }
    place = folder / "bench.wisp"
    save(parse(document), place)
    return place


def _solve(shot: Path, cache: Path, workers: int, chunk: int) -> dict[str, float]:
    """Seconds of Track and of Matte, and the number of chunks."""
    spec = load(shot)
    frames = range(spec.plate.first, spec.plate.last + 1)
    plan = JobPlan(shot, cache, {spec.objects[0].name: [frames]}, frames, chunk, 0)
    walls: dict[str, float] = {}
    began = time.perf_counter()

    def note(step: Any) -> None:
        walls[step.name] = time.perf_counter() - began

    values = {**job_values(plan), "Wisp": wisp_command()}
    done = run_job(job_template(plan), values, workers=workers, on_progress=note)
    return {
        "track_s": walls["Track"],
        "matte_s": walls["Matte"] - walls["Track"],
        "chunks": next(step.tasks for step in done.steps if step.name == "Matte"),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="wisp bench farm", description=__doc__)
    parser.add_argument("--workers", default="1,2,4", help="how many at once, in turn")
    parser.add_argument("--frames", type=int, default=32)
    options = parser.parse_args(argv)
    print(json.dumps(run([int(count) for count in options.workers.split(",")], options.frames), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
