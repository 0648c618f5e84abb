"""How the camera has moved from one frame to another, told by what stands still behind an object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .flow import Grey

#: 3 x 3: from the pixels of one picture to those of another.
Homography = NDArray[np.float64]
#: Corners that are followed, how good beside the best and how many pixels apart, and the fewest that tell.
_CORNERS, _QUALITY, _APART, _FEWEST = 600, 0.003, 7, 16
#: Window of the search in pixels and its halvings.
_WINDOW, _LEVELS = 21, 4
#: A corner followed there and back ends within so many pixels of where it began, and within so many of where the camera
#: has taken it.
_BACK, _OFF = 0.5, 1.0
#: Share of the corners that the camera's motion explains, at least: otherwise what is seen is not one place.
_AGREED = 0.4


def camera_motion(
    first: Grey,
    second: Grey,
    free: NDArray[np.bool_],
    second_free: NDArray[np.bool_],
    start: Homography | None = None,
) -> Homography | None:
    """From the pixels of `first` to those of `second`, both h x w; None where that cannot be told.

    `free`, `second_free`: where the background is to be seen. `start`: about where things are. Corners of the first are
    followed by the method of Lucas and Kanade (Bouguet, 2000), there and back, and a homography found by RANSAC.
    """
    corners = cv2.goodFeaturesToTrack(first, _CORNERS, _QUALITY, _APART, mask=free.astype(np.uint8))
    if corners is None or len(corners) < _FEWEST:
        return None
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)

    def followed(
        one: Grey, other: Grey, at: NDArray[np.float32], about: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        there, found, _ = cv2.calcOpticalFlowPyrLK(
            one,
            other,
            at,
            about.copy(),
            winSize=(_WINDOW, _WINDOW),
            maxLevel=_LEVELS,
            criteria=criteria,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        return np.asarray(there, np.float32), found[:, 0] > 0

    about = corners if start is None else cv2.perspectiveTransform(corners, start)
    there, found = followed(first, second, corners, np.asarray(about, np.float32))
    again, returned = followed(second, first, there, corners)
    height, width = second.shape
    column, row = np.rint(there[:, 0]).astype(int).T
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    kept = found & returned & inside & (np.linalg.norm((again - corners)[:, 0], axis=1) < _BACK)
    kept[kept] &= second_free[row[kept], column[kept]]
    if kept.sum() < _FEWEST:
        return None
    placed, agreed = cv2.findHomography(corners[kept], there[kept], cv2.RANSAC, _OFF)
    if placed is None or agreed.mean() < _AGREED:
        return None
    return np.asarray(placed, np.float64)
