"""A seal in an EXR file's header, by which any later change of the file is noticed without decoding it.

The attribute `wisp/seal` is the BLAKE2b-128 of the whole file with the seal's own 32 digits counted as zeros: it covers
pixels, header and tables alike. It tells damage and mix-ups, not malice: whoever can write the file can seal it anew.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

NAME = "wisp/seal"
#: What stands in the header until the file is whole.
UNSEALED = "0" * 32


def seal(path: Path) -> None:
    """Write the seal into a file that was written with the attribute `NAME` = `UNSEALED`."""
    data = path.read_bytes()
    at = _place(data)
    if at < 0:
        raise ValueError(f"{path} has no place for a seal")
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write(_digest(data, at))


def is_whole(path: Path, **attributes: str) -> bool:
    """Whether the file is byte for byte as it was sealed, and its header holds these `wisp/` text attributes.

    A file without a seal is not. Raises OSError.
    """
    data = path.read_bytes()
    at = _place(data)
    return (
        at >= 0
        and data[at : at + len(UNSEALED)] == _digest(data, at)
        and all(_stored(f"wisp/{name}", value) in data for name, value in attributes.items())
    )


def _stored(name: str, value: str) -> bytes:
    """A text attribute as it lies in the file ("OpenEXR File Layout": name, type, size, value)."""
    text = value.encode()
    return name.encode() + b"\0string\0" + struct.pack("<i", len(text)) + text


def _place(data: bytes) -> int:
    """Where the seal's digits begin, -1 without one."""
    before = _stored(NAME, UNSEALED)[: -len(UNSEALED)]
    at = data.find(before)
    return at + len(before) if at >= 0 and at + len(before) + len(UNSEALED) <= len(data) else -1


def _digest(data: bytes, at: int) -> bytes:
    digest = hashlib.blake2b(digest_size=len(UNSEALED) // 2)
    for part in (memoryview(data)[:at], UNSEALED.encode(), memoryview(data)[at + len(UNSEALED) :]):
        digest.update(part)
    return digest.hexdigest().encode()
