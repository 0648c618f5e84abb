# SPDX-License-Identifier: GPL-3.0-or-later
"""The one thing of a movie's header that the front-end reads itself. No host here."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

#: What places a track that is shown as it is stored: a, b, c, d of its matrix.
_UPRIGHT = (0x10000, 0, 0, 0x10000)


def turned(path: Path) -> bool:
    """Whether an MP4 or QuickTime movie has to be turned or mirrored to be shown; False for what is neither."""
    try:
        return _turned(path, path.stat().st_mtime_ns)
    except (OSError, struct.error):
        return False


@lru_cache(maxsize=256)  # asked at each redraw
def _turned(path: Path, _mtime: int) -> bool:
    with path.open("rb") as file:
        whole = (0, file.seek(0, 2))
        tracks = [track for movie in _boxes(file, b"moov", *whole) for track in _boxes(file, b"trak", *movie)]
        heads = [head for track in tracks for head, _ in _boxes(file, b"tkhd", *track)]
        return any(_is_turned(file, head) for head in heads)


def _is_turned(file: BinaryIO, head: int) -> bool:
    file.seek(head)
    times = 32 if file.read(1) == b"\1" else 20  # its version, and how long its times are
    file.seek(head + 4 + times + 16)
    a, b, _, c, d, *_, width, _ = struct.unpack(">11i", file.read(44))
    return width > 0 and (a, b, c, d) != _UPRIGHT  # sound has no width


def _boxes(file: BinaryIO, wanted: bytes, start: int, stop: int) -> list[tuple[int, int]]:
    """First byte and end of the content of the boxes of a kind that lie between two places of the file."""
    found = []
    while start + 8 <= stop:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = 16
        end = min(start + size, stop) if size else stop
        if kind == wanted:
            found.append((start + head, end))
        if end < start + head:
            break
        start = end
    return found
