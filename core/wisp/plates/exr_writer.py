"""OpenEXR files out, whole or not at all, with what a plate's header says beside its pixels, and sealed."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from ..atomic import replacing
from ..errors import OutputError, UsageError
from . import seal
from .exr import STRUCTURAL
from .opening import writable
from .plate import HALF_MAX, Window

Compression = Literal["none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"]


def write_exr(
    path: str | Path,
    channels: Mapping[str, NDArray[Any]],
    *,
    display: Window,
    data: Window | None = None,
    pixel_aspect: float = 1.0,
    compression: Compression = "zips",
    attributes: Mapping[str, Any] | None = None,
    half: bool = True,
    durable: bool = False,
) -> None:
    """Write one scanline picture, whole or not at all; `durable` as of `atomic.replacing`.

    `channels`: name -> height x width array of the data window (None: the display window); unsigned
    integers stay 32-bit integers, everything else becomes half (clamped to its range, so that nothing turns
    infinite) or float. `attributes`: str, int, float, Fraction, or whatever `PlateHeader.attributes` of another
    file holds; `framesPerSecond` also as float, `timeCode` also as the text in `PlateHeader`; those that
    describe pixel storage are replaced by this file's own. Raises OutputError; UsageError for arrays that do
    not fit the window.
    """
    path = Path(path)
    data = data or display
    header = {name: _value(name, value) for name, value in (attributes or {}).items() if name not in STRUCTURAL}
    header |= {
        "type": OpenEXR.scanlineimage,
        "compression": getattr(OpenEXR, f"{compression.upper() if compression != 'none' else 'NO'}_COMPRESSION"),
        "displayWindow": _box(display),
        "dataWindow": _box(data),
        "pixelAspectRatio": float(pixel_aspect),
        seal.NAME: seal.UNSEALED,
    }
    stored, converted = {}, dict[int, NDArray[Any]]()
    for name, pixels in channels.items():
        if pixels.shape != (data.height, data.width):
            raise UsageError(f"Channel '{name}' for {path} is {pixels.shape}, not {(data.height, data.width)}.")
        if id(pixels) not in converted:  # a matte is the same array in all four channels
            converted[id(pixels)] = np.ascontiguousarray(_stored(pixels, half))
        stored[name] = converted[id(pixels)]
    with replacing(path, durable=durable) as temporary:
        try:
            with writable(temporary) as name:
                OpenEXR.File(header, stored).write(name)
        except (RuntimeError, ValueError, TypeError) as error:
            why = str(error).replace(str(temporary), path.name).rstrip(".")
            raise OutputError(f"Cannot write {path}: {why}.", path=path) from error
        if not _ends_where_it_should(temporary):
            raise OutputError(f"Cannot write {path}: the disk is full.", hint="Free some space.", path=path)
        seal.seal(temporary)


def _ends_where_it_should(path: Path) -> bool:
    """Whether a single-part scanline file holds all its chunks.

    The library loses what its last buffer could not write, a whole small file on a full disk, without a word. ("OpenEXR
    File Layout": header attributes, a table of chunk offsets, chunks of a line number, a size and that many bytes.)
    """
    size = path.stat().st_size
    if not size:
        return False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            at = 8
            while data[at]:
                value = _after_text(data, _after_text(data, at))  # the names of the attribute and of its type
                at = value + 4 + int.from_bytes(data[value : value + 4], "little")
            table = at + 1
            (first,) = struct.unpack_from("<Q", data, table)
            last = max(struct.unpack_from(f"<{(first - table) // 8}Q", data, table))
            (length,) = struct.unpack_from("<i", data, last + 4)
        except (IndexError, ValueError, struct.error):
            return False
    whole: bool = size == last + 8 + length
    return whole


def _after_text(data: mmap.mmap, at: int) -> int:
    end = data.find(b"\0", at)
    if end < 0:
        raise ValueError("the text does not end")
    return end + 1


def _box(window: Window) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.array([window.x0, window.y0], np.int32), np.array([window.x1 - 1, window.y1 - 1], np.int32)


def _value(name: str, value: Any) -> Any:
    if name == "framesPerSecond":
        return exact_rate(value)
    if name == "timeCode" and isinstance(value, str):
        return _timecode(value)
    return value


def _timecode(text: str) -> Any:
    hours, minutes, seconds, frame = (int(number) for number in text.replace(";", ":").split(":"))
    return OpenEXR.TimeCode(hours, minutes, seconds, frame, int(";" in text), *[0] * 13)


def exact_rate(fps: float | Fraction) -> Fraction:
    """The exact rate behind a float: 23.976 is 24000/1001."""
    if isinstance(fps, Fraction):
        return fps
    whole = round(fps * 1.001)
    ntsc = Fraction(whole * 1000, 1001)
    return ntsc if abs(float(ntsc) - fps) < 0.001 and fps != round(fps) else Fraction(fps).limit_denominator(1001)


def _stored(pixels: NDArray[Any], half: bool) -> NDArray[Any]:
    if pixels.dtype.kind == "u":
        return pixels.astype(np.uint32)
    if half and pixels.dtype != np.float16:
        pixels = np.clip(pixels, -HALF_MAX, HALF_MAX)
    stored: NDArray[Any] = pixels.astype(np.float16 if half else np.float32, copy=False)
    return stored
