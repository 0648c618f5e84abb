"""Hosts that die, jobs and requests that are taken back at any moment, and documents of bad will, on a real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine.conftest import HOST, Document, Start, document, engine_command, gone, own_folders, shot_folder, start
from torture.conftest import Counter
from torture.test_fuzz import _poison
from wisp.cache import read_matte
from wisp.client.client import Client
from wisp.client.errors import EngineError
from wisp.client.shots import RemoteShot
from wisp.engine import api

__all__ = ["document", "own_folders", "shot_folder", "start"]  # fixtures


class Desk:
    """A host that goes on: what it opens and solves, with all that it is told."""

    def __init__(self, client: Client, document: Document, root: Path) -> None:
        self.client, self._document, self._root = client, document, root

    def open(self, cache: Path) -> tuple[RemoteShot, list[Any]]:
        said: list[Any] = []
        shot = self.client.open(self._document, str(self._root), said.append, said.append, cache=str(cache))
        self.client.wait(lambda: bool(said), timeout=180)
        return shot, said

    def solve(self, cache: Path) -> dict[str, np.ndarray]:
        """All mattes of the shot, whatever of them was there before."""
        shot, said = self.open(cache)
        done: list[Any] = []
        # For a moment the device may still be that of a process whose threads are ending; not for longer.
        shot.solve(on_done=done.append, on_error=done.append)
        self.client.wait(lambda: bool(done), timeout=240)
        shot.close()
        assert not isinstance(done[0], EngineError), done
        found = mattes(said[0]["objects"][0]["pattern"])
        assert found, "else all is as good as nothing"
        return found


def mattes(pattern: str) -> dict[str, np.ndarray]:
    """Those that are there, by name; reading raises where one is not whole."""
    return {path.name: read_matte(path)[0] for path in sorted(Path(pattern).parent.glob("alpha.*.exr"))}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture
def desk(start: Start, document: Document, shot_folder: Path) -> Desk:
    document["solve"] = {"head": "guided"}
    return Desk(start("stand-in models"), document, shot_folder)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_host_that_dies_at_work_loses_nothing(
    desk: Desk,
    document: Document,
    shot_folder: Path,
    tmp_path: Path,
    own_folders: dict[str, str],
    counter: Counter,
    times: Any,
) -> None:
    good = desk.solve(tmp_path / "good")
    random, command = np.random.default_rng(8), engine_command("stand-in models")
    for turn in range(times(2, 40)):
        cache = tmp_path / f"cache{turn}"
        arguments = json.dumps([command, document, str(shot_folder), str(cache), str(tmp_path / f"log{turn}")])
        with subprocess.Popen(
            [sys.executable, "-c", HOST, arguments], stdout=subprocess.PIPE, text=True, env=own_folders
        ) as host:
            assert host.stdout is not None
            line = next(line for line in host.stdout if line.startswith("working"))
            time.sleep(float(random.random()) * 0.5)
            os.kill(host.pid, signal.SIGKILL)
            counter.check(gone(int(line.split()[1])), f"turn {turn}: the engine lives on")
        for path in cache.rglob("alpha.*.exr"):
            counter.check(np.array_equal(read_matte(path)[0], good[path.name]), f"turn {turn}: {path.name}")
        counter.check(same(desk.solve(cache), good), f"turn {turn}: other mattes afterwards")
        left = [path.name for path in cache.rglob(".*.tmp")]
        counter.check(not left, f"turn {turn}: {left}")


def test_jobs_that_are_cancelled_leave_the_cache_whole(
    desk: Desk, tmp_path: Path, counter: Counter, times: Any
) -> None:
    good = desk.solve(tmp_path / "good")
    random = np.random.default_rng(9)
    for turn in range(times(6, 150)):
        cache = tmp_path / f"cache{turn}"
        shot, said = desk.open(cache)
        ends: list[Any] = []
        frames: list[Any] = []
        wanted = int(random.integers(0, 12))
        job = shot.solve(on_frame=frames.append, on_done=ends.append, on_error=ends.append)
        desk.client.wait(lambda: len(frames) >= wanted or bool(ends), timeout=240)  # noqa: B023
        if turn % 2:
            job.cancel()
        else:
            shot.close()
        desk.client.wait(lambda: bool(ends), timeout=240)  # noqa: B023
        cancelled = isinstance(ends[0], EngineError) and ends[0].kind == "cancelled"
        counter.check(len(ends) == 1 and (cancelled or not isinstance(ends[0], EngineError)), f"turn {turn}: {ends}")
        kept = mattes(said[0]["objects"][0]["pattern"])
        told = {Path(params["path"]).name for params in frames}
        counter.check(told <= kept.keys(), f"turn {turn}: {told - kept.keys()} were told and are gone")
        counter.check(all(np.array_equal(kept[name], good[name]) for name in kept), f"turn {turn}: other pixels")
        counter.check(not list(cache.rglob(".*.tmp")), f"turn {turn}: unfinished files")
        if turn % 2:
            shot.close()
        counter.check(same(desk.solve(cache), good), f"turn {turn}: other mattes afterwards")


def test_documents_of_bad_will_end_in_an_answer(
    desk: Desk,
    document: Document,
    shot_folder: Path,
    tmp_path: Path,
    counter: Counter,
    times: Any,
) -> None:
    """Opened, sent as an update, previewed and solved: answered or refused, never a bug, never an end."""
    random, client = np.random.default_rng(10), desk.client
    pid = client.call("ping")["pid"]
    place = {"root": str(shot_folder), "cache": str(tmp_path / "cache")}
    shot_id = client.call("open", {"shot": document, **place}, timeout=180)["shot_id"]
    for turn in range(times(120, 8000)):
        spoilt = json.loads(json.dumps(document))
        for _ in range(int(random.integers(1, 3))):
            _poison(spoilt, random)
        asked: list[tuple[str, dict[str, Any]]] = [
            ("update", {"shot_id": shot_id, "shot": spoilt}),
            ("open", {"shot": spoilt, **place}),
            ("preview", {"shot_id": shot_id, "frame": int(random.integers(1000, 1014)), "object": 3}),
        ]
        method, params = asked[int(random.integers(len(asked)))]
        try:
            json.dumps(params, allow_nan=False)
        except ValueError:
            continue
        try:
            answer = client.call(method, params, timeout=240)
        except EngineError as error:
            counter.check(error.code != api.INTERNAL_ERROR and error.kind != "gone", f"turn {turn}: {method}: {error}")
            if error.kind == "gone":
                return
        else:
            counter.check(True, "")
            if method == "open":
                client.call("close", {"shot_id": answer["shot_id"]})
    counter.check(client.call("ping")["pid"] == pid, "it was another engine in the end")
