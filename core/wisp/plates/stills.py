"""PNG, JPEG, TIFF, DPX and the other still formats, read by OpenImageIO at their full depth; and masks."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the name that all its documentation uses
from numpy.typing import NDArray

from ..errors import FrameReadError, UsageError
from ..frames import MAX_FRAMES
from . import exr
from .opening import Fence, opened
from .plate import PlateFrame, PlateHeader, Window, clean, is_possible
from .sequences import EXR_SUFFIXES

log = logging.getLogger(__name__)

FloatImage = NDArray[np.float32]

#: Transfer characteristics of a DPX header (SMPTE ST 268-1) that are a display's, as OpenImageIO calls them.
_VIDEO_TRANSFERS = frozenset(
    {"Unspecified video", "SMPTE 274M", "ITU-R 709-4", "ITU-R 601-5 system B or G", "ITU-R 601-5 system M"}
    | {"NTSC composite video", "PAL composite video"}
)

#: A mask is 1 where its value is above this share of the format's maximum.
MASK_THRESHOLD = 0.5

#: EXIF orientation -> how to turn the stored rows upright: (transpose, flip rows, flip columns).
_UPRIGHT = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def read_header(path: str | Path, *, page: int = 0, fence: Fence | None = None) -> PlateHeader:
    """Size, pixel aspect and, where the format has them, rate and time code. Raises FrameReadError.

    `page`: which of the pictures of an animated GIF or a TIFF of several pages.
    """
    path = Path(path)
    with _Input(path, page, fence) as source:
        return source.header


def page_count(path: Path) -> int:
    """How many pictures of its first one's size the file holds, one after the other. Raises FrameReadError."""
    with _Input(path) as source:
        return source.pages()


def read_frame(path: str | Path, number: int, *, page: int = 0, fence: Fence | None = None) -> PlateFrame:
    """The picture as float32 RGB: code value / maximum for integer files, the stored value for float ones.

    Colour is as stored, never multiplied by alpha. A grey picture fills all three channels; a file with an
    orientation tag is turned upright. Raises FrameReadError, also for a file that was cut short.
    """
    path = Path(path)
    with _Input(path, page, fence) as source:
        pixels = source.pixels()
        rgb = np.ascontiguousarray(pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., [0, 0, 0]])
        return PlateFrame(number, rgb, source.header, clean(rgb))


def suggested_colorspace(path: str | Path) -> str:
    """What the kind of file says about its values: `scene_linear`, `compositing_log` or `sRGB - Texture`.

    Float pixels are scene-linear. DPX and Cineon are log film scans unless a DPX header says linear or video.
    Every other integer format is taken as ready for a display.
    """
    path = Path(path)
    with _Input(path) as source:
        transfer = source.spec.get_string_attribute("dpx:Transfer")
        if transfer == "Linear" or source.spec.format.basetype in (oiio.HALF, oiio.FLOAT, oiio.DOUBLE):
            return "scene_linear"
        if path.suffix.lower() == ".cin" or (path.suffix.lower() == ".dpx" and transfer not in _VIDEO_TRANSFERS):
            return "compositing_log"
        return "sRGB - Texture"


class _Input:
    """An open file. All of OpenImageIO's ways to report a fault become FrameReadError."""

    def __init__(self, path: Path, page: int = 0, fence: Fence | None = None) -> None:
        self._path, self._page = path, page
        with opened(path, fence) as number:
            # By its name where that is text: some formats are told apart by their suffix alone.
            name = number if _has_odd_bytes(path) else str(path)
            source = oiio.ImageInput.open(name, _straight_alpha())
            if source is None:
                raise FrameReadError(path, _first_line(oiio.geterror()))
        if fence is not None:
            with opened(path, fence):
                pass  # still the file that was looked at, not a link by now
        self._input = source
        if page and not source.seek_subimage(page, 0):
            source.close()
            raise FrameReadError(path, f"it has no picture {page + 1}")
        self.spec = source.spec()
        if not is_possible(self.spec.width, self.spec.height):
            self._input.close()
            raise FrameReadError(path, f"its size of {self.spec.width}x{self.spec.height} pixels is impossible")

    def __enter__(self) -> _Input:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()

    @property
    def _orientation(self) -> tuple[bool, bool, bool]:
        return _UPRIGHT.get(self.spec.get_int_attribute("Orientation", 1), _UPRIGHT[1])

    @property
    def header(self) -> PlateHeader:
        transposed = self._orientation[0]
        width, height = (self.spec.height, self.spec.width) if transposed else (self.spec.width, self.spec.height)
        window = Window(0, 0, width, height)
        aspect = self.spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0
        fps = self.spec.get_float_attribute("dpx:FrameRate", 0.0) or self.spec.get_float_attribute("FramesPerSecond")
        timecode = self.spec.getattribute("smpte:TimeCode")
        return PlateHeader(
            display=window,
            data=window,
            pixel_aspect=1.0 / aspect if transposed else aspect,
            fps=fps or None,
            timecode=_timecode_text(timecode[0]) if timecode else None,
        )

    def pages(self) -> int:
        """The number of pictures from here on that have the size of this one."""
        size, count = (self.spec.width, self.spec.height), 1
        while count < MAX_FRAMES and self._input.seek_subimage(count, 0):
            following = self._input.spec()
            if (following.width, following.height) != size:
                break
            count += 1
        self._input.geterror()  # fetched, so that it is not printed at exit
        return count

    def pixels(self) -> FloatImage:
        """All channels of the picture, upright: height x width x channels."""
        pixels = self._input.read_image(self._page, 0, 0, self.spec.nchannels, oiio.FLOAT)
        fault = self._input.geterror()  # a cut JPEG yields grey pixels and this text
        if pixels is None or fault:
            raise FrameReadError(self._path, _first_line(fault))
        transposed, flip_rows, flip_columns = self._orientation
        upright: Any = pixels.swapaxes(0, 1) if transposed else pixels
        upright = upright[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
        return np.asarray(upright, np.float32)

    @property
    def unit(self) -> float:
        """The value of the code 1 in an integer file; 0 for float pixels."""
        return {oiio.UINT8: 1 / 255, oiio.UINT16: 1 / 65535}.get(self.spec.format.basetype, 0.0)

    @property
    def alpha(self) -> int:
        """Index of the alpha channel, -1 without one; of a GIF the reader names the one behind the last."""
        return min(int(self.spec.alpha_channel), self.spec.nchannels - 1)


def _has_odd_bytes(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return True
    return False


def _timecode_text(packed: int) -> str:
    """SMPTE ST 12-1 time code from its packed binary-coded decimal digits."""
    hours, minutes, seconds, frame = (
        (packed >> shift) & mask for shift, mask in ((24, 63), (16, 127), (8, 127), (0, 63))
    )
    return f"{hours:02x}:{minutes:02x}:{seconds:02x}{';' if packed & 64 else ':'}{frame:02x}"


@cache
def _straight_alpha() -> oiio.ImageSpec:
    """Opens files without multiplying colour by alpha, which would lose colour where alpha is small."""
    config = oiio.ImageSpec()
    config["oiio:UnassociatedAlpha"] = 1
    return config


def _first_line(fault: str) -> str:
    line = fault.strip().partition("\n")[0].rstrip(".")
    return f"its pixels are damaged or incomplete ({line})" if line else "its pixels are damaged or incomplete"


# --- masks -----------------------------------------------------------------------------------------


def read_mask(path: str | Path, width: int, height: int, fence: Fence | None = None) -> NDArray[np.bool_]:
    """A mask for a plate of `width` x `height`: bool, height x width, True above one half.

    Read from any still format or EXR (display window): its alpha where it has one that is not the same everywhere,
    else the largest of its colour channels. Of an index picture in colours (a label map with a palette) every index
    but 0 is inside; an integer file that holds nothing but 0 and 1 means just that. Doubts are logged.

    Raises FrameReadError; UsageError for another size than the plate's, and for a mask that marks nothing.
    """
    mask: NDArray[np.bool_] = read_coverage(path, width, height, fence) > MASK_THRESHOLD
    if not mask.any():
        raise UsageError(
            f"The mask {path} is empty: no value is above one half.",
            hint="Choose another; numbers of objects are read from a palette picture, or from 0 and 1 alone.",
            path=path,
        )
    return mask


def read_coverage(path: str | Path, width: int, height: int, fence: Fence | None = None) -> FloatImage:
    """The soft values of a mask or matte file, read as `read_mask` does: float32, height x width, 0..1."""
    path = Path(path)
    if fence is not None:
        with opened(path, fence):
            path = path.resolve()
    values = _exr_mask(path) if path.suffix.lower() in EXR_SUFFIXES else _still_mask(path)
    if values.shape != (height, width):
        raise UsageError(
            f"The mask {path} is {values.shape[1]}x{values.shape[0]} but the plate is {width}x{height}.",
            hint="Render it at the plate's size.",
            path=path,
        )
    clean(values)
    return np.clip(values, 0.0, 1.0)


def _exr_mask(path: Path) -> FloatImage:
    if "A" in exr.layer_names(path):
        alpha = exr.read_frame(path, 0, layer="A").rgb[..., 0]
        if alpha.min() < alpha.max():
            return alpha
    if chosen := exr.chosen_layer(path):
        _say_once(f"{path} as a mask: {chosen}")
    return np.asarray(exr.read_frame(path, 0).rgb.max(axis=2))


def _still_mask(path: Path) -> FloatImage:
    with _Input(path) as source:
        pixels, alpha, unit = source.pixels(), source.alpha, source.unit
    if alpha >= 0 and pixels[..., alpha].min() < pixels[..., alpha].max():
        return np.asarray(pixels[..., alpha])
    indices = _indices(path)
    if indices is not None and indices.shape == pixels.shape[:2]:
        return np.asarray(indices != 0, np.float32)
    colours = [index for index in range(pixels.shape[2]) if index != alpha] or [alpha]
    values = np.asarray(pixels[..., colours].max(axis=2))
    if not unit:
        return values
    present = np.rint(np.unique(values) / unit)
    if present[-1] == 1:
        return np.rint(values / unit).astype(np.float32)
    if 1 in present and len(present) <= _FEW_VALUES and values.max() > MASK_THRESHOLD:
        _say_once(f"The mask {path} holds the values {present.astype(int).tolist()}: only those above half count.")
    return values


#: A picture of no more values than these is no soft matte; where 1 is among them it may be a label map.
_FEW_VALUES = 8


def _indices(path: Path) -> NDArray[np.uint8] | None:
    """The palette indices of a picture whose palette has colours, or shows several indices alike, which makes it a
    label map; None for another."""
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"), opened(path) as name, Image.open(name) as picture:
            if picture.mode != "P" or getattr(picture, "n_frames", 1) > 1:
                return None
            palette = np.reshape(picture.getpalette("RGB") or [], (-1, 3))
            indices = np.asarray(picture, np.uint8)
            used = palette[np.unique(indices)]
            # Greys that tell the indices apart are what the picture shows.
            if (palette == palette[:, :1]).all() and len(np.unique(used, axis=0)) == len(used):
                return None
            return indices
    except Exception:  # Pillow knows fewer formats, and fails in many ways
        return None


@cache
def _say_once(text: str) -> None:
    log.warning("%s", text)
