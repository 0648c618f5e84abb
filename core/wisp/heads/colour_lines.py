"""A matte carried along the plate's colour lines.

In a small window the colours of foreground and background lie on lines each, so alpha is linear in colour there. The
matte that agrees best with this everywhere and with what was found for each pixel, as far as that is trusted, is the
solution of a linear system (Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008,
equation 12 with a weight per pixel): what is surely seen of a strand goes on along it.
"""

from __future__ import annotations

import warnings
from itertools import combinations_with_replacement

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..plates.clip import FloatImage
from .band import Mask

#: Of a window of 3 x 3 pixels, and of the pixels that share a window with one of them.
_WINDOW, _AROUND = 3, 5
#: The numbers of the pairs of pixels of a window.
_PAIRS = {pair: number for number, pair in enumerate(combinations_with_replacement(range(_WINDOW**2), 2))}
#: Scatter of a window's colours below which they say nothing: noise and rounding.
_LEAST_SCATTER = 1e-6
#: Alpha this close to 0 or 1 is settled where all around is.
_NOTHING = 0.005
#: What keeping to the alpha that was found weighs against the lines of one window: where it is soft, and what 0 or 1
#: have on top. The level was chosen on the training's subjects, the shape on ten stills; quality is flat around them.
_SOFT_TRUST, _SURE_TRUST, _SURE_POWER = 0.002, 0.08, 8
#: Power of encoded values in which alpha is taken to be linear: between those, as layers often mix, and light, as a
#: camera mixes. No sign in a picture told which it was; with this neither loses much.
_BETWEEN_LIGHTS = 1.3
#: Where the solver stops: it starts from the matte it is given, so that what it has reached is a matte at any time.
_ROUNDS = 20
_TOLERANCE = 1e-3
#: Windows worked on at once: bounds memory.
_PORTION = 1 << 13

# Torch says once that compressed rows are new. Here, since what is ignored in one thread is so in all of them.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    torch.sparse_csr_tensor(torch.tensor([0, 1]), torch.tensor([0]), torch.tensor([1.0]), (1, 1))


class ColourLines:
    """How far a matte is from following the colour lines of a picture, at its unknown pixels.

    `image`: H x W x 3 float32 in 0..1. `unknown`: H x W, True for `count` pixels; vectors over these are float32
    tensors in the order of rows. All other pixels are known.
    """

    def __init__(self, image: FloatImage, unknown: Mask) -> None:
        padded = np.pad(unknown, 2)
        width = padded.shape[1]
        at = np.flatnonzero(padded)
        self.count = len(at)
        rows = _rows(np.pad(image, ((2, 2), (2, 2), (0, 0)), "edge"), padded, at)
        self._around = at[:, None] + _offsets(_AROUND, width)
        numbers = np.full(padded.size, -1, np.int32)
        numbers[at] = np.arange(self.count, dtype=np.int32)
        columns = numbers[self._around]
        self._rows = torch.from_numpy(rows)
        self._diagonal = self._rows[:, _AROUND**2 // 2]
        # Known pixels are a row's own pixel times nothing, so that every row has as many entries.
        values = np.where(columns < 0, 0, rows)
        columns = np.where(columns < 0, np.arange(self.count, dtype=np.int32)[:, None], columns)
        starts = torch.arange(0, values.size + 1, _AROUND**2, dtype=torch.int32)
        self._matrix = torch.sparse_csr_tensor(
            starts, torch.from_numpy(columns.ravel()), torch.from_numpy(values.ravel()), (self.count,) * 2
        )

    def bent(self, alpha: FloatImage) -> Tensor:
        """By how much each unknown pixel of `alpha`, H x W, is off the lines of the windows that it is in."""
        around = np.pad(alpha, 2).ravel()[self._around]
        return (self._rows * torch.from_numpy(around)).sum(dim=1)

    def solve(self, right: Tensor, trust: Tensor, rounds: int = _ROUNDS, tolerance: float = _TOLERANCE) -> Tensor:
        """The vector that the Laplacian plus `trust`, > 0, takes to `right`: conjugate gradients from zero, until so
        many rounds or this part of the error that it began with."""
        diagonal = self._diagonal + trust
        found = torch.zeros_like(right)
        left = right.clone()
        scaled = left / diagonal
        direction = scaled.clone()
        error = torch.dot(left, scaled)
        enough = tolerance**2 * float(error)
        for _ in range(rounds):
            if float(error) <= enough:
                break
            moved = torch.mv(self._matrix, direction) + trust * direction
            step = error / torch.dot(direction, moved)
            found += step * direction
            left -= step * moved
            scaled = left / diagonal
            before, error = error, torch.dot(left, scaled)
            direction = scaled + (error / before) * direction
        return found


def carried_alpha(image: FloatImage, alpha: FloatImage, near: Mask) -> FloatImage:
    """`alpha` carried along the colour lines from where it is surely 0 or 1 to where it is soft: H x W float32 in 0..1.

    `image`: H x W x 3 float32 in 0..1, `alpha`: H x W in 0..1, `near`: h x w, where it may change at all. All is
    worked out at h x w, half the size: lines that hold over wider windows carry further, and fine detail stays.
    """
    size = near.shape[::-1]
    small, start = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (image, alpha))
    unknown = _unsettled(start) & near
    if not unknown.any():
        return alpha
    lines = ColourLines(np.power(np.clip(small, 0, 1), np.float32(_BETWEEN_LIGHTS)), unknown)
    sure = (2 * start[unknown] - 1) ** _SURE_POWER
    change = np.zeros_like(start)
    change[unknown] = lines.solve(-lines.bent(start), torch.from_numpy(_SOFT_TRUST + _SURE_TRUST * sure)).numpy()
    carried = alpha + cv2.resize(change, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    kept: FloatImage = np.clip(carried, 0, 1, out=carried)
    return kept


def _unsettled(alpha: FloatImage) -> Mask:
    """Where alpha is not all 0 or all 1 in the window around a pixel."""
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    unsettled: Mask = (cv2.dilate(alpha, window) > _NOTHING) & (cv2.erode(alpha, window) < 1 - _NOTHING)
    return unsettled


def _offsets(side: int, width: int) -> NDArray[np.intp]:
    """From a pixel to those of the square of `side` around it, in a picture stored row by row."""
    steps = np.arange(side) - side // 2
    return (steps[:, None] * width + steps).ravel()


def _rows(image: FloatImage, unknown: Mask, at: NDArray[np.intp]) -> NDArray[np.float32]:
    """The Laplacian's rows of the pixels `at`, count x 25, divided by the windows of a pixel.

    `image` and `unknown` have two pixels around the picture, which no window reaches into.
    """
    width = unknown.shape[1]
    inside = np.zeros(unknown.shape, np.uint8)
    inside[3:-3, 3:-3] = 1
    centres = np.flatnonzero(cv2.dilate(unknown.astype(np.uint8), np.ones((_WINDOW, _WINDOW))) & inside)
    offsets = _offsets(_WINDOW, width)
    # The number of each window by its centre; the last one has no weights and is that of places that are no centre.
    numbers = np.full(unknown.size, len(centres), np.int32)
    numbers[centres] = np.arange(len(centres), dtype=np.int32)
    channels = [np.ascontiguousarray(image[..., channel]).ravel() for channel in range(3)]
    weights = np.zeros((len(_PAIRS), len(centres) + 1), np.float32)
    for first in range(0, len(centres), _PORTION):
        portion = centres[first : first + _PORTION]
        weights[:, first : first + len(portion)] = _window_weights(
            np.stack([[channel[portion + offset] for offset in offsets] for channel in channels])
        )
    rows = np.zeros((_AROUND, _AROUND, len(at)), np.float32)
    for one, offset in enumerate(offsets):
        window = numbers[at - offset]
        rows[_AROUND // 2, _AROUND // 2] += window < len(centres)
        for other in range(_WINDOW**2):
            down, right = (there - here for there, here in zip(divmod(other, 3), divmod(one, 3), strict=True))
            pair = _PAIRS[min(one, other), max(one, other)]
            rows[_AROUND // 2 + down, _AROUND // 2 + right] -= weights[pair][window]
    return np.ascontiguousarray(rows.reshape(_AROUND**2, -1).T) / np.float32(_WINDOW**2)


def _window_weights(colours: FloatImage) -> NDArray[np.float32]:
    """What one pixel of a window weighs in the linear fit at another: a plane per pair from 3 x 9 x n colours."""
    centred = colours - colours.mean(axis=1, keepdims=True)
    scatter = np.einsum("cpn,dpn->cdn", centred, centred).astype(np.float64)
    scatter += _LEAST_SCATTER * np.eye(3)[..., None]
    explained = np.einsum("cdn,dpn->cpn", _inverted(scatter).astype(np.float32), centred)
    weights = np.empty((len(_PAIRS), colours.shape[2]), np.float32)
    for (one, other), number in _PAIRS.items():
        np.einsum("cn,cn->n", centred[:, one], explained[:, other], out=weights[number])
    return weights + np.float32(1 / _WINDOW**2)


def _inverted(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverses of symmetric matrices 3 x 3 x n: by cofactors, many times faster than by elimination."""
    first, second, third = matrices
    cofactors = np.stack([np.cross(a, b, axis=0) for a, b in ((second, third), (third, first), (first, second))])
    inverses: NDArray[np.float64] = cofactors / (first * cofactors[0]).sum(axis=0)
    return inverses
