"""How well shapes keep to the mattes they were made of: the figures that are printed with every delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..client.events import ShapesMeasured
from .contours import FloatImage
from .model import ShapedObject
from .splines import crossing_sides, flatten


def measure(
    item: ShapedObject, frames: Sequence[int], matte: Callable[[int], FloatImage], tolerance: float
) -> ShapesMeasured:
    """Compare the shapes of an object with its mattes (float32 height x width, 0..1) on every one of `frames`."""
    ious: dict[int, float] = {}
    near, points, crossing = 1.0, 0, []
    for frame in frames:
        alpha = matte(frame)
        truth = alpha >= 0.5
        splines = item.splines(frame)
        made = item.mask(frame, alpha.shape[1], alpha.shape[0])
        if not truth.any() and not splines:
            continue
        ious[frame] = float((truth & made).sum() / max(1, (truth | made).sum()))
        points = max(points, sum(len(spline.keys[0].points) for spline in splines))
        near = min(near, near_share(made, truth, tolerance))
        if any(crossing_sides(flatten(spline.at(frame)[:, :6])) is not None for spline in splines):
            crossing.append(frame)
    worst = min(ious, key=ious.__getitem__) if ious else None
    return ShapesMeasured(
        item.name,
        points,
        len(item.key_frames()),
        len(ious),
        len(item.spans),
        float(np.mean(list(ious.values()))) if ious else 1.0,
        1.0 if worst is None else ious[worst],
        worst,
        near,
        tuple(crossing),
    )


def near_share(made: NDArray[np.bool_], truth: NDArray[np.bool_], tolerance: float) -> float:
    """Share of the boundary pixels of `made` that are within `tolerance` pixels of one of `truth`."""
    either = made | truth
    rows, columns = np.flatnonzero(either.any(axis=1)), np.flatnonzero(either.any(axis=0))
    if rows.size:  # a margin, where there is one, keeps the boundary what it is
        part = (
            slice(max(0, rows[0] - 1), rows[-1] + 2),
            slice(max(0, columns[0] - 1), columns[-1] + 2),
        )
        made, truth = made[part], truth[part]
    boundary, other = _boundary(made), _boundary(truth)
    if not boundary.any() or not other.any():
        return 1.0 if boundary.any() == other.any() else 0.0
    distance = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, 5)
    return float((distance[boundary] <= tolerance).mean())


def _boundary(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of a mask that have a neighbour outside of it; beyond the picture it goes on."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    eroded = cv2.erode(mask.astype(np.uint8), cross, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mask & (eroded == 0))
