"""The engine's two ends of the pipe. Standard library only: it is set up before anything else is imported."""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Iterator
from typing import Any

_CHUNK = 1 << 16
#: So many bytes may wait for a host that does not read; a host that reads has them in a moment.
MAX_UNREAD = 64 * 1024 * 1024


class LineTooLong(Exception):  # noqa: N818 (yielded, not raised)
    """In place of a line beyond the limit, which was skipped up to its newline."""


class Wire:
    """Lines in and out, on descriptors that nobody else in the process knows.

    C libraries print to descriptor 1 and may read 0; both are pointed elsewhere, so that the pipe carries
    nothing but the protocol.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._waiting = 0
        self._changed = threading.Condition()
        self._gone: OSError | None = None
        threading.Thread(target=self._write, name="wire", daemon=True).start()

    @classmethod
    def take_over(cls) -> Wire:
        """Move stdin and stdout to private descriptors; 1 becomes stderr, 0 becomes empty."""
        source, sink = os.dup(0), os.dup(1)
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        return cls(source, sink)

    def lines(self, limit: int) -> Iterator[bytes | LineTooLong]:
        """Each line without its newline, until the other side closes; blank lines are passed over."""
        kept = bytearray()
        skipping = False
        while chunk := os.read(self._source, _CHUNK):
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                kept += part
                if skipping or len(kept) > limit:
                    yield LineTooLong()
                elif kept.strip():
                    yield bytes(kept)
                kept.clear()
                skipping = False
            kept += rest
            if len(kept) > limit:
                skipping = True
                kept.clear()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message as one line, from any thread, without waiting for the host to read it.

        BrokenPipeError when the host is gone, or reads nothing while more than `MAX_UNREAD` bytes wait for it.
        ValueError for what JSON cannot hold.
        """
        line = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
        with self._changed:
            if self._gone is not None:
                raise self._gone
            if self._waiting > MAX_UNREAD:
                raise BrokenPipeError("the host does not read")
            self._waiting += len(line)
        self._lines.put(line)

    def flush(self, seconds: float) -> None:
        """Wait until everything is with the host, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._gone is not None, seconds)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            view = memoryview(line)
            try:
                while view:
                    view = view[os.write(self._sink, view) :]
            except OSError as error:
                with self._changed:
                    self._gone = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._waiting -= len(line)
                self._changed.notify_all()
