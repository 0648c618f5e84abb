"""Mattes at twice the size beside the plate and the truth: where a head does best and where worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contact_sheet import ByteImage, GridRow, picture_grid
from ..metrics.matting import mad
from ..plates.clip import FloatImage
from ..plates.plate import Window

#: Side of a close-up in the picture's pixels, and how much larger it is shown.
SIDE, ENLARGED = 140, 2
#: Error of the mask, times 1000, that a window must have to be a candidate: elsewhere every matte is right.
_LEAST_WRONG = 20.0
#: Pixels between windows that are tried.
_STEP = 20


@dataclass(frozen=True)
class CloseUp:
    """A window of a picture: `error` is the judged matte's MAD in it, times 1000, and `left` what part that is of the
    mask's own."""

    window: Window
    error: float
    left: float


@dataclass(frozen=True)
class Shown:
    """A row of the sheet, before it is cut to its window: RGB and truth as float 0..1, the mask, and the mattes."""

    name: str
    image: FloatImage
    mask: NDArray[np.bool_]
    alphas: Sequence[FloatImage]
    truth: FloatImage
    window: Window


def close_ups(mask: NDArray[np.bool_], alpha: FloatImage, truth: FloatImage) -> tuple[CloseUp, CloseUp] | None:
    """The window where `alpha` takes away most of the mask's error, and that where most error is left.

    None where the mask is right.
    """
    height, width = alpha.shape
    error, before = np.abs(alpha - truth), np.abs(mask - truth)
    found = []
    for top in range(0, height - SIDE + 1, _STEP):
        for left in range(0, width - SIDE + 1, _STEP):
            at = (slice(top, top + SIDE), slice(left, left + SIDE))
            found_wrong, given_wrong = float(error[at].mean() * 1e3), float(before[at].mean() * 1e3)
            if given_wrong >= _LEAST_WRONG:
                window = Window(left, top, left + SIDE, top + SIDE)
                found.append(CloseUp(window, found_wrong, found_wrong / given_wrong))
    if not found:
        return None
    return min(found, key=lambda close: close.left), max(found, key=lambda close: close.error)


def sheet(chosen: Sequence[Shown], heads: Sequence[str]) -> ByteImage:
    """One row per close-up: plate, mask, every head's matte with its MAD, truth."""
    rows = []
    for shown in chosen:
        x0, y0, x1, y1 = shown.window
        at = (slice(y0, y1), slice(x0, x1))
        truth = shown.truth[at]
        greys = [shown.mask[at].astype(np.float32), *(alpha[at] for alpha in shown.alphas), truth]
        pictures = [shown.image[at], *(np.repeat(grey[..., None], 3, axis=2) for grey in greys)]
        size = (ENLARGED * SIDE,) * 2
        large = [cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST) for picture in pictures]
        captions = ["", "", *(f"MAD {mad(alpha[at], truth):.0f}" for alpha in shown.alphas), ""]
        rows.append(GridRow(shown.name, large, captions))
    return picture_grid(["plate", "mask", *heads, "truth"], rows, cell_width=ENLARGED * SIDE)
