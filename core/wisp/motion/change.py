"""What became of the picture from one frame to the next: the same one held, or a cut to another shot.

Pictures are uint8 RGB, height x width x 3, of one size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .flow import FlowEstimator, pixel_grid

Picture = NDArray[np.uint8]

#: After a 3 x 3 blur, which leaves of grain about a third, no value of a held picture differs by more than this.
_HELD = 6
#: Only every so many rows are compared at first: nearly all pictures that move are told by them.
_ROWS = 16
#: Cuts are looked for in pictures of this longer side.
_SMALL = 128
#: Bins of a colour channel in the histogram.
_BINS = 8
#: A cut's colours are spread this differently, as Hellinger distance 0..1 of histograms, ...
_COLOURS = 0.25
#: ... and this share of the picture, 0..1, flow finds nowhere in the frame before.
_UNEXPLAINED = 0.4
#: A pixel is found again if it differs by less than this after flow, in 8-bit steps.
_ALIKE = 25.0


def is_held(before: Picture, now: Picture) -> bool:
    """Whether `now` is the picture `before` once more (animation on twos, a frozen frame), but for grain."""
    if cv2.absdiff(cv2.blur(before[::_ROWS], (3, 1)), cv2.blur(now[::_ROWS], (3, 1))).max() > 3 * _HELD:
        return False
    return int(cv2.absdiff(cv2.blur(before, (3, 3)), cv2.blur(now, (3, 3))).max()) <= _HELD


def is_cut(before: Picture, now: Picture) -> bool:
    """Whether another shot begins between the two: other colours, of which flow explains too little."""
    small = [_small(picture) for picture in (before, now)]
    if _colour_distance(*small) < _COLOURS:
        return False
    return _unexplained(*small) > _UNEXPLAINED


def _small(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = _SMALL / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _colour_distance(before: Picture, now: Picture) -> float:
    earlier, later = (cv2.calcHist([picture], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3) for picture in (before, now))
    return float(cv2.compareHist(earlier, later, cv2.HISTCMP_BHATTACHARYYA))


def _unexplained(before: Picture, now: Picture) -> float:
    """The share of `now` that resembles nothing of `before` at the place that flow points to."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, now)]
    flow = FlowEstimator()(grey[1], grey[0])
    place = pixel_grid(*grey[1].shape) + flow
    brought = cv2.remap(before, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return float((cv2.absdiff(brought, now).max(axis=2) > _ALIKE).mean())
