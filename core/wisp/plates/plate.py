"""What a plate is to the rest of Wisp, whatever kind of file it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import CancelledError

#: A window of more pixels than a 16K frame is a damaged header, not a picture.
MAX_PIXELS = 2**27
#: Longer sides cannot be indexed by what resizes and warps pictures (16 bits with a sign).
MAX_SIDE = 2**15 - 2
#: The largest finite half-float value: what an infinity in a file counts as.
HALF_MAX = 65504.0


class Window(NamedTuple):
    """A pixel rectangle, upper bounds excluded (OpenEXR's inclusive `max` plus one)."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


def is_possible(width: int, height: int) -> bool:
    """Whether a picture of that size can be worked with."""
    return 1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS


@dataclass(frozen=True)
class PlateHeader:
    """What a delivered file must repeat of the plate's file, read without its pixels.

    Windows are in the file's own coordinates. `fps` is frames per second or None where the file
    does not say; `timecode` is `HH:MM:SS:FF` (`;` before FF for drop frame) or None. `attributes`
    holds every further EXR header attribute by name, as the reader gave it.
    """

    display: Window
    data: Window
    pixel_aspect: float = 1.0
    fps: float | None = None
    timecode: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class PlateFrame:
    """One frame's pixels over the whole display window.

    `rgb`: float32, height x width x 3, values exactly as the file has them (scene-linear for EXR,
    code value / maximum for integer formats), not colour-converted, not clipped; 0 where the data
    window does not reach; NaN and infinities are replaced by 0 and the largest half value and
    counted in `nonfinite`. Row 0 is the top row of the display window.
    """

    number: int
    rgb: NDArray[np.float32]
    header: PlateHeader
    nonfinite: int = 0


def clean(pixels: NDArray[np.float32]) -> int:
    """Replace, in place, NaN by 0 and infinities by the largest half value; returns how many there were."""
    found = int(pixels.size - np.count_nonzero(np.isfinite(pixels)))
    if found:
        np.nan_to_num(pixels, copy=False, nan=0.0, posinf=HALF_MAX, neginf=-HALF_MAX)
    return found


def heed(should_stop: Callable[[], bool]) -> None:
    """CancelledError where whoever opens a plate has been asked to stop."""
    if should_stop():
        raise CancelledError("The pictures were not looked at to the end: it was cancelled.")


class Plate(Protocol):
    """The incoming pictures, read lazily, one frame at a time, in any order."""

    #: What the user named it by; a sequence keeps its pattern, e.g. `plates/sh010.%04d.exr`.
    path: str
    #: File name without directory, number and suffix: `sh010`. Names results after it.
    name: str
    #: The files on disk, of all frames.
    files: tuple[Path, ...]
    #: Sentences for a person: what was chosen where files leave a choice, and what is doubtful.
    notes: tuple[str, ...]
    #: Every frame that exists, ascending, the plate's own numbers.
    frames: tuple[int, ...]
    #: Every frame that ought to exist, ascending: the ones asked for, else all from the first to the last of `frames`.
    expected: tuple[int, ...]
    #: Digits of the frame number in file names (a movie or a single picture: 4).
    padding: int
    #: What was added to the files' own numbers to give the plate's; a movie's own are 1..N.
    offset: int
    #: Display window size in pixels, equal for all frames (else FrameReadError on that frame).
    width: int
    height: int
    pixel_aspect: float
    fps: float | None
    #: Colour space name that the file's kind suggests: `scene_linear`, `sRGB - Texture`, ...
    colorspace: str

    def read(self, frame: int) -> PlateFrame:
        """The pixels of `frame`. Raises FrameReadError naming the file, the frame and the reason."""
        ...

    def header(self, frame: int) -> PlateHeader:
        """Windows and metadata of `frame` without reading its pixels."""
        ...

    def identity(self, frame: int) -> str:
        """A short hash that changes when the pixels of `frame` change and survives moving the file.

        Cheap (see `plates.identity`); equal for equal content wherever the file lies.
        """
        ...

    def state(self) -> str:
        """Changes whenever the size or the time of one of its files does, or files come or go; reads none of them."""
        ...
