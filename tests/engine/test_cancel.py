"""Requests that are taken back: those that wait never begin, and an `open` stops while it looks at pictures."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from engine.conftest import Document, Start
from wisp.engine import api, shots
from wisp.engine.engine import Engine
from wisp.errors import CancelledError
from wisp.models.store import ModelStore
from wisp.plates import open_plate, pictures
from wisp.weights.options import RunOptions


class Host:
    """An engine in this process, and what it says."""

    def __init__(self) -> None:
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._engine = Engine(self.said.put, RunOptions(device="cpu"), None)
        self.ask(0, "initialize", protocol=api.PROTOCOL, client="test")
        self.answer(0)

    def ask(self, number: int, method: str, **params: Any) -> None:
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self._engine.receive(json.dumps(request).encode())

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to that request; all that comes before it is passed over."""
        while True:
            message = self.said.get(timeout=60)
            if message.get("id") == number:
                return message


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Whether a header is being read, and what lets it be."""
    begun, go = threading.Event(), threading.Event()
    real = pictures._read_header

    def read(*arguments: Any) -> Any:
        begun.set()
        assert go.wait(60)
        return real(*arguments)

    monkeypatch.setattr(pictures, "_read_header", read)
    return begun, go


def test_an_open_that_is_under_way_and_one_that_waits(
    held: tuple[threading.Event, threading.Event], document: Document, shot_folder: Path, tmp_path: Path
) -> None:
    begun, go = held
    host = Host()
    for number in (1, 2, 3):
        host.ask(number, "open", shot=document, root=str(shot_folder), cache=str(tmp_path / "cache"))
    assert begun.wait(60)
    host.ask(4, "cancel", request=1)
    host.ask(5, "cancel", request=2)
    host.ask(6, "cancel", request=99)
    assert [host.answer(number)["result"]["cancelled"] for number in (4, 5, 6)] == [True, True, False]
    go.set()
    refused = [host.answer(number)["error"] for number in (1, 2)]
    assert [error["code"] for error in refused] == [api.CANCELLED, api.CANCELLED]
    assert [error["data"]["kind"] for error in refused] == ["cancelled", "cancelled"]
    opened = host.answer(3)["result"]["shot_id"]
    host.ask(7, "status")
    assert host.answer(7)["result"]["shots"] == [opened]
    host.ask(8, "cancel", request=3)
    assert host.answer(8)["result"]["cancelled"] is False


@pytest.mark.parametrize("asked", [{}, {"job": "job-1", "request": 1}, {"request": True}, {"request": None}])
def test_one_of_the_two_is_named(asked: dict[str, Any]) -> None:
    host = Host()
    host.ask(1, "cancel", **asked)
    assert host.answer(1)["error"]["code"] == api.INVALID_PARAMS


def test_a_stopped_update_leaves_the_shot_as_it_was(document: Document, shot_folder: Path, tmp_path: Path) -> None:
    models = ModelStore(RunOptions(device="cpu"))
    shot = shots.OpenShot(api.Open(shot=document, root=str(shot_folder), cache=str(tmp_path / "cache")), models)
    before = shot.status()
    other = {**document, "plate": {**document["plate"], "first": 1002}, "objects": []}
    with pytest.raises(CancelledError):
        shot.update(api.Update(shot_id="s", shot=other), lambda: True)
    assert shot.status() == before


def test_a_long_movie_is_not_read_to_the_end(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs PyAV (the movies extra)")
    path = tmp_path / "long.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for _ in range(30):
            container.mux(stream.encode(av.VideoFrame(32, 16, "yuv420p")))
        container.mux(stream.encode(None))
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == 5

    with pytest.raises(CancelledError):
        open_plate(path, should_stop=should_stop)
    assert asked == 5


def test_the_client_stops_the_opening_of_a_shot_it_closes(
    start: Start, document: Document, shot_folder: Path, tmp_path: Path
) -> None:
    """The engine loads its libraries for the first `open`, so that the cancel always finds the second one waiting."""
    client = start()
    said: list[Any] = []
    place = {"root": str(shot_folder), "cache": str(tmp_path / "cache")}
    first = client.open(document, place["root"], said.append, said.append, cache=place["cache"])
    unheard: list[Any] = []
    second = client.open(document, place["root"], unheard.append, unheard.append, cache=place["cache"])
    waits: list[Any] = []
    second.preview(1001, 3, waits.append, waits.append)
    second.close()
    client.wait(lambda: bool(said and waits), timeout=120)
    assert [error.kind for error in waits] == ["cancelled"]
    assert not unheard
    assert client.call("status")["shots"] == [first._shot_id]


def test_what_a_plate_says_of_itself_reaches_the_host(start: Start, document: Document, tmp_path: Path) -> None:
    import numpy as np
    from wisp.plates.exr_writer import write_exr
    from wisp.plates.plate import Window

    plate = document["plate"]
    planes = {f"{layer}.{c}": np.full((plate["height"], plate["width"]), 0.5) for layer in ("AO", "N") for c in "RGB"}
    for frame in range(plate["first"], plate["last"] + 1):
        window = Window(0, 0, plate["width"], plate["height"])
        write_exr(tmp_path / "two" / f"plate.{frame}.exr", planes, display=window)
    document["plate"]["path"] = "plate.%04d.exr"
    client = start()
    logs: list[dict[str, Any]] = []
    client.on_notification.connect(lambda method, params: logs.append({"method": method, **params}))
    statuses: list[Any] = []
    shot = client.open(document, str(tmp_path / "two"), statuses.append, statuses.append, cache=str(tmp_path / "cache"))
    client.wait(lambda: bool(logs), timeout=120)
    assert [(log["method"], log["level"]) for log in logs] == [("log", "warning")]
    assert "'AO' is taken" in logs[0]["text"] and "N" in logs[0]["text"]

    shot.update({**document, "objects": []})
    shot.refresh()
    client.wait(lambda: len(statuses) == 3, timeout=120)
    client.call("ping")
    assert len(logs) == 1, "said once"
