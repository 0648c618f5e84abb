"""The client against engines that behave badly: small scripts that speak the protocol, or do not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wisp.client.client import Client, EngineExit
from wisp.client.errors import EngineError, EngineGone
from wisp.client.requests import Check
from wisp.client.shots import RemoteShot

#: Answers every request with its own params, after the lines of `before`.
ECHO = """
import json, sys, os, time
def say(**message):
    print(json.dumps(dict(message, jsonrpc="2.0")), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    {before}
    say(id=asked["id"], result=asked["params"])
"""
Make = Callable[..., Client]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A function that starts a client with an engine that is the given script."""
    made: list[Client] = []

    def make_one(script: str = ECHO.format(before="pass"), **options: Any) -> Client:
        client = Client([sys.executable, "-c", script], "test", tmp_path / "log", **options)
        made.append(client)
        client.start()
        return client

    yield make_one
    for client in made:
        client.stop(patience=0.2)


def test_answers_come_in_poll_and_on_its_thread(make: Make, tmp_path: Path) -> None:
    mark = f"asked['params'].get('number') == 299 and open({str(tmp_path / 'all-but-one')!r}, 'w')"
    client = make(ECHO.format(before=mark))
    results: list[dict[str, Any]] = []
    for number in range(300):  # what is not polled stays in the pipe, which holds so much
        client.request("echo", {"number": number}, results.append, lambda error: None)
    deadline = time.monotonic() + 120.0
    while not (tmp_path / "all-but-one").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not results, "a callback ran outside poll"
    assert client.state == "starting"
    taken = 0
    while taken < 10:
        taken += client.poll(limit=10 - taken, timeout=60.0)
    assert (taken, len(results), client.state) == (10, 9, "ready")
    client.wait(lambda: len(results) == 300, 120.0)
    assert [result["number"] for result in results] == list(range(300))
    assert client.poll() == 0


def test_garbage_on_the_pipe_is_passed_over(make: Make) -> None:
    garbage = """
    print("some library says hello")
    print("[1, 2]"); print("{"); print("[" * 100000)
    sys.stdout.buffer.write(b"\\xff\\n")
    print("x" * 9_000_000)
    say(method="news/of/tomorrow", params={"a": 1})
"""
    client = make(ECHO.format(before=garbage.strip()))
    told: list[tuple[str, Any]] = []
    client.on_notification.connect(lambda method, params: told.append((method, params)))
    assert client.call("echo", {"a": 1}) == {"a": 1}
    assert ("news/of/tomorrow", {"a": 1}) in told
    texts = [params["text"] for method, params in told if method == "log"]
    assert any("hello" in text for text in texts)
    assert max(map(len, texts)) < 1000


def test_an_error_answer_is_an_exception_with_its_hint(make: Make) -> None:
    fail = """
    say(id=asked["id"], error={"code": -32004, "message": "No weights.",
                               "data": {"kind": "weights", "hint": "Get them.", "path": "/w"}}); continue
"""
    client = make(ECHO.format(before=fail.strip()))
    with pytest.raises(EngineError, match=r"No weights\. Get them\.") as caught:
        client.call("echo")
    assert (caught.value.code, caught.value.kind, caught.value.path) == (-32004, "weights", "/w")
    assert client.state == "refused"


def test_an_exit_is_told_with_code_and_last_words(make: Make) -> None:
    client = make(ECHO.format(before="sys.stderr.write('the disk is on fire\\n'); sys.exit(5)"))
    exits: list[EngineExit] = []
    errors: list[EngineError] = []
    client.on_exit.connect(exits.append)
    client.request("echo", {}, lambda result: None, errors.append)
    client.wait(lambda: bool(exits))
    assert exits == [EngineExit(5, "the disk is on fire")]
    assert str(exits[0]) == "The engine stopped (exit code 5)."
    assert isinstance(errors[0], EngineGone)
    assert (client.state, client.pid) == ("exited", None)
    with pytest.raises(EngineGone, match="not running"):
        client.call("echo")
    client.start()
    client.wait(lambda: len(exits) == 2)


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    client = Client([str(tmp_path / "no-python")], "test", tmp_path / "log")
    with pytest.raises(EngineGone, match=r"no-python cannot be started.*Check its path"):
        client.start()
    assert client.state == "stopped"


def test_an_engine_that_hangs_is_ended(make: Make) -> None:
    """It reads nothing, ignores the end of stdin and SIGTERM; the host neither blocks nor keeps it."""
    client = make("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)")
    begin = time.monotonic()
    client.request("open", {"filling": "x" * 5_000_000}, lambda result: None, lambda error: None)
    assert time.monotonic() - begin < 60.0, "sending blocked until the engine ended"
    with pytest.raises(TimeoutError):
        client.call("ping", timeout=0.3)
    time.sleep(0.3)  # let it get to ignoring the signal
    pid = client.pid
    assert pid is not None
    begin = time.monotonic()
    client.stop(patience=0.3)
    assert time.monotonic() - begin < 60.0, "waited until the engine ended by itself"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_message_that_is_too_long_is_refused_here(make: Make) -> None:
    client = make()
    errors: list[EngineError] = []
    client.request("open", {"filling": "x" * 9_000_000}, lambda result: None, errors.append)
    assert not errors, "in a later poll"
    assert client.call("echo", {"still": "well"}) == {"still": "well"}
    assert [error.kind for error in errors] == ["usage"] and "8.6 MB are more than" in str(errors[0])


def test_a_foreign_python_environment_does_not_reach_the_engine(make: Make) -> None:
    """As inside Nuke: PYTHONHOME of another Python stops the start of any other interpreter."""
    client = make(environment={**os.environ, "PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere"})
    assert client.call("echo", {"a": 1}) == {"a": 1}


def test_an_exception_in_a_callback_loses_no_other_message(make: Make) -> None:
    client = make()
    results: list[dict[str, Any]] = []

    def fails(result: dict[str, Any]) -> None:
        raise RuntimeError("the host's own trouble")

    client.request("echo", {"a": 1}, fails, lambda error: None)
    client.request("echo", {"a": 2}, results.append, lambda error: None)
    with pytest.raises(RuntimeError, match="own trouble"):
        client.wait(lambda: bool(results))
    client.wait(lambda: bool(results))
    assert results == [{"a": 2}]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGPIPE on Windows")
def test_a_write_to_a_dead_engine_never_ends_a_host_that_leaves_sigpipe_alone(tmp_path: Path) -> None:
    """As Blender does: SIGPIPE at its default, the engine killed, a request before anybody noticed."""
    script = tmp_path / "host.py"
    script.write_text(
        "import os, pathlib, signal, sys, time\n"
        "from wisp.client.client import Client\n"
        "from wisp.client.errors import EngineGone\n"
        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "client = Client([sys.executable, '-c', 'import time; time.sleep(300)'], 'test', pathlib.Path(sys.argv[1]))\n"
        "client.start()\n"
        "os.kill(client.pid, signal.SIGKILL)\n"
        "time.sleep(0.3)\n"
        "errors = []\n"
        "for _ in range(3):\n"
        "    client.request('ping', {'filling': 'x' * 100_000}, print, errors.append)\n"
        "    time.sleep(0.1)\n"
        "client.wait(lambda: client.state == 'exited')\n"
        "assert len(errors) == 3 and all(isinstance(error, EngineGone) for error in errors), errors\n"
    )
    done = subprocess.run([sys.executable, script, tmp_path / "log"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.returncode} {done.stderr}"


class Asked:
    """A client that keeps what it is asked, to be answered by the test in its order."""

    pid = 1

    def __init__(self) -> None:
        self.requests: list[tuple[Any, ...]] = []
        self._shots: list[Any] = []

    def request(self, *asked: Any) -> int:
        self.requests.append(asked)
        return len(self.requests)

    def methods(self) -> list[str]:
        return [asked[0] for asked in self.requests]


def test_no_job_is_done_for_a_document_that_was_refused() -> None:
    """The engine keeps the one before, and would do the job for that: the job has to fail by the document's own fault,
    and the document is sent again with the next job, by when the fault may be gone."""
    client, errors, told = Asked(), [], []
    shot = RemoteShot(client, {"name": "a"}, {}, lambda _: None, lambda error: errors.append(str(error)))  # type: ignore[arg-type]
    shot._open()
    client.requests.pop()[2]({"shot_id": "s", "status": {}})

    def run() -> None:
        shot.run(Check(), lambda _: None, lambda _: None, lambda error: told.append(str(error)))

    shot.update({"name": "b"})
    run()
    assert client.methods() == ["update"], "the job waits for the answer"
    client.requests.pop()[3](EngineError("The plate is gone.", kind="input"))
    assert errors == told == ["The plate is gone."] and not client.requests
    run()
    assert client.methods() == ["update"] and client.requests[0][1]["shot"] == {"name": "b"}
    client.requests.pop()[2]({"status": {}})
    assert client.methods() == ["check"] and told == ["The plate is gone."]
    run()
    assert client.methods() == ["check", "check"], "nothing is sent twice"


def test_a_shot_whose_opening_was_refused_is_opened_by_what_is_asked_next() -> None:
    client, errors, done = Asked(), [], []
    shot = RemoteShot(client, {"name": "a"}, {}, lambda _: None, lambda error: errors.append(str(error)))  # type: ignore[arg-type]
    client._shots.append(shot)

    def refuse() -> None:
        assert client.methods() == ["open"], "once, and nothing of a shot that is not open"
        client.requests.pop()[3](EngineError("There is no plate.", kind="input"))

    shot._open()
    refuse()
    shot.refresh()
    refuse()
    shot.preview(1, 1, lambda _: None, lambda error: done.append(str(error)))
    refuse()
    assert errors == ["There is no plate."] * 3 and done == ["There is no plate."]
    shot.run(Check(), lambda _: None, lambda _: None)
    shot.refresh()
    assert client.methods() == ["open"] and shot.opening
    client.requests.pop()[2]({"shot_id": "s", "status": {}})
    assert [(asked[0], asked[1]["shot_id"]) for asked in client.requests] == [("check", "s"), ("update", "s")]


def test_a_shot_that_was_refused_is_closed_without_a_word() -> None:
    client = Asked()
    shot = RemoteShot(client, {"name": "a"}, {}, lambda _: None, lambda _: None)  # type: ignore[arg-type]
    client._shots.append(shot)
    shot._open()
    client.requests.pop()[3](EngineError("There is no plate.", kind="input"))
    shot.close()
    assert client.requests == [] and not client._shots
