"""Lines on the pipe: whole, however they come, and never two mixed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.engine.wire import LineTooLong, Wire


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def read(data: bytes, limit: int) -> list[bytes | None]:
    """What arrives of `data`; None for a line that was too long."""
    source, sink = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(sink, data) if data else 0, os.close(sink)))
    writer.start()
    lines = [None if isinstance(line, LineTooLong) else line for line in Wire(source, -1).lines(limit)]
    writer.join()
    os.close(source)
    return lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\n\n  \nb\n", [b"a\r", b"b"]),
        (b"a\nhalf a line", [b"a"]),
        (b"12345678\n", [b"12345678"]),
        (b"123456789\nb\n", [None, b"b"]),
        (b"x" * 300_000 + b"\nb\n" + b"y" * 300_000 + b"\n", [None, b"b", None]),
    ],
)
def test_lines(data: bytes, lines: list[bytes | None]) -> None:
    assert read(data, limit=8) == lines


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=20))
def test_any_lines_as_split_would(lines: list[bytes]) -> None:
    expected = [line if len(line) <= 10 else None for line in lines if line.strip() or len(line) > 10]
    assert read(b"".join(line + b"\n" for line in lines), limit=10) == expected


def test_threads_do_not_mix_their_lines(pipe: tuple[int, int]) -> None:
    """Four writers, messages longer than a pipe holds."""
    source, sink = pipe
    wire = Wire(-1, sink)

    def write(name: int) -> None:
        for _ in range(5):
            wire.send({"name": name, "filling": str(name) * 200_000})

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    lines = Wire(source, -1).lines(1 << 20)
    messages = [json.loads(next(lines)) for _ in range(20)]  # type: ignore[arg-type]
    for thread in threads:
        thread.join()
    assert all(set(message["filling"]) == {str(message["name"])} for message in messages)


def test_text_that_is_no_unicode_can_be_sent(pipe: tuple[int, int]) -> None:
    """A file name of other bytes than UTF-8 is text with lone surrogates in Python."""
    source, sink = pipe
    Wire(-1, sink).send({"path": "frame\udcff.exr"})
    assert json.loads(os.read(source, 1000)) == {"path": "frame\udcff.exr"}
