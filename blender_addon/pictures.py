# SPDX-License-Identifier: GPL-3.0-or-later
"""The few picture files that the front-end reads and writes itself; Blender's Python has no library for them.

The host's own images would do it on the main thread alone, where one matte of 1080p stops the window for 60 to 120 ms
(here it takes 50 to 90, in another process), and write a placeholder of 25 MB. Files are looked at while no engine
runs, too.

Read: mattes as the engine writes them, EXR with single-part scan lines of half floats, uncompressed, ZIPS or ZIP.
Written: mattes of the same kind (ZIPS, R=G=B=alpha) and masks as 8-bit grey PNG. The layout is that of the OpenEXR
file layout document; the byte shuffle and the differences before deflate are those of its ZIP compressor.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

MAGIC = b"\x76\x2f\x31\x01"
SINGLE_PART_VERSION = 2
#: Compression of the header -> scan lines in a chunk.
LINES = {0: 1, 2: 1, 3: 16}
ZIPS = 2
HALF = 1
#: Enough for nearly every header; more is read where it is not.
HEADER_BYTES = 1 << 14


class PictureError(Exception):
    """The file is no matte that can be read here; the text says why."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that takes its place at the end: readers never see half a file. Nothing has that
    name: it might be a link, and what is written would be written into another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def place(source: Path, target: Path) -> bool:
    """Make `source` appear at `target` too, as a hard link where the file system has them. False if it did already."""
    with contextlib.suppress(OSError):
        if target.samefile(source):
            return False
    with replacing(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)  # with its time, by which unions know what they are made of
    return True


def place_where_nothing_is(source: Path, target: Path) -> None:
    """Make `source` appear at `target` unless a file is or comes there: what another process puts there stays."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        pass
    except OSError:  # no hard links here
        place(source, target)


def write_matte(path: Path, alpha: np.ndarray, made_of: str = "") -> None:
    """Store alpha (height x width, 0..1) as half EXR, ZIPS, R=G=B=alpha; `made_of` goes into the header."""
    height, width = alpha.shape
    half = alpha.astype("<f2")
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(name + struct.pack("<iB3xii", HALF, 0, 1, 1) for name in (b"B\0", b"G\0", b"R\0")) + b"\0"
    attributes = (
        (b"channels", b"chlist", channels),
        (b"compression", b"compression", bytes([ZIPS])),
        (b"dataWindow", b"box2i", box),
        (b"displayWindow", b"box2i", box),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", struct.pack("<f", 1.0)),
        (b"screenWindowCenter", b"v2f", struct.pack("<2f", 0.0, 0.0)),
        (b"screenWindowWidth", b"float", struct.pack("<f", 1.0)),
        (b"wisp/made_of", b"string", made_of.encode()),
    )
    header = MAGIC + struct.pack("<i", SINGLE_PART_VERSION)
    header += b"".join(b"%s\0%s\0" % (n, kind) + struct.pack("<i", len(v)) + v for n, kind, v in attributes) + b"\0"
    chunks = []
    for y in range(height):
        plain = half[y].tobytes() * 3
        packed = _deflate(plain)
        data = packed if len(packed) < len(plain) else plain
        chunks.append(struct.pack("<ii", y, len(data)) + data)
    starts = np.cumsum([len(header) + 8 * height, *(len(chunk) for chunk in chunks[:-1])])
    with replacing(path) as temporary:
        temporary.write_bytes(header + starts.astype("<u8").tobytes() + b"".join(chunks))


def read_matte(path: Path) -> np.ndarray:
    """Alpha (float32, height x width) of a matte: its red channel. Raises PictureError."""
    try:
        return _read(path.read_bytes())
    except OSError as error:
        raise PictureError(f"The matte {path} cannot be read: {error.strerror}.") from None
    except (struct.error, zlib.error, ValueError, KeyError, IndexError) as error:
        raise PictureError(f"The matte {path} is damaged: {error}.") from None


def header(path: Path) -> dict[str, bytes]:
    """The attributes of a matte's header, as they are stored. Raises PictureError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(HEADER_BYTES)
            try:
                return _header(data, 8)[0]
            except (IndexError, ValueError, struct.error):
                return _header(data + stream.read(), 8)[0]
    except OSError as error:
        raise PictureError(f"The matte {path} cannot be read: {error.strerror}.") from None
    except (IndexError, ValueError, struct.error) as error:
        raise PictureError(f"The matte {path} is damaged: {error}.") from None


def _read(data: bytes) -> np.ndarray:
    if data[:4] != MAGIC or struct.unpack_from("<i", data, 4)[0] & 0x1A00:
        raise ValueError("it is no single-part EXR of scan lines")
    header, at = _header(data, 8)
    x0, y0, x1, y1 = struct.unpack("<4i", header["dataWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    names = _half_channels(header["channels"])
    lines = LINES[header["compression"][0]]
    compressed = header["compression"][0] != 0
    count = -(-height // lines)
    picture = np.zeros((height, width), np.float32)
    for start in np.frombuffer(data, "<u8", count, at):
        y, size = struct.unpack_from("<ii", data, int(start))
        rows = min(lines, y1 - y + 1)
        plain = data[int(start) + 8 : int(start) + 8 + size]
        expected = rows * len(names) * width * 2
        if compressed and size < expected:
            plain = _inflate(plain)
        block = np.frombuffer(plain, "<f2", rows * len(names) * width).reshape(rows, len(names), width)
        picture[y - y0 : y - y0 + rows] = block[:, names.index("R")]
    return picture


def _header(data: bytes, at: int) -> tuple[dict[str, bytes], int]:
    """Attributes by name, and where the table of chunks begins."""
    attributes = {}
    while data[at]:
        end = data.index(b"\0", at)
        name, at = data[at:end].decode("latin-1"), data.index(b"\0", end + 1) + 1
        size = struct.unpack_from("<i", data, at)[0]
        attributes[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return attributes, at + 1


def _half_channels(stored: bytes) -> list[str]:
    names, at = [], 0
    while stored[at]:
        end = stored.index(b"\0", at)
        kind, _, x_step, y_step = struct.unpack_from("<iB3xii", stored, end + 1)
        if kind != HALF or (x_step, y_step) != (1, 1):
            raise ValueError("its channels are not half floats at full size")
        names.append(stored[at:end].decode("latin-1"))
        at = end + 17
    return names


def _deflate(plain: bytes) -> bytes:
    raw = np.frombuffer(plain, np.uint8)
    shuffled = np.concatenate([raw[0::2], raw[1::2]]).astype(np.int16)
    shuffled[1:] = shuffled[1:] - shuffled[:-1] + 128
    return zlib.compress(shuffled.astype(np.uint8).tobytes(), 4)


def _inflate(packed: bytes) -> bytes:
    steps = np.frombuffer(zlib.decompress(packed), np.uint8).astype(np.int64)
    steps[1:] -= 128
    shuffled = np.cumsum(steps).astype(np.uint8)
    plain = np.empty_like(shuffled)
    middle = (len(plain) + 1) // 2
    plain[0::2], plain[1::2] = shuffled[:middle], shuffled[middle:]
    return plain.tobytes()


def write_mask(path: Path, mask: np.ndarray) -> None:
    """Store a bool mask (height x width) as an 8-bit grey PNG: 255 inside, 0 outside."""
    height, width = mask.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter, 0: none
    rows[:, 1:] = mask.view(np.uint8) * np.uint8(255)
    shape = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", shape), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    with replacing(path) as temporary:
        temporary.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + b"".join(
                struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
                for kind, body in parts
            )
        )
