"""Whatever a host sends, every request is answered or refused, and the engine goes on."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from engine.conftest import Document
from pydantic import TypeAdapter
from wisp.engine import api
from wisp.engine.engine import Engine
from wisp.engine.wire import Wire
from wisp.weights.options import RunOptions

#: Lines of the fuzz; the full count is for `WISP_FUZZ_LINES=100000`.
LINES = int(os.environ.get("WISP_FUZZ_LINES", "4000"))
#: JSON texts of values that no host means.
HOSTILE = (
    *("1e999", "-1e999", "1e308", "-0.0", "5e-324", "NaN", "Infinity", "-Infinity"),
    *(str(10**40), str(-(10**40)), "9" * 5000, "2147483648", "-1", "0", "0.5", "true", "null"),
    *('""', '"\\u0000"', '"\\ud800"', '"' + "x" * 5000 + '"', '"1001-999999999999"', '"1-2x0"', '"../../etc"'),
    *("[]", "{}", "[[[[]]]]", '{"a": {"b": [1e999]}}', '[1e400, "x"]', '{"": null}'),
)
IDS = ("1e999", "null", '"id"', "7", "1.5", str(10**40), "true", "[]", '{"a":1}', '"\\ud800"', "-0.0")


class Host:
    """What an engine in this process sends."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.engine = Engine(self._take, RunOptions(device="cpu"), None)

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(json.loads(json.dumps(message, allow_nan=False)))

    def answers(self) -> int:
        return sum("id" in message for message in list(self.messages))

    def ask(self, method: str, params: dict[str, Any], request_id: str) -> dict[str, Any]:
        self.engine.receive(
            json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()
        )
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if message.get("id") == request_id:
                    return message
            time.sleep(0.002)
        raise TimeoutError(method)


@pytest.fixture
def host() -> Host:
    made = Host()
    made.ask("initialize", {"protocol": api.PROTOCOL, "client": "fuzz"}, "start")
    return made


def fields() -> list[tuple[str, str]]:
    return [(method.name, name) for method in api.METHODS.values() for name in method.params.model_fields]


def test_every_field_of_every_method_survives_hostile_values(host: Host, shot_folder: Path, document: Document) -> None:
    place = {"root": str(shot_folder), "cache": str(shot_folder / "cache")}
    shot_id = host.ask("open", {"shot": document, **place}, "open")["result"]["shot_id"]
    good = {
        "initialize": {"protocol": api.PROTOCOL, "client": "fuzz"},
        "open": {"shot": document, **place},
        "update": {"shot_id": shot_id, "shot": document},
        "preview": {"shot_id": shot_id, "frame": 1001, "object": 3},
        "solve": {"shot_id": "none"},
        "cancel": {"job": "none"},
        "close": {"shot_id": "none"},
    }
    rng = random.Random(5)
    methods = [name for name in api.METHODS if name != "shutdown"]
    before, sent = host.answers(), 0
    for _ in range(LINES):
        method = rng.choice(methods)
        params = {name: json.dumps(value) for name, value in good.get(method, {}).items()}
        names = [name for known, name in fields() if known == method]
        if names:
            params[rng.choice(names)] = rng.choice(HOSTILE)
        if method in ("open", "update", "preview") and rng.random() < 0.5:
            params["shot_id" if method != "open" else "root"] = rng.choice(HOSTILE)  # cheap: refused at once
        if rng.random() < 0.1:
            params["stranger"] = rng.choice(HOSTILE)
        body = "{" + ",".join(f'"{name}":{value}' for name, value in params.items()) + "}"
        request_id = rng.choice(IDS) if rng.random() < 0.2 else str(sent)
        line = f'{{"jsonrpc":"2.0","id":{request_id},"method":"{method}","params":{body}}}'
        host.engine.receive(line.encode("utf-8", "surrogatepass"))
        sent += 1
    assert "result" in host.ask("ping", {}, "still there")
    deadline = time.monotonic() + 120.0
    while host.answers() < before + sent + 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert host.answers() == before + sent + 1
    bugs = [m for m in host.messages if m.get("error", {}).get("code") == api.INTERNAL_ERROR]
    assert bugs == []
    preview = host.ask("preview", {"shot_id": shot_id, "frame": 1001, "object": 3}, "works")
    assert "result" in preview


@pytest.mark.parametrize("value", ["1e999", "1e300", "0", "-1"])
def test_idle_minutes_are_a_time_that_can_be_waited(value: str) -> None:
    host = Host()
    params = f'{{"protocol":{api.PROTOCOL},"client":"x","idle_minutes":{value}}}'
    host.engine.receive(f'{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{params}}}'.encode())
    assert "error" in host.messages[0]
    TypeAdapter(dict[str, Any]).validate_python(host.messages[0]["error"])


def test_a_stroke_of_a_machine_is_refused_in_words(host: Host, shot_folder: Path, document: Document) -> None:
    stroke = {"frame": 1001, "kind": "stroke", "xy": [[float(i % 90), 20.0] for i in range(200_000)]}
    document["objects"][0]["prompts"].append(stroke)
    place = {"root": str(shot_folder), "cache": str(shot_folder / "cache")}
    error = host.ask("open", {"shot": document, **place}, "open")["error"]
    assert error["code"] == api.INVALID_PARAMS and "at most 20000" in error["message"]


def test_a_bug_in_the_work_ends_neither_worker_nor_engine(host: Host) -> None:
    host.engine._worker.call(lambda: print(1 // 0))
    host.engine._worker.when_free("x", (print(1 // n) for n in [0]))
    assert "result" in host.ask("ping", {}, "a")
    assert "error" in host.ask("close", {"shot_id": "none"}, "b")


def test_a_host_that_does_not_read_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wisp.engine.wire.MAX_UNREAD", 1 << 20)
    source, sink = os.pipe()
    wire = Wire(-1, sink)
    done = threading.Event()

    def flood() -> None:
        with pytest.raises(BrokenPipeError):
            while True:
                wire.send({"text": "x" * 1000})
        done.set()

    threading.Thread(target=flood, daemon=True).start()
    assert done.wait(30.0), "sending waits for a host that does not read"
    os.close(source)
