"""Where pixels come from: dense flow between two frames, how far to trust it, and flow chained over many frames.

A flow field is float32, height x width x 2 (x, y), in grid pixels: `flow[y, x]` points from a pixel of one frame to the
place in the other frame where the same thing lies. Frames are 8-bit grey.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

Flow = NDArray[np.float32]
Grey = NDArray[np.uint8]
Plane = NDArray[np.float32]
_Scalar = TypeVar("_Scalar", np.float32, np.uint8)


#: Dense inverse search takes no picture whose sides are shorter.
_SHORTEST = 16


class FlowEstimator:
    """Dense inverse search (Kroeger et al., ECCV 2016) with variational refinement, on pictures of any size."""

    def __init__(self, *, fine: bool = True) -> None:
        """`fine`: down to the picture's own pixels. OpenCV's preset stops at half of them, which loses thin limbs; its
        smoothness is lowered for the same reason."""
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        if fine:
            self._dis.setFinestScale(0)
            self._dis.setVariationalRefinementAlpha(5.0)

    def __call__(self, source: Grey, target: Grey) -> Flow:
        """Flow from `source` to `target`."""
        height, width = source.shape
        down, across = max(0, _SHORTEST - height), max(0, _SHORTEST - width)
        if down or across:  # continued at their borders meanwhile
            source, target = (
                cv2.copyMakeBorder(grey, 0, down, 0, across, cv2.BORDER_REPLICATE) for grey in (source, target)
            )
        flow: Flow = self._dis.calc(source, target, None)
        return np.ascontiguousarray(flow[:height, :width])


@lru_cache(maxsize=4)
def pixel_grid(height: int, width: int) -> Flow:
    """The coordinates (x, y) of every pixel, height x width x 2."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None]
    grid.flags.writeable = False
    return grid


def pull(values: NDArray[_Scalar], flow: Flow) -> NDArray[_Scalar]:
    """`values` of the other frame as seen through `flow`: out(x) = values(x + flow(x)), edges replicated."""
    height, width = flow.shape[:2]
    place = pixel_grid(height, width) + flow
    pulled: NDArray[_Scalar] = cv2.remap(values, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return pulled


def chain(near: Flow, far: Flow) -> Flow:
    """The flow a -> c from a -> b (`near`) and b -> c (`far`)."""
    chained: Flow = near + pull(far, near)
    return chained


def round_trip_error(there: Flow, back: Flow) -> Plane:
    """How many pixels off one lands after going there and coming back (Sundaram et al., ECCV 2010)."""
    error: Plane = np.linalg.norm(there + pull(back, there), axis=2)
    return error


def trust(there: Flow, back: Flow) -> Plane:
    """Confidence 0..1 in `there` from its round trip; the tolerance grows with the length of the motion."""
    error2 = round_trip_error(there, back) ** 2
    length2 = (there**2).sum(axis=2)
    confidence: Plane = np.exp(-error2 / (1.0 + 0.02 * length2))
    return confidence


#: Grey levels by which two pictures differ, laid over each other by flow, where the flow is no longer believed.
_SAME = 25.0


def expected_motion(estimate: FlowEstimator, before: Grey, now: Grey) -> tuple[Flow, Plane]:
    """Flow from `now` to `before` on half the grid, in its pixels, and the trust 0..1 in it: it leads back to where it
    came from, and to something that looks the same."""
    there, back = estimate(now, before), estimate(before, now)
    difference = np.abs(now.astype(np.float32) - pull(before, there).astype(np.float32))
    sure = trust(there, back) * np.exp(-((cv2.blur(difference, (5, 5)) / _SAME) ** 2))
    size = (now.shape[1] // 2, now.shape[0] // 2)
    flow: Flow = 0.5 * cv2.resize(there, size, interpolation=cv2.INTER_AREA)
    return flow, cv2.resize(sure, size, interpolation=cv2.INTER_AREA)
