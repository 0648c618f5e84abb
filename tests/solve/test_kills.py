"""Killed at any moment: no damaged file, no lost prompt, and the finished result equals an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.solving import box, point, shot
from wisp.cache import read_matte
from wisp.shot import save

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

#: Imports everything, says so, and solves when told where to.
WORKER = """
import sys
from pathlib import Path
from helpers.solving import solver
from wisp.shot import load
import wisp.plates.exr, wisp.plates.stills, wisp.plates.colour, PyOpenColorIO
print("ready", flush=True)
folder, cache = map(Path, sys.stdin.readline().split())
solver(load(folder / "shot.wisp"), folder, cache).run()
"""


class Workers:
    """Processes that stand ready, so that a kill does not wait for Python to start."""

    def __init__(self, ready: int = 3) -> None:
        self._waiting = [self._start() for _ in range(ready)]

    def _start(self) -> subprocess.Popen[str]:
        room = Path(__file__).parent.parent
        command = [sys.executable, "-c", WORKER]
        return subprocess.Popen(command, cwd=room, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def solve(self, folder: Path, cache: Path, kill_after: int | None = None) -> int:
        """Solve in the next process, which is killed once so many more files are in the cache; its exit status."""
        before = count_files(cache)
        process = self._waiting.pop(0)
        self._waiting.append(self._start())
        with process:
            assert process.stdin is not None and process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.stdin.write(f"{folder} {cache}\n")
            process.stdin.flush()
            if kill_after is not None:
                while process.poll() is None and count_files(cache) < before + kill_after:
                    time.sleep(0.0005)
                process.kill()  # at whatever it is doing
            return process.wait()

    def close(self) -> None:
        for process in self._waiting:
            process.kill()
            process.communicate()


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


def count_files(cache: Path) -> int:
    """How far a solve has come, whatever it is at."""
    return sum(len(files) for _, _, files in os.walk(cache))


def pixels(cache: Path) -> dict[str, bytes]:
    """Frame file -> its pixels; reading raises where a file is not whole."""
    return {path.name: read_matte(path)[0].tobytes() for path in sorted(cache.glob("*/hero-*/alpha.*.exr"))}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_kills_damage_nothing_and_change_nothing(folder: Path, workers: Workers) -> None:
    save(shot(box(1005), point(1015), box(1025), point(1033)), folder / "shot.wisp")
    document = (folder / "shot.wisp").read_bytes()
    assert workers.solve(folder, folder / "calm") == 0
    assert workers.solve(folder, folder / "calm2") == 0
    expected = pixels(folder / "calm")
    assert len(expected) == 40 and pixels(folder / "calm2") == expected

    dice = random.Random(7)
    kills = rounds = partial = 0
    while kills < 100:
        cache = folder / f"wild{rounds}"
        status = workers.solve(folder, cache, dice.randrange(30))
        found = pixels(cache)
        assert {name: expected[name] for name in found} == found, "a kept frame differs from the undisturbed one"
        kills += status == -signal.SIGKILL
        partial += status == -signal.SIGKILL and 0 < len(found) < 40
        if kills % 10 == 0 or status == 0:  # let this one be finished: it must end as if nothing had happened
            assert workers.solve(folder, cache) == 0
            assert pixels(cache) == expected
            rounds += 1
    assert rounds >= 10 and partial >= 20, "the kills came too early or too late to prove anything"
    assert (folder / "shot.wisp").read_bytes() == document
