"""Contact sheets of made pictures: what a network would be taught, to be looked at before it is."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contact_sheet import cut_out
from .scenes import Sample


def preview(samples: Sequence[Sample], columns: int = 4) -> NDArray[np.uint8]:
    """uint8 RGB. Each sample: picture with the mask's outline, true alpha, cut-out, side by side."""
    cells = [_cell(sample) for sample in samples]
    height, width = cells[0].shape[:2]
    rows = -(-len(cells) // columns)
    sheet = np.zeros((rows * (height + 4), columns * (width + 8), 3), np.uint8)
    for number, cell in enumerate(cells):
        top, left = number // columns * (height + 4), number % columns * (width + 8)
        sheet[top : top + height, left : left + width] = cell
    return sheet


def _cell(sample: Sample) -> NDArray[np.uint8]:
    outlined = np.round(255 * sample.image).astype(np.uint8)
    contours, _ = cv2.findContours(sample.mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(outlined, contours, -1, (255, 40, 40), 1)
    plain = np.round(255 * sample.image).astype(np.uint8)
    alpha = np.repeat(np.round(255 * sample.alpha).astype(np.uint8)[..., None], 3, axis=2)
    cut = np.round(255 * cut_out(sample.image, sample.alpha)).astype(np.uint8)
    return np.concatenate([np.concatenate([plain, alpha], 1), np.concatenate([outlined, cut], 1)], 0)
