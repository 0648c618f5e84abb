"""Alpha of a frame by what the frames before it show of the background behind it.

Those behind it would tell as much. But then a matte would wait for them, and a correction would change mattes of frames
before it, which trackers leave as they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ..heads.band import Mask
from ..heads.refine import refine_alpha
from ..heads.uncovered import Sighting, uncovered
from ..motion.camera import Homography, camera_motion
from ..motion.flow import Grey
from ..motion.footage import Recent, grey_picture, working_size
from ..plates.clip import Clip, FloatImage, resize

#: Frame -> the object's mask there, logits over the whole plate.
MaskOf = Callable[[int], NDArray[np.float32]]
#: Raise when the same frames make another alpha.
UNCOVER_SCHEMA = 6
#: Frames before a frame whose masks and pictures count, and every which of the plate's is looked behind.
REACH, _EVERY = 12, 3
#: Longer side in pixels of the largest pictures in which it is looked: larger ones cost more and tell little else.
_LONG_SIDE = 1024
#: Longer side in pixels of the pictures that tell how the camera moves, and pixels of these around the mask that may
#: still be of the object.
_GRID, _MARGIN = 640, 12
#: Alpha from which on a pixel is of the object. It is there in other frames, too, where the mask has moved to: within
#: so many pixels of the grid, and within this part of the way.
_SOFT, _AROUND, _ASTRAY = 0.05, 4, 0.25


class Uncovering:
    """Of one object. A frame depends on those just before it alone, so any part of a shot gives the same as all."""

    def __init__(self, frames: Sequence[int], life: Sequence[int]) -> None:
        """`frames`: the plate's. `life`: those, ascending, in which the object may exist."""
        self._plate, self._life = frames, life
        self._greys: Recent[Grey] = Recent(REACH + 2)
        self._masks: Recent[Mask] = Recent(REACH + 2)
        self._steps: Recent[Homography | None] = Recent(2 * REACH)

    def frames(self, frame: int) -> tuple[int, ...]:
        """The frames that the alpha of `frame` depends on beside its own, ascending."""
        place = bisect_left(self._life, frame)
        return tuple(self._life[max(0, place - REACH) : place])

    def looks_behind(self, frame: int) -> bool:
        """Whether it is laid over those after it: every third of the plate is, whichever these are."""
        return bisect_left(self._plate, frame) % _EVERY == 0

    def seen_from(self, frame: int) -> tuple[int, ...]:
        """The frames whose alphas depend on `frame` beside their own, ascending."""
        place = bisect_right(self._life, frame)
        return tuple(self._life[place : place + REACH])

    def told(self, alpha: FloatImage, frame: int, clip: Clip, mask_of: MaskOf) -> FloatImage:
        """The head's alpha of `frame` (plate height x width, 0..1) where others show the background behind soft edges.

        `mask_of`: logits of the object's mask on a frame, over the whole plate.
        """
        size = working_size(clip.width, clip.height, _LONG_SIDE)
        small = resize(alpha, size)
        soft = resize(alpha, working_size(clip.width, clip.height, _GRID)) > _SOFT
        free = _enlarged(self._free(frame, clip, mask_of) & ~_moved(soft, (0.0, 0.0)), size)
        found = uncovered(clip.image(frame, size), small, free, self._sightings(frame, soft, clip, size, mask_of))
        if found is small:
            return alpha
        if size == (clip.width, clip.height):
            return found
        image = clip.image(frame)
        return np.asarray(np.clip(alpha + refine_alpha(found, image) - refine_alpha(small, image), 0, 1), np.float32)

    def _sightings(
        self, frame: int, soft: Mask, clip: Clip, size: tuple[int, int], mask_of: MaskOf
    ) -> Iterator[Sighting]:
        """`soft`: where alpha of `frame` is of the object, on the grid."""
        x, y = _centre(self._free(frame, clip, mask_of))
        for other in self.frames(frame):
            free = self._free(other, clip, mask_of)
            if not self.looks_behind(other) or free.all():  # where it was lost, it may stand anywhere
                continue
            then_x, then_y = _centre(free)
            free = free & ~_moved(soft, (then_x - x, then_y - y))
            placed = self._placed(frame, other, clip, mask_of)
            if placed is not None:
                width, height = working_size(clip.width, clip.height, _GRID)
                grid = np.diag([width / size[0], height / size[1], 1.0])
                found = np.linalg.inv(grid) @ placed @ grid
                yield Sighting(clip.image(other, size), _enlarged(free, size), np.asarray(found / found[2, 2]))

    def _placed(self, frame: int, other: int, clip: Clip, mask_of: MaskOf) -> Homography | None:
        """From the grid's pixels on `frame` to those on `other` before it: frame by frame, then once more from that."""
        first, last = bisect_left(self._life, other), bisect_left(self._life, frame)
        placed: Homography = np.eye(3)
        for one, next_one in pairwise(self._life[first : last + 1]):
            step = self._step(one, next_one, clip, mask_of)
            if step is None:
                return None
            placed = step @ placed
        return self._motion(frame, other, clip, mask_of, np.asarray(np.linalg.inv(placed), np.float64))

    def _step(self, one: int, next_one: int, clip: Clip, mask_of: MaskOf) -> Homography | None:
        return self._steps.get_or((one, next_one), lambda: self._motion(one, next_one, clip, mask_of, None))

    def _motion(
        self,
        frame: int,
        other: int,
        clip: Clip,
        mask_of: MaskOf,
        about: Homography | None,
    ) -> Homography | None:
        now, then = (self._grey(one, clip) for one in (frame, other))
        free, then_free = (self._free(one, clip, mask_of) for one in (frame, other))
        return camera_motion(now, then, free, then_free, about)

    def _grey(self, frame: int, clip: Clip) -> Grey:
        size = working_size(clip.width, clip.height, _GRID)
        return self._greys.get_or((frame,), lambda: grey_picture(clip, frame, size))

    def _free(self, frame: int, clip: Clip, mask_of: MaskOf) -> Mask:
        """Where the object does not stand, on the grid."""
        return self._masks.get_or(
            (frame,), lambda: _away_from(mask_of(frame), working_size(clip.width, clip.height, _GRID))
        )


def _away_from(logits: NDArray[np.float32], size: tuple[int, int]) -> Mask:
    inside = (resize(logits, size) > 0).astype(np.uint8)
    margin = max(1, round(_MARGIN * max(size) / _GRID))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.dilate(inside, disk) == 0)


def _centre(free: Mask) -> tuple[float, float]:
    """The middle of what is not free, x and y; that of the picture where all is."""
    moments = cv2.moments((~free).astype(np.uint8), binaryImage=True)
    if not moments["m00"]:
        return free.shape[1] / 2, free.shape[0] / 2
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def _moved(soft: Mask, way: tuple[float, float]) -> Mask:
    """Where what is `soft` may be after it has moved by `way` (x, y)."""
    margin = round(_AROUND + _ASTRAY * float(np.hypot(*way)))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    grown = cv2.dilate(soft.astype(np.uint8), disk)
    matrix = np.array([[1, 0, way[0]], [0, 1, way[1]]])
    return np.asarray(cv2.warpAffine(grown, matrix, soft.shape[::-1], flags=cv2.INTER_NEAREST) > 0)


def _enlarged(free: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(free.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)
