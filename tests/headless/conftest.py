"""The real command line in a process of its own, as on a render node: no display, no home, nobody watching."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

FRAMES = range(1001, 1021)
SIZE = (96, 64)


def picture(frame: int, *, hidden: bool = False) -> np.ndarray:
    """A bright textured disk that moves to the right over a dark textured ground."""
    ground = np.random.default_rng(1).integers(20, 70, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    step = frame - FRAMES[0]
    disk = (np.hypot(x - 26 - step, y - 32) < 14) & (not hidden)
    texture = np.random.default_rng(2).integers(0, 30, (SIZE[1], 256, 3))[:, 100 - step : 100 - step + SIZE[0]]
    return np.where(disk[..., None], texture + np.array([60, 120, 220]), ground).astype(np.uint8)


def write_shot(folder: Path, hidden: Collection[int] = (), frames: range = FRAMES) -> Path:
    """A plate and a shot with a box on the first frame; the disk is not there on the `hidden` frames."""
    (folder / "plates").mkdir(parents=True)
    for frame in frames:
        cv2.imwrite(str(folder / f"plates/sh010.{frame}.png"), picture(frame, hidden=frame in hidden))
    size = {"width": SIZE[0], "height": SIZE[1]}
    box = {"frame": frames[0], "kind": "box", "xyxy": [10, 16, 42, 48]}
    document = {
        "wisp": 1,
        "plate": {"path": "plates/sh010.%04d.png", "first": frames[0], "last": frames[-1], **size},
        "objects": [{"id": 1, "name": "disk", "prompts": [box]}],
        "solve": {"tracker": "flow", "head": "guided"},
    }
    shot = folder / "sh010.wisp"
    shot.write_text(json.dumps(document))
    return shot


@pytest.fixture
def shot(tmp_path: Path) -> Iterator[Path]:
    """A shot in a folder that nobody may write to, as an input store is mounted."""
    made = write_shot(tmp_path / "store")
    folders = (made.parent, made.parent / "plates")
    for folder in folders:
        folder.chmod(0o555)
    yield made
    for folder in folders:
        folder.chmod(0o755)


#: Runs `wisp` with those arguments; further keywords are environment variables.
Wisp = Callable[..., "subprocess.CompletedProcess[str]"]


#: A queue also says how many threads a task may have: where tests run side by side, one each.
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "OMP_NUM_THREADS")


def environment(**more: str) -> dict[str, str]:
    """What a render node's queue gives a task: a search path and little else."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "WISP_DEVICE": "cpu", **more}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "wisp", *map(str, arguments)]


@pytest.fixture
def wisp(tmp_path: Path) -> Wisp:
    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
