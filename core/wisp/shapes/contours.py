"""Outlines of a matte as closed polygons at alpha one half, and walking along them by arc length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]
Points = NDArray[np.float64]

#: An object that touches the border of the picture goes on beyond it for so many pixels, as a roto artist draws it.
OVERSHOOT = 4

# Of a cell between four pixel centres: which side an outline enters and leaves by, the inside on its left hand,
# by which corners are inside (8 top left, 4 top right, 2 bottom right, 1 bottom left). Of two diagonal ones: joined.
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_WAYS: dict[int, tuple[tuple[int, int], ...]] = {
    8: ((_LEFT, _TOP),),
    4: ((_TOP, _RIGHT),),
    2: ((_RIGHT, _BOTTOM),),
    1: ((_BOTTOM, _LEFT),),
    12: ((_LEFT, _RIGHT),),
    6: ((_TOP, _BOTTOM),),
    3: ((_RIGHT, _LEFT),),
    9: ((_BOTTOM, _TOP),),
    7: ((_TOP, _LEFT),),
    11: ((_RIGHT, _TOP),),
    13: ((_BOTTOM, _RIGHT),),
    14: ((_LEFT, _BOTTOM),),
    10: ((_RIGHT, _TOP), (_LEFT, _BOTTOM)),
    5: ((_TOP, _LEFT), (_BOTTOM, _RIGHT)),
}


@dataclass(frozen=True)
class Contour:
    """A closed polygon (n x 2, pixels). Outlines of parts run with the inside on their left and have a positive
    `area`; those of holes have a negative one."""

    xy: Points

    @cached_property
    def area(self) -> float:
        """Signed, in square pixels."""
        return signed_area(self.xy)

    @cached_property
    def _along(self) -> NDArray[np.float64]:
        """Arc length at every point, and the whole length last."""
        steps = np.hypot(*(np.roll(self.xy, -1, axis=0) - self.xy).T)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def length(self) -> float:
        """In pixels."""
        return float(self._along[-1])

    def at(self, distance: NDArray[Any]) -> Points:
        """Points (.. x 2) at arc lengths, which go round and round."""
        where = np.mod(distance, self.length)
        closed = np.concatenate([self.xy, self.xy[:1]])
        return np.stack([np.interp(where, self._along, closed[:, axis]) for axis in (0, 1)], axis=-1)


def signed_area(xy: Points) -> float:
    """Of a closed polygon: positive where its inside is on its left hand as seen on a screen (y down)."""
    following = np.roll(xy, -1, axis=0)
    return float(np.sum(following[:, 0] * xy[:, 1] - xy[:, 0] * following[:, 1])) / 2


def contours(alpha: FloatImage) -> list[Contour]:
    """The outlines of `alpha` (height x width) at one half, in plate pixels, the largest first.

    Marching squares over the pixel centres, the place on each side found by linear interpolation: exactly the
    pixels of at least one half have their centres inside.
    """
    rows, columns = np.flatnonzero((alpha >= 0.5).any(axis=1)), np.flatnonzero((alpha >= 0.5).any(axis=0))
    if not rows.size:
        return []
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    part = alpha[top : int(rows[-1]) + 2, left : int(columns[-1]) + 2]
    margins = [
        (OVERSHOOT if low == 0 else 0, OVERSHOOT if high >= size - 1 else 0)
        for low, high, size in ((rows[0], rows[-1], alpha.shape[0]), (columns[0], columns[-1], alpha.shape[1]))
    ]
    values = np.pad(np.pad(part.astype(np.float64), margins, mode="edge"), 1)
    offset = np.array([left - margins[1][0] - 1, top - margins[0][0] - 1]) + 0.5
    found = [Contour(xy + offset) for xy in _march(values)]
    return sorted((made for made in found if len(made.xy) > 3), key=lambda made: -abs(made.area))


def _march(values: NDArray[np.float64]) -> list[Points]:
    """Closed polygons around what is at least one half, in units of the array's own places."""
    inside = (values >= 0.5).astype(np.uint8)
    codes = 8 * inside[:-1, :-1] + 4 * inside[:-1, 1:] + 2 * inside[1:, 1:] + inside[1:, :-1]
    cell_rows, cell_columns = np.nonzero((codes > 0) & (codes < 15))
    codes = codes[cell_rows, cell_columns]
    width = values.shape[1]

    def side(which: int, at: NDArray[np.intp]) -> NDArray[np.int64]:
        """One number per side: two for every place, horizontal ones even."""
        row = cell_rows[at] + (which == _BOTTOM)
        column = cell_columns[at] + (which == _RIGHT)
        return np.asarray(2 * (row * width + column) + (which in (_LEFT, _RIGHT)), np.int64)

    ways = [(np.flatnonzero(codes == code), *way) for code, ways in _WAYS.items() for way in ways]
    entered = np.concatenate([side(enter, at) for at, enter, _ in ways])
    left = np.concatenate([side(leave, at) for at, _, leave in ways])
    order = np.argsort(entered)
    entered = entered[order]
    following = np.searchsorted(entered, left[order])

    place, vertical = entered // 2, entered % 2
    row, column = place // width, place % width
    here, there = values[row, column], values[row + vertical, column + 1 - vertical]
    share = np.clip((0.5 - here) / np.where(there == here, 1.0, there - here), 0.02, 0.98)
    xy = np.stack([column + np.where(vertical, 0.0, share), row + np.where(vertical, share, 0.0)], axis=1)

    chain, seen, found = following.tolist(), bytearray(len(entered)), []
    for start in range(len(chain)):
        if seen[start]:
            continue
        walk, at = [], start
        while not seen[at]:
            seen[at] = 1
            walk.append(at)
            at = chain[at]
        found.append(xy[walk])
    return found
