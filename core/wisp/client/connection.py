"""One running engine: its process, its pipe, and the threads that keep the host's own thread free."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from . import process
from .tables import MAX_LINE

Message = Dict[str, Any]


class Closed(Exception):  # noqa: N818 (a state, not a fault)
    """The engine's side of the pipe is closed: nothing more will ever come."""


class Connection:
    """Lines out through a writer thread, lines in through a reader thread; neither blocks the caller.

    Garbage on the pipe does no harm: a line that is not a JSON object is turned into a `log` message.
    """

    def __init__(self, command: List[str], environment: Mapping[str, str], log: Path) -> None:
        self._process = process.launch(command, environment, log)
        self._incoming: queue.Queue[Optional[Message]] = queue.Queue()
        self._outgoing: queue.Queue[Optional[bytes]] = queue.Queue()
        for work in (self._read, self._write):
            threading.Thread(target=work, name=f"wisp-engine{work.__name__}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Message) -> None:
        """Queue one message. ValueError when it cannot be a line: not JSON, NaN, or beyond MAX_LINE."""
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
        if len(line) > MAX_LINE:
            raise ValueError(f"The message is {len(line)} bytes long; {MAX_LINE} is the limit.")
        self._outgoing.put(line + b"\n")

    def receive(self, timeout: float = 0.0) -> Optional[Message]:
        """The next message, or None when none came within `timeout` seconds. Raises Closed after the last one."""
        try:
            message = self._incoming.get(timeout > 0.0, timeout if timeout > 0.0 else None)
        except queue.Empty:
            return None
        if message is None:
            self._incoming.put(None)  # whoever asks again is told again
            raise Closed
        return message

    def close(self, patience: float = 2.0) -> int:
        """Close the engine's stdin, which ends it; terminate, then kill one that does not go. Returns the exit code.

        A negative code is the number of the signal that ended it (POSIX).
        """
        self._outgoing.put(None)
        for give_up in (self._process.terminate, self._process.kill):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(patience)
            give_up()
        return self._process.wait()

    def kill(self) -> None:
        """End the engine at once. What it has finished is on disk."""
        self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            for line in iter(lambda: pipe.readline(MAX_LINE + 1), b""):
                try:
                    message = json.loads(line.decode("utf-8"))
                    if not isinstance(message, dict):
                        raise ValueError("not an object")
                except (ValueError, RecursionError):
                    text = f"the engine wrote a line that is no message: {line[:200]!r}"
                    message = {"method": "log", "params": {"level": "warning", "text": text}}
                self._incoming.put(message)
        self._incoming.put(None)

    def _write(self) -> None:
        assert self._process.stdin is not None
        if hasattr(signal, "pthread_sigmask"):  # a program that leaves SIGPIPE as it is would die of our broken pipe
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        with contextlib.suppress(OSError), self._process.stdin as pipe:  # a broken pipe: the reader sees the end
            for line in iter(self._outgoing.get, None):
                pipe.write(line)
                pipe.flush()
