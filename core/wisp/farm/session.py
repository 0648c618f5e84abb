"""A worker's process that stays between the tasks of a session, so that Python, libraries and weights load once.

A queue's session starts it (`start`, which runs `serve`), its tasks call it (`call`), and its end stops it (`stop`). It
listens on this machine alone, to those who can read the key in the session's folder. It ends by itself when that
folder is gone or nobody has called for long, so that a killed worker leaves nothing behind. Where none answers, a task
does its work itself: a session makes tasks quicker and changes nothing else.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

#: What a task is told, JSON-able.
Words = dict[str, Any]
Task = Callable[[Words, Callable[[], bool]], int]

_CARD = "wisp-session.json"
#: How long a session without tasks is kept, seconds; how often it looks whether its folder is still there.
_IDLE, _LOOK = 600.0, 2.0
#: A process that has not begun to listen after so long is given up, and one that does not answer a call. One that was
#: asked to stop has so long for the frame under way.
_START, _ANSWER, _GRACE = 120.0, 10.0, 60.0


def start(folder: Path) -> bool:
    """Start the process of the session in `folder`, which stays when this one ends; False where it does not come up."""
    folder.mkdir(parents=True, exist_ok=True)
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    command = [sys.executable, "-m", "wisp", "farm", "session", "serve", str(folder)]
    with (folder / "wisp-session.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **apart)
    ends = time.monotonic() + _START
    while time.monotonic() < ends and process.poll() is None:
        if (folder / _CARD).exists():
            return True
        time.sleep(0.05)
    return False


def stop(folder: Path) -> None:
    """End it; nothing where it is not there, or does not answer."""
    with contextlib.suppress(OSError), _connected(folder) as found:
        if found is not None:
            _send(found.pipe, key=found.key, stop=True)
            found.pipe.read()
    (folder / _CARD).unlink(missing_ok=True)


def call(folder: Path, words: Words, should_stop: Callable[[], bool]) -> int | None:
    """Have it do a task, and print what that says; its exit code, or None where nobody answers or it died meanwhile.

    Where `should_stop` turns true it is asked to stop after the frame under way, and left alone where it does not.
    """
    try:
        with _connected(folder) as found:
            if found is None:
                return None
            _send(found.pipe, key=found.key, words=words)
            if not found.pipe.readline():  # it has begun
                return None
            found.connection.settimeout(None)
            done = threading.Event()
            threading.Thread(target=_pass_on_stop, args=(found, should_stop, done), daemon=True).start()
            try:
                for line in found.pipe:
                    told = json.loads(line)
                    if "code" in told:
                        return int(told["code"])
                    print(told["line"], flush=True)
            finally:
                done.set()
    except (OSError, ValueError):
        pass
    return None


def serve(folder: Path, run: Task) -> None:
    """Do tasks one after the other until stopped. `run` gets what a task is told, and whether it should stop."""
    key = secrets.token_hex(16)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_LOOK)
        fresh = folder / f"{_CARD}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({"port": listener.getsockname()[1], "key": key, "process": os.getpid()}), "utf-8")
        fresh.replace(folder / _CARD)
        called = time.monotonic()
        while folder.is_dir() and time.monotonic() - called < _IDLE:
            with contextlib.suppress(OSError, ValueError):
                connection, _ = listener.accept()
                with connection, connection.makefile("rwb") as pipe:
                    connection.settimeout(_ANSWER)
                    told = json.loads(pipe.readline())
                    if not hmac.compare_digest(str(told.get("key")), key):
                        continue
                    connection.settimeout(None)
                    if told.get("stop"):
                        return
                    _serve_one(pipe, told["words"], run)
                    called = time.monotonic()


def _serve_one(pipe: io.BufferedRWPair, words: Words, run: Task) -> None:
    asked = threading.Event()

    def listen() -> None:  # one more line, or the end of who asked, is the wish to stop
        with contextlib.suppress(OSError, ValueError):
            pipe.readline()
        asked.set()

    _send(pipe, begun=True)
    threading.Thread(target=listen, daemon=True).start()
    out = _Lines(pipe)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = run(words, asked.is_set)
    _send(pipe, code=code)


class _Lines(io.TextIOBase):
    """Text that goes to the caller line by line; where that has gone, nowhere."""

    def __init__(self, pipe: io.BufferedRWPair) -> None:
        self._pipe = pipe
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            with contextlib.suppress(OSError, ValueError):
                _send(self._pipe, line=line)
        return len(text)


class _Call(NamedTuple):
    """A connection to the process of a session, and the key that a call begins with."""

    connection: socket.socket
    pipe: io.BufferedRWPair
    key: str


@contextlib.contextmanager
def _connected(folder: Path) -> Iterator[_Call | None]:
    """One that waits `_ANSWER` for what it reads, or None where nobody is there."""
    try:
        card = json.loads((folder / _CARD).read_text("utf-8"))
        key, connection = str(card["key"]), socket.create_connection(("127.0.0.1", int(card["port"])), _ANSWER)
    except (OSError, ValueError, KeyError, TypeError):
        yield None
        return
    with connection, connection.makefile("rwb") as pipe:
        yield _Call(connection, pipe, key)


def _pass_on_stop(call: _Call, should_stop: Callable[[], bool], done: threading.Event) -> None:
    while not done.wait(0.1):
        if should_stop():
            with contextlib.suppress(OSError, ValueError):
                _send(call.pipe, stop=True)
                if not done.wait(_GRACE):
                    call.connection.shutdown(socket.SHUT_RDWR)
            return


def _send(pipe: io.BufferedRWPair, **told: object) -> None:
    pipe.write(json.dumps(told).encode() + b"\n")
    pipe.flush()
