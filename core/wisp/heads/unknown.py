"""Alpha where a person said that it may be anything: the head's opinion there is given up for what lies around.

A head looks for an edge near its mask. A strand or a veil far from there it has never considered. Inside the region
that was marked, alpha is an affine function of colour fitted on what is known around it, in windows as wide as the
region at first and narrower each time, each believing what the wider ones were sure of. Veils and wings have a colour
that is nowhere known, and would come out too thin: where the head saw the object, alpha is at least what turns the
background around into what is seen, whatever the colour before it.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ..plates.clip import FloatImage
from ..plates.plate import Window
from .band import Mask, grow
from .guided_filter import affine_models, box_mean

#: Half windows in turn, as parts of the region's half width.
_WINDOWS = (1.0, 0.5, 0.25)
#: How often the first window is at most doubled.
_DOUBLINGS = 2
#: Belief in the head's alpha inside the region, against up to 1 outside; and in an estimate that is not sure.
_HEARD, _UNSURE = 0.05, 0.02
#: Part of the region's half width, from its rim inwards, over which the head's alpha passes into the new one.
_RIM = 0.15
#: What is surely behind: below this alpha, and not unknown. So much of a window makes its mean be believed whole.
_BEHIND, _ENOUGH = 0.05, 0.25
#: The least room between the background and black, or white: with less, grain would count for too much.
_ROOM = 0.25
#: Least half window in cells of the coarser grid on which all this is fitted.
_LEAST_CELLS = 1.25


def matted_unknown(image: FloatImage, alpha: FloatImage, unknown: Mask) -> FloatImage:
    """Alpha with the `unknown` pixels worked out from those around them: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `alpha`: H x W, as a head has left it, believed outside.
    He, Sun, Tang, "Guided Image Filtering", PAMI 2013, with beliefs as weights.
    """
    result = alpha.copy()
    height, width = alpha.shape
    for window, region in _regions(unknown):
        depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
        half = float(depth.max())
        around = grow(window, 2**_DOUBLINGS * round(half) + 8, width, height)
        at = (slice(around.y0, around.y1), slice(around.x0, around.x1))
        inner = (slice(window.y0, window.y1), slice(window.x0, window.x1))
        part = (
            slice(window.y0 - around.y0, window.y1 - around.y0),
            slice(window.x0 - around.x0, window.x1 - around.x0),
        )
        found = _fitted(image[at], alpha[at], unknown[at], half)
        found = np.maximum(found, alpha[at] * least_alpha(image[at], alpha[at], unknown[at], half))[part]
        share = np.where(region, np.clip(depth / max(_RIM * half, 1.0), 0, 1), 0).astype(np.float32)
        result[inner] += share * (found - result[inner])
    return result


def _regions(unknown: Mask) -> Iterator[tuple[Window, Mask]]:
    """The connected parts of `unknown`, each in its window."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(unknown.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        x, y, width, height, _ = (int(value) for value in boxes[number])
        yield Window(x, y, x + width, y + height), labels[y : y + height, x : x + width] == number


def _fitted(image: FloatImage, alpha: FloatImage, unknown: Mask, half: float) -> FloatImage:
    """Alpha of all pixels by the windows' colour models; only the unknown ones are meant."""
    cell, cells = _grid(alpha, half)
    small = cv2.resize(image, cells, interpolation=cv2.INTER_AREA)
    known = cv2.resize(alpha, cells, interpolation=cv2.INTER_AREA)
    doubt = cv2.resize(unknown.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    estimate, belief = known, np.maximum((1 - doubt) * (2 * known - 1) ** 2, np.float32(_HEARD))
    for radius in _radii(known, doubt, half / cell):
        models = [box_mean(model, radius) for model in affine_models(small, estimate, radius, belief)]
        estimate = known + doubt * (_alpha(models, small) - known)
        if radius <= half / cell:  # what only wide windows say is heard no more than the head, in whose place it is
            belief = np.maximum((2 * estimate - 1) ** 2, np.float32(_UNSURE))
    return _alpha([_enlarged(model, alpha) for model in models], image)


def least_alpha(image: FloatImage, alpha: FloatImage, unknown: Mask, half: float) -> FloatImage:
    """The least alpha with which some colour of 0..1 before the background around gives what is seen: H x W in 0..1,
    none where that differs from the background no more than this does from itself.

    The background is what lies around outside `unknown`, where `alpha` is none; `half`: the region's half width.
    """
    cell, cells = _grid(alpha, half)
    behind = ((alpha < _BEHIND) & ~unknown).astype(np.float32)
    if not behind.any():
        return np.zeros_like(alpha)
    share = cv2.resize(behind, cells, interpolation=cv2.INTER_AREA)
    small = cv2.resize(image * behind[..., None], cells, interpolation=cv2.INTER_AREA)
    square = cv2.resize(np.square(image) * behind[..., None], cells, interpolation=cv2.INTER_AREA)
    level, spread = np.zeros_like(small), np.zeros_like(small)
    for radius in _radii(1 - share, 1 - share, half / cell):
        weight = np.maximum(box_mean(box_mean(share, radius), radius), np.float32(1e-6))[..., None]
        mean = box_mean(box_mean(small, radius), radius) / weight
        deviation = np.sqrt(np.maximum(box_mean(box_mean(square, radius), radius) / weight - mean**2, 0))
        enough = np.clip(weight / _ENOUGH, 0, 1) if level.any() else np.float32(1)
        level, spread = level + enough * (mean - level), spread + enough * (deviation - spread)
    level, spread = _enlarged(level, alpha), _enlarged(spread, alpha)
    room = np.maximum(np.where(image > level, 1 - level, level), np.float32(_ROOM))
    least: FloatImage = np.clip(np.maximum(np.abs(image - level) - spread, 0) / room, 0, 1).max(axis=2)
    return least


def _grid(alpha: FloatImage, half: float) -> tuple[int, tuple[int, int]]:
    """Side of the cells on which models are fitted, and how many across and down."""
    height, width = alpha.shape
    finest = _WINDOWS[-1] * half
    cell = next((cell for cell in (16, 8, 4, 2) if finest >= _LEAST_CELLS * cell and min(height, width) >= cell), 1)
    return cell, (max(1, width // cell), max(1, height // cell))


def _enlarged(plane: FloatImage, like: FloatImage) -> FloatImage:
    enlarged: FloatImage = cv2.resize(plane, like.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return enlarged


def _radii(known: FloatImage, doubt: FloatImage, half: float) -> list[int]:
    """Half windows in cells: the first ones meet something known of either side from everywhere in the region."""
    reach = 0.0
    for side in (known > 0.5, known <= 0.5):
        seen = side & (doubt == 0)
        if seen.any():
            reach = max(reach, float(cv2.distanceTransform((~seen).astype(np.uint8), cv2.DIST_L2, 5)[doubt > 0].max()))
    wide = [half * 2**k for k in range(_DOUBLINGS, 0, -1) if half * 2 ** (k - 1) < reach]
    return [max(round(radius), 2) for radius in (*wide, *(part * half for part in _WINDOWS))]


def _alpha(models: list[FloatImage], image: FloatImage) -> FloatImage:
    red, green, blue, level = models
    channels = cv2.split(image)
    alpha: FloatImage = np.clip(red * channels[0] + green * channels[1] + blue * channels[2] + level, 0, 1)
    return alpha
