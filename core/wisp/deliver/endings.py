"""What a PNG, TIFF or movie that was delivered says of itself at its end: its fingerprint, and a seal over all of it.

Every container has a place there that readers step over, and which is written when the rest is known:

* PNG: a chunk `tEXt` before the last one, `IEND` (PNG specification, 11.3.4.3),
* TIFF: bytes to which no offset in the file leads (TIFF 6.0, section 2),
* MOV: an atom `free` (QuickTime File Format, "Movie atoms"),
* Matroska and WebM: an element `Void` (RFC 8794, section 11.3.2).

As with the seal of EXR files it tells damage and mix-ups, not malice.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

_SEAL_BYTES = 16
#: Length of what stays behind the ending: of a PNG its last chunk.
_AFTER: Mapping[str, int] = {".png": 12}
_PIECE = 1 << 20


def _png(text: bytes) -> bytes:
    body = b"tEXt" + b"wisp\0" + text
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _tiff(text: bytes) -> bytes:
    return b"wisp " + text


def _mov(text: bytes) -> bytes:
    return struct.pack(">I", 8 + len(text)) + b"free" + text


def _matroska(text: bytes) -> bytes:
    return b"\xec" + struct.pack(">H", 0x4000 | len(text)) + text  # a length of two bytes


#: Suffix -> how a text is put into the file.
_WRAPPED: Mapping[str, Callable[[bytes], bytes]] = {
    ".png": _png,
    ".tif": _tiff,
    ".tiff": _tiff,
    ".mov": _mov,
    ".mkv": _matroska,
    ".webm": _matroska,
}


def add_ending(path: Path, suffix: str, mark: str) -> None:
    """Write the ending of `mark` into a file of that suffix that is otherwise complete. Raises OSError."""
    with path.open("r+b") as stream:
        length = stream.seek(0, 2) - _AFTER.get(suffix, 0)
        stream.seek(length)
        after = stream.read()
        stream.seek(0)
        ending = _ending(suffix, _digest(stream, length, after), mark)
        stream.seek(length)
        stream.write(ending + after)


def is_whole(path: Path, mark: str) -> bool:
    """Whether the file is byte for byte as it was delivered, and of this mark. Raises OSError."""
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        expected = len(_ending(suffix, b"", mark))
        length = stream.seek(0, 2) - _AFTER.get(suffix, 0) - expected
        if length < 0:
            return False
        stream.seek(length)
        ending, after = stream.read(expected), stream.read()
        # The mark alone first, which spares reading movies of other content to their end.
        if mark.encode() not in ending:
            return False
        stream.seek(0)
        return ending == _ending(suffix, _digest(stream, length, after), mark)


def _ending(suffix: str, seal: bytes, mark: str) -> bytes:
    return _WRAPPED[suffix](f"seal {seal.hex():0>{2 * _SEAL_BYTES}} fingerprint {mark}".encode())


def _digest(stream: BinaryIO, length: int, after: bytes) -> bytes:
    """BLAKE2b-128 of the next `length` bytes and of `after`."""
    digest = hashlib.blake2b(digest_size=_SEAL_BYTES)
    while length:
        piece = stream.read(min(length, _PIECE))
        if not piece:
            break
        digest.update(piece)
        length -= len(piece)
    digest.update(after)
    return digest.digest()
