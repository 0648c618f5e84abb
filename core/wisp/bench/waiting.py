"""How long a person waits: for the command line, the engine, a first matte, a correction, an answer over the pipe.

`wisp bench waiting` makes a small clip, opens it in an engine as a host does, and takes the time of each step. What a
one-off `wisp matte` of one frame takes, start included, is the baseline: it is what a tool without an engine costs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ..client.client import Client
from ..client.engine_path import command
from ..client.errors import EngineError
from ..demo.clip import COLORSPACE, DemoClip, write_clip
from ..errors import WispError

#: Requests of one kind in a row, of which the median counts.
_REPEATS = 20
_PATIENCE = 600.0


def run(frames: int = 12, size: tuple[int, int] = (640, 360)) -> dict[str, float]:
    """Seconds of each wait, by name; see the module. The clip has `frames` frames of that size, width x height."""
    with tempfile.TemporaryDirectory() as folder:
        clip = write_clip(Path(folder), frames, size)
        found = {
            "wisp --help": median(_command("--help") for _ in range(3)),
            "one frame by wisp matte": _one_off(clip, Path(folder)),
        }
        found.update(_with_engine(clip, Path(folder)))
    return found


def _command(*words: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "wisp", *words], capture_output=True, check=True)
    return time.perf_counter() - started


def _one_off(clip: DemoClip, folder: Path) -> float:
    box = f"{clip.first}:{','.join(f'{edge:g}' for edge in clip.box)}"
    where = ["-o", str(folder / "one"), "--colorspace", COLORSPACE, "--frames", str(clip.first)]
    return _command("matte", str(clip.plate), *where, "--object", clip.object_name, "--box", box)


def _with_engine(clip: DemoClip, folder: Path) -> dict[str, float]:
    client = Client(command(Path(sys.executable)), "bench", folder / "engine.log")
    found: dict[str, float] = {}

    def timed(name: str, ask: Callable[[Callable[[Any], None]], object]) -> None:
        answers: list[Any] = []
        began = time.perf_counter()
        ask(answers.append)
        client.wait(lambda: bool(answers), _PATIENCE)
        found[name] = time.perf_counter() - began

    try:
        began = time.perf_counter()
        client.start()
        client.wait(lambda: client.state == "ready", _PATIENCE)
        found["engine answers"] = time.perf_counter() - began
        found["round trip"] = median(_ping(client) for _ in range(_REPEATS))
        document = _document(clip)
        opened: list[Any] = []
        shot = client.open(document, str(folder), opened.append, _fail, cache=str(folder / "cache"))
        client.wait(lambda: bool(opened), _PATIENCE)
        prompts = document["objects"][0]["prompts"]
        for name in ("first matte", "next matte"):
            prompts[0]["xyxy"][0] += 1.0  # a prompt that was not solved before
            shot.update(document)
            timed(name, lambda answer: shot.preview(clip.first, 1, answer, _fail))
        timed("whole clip", lambda answer: shot.solve(on_done=answer, on_error=_fail))
        middle = sorted(clip.boxes)[1]
        prompts.append({"frame": middle, "kind": "box", "xyxy": list(clip.boxes[middle])})
        shot.update(document)
        timed("corrected frame", lambda answer: shot.preview(middle, 1, answer, _fail))
    finally:
        client.stop()
    return found


def _ping(client: Client) -> float:
    began = time.perf_counter()
    client.call("ping")
    return time.perf_counter() - began


def _document(clip: DemoClip) -> dict[str, Any]:
    width, height = clip.size
    plate = {"path": str(clip.plate), "first": clip.first, "last": clip.last, "width": width, "height": height}
    prompt = {"frame": clip.first, "kind": "box", "xyxy": list(clip.box)}
    return {
        "wisp": 1,
        "plate": {**plate, "colorspace": COLORSPACE},
        "objects": [{"id": 1, "name": clip.object_name, "prompts": [prompt]}],
    }


def _fail(error: EngineError) -> None:
    raise WispError(f"The engine could not be measured: {error}")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="wisp bench waiting", description=__doc__)
    parser.add_argument("--frames", type=int, default=12)
    print(json.dumps(run(parser.parse_args(argv).frames), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
