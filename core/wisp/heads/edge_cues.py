"""What a learned head is told about a pixel besides its colour: where the mask is, and what simpler matting says.

Everything that looks further than a pixel is worked out on a grid of cells of 4 x 4 pixels for the whole picture,
which is cheap; windows of it are then enlarged where the network runs. Windows on multiples of `CELL` therefore agree
with the whole picture exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..plates.clip import FloatImage
from ..plates.plate import Window
from .guided_filter import affine_models, box_mean

#: Side of a cell in pixels.
CELL = 4
#: Half windows in cells of the two colour models, and of the two means of known colours.
_MODEL_RADII = (4, 10)
_COLOUR_RADII = (4, 12)
#: Planes of `EdgeCues.window`.
PLANES = 17
#: Those that are alphas by themselves, the guided filter's first and that of a smaller picture last: values in 0..1.
CANDIDATES = (6, 7, 8, 9, 10, 11)
#: Pixels from the mask's edge at which the two distance planes have risen to 0.76.
DISTANCE_SCALES = (3.0, 12.0)
#: Spreads in pixels between which the spread's plane runs from -1 to 1.
_SPREADS = (0.5, 16.0)


@dataclass(frozen=True)
class EdgeCues:
    """A picture whose sides are multiples of `CELL`, ready to give the planes of any window of it.

    `image` H x W x 3, `alpha` H x W (the guided filter's), `distance` H x W (signed, to the mask's edge, positive
    inside), `coarser` H x W (what was found in a smaller picture; the guided filter's where none was looked at),
    `models` n x H/4 x W/4: everything float32. `spread`: of the picture's edge around the mask's outline in pixels
    (see `edge_spread`), which says how exact the mask is and how soft the subject.
    """

    image: FloatImage
    alpha: FloatImage
    distance: FloatImage
    coarser: FloatImage
    models: FloatImage
    spread: float

    @classmethod
    def of(
        cls,
        image: FloatImage,
        alpha: FloatImage,
        distance: FloatImage,
        spread: float,
        coarser: FloatImage | None = None,
    ) -> EdgeCues:
        """The cues of a whole picture; ValueError where a side is not a multiple of `CELL`."""
        coarser = alpha if coarser is None else coarser
        height, width = alpha.shape
        if height % CELL or width % CELL:
            raise ValueError(f"the picture is {width}x{height}, not of whole cells of {CELL} pixels")
        cells = (width // CELL, height // CELL)
        small = cv2.resize(image, cells, interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(coarser, cells, interpolation=cv2.INTER_AREA)
        # Only what is sure tells of the two sides' colours.
        belief = (2 * coarse - 1) ** 2 + np.float32(0.02)
        planes: list[FloatImage] = []
        for radius in _MODEL_RADII:
            models = affine_models(small, coarse, radius, belief)
            planes += [box_mean(model, radius // 2) for model in models]
        for radius in _COLOUR_RADII:
            for sure in (np.clip(10 * coarse - 9, 0, 1), np.clip(1 - 10 * coarse, 0, 1)):
                planes += _mean_colour(small, np.asarray(sure, np.float32), radius)
        return cls(image, alpha, distance, coarser, np.stack(planes), spread)

    def window(self, window: Window) -> FloatImage:
        """`PLANES` x h x w float32 for a window on multiples of `CELL`.

        0-2 colour in -1..1 · 3 the mask, -1 or 1 · 4, 5 the signed distance through tanh at two scales · 6 the
        guided filter's alpha · 7, 8 alpha by wider colour models · 9, 10 alpha by the place between the mean
        colours of the two sides, in two neighbourhoods (0.5 where one side is not to be seen) · 11 alpha of a
        smaller picture · 12, 13 how far these colours differ · 14, 15 how far the pixel lies off the line between
        them · 16 the spread, the same everywhere, -1..1 on a logarithmic scale.
        """
        at = (slice(window.y0, window.y1), slice(window.x0, window.x1))
        colour, distance = cv2.split(self.image[at]), self.distance[at]
        models = self._enlarged(window)
        planes = np.empty((PLANES, window.height, window.width), np.float32)
        for plane, channel in enumerate(colour):
            planes[plane] = 2 * channel - 1
        planes[3] = np.where(distance > 0, 1, -1)
        for plane, scale in zip((4, 5), DISTANCE_SCALES, strict=True):
            planes[plane] = np.tanh(np.clip(distance, -1e4, 1e4) / scale)
        planes[6] = self.alpha[at]
        for index in range(2):
            red, green, blue, level = models[4 * index : 4 * index + 4]
            planes[7 + index] = np.clip(red * colour[0] + green * colour[1] + blue * colour[2] + level, 0, 1)
            sides = models[8 + 8 * index : 16 + 8 * index]
            planes[9 + index], planes[12 + index], planes[14 + index] = _between(colour, sides[:4], sides[4:])
        planes[11] = self.coarser[at]
        least, most = np.log(_SPREADS)
        planes[16] = np.clip(2 * (np.log(max(self.spread, 1e-3)) - least) / (most - least) - 1, -1, 1)
        return planes

    def _enlarged(self, window: Window) -> list[FloatImage]:
        """The models of a window at pixel size, bilinear; one cell more on every side keeps its border exact."""
        height, width = self.models.shape[1:]
        x0, y0, x1, y1 = (value // CELL for value in window)
        left, top, right, bottom = max(x0 - 1, 0), max(y0 - 1, 0), min(x1 + 1, width), min(y1 + 1, height)
        size = ((right - left) * CELL, (bottom - top) * CELL)
        y, x = (y0 - top) * CELL, (x0 - left) * CELL
        inner = (slice(y, y + window.height), slice(x, x + window.width))
        return [
            cv2.resize(model[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)[inner]
            for model in self.models
        ]


def _mean_colour(image: FloatImage, weight: FloatImage, radius: int) -> list[FloatImage]:
    """The mean colour of the believed cells around every cell as four planes, and whether there are any (0..1)."""
    total = box_mean(weight, radius)
    scale = 1 / (total + np.float32(1e-4))
    seen = np.minimum(total * np.float32(30), 1)
    return [box_mean(weight * channel, radius) * scale for channel in cv2.split(image)] + [seen]


def _between(
    colour: Sequence[FloatImage], first: Sequence[FloatImage], second: Sequence[FloatImage]
) -> tuple[FloatImage, FloatImage, FloatImage]:
    """Where `colour` lies between two mean colours (0 second, 1 first), how far they differ, how far off it lies.

    `colour`: three planes. `first`, `second`: three of the mean colour and one that says whether it is seen (0..1).
    """
    seen = np.minimum(first[3], second[3])
    axis = [a - b for a, b in zip(first[:3], second[:3], strict=True)]
    offset = [c - b for c, b in zip(colour, second[:3], strict=True)]
    length = _dot(axis, axis)
    place = np.clip(_dot(offset, axis) / (length + np.float32(1e-3)), 0, 1)
    off = [o - place * a for o, a in zip(offset, axis, strict=True)]
    between = np.asarray(0.5 + seen * (place - 0.5), np.float32)
    return between, seen * np.sqrt(length), np.sqrt(_dot(off, off))


def _dot(a: Sequence[FloatImage], b: Sequence[FloatImage]) -> FloatImage:
    product: FloatImage = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product
