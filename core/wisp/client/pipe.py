"""A process of ours and its two pipes, without a thread: a host may call Python from code of its own that does not hold
the interpreter's lock.

Blender up to 5.0 does, in every operator that a script calls inside `context.temp_override`: on Python 3.11 it takes
any thread's hold of the lock for its own, and both threads' objects are damaged. So nothing of ours runs in a host but
on the thread that calls.
"""

from __future__ import annotations

import collections
import contextlib
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Deque, Iterator, List, Mapping, Optional

from . import process
from .tables import MAX_LINE

_CHUNK = 1 << 16
#: Seconds between looks at a pipe that cannot wake us (Windows), and at a process that is to end.
_LOOK = 0.005


class Closed(Exception):  # noqa: N818 (a state, not a fault)
    """The other side of the pipe is closed: nothing more will ever come."""


class Pipe:
    """A process whose standard input takes lines and whose standard output gives lines.

    Nothing waits unless told how long. What the other side does not take yet is kept and offered again with every
    `send` and `receive`; on Windows, where a pipe of this kind cannot refuse, `send` waits until it is taken.
    """

    def __init__(self, command: List[str], environment: Mapping[str, str], log: Path, longest: int = MAX_LINE) -> None:
        """`longest`: bytes of a line beyond which it comes in pieces. Raises OSError when the command cannot be started
        or the log not opened."""
        self._process = process.launch(command, environment, log)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._sink, self._source = self._process.stdin, self._process.stdout
        if sys.platform != "win32":
            for end in (self._sink, self._source):
                os.set_blocking(end.fileno(), False)
        self._longest = longest
        self._unsent = bytearray()
        self._lines: Deque[bytes] = collections.deque()
        self._begun = bytearray()
        self._ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, line: bytes) -> None:
        """Send one line, given without its newline."""
        self._unsent += line + b"\n"
        self._write()

    def receive(self, timeout: float = 0.0) -> Optional[bytes]:
        """The next line, without its newline, or None when none came within `timeout` seconds. A line that is too
        long comes in pieces. Raises Closed after the last one."""
        deadline = time.monotonic() + timeout
        while not self._lines:
            if self._ended:
                raise Closed
            self._write()
            if not self._read():
                left = deadline - time.monotonic()
                if left <= 0.0:
                    return None
                self._await(left)
        return self._lines.popleft()

    def close(self, patience: float = 2.0) -> int:
        """Close the process's standard input, which ends it; terminate, then kill one that does not go. Returns the
        exit code; a negative one is the number of the signal that ended it (POSIX)."""
        deadline = time.monotonic() + patience
        while self._unsent and not self._ended and time.monotonic() < deadline:
            self._write()
            if not self._read():
                self._await(_LOOK)
        with contextlib.suppress(OSError):
            self._sink.close()
        for give_up in (self._process.terminate, self._process.kill):
            if self._leaves(patience):
                break
            give_up()
        code = self._process.wait()
        self._ended = True
        self._source.close()
        return code

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def _leaves(self, patience: float) -> bool:
        """Whether it goes by itself within so many seconds; what it still says is taken off it, or it would wait."""
        deadline = time.monotonic() + patience
        while self._process.poll() is None:
            if time.monotonic() > deadline:
                return False
            if self._ended or not self._read():
                time.sleep(_LOOK)
        return True

    def _read(self) -> bool:
        """Take what is there, a part of it if it is much; False where there is nothing."""
        try:
            chunk = os.read(self._source.fileno(), self._readable())
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        if not chunk:
            self._ended = True
            rest = [bytes(self._begun)] if self._begun else []
            self._begun.clear()
            self._lines += rest
            return True
        first, *others = chunk.split(b"\n")
        self._begun += first
        for part in others:
            self._lines.append(bytes(self._begun))
            self._begun[:] = part
        if len(self._begun) > self._longest:
            self._lines.append(bytes(self._begun))
            self._begun.clear()
        return True

    def _readable(self) -> int:
        """How many bytes may be asked for without waiting. BlockingIOError where none."""
        if sys.platform == "win32":
            from . import windows

            there = windows.readable(self._source)
            if not there:
                raise BlockingIOError
            return min(there, _CHUNK)
        return _CHUNK

    def _write(self) -> None:
        with _no_broken_pipe():
            while self._unsent:
                try:
                    taken = os.write(self._sink.fileno(), self._unsent[:_CHUNK])
                except BlockingIOError:
                    return
                except OSError:  # the other side is gone: `receive` sees the end
                    self._unsent.clear()
                    return
                del self._unsent[:taken]

    def _await(self, seconds: float) -> None:
        """Sleep until there is something to read or room to write, at most so long."""
        if sys.platform == "win32":
            time.sleep(min(_LOOK, seconds))
        else:
            poll = select.poll()
            poll.register(self._source, select.POLLIN)
            if self._unsent:
                poll.register(self._sink, select.POLLOUT)
            poll.poll(seconds * 1000.0)


@contextlib.contextmanager
def _no_broken_pipe() -> Iterator[None]:
    """A program that leaves SIGPIPE as it is would die of a pipe whose other side is gone."""
    if sys.platform == "win32":
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        try:
            yield
        finally:
            if signal.SIGPIPE not in before:
                if signal.SIGPIPE in signal.sigpending():
                    signal.sigwait({signal.SIGPIPE})
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPIPE})
