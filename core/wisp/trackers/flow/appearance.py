"""What colours the object and its surroundings have here, nearby and anywhere.

Colours are counted in the occupied bins of a Lab histogram over a coarse spatial grid and smoothed in colour and space
(a bilateral grid, Chen, Paris and Durand 2007). The narrow scale decides where it has seen enough; the wider ones speak
where it has not (additive smoothing from each scale to the next narrower one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Plane

#: Lab bin widths: lightness is coarser, because light changes more than hue.
_BIN = np.array([7.0, 5.0, 5.0], np.float32)
_LEVELS = 64
#: Rarer colours beyond this many are counted with the nearest frequent one: it bounds the time per frame.
_COLORS = 256
#: Side of a spatial cell in grid pixels, and the widths of the local scales in cells, widest first.
_CELL = 6
_SCALES = (5.0, 1.5)
#: How many pixels' worth of the wider scale's opinion the narrower one starts from.
_PRIOR = 4.0

Numbers = NDArray[np.int64]
Lab = NDArray[np.float32]


@dataclass(frozen=True)
class Exemplar:
    """A labelled picture laid over the current one: `lab` h x w x 3, `inside` 0..1 and `weight` >= 0, h x w."""

    lab: Lab
    inside: Plane
    weight: Plane


def color_probability(lab: Lab, exemplars: Sequence[Exemplar]) -> Plane:
    """Probability 0..1, h x w, that each pixel of `lab` is inside, by the exemplars' colours near it."""
    height, width = lab.shape[:2]
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    numbers, centres = _common_colors([lab, *(exemplar.lab for exemplar in exemplars)])
    count = len(centres)
    cell = (np.arange(height) // _CELL)[:, None] * columns + np.arange(width) // _CELL
    mass = np.zeros((2, rows, columns, count), np.float32)
    for exemplar, number in zip(exemplars, numbers[1:], strict=True):
        where = (cell * count + number).reshape(-1)
        for side, share in enumerate((1.0 - exemplar.inside, exemplar.inside)):
            total = np.bincount(where, (share * exemplar.weight).reshape(-1), rows * columns * count)
            mass[side] += total.reshape(rows, columns, count)
    mass = mass @ _kernel(centres, 1.0)

    everywhere = mass.sum(axis=(1, 2))
    # Inside and outside are given equal say everywhere, whatever their areas.
    everywhere /= everywhere.sum(axis=1, keepdims=True) + 1e-6
    belief = np.broadcast_to(everywhere[1] / (everywhere.sum(axis=0) + 1e-9), (rows, columns, count))
    for sigma in _SCALES:
        down = _kernel(np.arange(rows, dtype=np.float32)[:, None], sigma)
        across = _kernel(np.arange(columns, dtype=np.float32)[:, None], sigma)
        spread = (down @ mass.reshape(2, rows, columns * count)).reshape(mass.shape)
        outside, inside = across @ spread
        belief = (inside + _PRIOR * belief) / (inside + outside + _PRIOR)
    return _slice(belief, numbers[0])


def _common_colors(pictures: Sequence[Lab]) -> tuple[list[Numbers], NDArray[np.float32]]:
    """Each picture as colour numbers h x w, and the colours k x 3 in units of bins."""
    packed = []
    for lab in pictures:
        level = np.clip(np.floor(lab / _BIN) + _LEVELS // 2, 0, _LEVELS - 1).astype(np.int64)
        packed.append((level[..., 0] * _LEVELS + level[..., 1]) * _LEVELS + level[..., 2])
    seen = np.zeros(_LEVELS**3, np.int64)
    for picture in packed:
        seen += np.bincount(picture.reshape(-1), minlength=_LEVELS**3)
    occupied = np.flatnonzero(seen)
    digits = (occupied // _LEVELS**2, occupied // _LEVELS % _LEVELS, occupied % _LEVELS)
    centres = np.stack(digits, axis=1).astype(np.float32)
    frequent = np.argsort(-seen[occupied], kind="stable")[:_COLORS]
    number_of = np.zeros(_LEVELS**3, np.int64)
    number_of[occupied] = _distance2(centres, centres[frequent]).argmin(axis=1)
    return [number_of[picture] for picture in packed], centres[frequent]


def _distance2(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    squared: NDArray[np.float32] = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * a @ b.T
    return squared


def _kernel(positions: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian affinity of every position (n x d) to every other, n x n."""
    affinity: NDArray[np.float32] = np.exp(_distance2(positions, positions) / np.float32(-2.0 * sigma**2))
    return affinity


def _slice(grid: NDArray[np.float32], number: Numbers) -> Plane:
    """Read rows x columns x colours at every pixel's place (bilinear) and colour."""
    rows, columns = grid.shape[:2]
    height, width = number.shape
    y, x = (
        np.clip((np.arange(size, dtype=np.float32) + 0.5) / _CELL - 0.5, 0, cells - 1)
        for size, cells in ((height, rows), (width, columns))
    )
    y0, x0 = y.astype(np.int64), x.astype(np.int64)
    y1, x1 = np.minimum(y0 + 1, rows - 1), np.minimum(x0 + 1, columns - 1)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    top = (1 - fx) * grid[y0[:, None], x0, number] + fx * grid[y0[:, None], x1, number]
    bottom = (1 - fx) * grid[y1[:, None], x0, number] + fx * grid[y1[:, None], x1, number]
    sliced: Plane = (1 - fy) * top + fy * bottom
    return sliced


class Palette:
    """The colours of one labelled picture, anywhere: how alike another region is to its inside and its outside."""

    #: Coarser bins than above: this is about what the thing is, not where its outline runs.
    _LEVELS = 16

    def __init__(self, lab: Lab, inside: Plane, around: NDArray[np.bool_]) -> None:
        """`around`: which pixels outside count as surroundings."""
        self._inside = self._histogram(lab, inside)
        self._outside = self._histogram(lab, np.where(around, 1.0 - inside, 0.0).astype(np.float32))

    def likeness(self, lab: Lab, weight: Plane) -> tuple[float, float]:
        """Bhattacharyya coefficients 0..1 of the weighted region with the inside and with the surroundings."""
        colors = self._histogram(lab, weight)
        return float(np.sqrt(colors * self._inside).sum()), float(np.sqrt(colors * self._outside).sum())

    def _histogram(self, lab: Lab, weight: Plane) -> NDArray[np.float64]:
        n = self._LEVELS
        level = np.clip(np.floor(lab / (2.0 * _BIN)) + n // 2, 0, n - 1).astype(np.int64)
        packed = (level[..., 0] * n + level[..., 1]) * n + level[..., 2]
        counts = np.bincount(packed.reshape(-1), weight.reshape(-1), n**3).astype(np.float64).reshape(n, n, n)
        for axis in range(3):  # neighbouring bins share, so that a small shift of light changes little
            counts = 0.5 * counts + 0.25 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
        total = counts.sum()
        return counts / total if total > 0 else counts
