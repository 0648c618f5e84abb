"""OpenEXR files in; `exr_writer` has the way out, and nothing else imports OpenEXR.

Reading runs in this process: over 61 awkward and damaged files and 93 000 randomly overwritten or cut
ones, OpenEXR 3.5.3 neither crashed nor hung. What it does do is answer with fewer parts than the header
promises instead of raising, and ask for whatever memory a damaged window demands; both are checked here.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import OpenEXR
from numpy.typing import NDArray

from ..errors import FrameReadError
from . import seal
from .layers import Layers, PartNames, Picture, find_layers
from .opening import Fence, opened
from .plate import MAX_PIXELS, PlateFrame, PlateHeader, Window, clean, is_possible

#: More pixel bytes than this in one file (all its channels) are refused before they are allocated.
MAX_BYTES = 2**33

#: Attributes that describe how the pixels are stored; a writer makes its own.
STRUCTURAL = frozenset(
    {"channels", "chunkCount", "compression", "dataWindow", "displayWindow", "dwaCompressionLevel", "lineOrder"}
    | {"maxSamplesPerPixel", "multiView", "name", "pixelAspectRatio", "tiles", "type", "version", "view"}
    | {seal.NAME}
)
#: Attributes that `PlateHeader` holds in fields of their own.
_NAMED = frozenset({"framesPerSecond", "timeCode"})
_MAGIC = b"\x76\x2f\x31\x01"
_DEEP_FLAG = 0x800
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
#: As many layer names an error message lists.
_LISTED = 20

T = TypeVar("T")

OpenEXR.set_global_thread_count(min(8, os.cpu_count() or 1))


# --- opening ---------------------------------------------------------------------------------------


class _Overheard:
    """Stands in for `sys.stdout`: keeps what one thread prints, lets every other thread's text through.

    The OpenEXR module reports damaged pixels by printing, never by raising; standard output belongs to
    Wisp's own events. There is one such object for all time: `print` in another thread may still be using it
    after `sys.stdout` has been given back, and CPython holds no reference for it there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._real: Any = sys.stdout
        self._thread: int | None = None
        self._kept: list[str] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Yields the list in which everything gathers that this thread prints meanwhile."""
        with self._lock:
            self._kept = []
            self._thread = threading.get_ident()
            self._real = sys.stdout
            sys.stdout = self
            try:
                yield self._kept
            finally:
                self._thread = None
                if sys.stdout is self:
                    sys.stdout = self._real

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return int(self._real.write(text) or 0)
        self._kept.append(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


_overheard = _Overheard()


def _open(path: Path, *, header_only: bool, fence: Fence | None = None) -> tuple[list[Any], str]:
    """The parts of the file, and what the library printed meanwhile. Any fault becomes FrameReadError."""
    with opened(path, fence) as name, _overheard.listening() as printed:
        try:
            file = OpenEXR.File(name, separate_channels=True, header_only=header_only)
            return list(file.parts), "".join(printed)
        except Exception as error:  # RuntimeError, UnicodeDecodeError, MemoryError ... by kind of damage
            raise FrameReadError(path, _why_closed(path, error)) from error


def _why_closed(path: Path, error: Exception) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except FileNotFoundError:
        return "the file does not exist"
    except OSError as fault:
        return (fault.strerror or str(fault)).lower()
    if not start:
        return "the file is empty"
    if start[:4] != _MAGIC:
        return "it is not an OpenEXR file"
    if len(start) == 8 and int.from_bytes(start[4:], "little") & _DEEP_FLAG:
        return _DEEP
    if isinstance(error, MemoryError):
        return _TOO_LARGE
    return _BAD_HEADER


_BAD_HEADER = "its header is damaged or cut short"
_TOO_LARGE = "its pixels do not fit into memory"
_DEEP = "it holds deep samples, which Wisp does not read; flatten it first"


def _window(box: Any) -> Window:
    low, high = box
    return Window(int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)


def _check_size(path: Path, parts: list[Any]) -> None:
    """Refuse windows and channel lists that no picture has, before anything of that size is allocated."""
    total = 0
    for part in parts:
        for key, label in (("displayWindow", "display"), ("dataWindow", "data")):
            window = _window(part.header[key])
            if not is_possible(window.width, window.height):
                raise FrameReadError(path, f"its {label} window of {window.width}x{window.height} pixels is impossible")
        tile = part.header.get("tiles")
        if tile is not None and _padded(window.width, tile.xSize) * _padded(window.height, tile.ySize) > MAX_PIXELS:
            raise FrameReadError(path, f"its tile size of {tile.xSize}x{tile.ySize} pixels is impossible")
        total += window.width * window.height * 4 * len(part.header["channels"])
    if total > MAX_BYTES:
        raise FrameReadError(path, f"its channels would take {total / 2**30:.0f} GiB", hint="Split its layers up.")


def _padded(size: int, tile: int) -> int:
    """The size in whole tiles, all of which are decoded in full."""
    return -(-size // max(1, tile)) * tile


def _open_header(path: Path, fence: Fence | None = None) -> list[Any]:
    parts, _ = _open(path, header_only=True, fence=fence)
    if not parts:
        raise FrameReadError(path, _BAD_HEADER)
    return parts


def _open_whole(path: Path, expected: int, fence: Fence | None = None) -> list[Any]:
    parts, printed = _open(path, header_only=False, fence=fence)
    if len(parts) < expected:
        raise FrameReadError(path, _TOO_LARGE if "MemoryError" in printed else "its pixels are damaged or incomplete")
    return parts


# --- headers and layers ----------------------------------------------------------------------------


def _header(attributes: Mapping[str, Any]) -> PlateHeader:
    return PlateHeader(
        display=_window(attributes["displayWindow"]),
        data=_window(attributes["dataWindow"]),
        pixel_aspect=_if_usable(float, attributes.get("pixelAspectRatio")) or 1.0,
        fps=_if_usable(float, attributes.get("framesPerSecond")) or None,
        timecode=_if_usable(_timecode_text, attributes.get("timeCode")),
        attributes={name: value for name, value in attributes.items() if name not in STRUCTURAL | _NAMED},
    )


def _if_usable(read: Callable[[Any], T], value: Any) -> T | None:
    """What `read` makes of an attribute; None without one, and for one of another type than its name promises."""
    try:
        return None if value is None else read(value)
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """A header whose parts are not what they should be makes the code that reads it fail in many ways."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        raise FrameReadError(path, _BAD_HEADER) from error


def _timecode_text(code: Any) -> str:
    separator = ";" if code.dropFrame else ":"
    return f"{code.hours:02d}:{code.minutes:02d}:{code.seconds:02d}{separator}{code.frame:02d}"


def _layers(path: Path, parts: list[Any]) -> Layers:
    try:
        names = [_part_names(part) for part in parts]
    except UnicodeDecodeError as error:  # the library decodes a channel's name when it is asked for
        raise FrameReadError(path, _BAD_HEADER) from error
    if not any(part.channels for part in names):
        raise FrameReadError(path, "it has no channels")
    return find_layers(names)


def _part_names(part: Any) -> PartNames:
    attributes = part.header
    views = attributes.get("multiView") or [None]
    return PartNames(
        channels=tuple(channel.name for channel in attributes["channels"]),
        name=attributes.get("name"),
        view=attributes.get("view") or views[0],
        deep=part.type() in (OpenEXR.deepscanline, OpenEXR.deeptile),
    )


def _choose(path: Path, parts: list[Any], layer: str | None) -> Picture:
    layers = _layers(path, parts)
    picture = layers.default if layer is None else layers.by_name.get(layer)
    if picture is None:
        raise FrameReadError(path, f"it has no layer '{layer}'", hint=f"It holds: {_listed(list(layers.by_name))}.")
    if _part_names(parts[picture.part]).deep:
        raise FrameReadError(path, _DEEP)
    return picture


# --- reading ---------------------------------------------------------------------------------------


def read_header(path: str | Path, *, layer: str | None = None, fence: Fence | None = None) -> PlateHeader:
    """Windows and attributes of the part that holds `layer` (None: the main picture), without its pixels.

    Costs well under a millisecond. Raises FrameReadError: missing, damaged, deep, impossible size, or a
    layer that is not there (the hint lists those that are).
    """
    path = Path(path)
    parts = _open_header(path, fence)
    with _explained(path):
        picture = _choose(path, parts, layer)
        _check_size(path, parts)
        return _header(parts[picture.part].header)


def chosen_layer(path: str | Path) -> str:
    """A sentence on which picture of the file is taken when none is named; empty where it has only one in colour.

    Raises FrameReadError.
    """
    path = Path(path)
    with _explained(path):
        layers = _layers(path, _open_header(path))
    if not layers.choice:
        return ""
    others = _listed([name for name in layers.by_name if layers.by_name[name].kind != "grey"])
    quoted = layers.choice if layers.choice not in layers.by_name else f"'{layers.choice}'"
    return f"Of the layers of {path.name}, {quoted} is taken as the picture (--layer chooses: {others})."


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def layer_names(path: str | Path) -> tuple[str, ...]:
    """Every name that `layer` accepts for this file. Raises FrameReadError."""
    path = Path(path)
    with _explained(path):
        return tuple(_layers(path, _open_header(path)).by_name)


def read_frame(path: str | Path, number: int, *, layer: str | None = None, fence: Fence | None = None) -> PlateFrame:
    """The picture over its whole display window as float32 RGB; see `PlateFrame` for the values.

    Luminance/chroma files become RGB by the weights of their chromaticities (Rec. 709 where the file names
    none); a layer of one channel becomes grey. Raises FrameReadError as `read_header` does, and where any
    pixel of the file cannot be decoded.
    """
    path = Path(path)
    parts = _open_header(path, fence)
    with _explained(path):
        picture = _choose(path, parts, layer)
        _check_size(path, parts)
        part = _open_whole(path, len(parts), fence)[picture.part]
        header = _header(part.header)
    planes = [_plane(part, name, header.data) for name in picture.channels]
    if picture.kind == "luma":
        planes = _rgb_from_luma(planes, part.header.get("chromaticities"))
    rgb = np.zeros((header.display.height, header.display.width, 3), np.float32)
    target, source = _overlap(header.display, header.data)
    region = rgb[target]
    for index, plane in enumerate(planes * (3 if picture.kind == "grey" else 1)):
        if plane is not None:
            region[..., index] = plane[source]
    return PlateFrame(number, rgb, header, clean(region))


def read_channels(path: str | Path) -> tuple[dict[str, NDArray[Any]], PlateHeader]:
    """All channels of a flat single-part file, name -> array of the data window in the file's own type.

    Every pixel has been decoded when this returns: a file that was cut short raises FrameReadError, so
    a returned cache frame is a whole one.
    """
    path = Path(path)
    parts = _open_header(path)
    with _explained(path):
        _choose(path, parts, None)
        if len(parts) != 1:
            raise FrameReadError(path, f"it has {len(parts)} parts where one is expected")
        _check_size(path, parts)
        part = _open_whole(path, 1)[0]
        return {name: channel.pixels for name, channel in part.channels.items()}, _header(part.header)


def _overlap(display: Window, data: Window) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index of the shared rectangle in an array of the display window and in one of the data window."""
    x0, y0 = max(display.x0, data.x0), max(display.y0, data.y0)
    x1, y1 = max(x0, min(display.x1, data.x1)), max(y0, min(display.y1, data.y1))

    def inside(window: Window) -> tuple[slice, slice]:
        if x1 == x0 or y1 == y0:
            return slice(0, 0), slice(0, 0)
        return slice(y0 - window.y0, y1 - window.y0), slice(x0 - window.x0, x1 - window.x0)

    return inside(display), inside(data)


def _plane(part: Any, name: str | None, data: Window) -> NDArray[Any] | None:
    """One channel at full data-window resolution: subsampled ones are interpolated linearly.

    A sample of a channel with sampling s lies on every s-th pixel from the window's own corner on.
    """
    if name is None:
        return None
    channel = part.channels[name]
    pixels: NDArray[Any] = channel.pixels
    for axis, step, size in ((0, channel.ySampling, data.height), (1, channel.xSampling, data.width)):
        if step > 1:
            place = np.arange(size, dtype=np.float32) / step
            below = np.minimum(place.astype(np.intp), pixels.shape[axis] - 1)
            above = np.minimum(below + 1, pixels.shape[axis] - 1)
            share = (place - below).reshape((-1, 1) if axis == 0 else (1, -1))
            low, high = pixels.take(below, axis).astype(np.float32), pixels.take(above, axis).astype(np.float32)
            pixels = low + (high - low) * share
    return pixels


def _rgb_from_luma(planes: list[NDArray[Any] | None], chromaticities: Any) -> list[NDArray[Any] | None]:
    """RY = (R - Y) / Y and BY = (B - Y) / Y undone ("Technical Introduction to OpenEXR", luminance/chroma)."""
    luma, red_chroma, blue_chroma = (plane.astype(np.float32) for plane in planes if plane is not None)
    wr, wg, wb = _luminance_weights(chromaticities)
    red = (red_chroma + 1.0) * luma
    blue = (blue_chroma + 1.0) * luma
    return [red, (luma - wr * red - wb * blue) / wg, blue]


def _luminance_weights(chromaticities: Any) -> tuple[float, float, float]:
    """Share of R, G and B in luminance: the Y row of the RGB to XYZ matrix of these primaries."""
    corners = np.ravel(_REC709 if chromaticities is None else np.asarray(chromaticities, np.float64))
    xyz = np.array([(x / y, 1.0, (1.0 - x - y) / y) for x, y in corners.reshape(4, 2)])
    red, green, blue = np.linalg.solve(xyz[:3].T, xyz[3])
    return float(red), float(green), float(blue)
