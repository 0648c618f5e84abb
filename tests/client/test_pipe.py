"""A child that does not read, says too much, dies, or goes on talking: the host waits for none of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from wisp.client.pipe import Closed, Pipe
from wisp.client.tables import MAX_LINE

PATIENCE = 30.0
ECHO = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line); sys.stdout.buffer.flush()"


def child(program: str, log: Path) -> Pipe:
    return Pipe([sys.executable, "-I", "-c", program], os.environ, log / "log")


def test_lines_go_and_come_in_order_and_no_thread_is_started(tmp_path: Path) -> None:
    before = threading.active_count()
    pipe = child(ECHO, tmp_path)
    assert pipe.receive() is None
    for number in range(50):
        pipe.send(b"%d" % number)
    assert [pipe.receive(PATIENCE) for _ in range(50)] == [b"%d" % number for number in range(50)]
    assert threading.active_count() == before
    assert pipe.close() == 0
    with pytest.raises(Closed):
        while pipe.receive() is not None:
            pass


@pytest.mark.skipif(os.name != "posix", reason="stops a process by a signal")
def test_a_child_that_does_not_read_holds_nobody_up_and_gets_it_all_later(tmp_path: Path) -> None:
    pipe = child(ECHO, tmp_path)
    pipe.send(b"first")
    assert pipe.receive(PATIENCE) == b"first"
    os.kill(pipe.pid, signal.SIGSTOP)
    large = bytes(range(33, 127)) * 30_000
    began = time.monotonic()
    pipe.send(large)
    assert pipe.receive() is None
    assert time.monotonic() - began < 60.0, "sending waited for the child"
    os.kill(pipe.pid, signal.SIGCONT)
    assert pipe.receive(PATIENCE) == large
    assert pipe.close() == 0


def test_what_it_said_last_is_read_also_where_the_line_has_no_end(tmp_path: Path) -> None:
    pipe = child("print('whole'); print('half', end='')", tmp_path)
    assert [pipe.receive(PATIENCE), pipe.receive(PATIENCE)] == [b"whole", b"half"]
    for _ in range(2):
        with pytest.raises(Closed):
            pipe.receive(PATIENCE)
    pipe.send(b"nobody is there")
    assert pipe.close() == 0


def test_a_line_without_end_comes_in_pieces(tmp_path: Path) -> None:
    pipe = child(f"import sys; sys.stdout.write('x' * {MAX_LINE * 2} + chr(10))", tmp_path)
    got = []
    with pytest.raises(Closed):
        while True:
            got.append(pipe.receive(PATIENCE) or b"")
    assert b"".join(got) == b"x" * (MAX_LINE * 2)
    assert max(map(len, got)) < MAX_LINE * 1.1
    pipe.close()


def test_closing_takes_what_the_child_still_says(tmp_path: Path) -> None:
    """More than a pipe holds: it would wait for ever, and be killed."""
    pipe = child("import sys; sys.stdin.read(); sys.stdout.write('x' * 1_000_000)", tmp_path)
    assert pipe.close(patience=PATIENCE) == 0


def test_one_that_does_not_go_is_ended(tmp_path: Path) -> None:
    pipe = child("import time; print('here', flush=True); time.sleep(600)", tmp_path)
    assert pipe.receive(PATIENCE) == b"here"
    assert pipe.close(patience=0.2) != 0


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="no such signal here")
def test_a_host_that_leaves_sigpipe_as_it_is_lives_on(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
from pathlib import Path
from wisp.client.pipe import Closed, Pipe
pipe = Pipe([sys.executable, "-c", ""], os.environ, Path({str(tmp_path)!r}) / "log")
try:
    while True: pipe.receive(1.0)
except Closed: pass
for _ in range(3): pipe.send(b"nobody is there")
print(pipe.close(), signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL, signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0 True set()\n"), done.stderr
