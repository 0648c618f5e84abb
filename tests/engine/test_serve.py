"""The engine process as a host meets it, from outside and byte by byte."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wisp.client import engine_path
from wisp.engine import api

from .conftest import gone

INITIALIZE = {"protocol": api.PROTOCOL, "client": "test"}


class Raw:
    """An engine and its pipe, without a client in between."""

    def __init__(self, environment: dict[str, str], stderr: Path) -> None:
        self.process = subprocess.Popen(
            engine_path.command(Path(sys.executable)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr.open("wb"),
            env=environment,
        )

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send_all(self, lines: list[bytes]) -> None:
        """Send from a thread: an engine whose answers nobody reads stops reading, too."""

        def send() -> None:
            with contextlib.suppress(OSError):  # the engine is gone: reading says so
                for line in lines:
                    self.send(line)

        threading.Thread(target=send, daemon=True).start()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()

    def read(self) -> dict[str, Any]:
        """The next message that is no log."""
        assert self.process.stdout is not None
        while True:
            message: dict[str, Any] = json.loads(self.process.stdout.readline())
            if message.get("method") != "log":
                return message

    def ask(self, method: str, params: dict[str, Any] | None = None, request_id: Any = 1) -> dict[str, Any]:
        request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}
        self.send(json.dumps(request).encode())
        return self.read()


@pytest.fixture
def raw(own_folders: dict[str, str], tmp_path: Path) -> Iterator[Raw]:
    engine = Raw(own_folders, tmp_path / "stderr.log")
    yield engine
    engine.end()


def test_the_first_answer_does_not_wait_for_torch(raw: Raw) -> None:
    answer = raw.ask("initialize", INITIALIZE)  # 0.4 s on an idle machine
    assert answer["result"]["protocol"] == api.PROTOCOL
    assert {"flow", "guided"} <= {model["id"] for model in answer["result"]["models"]}
    mapped = Path(f"/proc/{raw.process.pid}/maps")
    if not mapped.exists():
        pytest.skip("which libraries a process has loaded is read from /proc")
    libraries = mapped.read_text()
    assert "pydantic_core" in libraries
    assert not [name for name in ("libtorch", "cv2", "OpenEXR", "numpy") if name in libraries]


def test_refusals(raw: Raw) -> None:
    assert raw.ask("status")["error"]["code"] == api.NOT_INITIALIZED
    mismatch = raw.ask("initialize", {"protocol": 99, "client": "future host"})["error"]
    assert mismatch["code"] == api.PROTOCOL_MISMATCH
    assert "99" in mismatch["message"]
    assert str(api.PROTOCOL) in mismatch["message"]
    raw.ask("initialize", INITIALIZE)
    assert raw.ask("eval", {"code": "1"})["error"]["code"] == api.METHOD_NOT_FOUND
    assert raw.ask("status", request_id="text")["id"] == "text"
    assert raw.ask("cancel", {"job": "job-99"})["result"] == {"cancelled": False}
    assert raw.ask("close", {"shot_id": "shot-99"})["error"]["data"]["kind"] == "usage"


def test_shutdown_answers_then_ends(raw: Raw) -> None:
    raw.ask("initialize", INITIALIZE)
    assert raw.ask("shutdown")["result"] == {}
    assert raw.process.wait(60) == 0


def test_the_end_of_stdin_ends_it(raw: Raw) -> None:
    raw.ask("initialize", INITIALIZE)
    assert raw.process.stdin is not None
    raw.process.stdin.close()
    assert raw.process.wait(60) == 0


def bad_line(rng: random.Random) -> bytes:
    """One line that is no good request, of one of many sorts."""
    sorts = (
        lambda: rng.randbytes(rng.randrange(1, 200)),
        lambda: b"[" * rng.randrange(1, 50_000),
        lambda: b'{"a":' * rng.randrange(1, 20_000) + b"1",
        lambda: json.dumps({"jsonrpc": "2.0", "id": rng.randrange(9), "method": rng.choice(["", "x", "__init__"])}),
        lambda: json.dumps({"jsonrpc": "2.0", "id": 1, "method": rng.choice(list(api.METHODS)), "params": [1]}),
        lambda: json.dumps({"jsonrpc": "2.0", "id": 1, "method": "open", "params": {"shot": _junk(rng)}}),
        lambda: json.dumps({"jsonrpc": "2.0", "id": 1, "method": "solve", "params": {"shot_id": _junk(rng)}}),
        lambda: json.dumps({"jsonrpc": "2.0", "id": 1, "method": "preview", "params": _junk(rng)}),
        lambda: json.dumps({"jsonrpc": "2.0", "id": _junk(rng), "method": 1}),
        lambda: json.dumps({"jsonrpc": rng.choice([2, "1", None]), "id": 1, "method": "ping"}),
        lambda: json.dumps(_junk(rng)),
        lambda: json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update", "params": {"shot_id": "s", "shot": {}}}),
        lambda: json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "open", "params": {"shot": {}, "root": _text(rng), "cache": "/c"}}
        ),
    )
    line = rng.choice(sorts)()
    line = (line if isinstance(line, bytes) else line.encode()).replace(b"\n", b" ")
    return line if line.strip() else b"?"


def _text(rng: random.Random) -> str:
    return "".join(chr(rng.choice([rng.randrange(128), rng.randrange(0x10FFFF)])) for _ in range(rng.randrange(20)))


def _junk(rng: random.Random, depth: int = 3) -> Any:
    """Any JSON value but a good request."""
    leaves = (None, True, 3, -1.5, 10**25, _text(rng), "1001-")
    if depth == 0 or rng.random() < 0.3:
        return rng.choice(leaves)
    if rng.random() < 0.5:
        return [_junk(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(["frame", "shot", "wisp", _text(rng)]): _junk(rng, depth - 1) for _ in range(rng.randrange(4))}


def test_ten_thousand_bad_lines(raw: Raw) -> None:
    """Each is answered by one error of the standard's form, and the engine is as well as before."""
    raw.ask("initialize", INITIALIZE)
    rng = random.Random(20)
    lines = [bad_line(rng) for _ in range(10_000)]
    lines += [b"x" * (api.MAX_LINE + 1), b'{"jsonrpc": "2.0", "method": "ping"}' * 400_000]
    raw.send_all(lines)
    codes = set()
    for _ in lines:
        answer = raw.read()
        assert set(answer) == {"jsonrpc", "id", "error"}
        codes.add(answer["error"]["code"])
        assert codes <= set(api.ERRORS) - {api.INTERNAL_ERROR}, answer
        assert set(answer["error"]["data"]) == {"kind", "hint", "path"}
    assert codes >= {api.PARSE_ERROR, api.INVALID_REQUEST, api.METHOD_NOT_FOUND, api.INVALID_PARAMS}
    raw.send(b'{"jsonrpc": "2.0", "method": "ping"}')  # without an id: no answer
    assert raw.ask("ping", request_id=77) == {"jsonrpc": "2.0", "id": 77, "result": {"pid": raw.process.pid}}
    assert raw.process.poll() is None


HOST = """
import sys, time
from pathlib import Path
from wisp.client.client import Client
from wisp.client.engine_path import command
client = Client(command(Path(sys.executable)), "doomed", Path(sys.argv[1]))
client.start()
client.wait(lambda: client.state == "ready", timeout=180)
print(client.pid, flush=True)
time.sleep(240)
"""


def test_no_engine_outlives_its_host(own_folders: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOST, tmp_path / "log"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own_folders) as host:
        assert host.stdout is not None
        engine = int(host.stdout.readline())
        host.send_signal(signal.SIGKILL)
        assert gone(engine)


def test_a_stopped_host_is_waited_for(raw: Raw) -> None:
    """A host in a debugger reads nothing for a while; its engine must neither end nor lose a message."""
    raw.ask("initialize", INITIALIZE)
    raw.send_all([b'{"jsonrpc": "2.0", "id": %d, "method": "ping"}' % number for number in range(5000)])
    time.sleep(0.5)  # 5000 answers are more than a pipe holds
    assert [raw.read()["id"] for _ in range(5000)] == list(range(5000))


def test_an_account_without_a_home(tmp_path: Path) -> None:
    """Even root cannot make this home; the log goes to the temporary folder."""
    environment = {"PATH": os.environ["PATH"], "HOME": f"{os.devnull}/home", "TMPDIR": str(tmp_path)}
    engine = Raw(environment, tmp_path / "stderr.log")
    log = Path(engine.ask("initialize", INITIALIZE)["result"]["log"])
    engine.end()
    assert log.is_relative_to(tmp_path)
    assert "serving test" in log.read_text()


def test_old_logs_are_removed(own_folders: dict[str, str], raw: Raw) -> None:
    """Those of the last engines stay, this one's among them, and as many that hosts kept."""
    folder = Path(own_folders["XDG_STATE_HOME"]) / "wisp"
    folder.mkdir(parents=True)
    for number in range(30):
        for name in ("engine", "nuke"):
            (folder / f"{name}-{number}.log").touch()
            os.utime(folder / f"{name}-{number}.log", (number, number))
    own = Path(raw.ask("initialize", INITIALIZE)["result"]["log"])
    kept = {path.name for path in folder.iterdir()}
    hosts = {f"nuke-{number}.log" for number in range(20, 30)}
    assert kept == {own.name, *(f"engine-{number}.log" for number in range(21, 30)), *hosts}
