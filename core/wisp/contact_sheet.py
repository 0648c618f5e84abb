"""Contact sheets: one row per frame, one column per kind of picture, as an 8-bit sRGB image to look at."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .atomic import replacing, sweep
from .errors import UsageError

FloatImage = NDArray[np.float32]
ByteImage = NDArray[np.uint8]

_GAP = 6
_BACKGROUND = 24
_INK = (205, 205, 205)
#: Error of an alpha that saturates the difference picture.
DIFFERENCE_FULL = 0.5


@dataclass(frozen=True)
class Row:
    """One frame's pictures, all height x width.

    `plate`: display-referred RGB 0..1 (x 3), as a model sees it. `alpha`: the matte, 0..1. `mask`: the tracker's,
    bool or 0..1, or None. `truth`: the true alpha, 0..1, or None. `caption`: a line under the pictures.
    """

    frame: int
    plate: FloatImage
    alpha: FloatImage
    mask: NDArray[Any] | None = None
    truth: FloatImage | None = None
    caption: str = ""


@dataclass(frozen=True)
class GridRow:
    """One row of `picture_grid`. `pictures`: height x width x 3, 0..1, one per column. `label` is written into the
    first one, `captions` under the columns."""

    label: str
    pictures: Sequence[FloatImage]
    captions: Sequence[str] = ()


def to_linear(encoded: FloatImage) -> FloatImage:
    """sRGB-encoded 0..1 to linear light (IEC 61966-2-1)."""
    return np.asarray(np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4), np.float32)


def to_srgb(linear: FloatImage) -> FloatImage:
    """Linear light, clipped to 0..1, to sRGB encoding (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055), np.float32)


def checker(height: int, width: int, cell: int = 12) -> FloatImage:
    """The usual grey chequerboard behind something transparent, sRGB-encoded RGB."""
    y, x = np.mgrid[:height, :width]
    grey = np.where((x // cell + y // cell) % 2 == 0, 0.52, 0.42).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=2)


def cut_out(plate: FloatImage, alpha: FloatImage, background: FloatImage | None = None) -> FloatImage:
    """`plate` x `alpha` over a background (None: a chequerboard), mixed in linear light, sRGB-encoded.

    The plate's own colours are used: what is left of the old background at the edge is meant to be seen.
    """
    behind = checker(*alpha.shape) if background is None else background
    weight = alpha[..., None]
    return to_srgb(to_linear(np.clip(plate, 0, 1)) * weight + to_linear(behind) * (1 - weight))


def difference(alpha: FloatImage, truth: FloatImage) -> FloatImage:
    """Where the matte is wrong: red too much, blue too little, black right; full at DIFFERENCE_FULL."""
    error = (alpha - truth) / DIFFERENCE_FULL
    over, under = np.clip(error, 0, 1), np.clip(-error, 0, 1)
    return np.stack([over + 0.15 * under, 0.30 * over + 0.45 * under, 0.15 * over + under], axis=-1).clip(0, 1)


def contact_sheet(rows: Sequence[Row], *, cell_width: int = 320, title: str = "") -> ByteImage:
    """The sheet as uint8 RGB. Columns mask and difference are there when a row has a mask or truth.

    Raises UsageError without rows or where a picture's size is not its plate's.
    """
    if not rows:
        raise UsageError("A contact sheet needs at least one frame.")
    has_mask = any(row.mask is not None for row in rows)
    has_truth = any(row.truth is not None for row in rows)
    names = ["plate", *(["mask"] if has_mask else []), "matte", "cut-out"]
    names += ["truth", "error (red: too much, blue: too little)"] if has_truth else []
    grid = [GridRow(str(row.frame), _pictures(row, has_mask, has_truth), (row.caption,)) for row in rows]
    return picture_grid(names, grid, cell_width=cell_width, title=title)


def picture_grid(names: Sequence[str], rows: Sequence[GridRow], *, cell_width: int = 320, title: str = "") -> ByteImage:
    """Pictures in named columns as uint8 RGB; cells have the shape of the first picture. UsageError without rows."""
    if not rows:
        raise UsageError("A contact sheet needs at least one frame.")
    height, width = rows[0].pictures[0].shape[:2]
    size = (cell_width, max(1, round(cell_width * height / width)))
    scale = cell_width / 320
    head = round(22 * scale) + (round(26 * scale) if title else 0)
    pitch = size[1] + _GAP + (round(20 * scale) if any(any(row.captions) for row in rows) else 0)
    sheet = np.full((head + len(rows) * pitch, len(names) * (cell_width + _GAP) + _GAP, 3), _BACKGROUND, np.uint8)
    if title:
        _write(sheet, title, (_GAP, round(19 * scale)), 0.52 * scale)
    for column, name in enumerate(names):
        _write(sheet, name, (_GAP + column * (cell_width + _GAP), head - round(6 * scale)), 0.42 * scale)
    for number, row in enumerate(rows):
        top = head + number * pitch
        for column, picture in enumerate(row.pictures):
            left = _GAP + column * (cell_width + _GAP)
            sheet[top : top + size[1], left : left + size[0]] = _fit(picture, size)
        _write(sheet, row.label, (_GAP + round(7 * scale), top + round(18 * scale)), 0.45 * scale, outline=True)
        for column, caption in enumerate(row.captions):
            left = _GAP + column * (cell_width + _GAP)
            _write(sheet, caption, (left, top + size[1] + round(15 * scale)), 0.42 * scale)
    return sheet


def _pictures(row: Row, has_mask: bool, has_truth: bool) -> list[FloatImage]:
    shape = row.plate.shape[:2]
    for name in ("alpha", "mask", "truth"):
        picture = getattr(row, name)
        if picture is not None and picture.shape != shape:
            raise UsageError(f"Frame {row.frame}: the {name} is {picture.shape}, the plate {shape}.")
    empty = np.full((*shape, 3), _BACKGROUND / 255, np.float32)

    def grey(picture: NDArray[Any] | None) -> FloatImage:
        if picture is None:
            return empty
        return np.repeat(np.asarray(picture, np.float32)[..., None], 3, axis=2)

    pictures = [row.plate, *([grey(row.mask)] if has_mask else []), grey(row.alpha), cut_out(row.plate, row.alpha)]
    if has_truth:
        pictures += [grey(row.truth), empty if row.truth is None else difference(row.alpha, row.truth)]
    return pictures


def _fit(picture: FloatImage, size: tuple[int, int]) -> ByteImage:
    shrinks = size[0] < picture.shape[1]
    fitted = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(np.round(255 * np.clip(fitted, 0, 1)), np.uint8)


def _write(sheet: ByteImage, text: str, at: tuple[int, int], scale: float, outline: bool = False) -> None:
    font, thick = cv2.FONT_HERSHEY_SIMPLEX, max(1, round(scale * 1.6))
    if outline:  # by moved copies: letters written thicker stand further apart in OpenCV 5
        for down, right in itertools.product((-thick, 0, thick), repeat=2):
            cv2.putText(sheet, text, (at[0] + right, at[1] + down), font, scale, (0, 0, 0), thick, cv2.LINE_AA)
    cv2.putText(sheet, text, at, font, scale, _INK, thick, cv2.LINE_AA)


#: What our pictures of pictures carry, so that one may take the place of another and of nothing else.
_MARK = ("Software", "Wisp")


def check_name(path: str | Path) -> None:
    """UsageError for a name of something else than a PNG: to be told before the work is done."""
    if Path(path).suffix.lower() != ".png":
        raise UsageError(f"{path} is written as a PNG.", hint="Name it ....png.", path=path)


def write_png(path: str | Path, picture: ByteImage) -> None:
    """Write uint8 RGB as PNG, whole or not at all. UsageError as `check_name`, OutputError where writing fails."""
    check_name(path)
    mark = PngInfo()
    mark.add_text(*_MARK)
    sweep(Path(path).parent)
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary, "png", compress_level=9, pnginfo=mark)


def is_sheet(start: bytes) -> bool:
    """Whether a file that starts so was written by `write_png`."""
    return start.startswith(b"\x89PNG") and b"\0".join(word.encode() for word in _MARK) in start
