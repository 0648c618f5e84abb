"""How soft a matte is along an outline: the width over which it goes from full to nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .contours import FloatImage
from .splines import Splines

#: Widths are looked for up to so many pixels on either side, and narrower ones than this are plain anti-aliasing.
_REACH, _SHARP = 24.0, 2.0


def feathers(alpha: FloatImage, points: Splines) -> NDArray[np.float64]:
    """The width in pixels, 0 where the edge is sharp, at each of the points (M x 6) of a spline around `alpha`."""
    along = points[:, 4:] - points[:, 2:4]
    along = along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    offsets = np.arange(-_REACH, _REACH + 0.25, 0.5)
    at = points[:, None, :2] + offsets[None, :, None] * across[:, None]
    height, width = alpha.shape
    column = np.clip(np.floor(at[..., 0]), 0, width - 1).astype(np.int64)
    row = np.clip(np.floor(at[..., 1]), 0, height - 1).astype(np.int64)
    profile = alpha[row, column]
    middle = len(offsets) // 2
    ends = []
    for side in (slice(middle, None), slice(middle, None, -1)):
        half = profile[:, side]
        # The first place on the way out at which the matte is as good as full or as good as empty.
        settled = (half > 0.9) | (half < 0.1)
        settled[:, -1] = True
        ends.append(settled.argmax(axis=1) * 0.5)
    width_found = (ends[0] + ends[1]) / 0.8
    return np.where(width_found > _SHARP + 0.5, np.round(width_found, 2), 0.0)
