"""A small shot, and engines to give it to."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from wisp.client import engine_path
from wisp.client.client import Client

FRAMES = range(1001, 1013)
SIZE = (96, 64)
Document = dict[str, Any]
#: A host of its own: solves a shot, says when the engine is at work on it, and waits to be killed.
HOST = """
import json, sys
from pathlib import Path
from wisp.client.client import Client
command, document, root, cache, log = json.loads(sys.argv[1])
client = Client(command, "doomed", Path(log))
client.start()
shot = client.open(document, root, print, print, cache=cache)
shot.solve(on_progress=lambda params: print("working", client.pid, flush=True))
client.wait(lambda: False, timeout=240)
"""


def disc(frame: int) -> tuple[float, float]:
    """Where the disc's centre is on that frame, plate pixels."""
    return 30.0 + 3.0 * (frame - FRAMES[0]), 32.0


@pytest.fixture
def shot_folder(tmp_path: Path) -> Path:
    """A folder with twelve frames of a bright disc that moves to the right over noise."""
    folder = tmp_path / "sh010"
    folder.mkdir()
    noise = np.random.default_rng(7).integers(20, 60, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    for frame in FRAMES:
        picture = noise.copy()
        x, y = disc(frame)
        cv2.circle(picture, (round(x), round(y)), 14, (90, 180, 240), -1, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"plate.{frame}.png"), picture)
    return folder


@pytest.fixture
def document(shot_folder: Path) -> Document:
    """The shot document of that folder: one object with a box on the first frame."""
    x, y = disc(FRAMES[0])
    box = {"frame": FRAMES[0], "kind": "box", "xyxy": [x - 16, y - 16, x + 16, y + 16]}
    plate = {
        "path": "plate.%04d.png",
        "first": FRAMES[0],
        "last": FRAMES[-1],
        "width": SIZE[0],
        "height": SIZE[1],
    }
    return {"wisp": 1, "plate": plate, "objects": [{"id": 3, "name": "disc", "prompts": [box]}]}


@pytest.fixture
def own_folders(tmp_path: Path) -> dict[str, str]:
    """An environment whose logs and locks are this test's own."""
    folders = {name: str(tmp_path / name.lower()) for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR")}
    return {**os.environ, **folders, "WISP_DEVICE": "cpu", "WISP_TEST_GATE": str(tmp_path / "gate")}


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """While this file exists, as it does at first, the runs of an engine that was started "gated" rest after their
    second matte."""
    (tmp_path / "gate").touch()
    return tmp_path / "gate"


#: Starts an engine whose solver behaves as named, see `behaviour.py`.
Start = Callable[..., Client]


def engine_command(behaviour: str | None = None) -> list[str]:
    """What starts an engine, see `behaviour.py`."""
    command = engine_path.command(Path(sys.executable))
    if behaviour is not None:
        command = [*command[: command.index("-m")], str(Path(__file__).with_name("behaviour.py")), behaviour]
    return command


@pytest.fixture
def start(tmp_path: Path, own_folders: dict[str, str]) -> Iterator[Start]:
    """A function that starts an engine and waits until it is ready; all are stopped afterwards."""
    started: list[Client] = []

    def start_one(behaviour: str | None = None, idle_minutes: float = 10.0, options: Sequence[str] = ()) -> Client:
        """`options` are Python's own."""
        command = engine_command(behaviour)
        command[1:1] = options
        log = tmp_path / f"stderr-{len(started)}.log"
        client = Client(command, f"test-{len(started)}", log, own_folders, idle_minutes=idle_minutes)
        started.append(client)
        client.start()
        client.wait(lambda: client.state != "starting", timeout=180)
        assert client.state == "ready"
        return client

    yield start_one
    for client in started:
        client.stop()


def gone(pid: int) -> bool:
    """Whether the process ends (or is a zombie that nobody has reaped), however busy the machine is."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
