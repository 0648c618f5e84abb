"""Whether a movie has to be turned to be shown, by its header alone."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from blender_addon import movies

UPRIGHT, QUARTER, HALF = (1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1)


def box(kind: bytes, content: bytes, long: bool = False) -> bytes:
    if long:
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, kind) + content


def track(a: int, b: int, c: int, d: int, width: int = 320, version: int = 0) -> bytes:
    times = bytes(32 if version else 20)
    matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    head = bytes([version, 0, 0, 7]) + times + bytes(16) + matrix + struct.pack(">2i", width << 16, 192 << 16)
    return box(b"trak", box(b"edts", bytes(5)) + box(b"tkhd", head))


@pytest.mark.parametrize(
    ("tracks", "turned"),
    [
        (track(*UPRIGHT), False),
        (track(*QUARTER), True),
        (track(*HALF, version=1), True),
        (track(*QUARTER, width=0) + track(*UPRIGHT), False),
        (track(*UPRIGHT, width=0) + track(*QUARTER), True),
    ],
)
def test_the_matrix_of_a_picture_track_tells(tmp_path: Path, tracks: bytes, turned: bool) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(box(b"ftyp", b"qt  ") + box(b"mdat", bytes(99), long=True) + box(b"moov", tracks))
    assert movies.turned(path) is turned


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", bytes(64), box(b"moov", track(*QUARTER)[:60]), b"\x1aE\xdf\xa3" * 20]
)
def test_what_is_no_such_movie_is_not_turned(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mkv").write_bytes(content)
    assert not movies.turned(tmp_path / "a.mkv") and not movies.turned(tmp_path / "none.mkv")
