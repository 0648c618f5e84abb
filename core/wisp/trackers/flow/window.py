"""The rectangle of the picture that a network is shown, and the way between its grid and the picture's.

The working picture is the clip's frame with at most LONG_SIDE pixels on its longer side; masks lie on its grid. A
window may reach beyond the picture: what is there repeats the border and counts as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

LONG_SIDE = 854
#: Grid sides are multiples of the coarsest stride; a window has about as many grid pixels as a square of this side,
#: whatever its shape. Finer is better for outlines, coarser for finding out what a click is about.
_STEP, FINE, COARSE = 32, 320, 224
#: The longest shape of a window, and the smallest side in pixels of the working picture.
_RATIO, _SMALLEST = 2.2, 40


@dataclass(frozen=True)
class Window:
    """`x0, y0, x1, y1` in pixels of the working picture; `width, height` of the network's grid."""

    x0: int
    y0: int
    x1: int
    y1: int
    width: int
    height: int

    @classmethod
    def around(cls, box: Box, share: float, side: int = FINE) -> Window:
        """A window of which the box takes `share` of the longer way, at most; it may reach beyond the picture."""
        x0, y0, x1, y1 = box
        wide, high = max((x1 - x0) / share, _SMALLEST), max((y1 - y0) / share, _SMALLEST)
        wide, high = max(wide, high / _RATIO), max(high, wide / _RATIO)
        width, height = _grid(wide, high, side)
        scale = max(wide / width, high / height)
        left, top = (x0 + x1 - scale * width) / 2, (y0 + y1 - scale * height) / 2
        x, y = round(left), round(top)
        return cls(x, y, x + max(1, round(scale * width)), y + max(1, round(scale * height)), width, height)

    @classmethod
    def inside(cls, box: Box, share: float, picture: tuple[int, int], side: int = FINE) -> Window:
        """`around`, moved and cut to the working picture (width, height): what ends there may go on behind its border,
        and nothing that is shown says otherwise."""
        free = cls.around(box, share, side)
        x0, x1 = _moved(free.x0, free.x1, picture[0])
        y0, y1 = _moved(free.y0, free.y1, picture[1])
        if (x1 - x0, y1 - y0) == (free.x1 - free.x0, free.y1 - free.y0):
            return cls(x0, y0, x1, y1, free.width, free.height)
        return cls(x0, y0, x1, y1, *_grid(x1 - x0, y1 - y0, side))

    @property
    def scale(self) -> float:
        """Pixels of the working picture for each of the grid."""
        return (self.x1 - self.x0) / self.width

    def picture(self, picture: Picture) -> Picture:
        """The window of a working picture h x w x 3 on the grid."""
        return np.asarray(self._seen(picture, cv2.BORDER_REPLICATE, (self.width, self.height)), np.uint8)

    def plane(self, plane: Plane) -> Plane:
        """The window of a plane on the working picture's grid, on half the network's grid; zero outside."""
        return np.asarray(self._seen(plane, cv2.BORDER_CONSTANT, (self.width // 2, self.height // 2)), np.float32)

    def known(self, shape: Sequence[int]) -> Plane:
        """1 where half the grid shows the working picture of `shape` (height, width), 0 beyond."""
        return self.plane(np.ones((shape[0], shape[1]), np.float32))

    def paste(self, values: Plane, shape: Sequence[int], outside: float) -> Plane:
        """Values on half the grid in their place on the working picture's grid, `outside` elsewhere."""
        height, width = shape[0], shape[1]
        whole = np.full((height, width), outside, np.float32)
        x0, y0, x1, y1 = max(0, self.x0), max(0, self.y0), min(width, self.x1), min(height, self.y1)
        if x0 < x1 and y0 < y1:
            size = (self.x1 - self.x0, self.y1 - self.y0)
            smooth = cv2.INTER_AREA if size[0] < values.shape[1] else cv2.INTER_CUBIC
            inside = cv2.resize(values, size, interpolation=smooth)
            whole[y0:y1, x0:x1] = inside[y0 - self.y0 : y1 - self.y0, x0 - self.x0 : x1 - self.x0]
        return whole

    def to_half(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points n x 2 of the working picture on half the grid."""
        scale = 0.5 * np.array([self.width / (self.x1 - self.x0), self.height / (self.y1 - self.y0)])
        return (np.asarray(points, float) - [self.x0, self.y0]) * scale

    def _seen(self, values: NDArray[Any], border: int, size: tuple[int, int]) -> NDArray[Any]:
        height, width = values.shape[:2]
        x0, y0 = min(max(0, self.x0), width - 1), min(max(0, self.y0), height - 1)
        x1, y1 = max(min(width, self.x1), x0 + 1), max(min(height, self.y1), y0 + 1)
        pads = (max(0, y0 - self.y0), max(0, self.y1 - y1), max(0, x0 - self.x0), max(0, self.x1 - x1))
        inside = values[y0:y1, x0:x1]
        if any(pads):
            inside = cv2.copyMakeBorder(inside, *pads, border, value=0)
        smooth = cv2.INTER_AREA if inside.shape[1] >= size[0] else cv2.INTER_LINEAR
        seen: NDArray[Any] = cv2.resize(np.ascontiguousarray(inside), size, interpolation=smooth)
        return seen


def _grid(wide: float, high: float, side: int) -> tuple[int, int]:
    """Width and height of the grid for a window of that shape."""
    width = max(_STEP, _STEP * round(side * np.sqrt(wide / high) / _STEP))
    return width, max(_STEP, _STEP * round(side * side / width / _STEP))


def _moved(low: int, high: int, length: int) -> tuple[int, int]:
    """A span moved into 0..length, and cut to it where it is longer."""
    span = min(high - low, length)
    low = min(max(0, low), length - span)
    return low, low + span


def box_of(mask: NDArray[np.bool_]) -> Box | None:
    """x0, y0, x1, y1 around what is set; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def sigmoid(logits: Plane) -> Plane:
    """0..1 of logits."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float32)
