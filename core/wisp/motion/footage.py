"""A clip as it is looked at to see what moves: small pictures, and the motion between them, each made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip
from .flow import Flow, FlowEstimator, Grey, Plane, trust

#: Longer side of the working grid in pixels.
LONG_SIDE = 480

_T = TypeVar("_T")


@dataclass(frozen=True)
class View:
    """One frame on the working grid: `lab` float32 h x w x 3 (L 0..100), `grey` uint8 h x w."""

    lab: NDArray[np.float32]
    grey: Grey


@dataclass(frozen=True)
class Motion:
    """From each pixel of the newer frame to where it was in the older one, and the trust 0..1 in that."""

    flow: Flow
    back: Flow
    trust: Plane


class Recent(OrderedDict[tuple[int, ...], _T]):
    """The few values asked for last."""

    def __init__(self, room: int) -> None:
        """`room`: how many."""
        super().__init__()
        self._room = room

    def get_or(self, key: tuple[int, ...], make: Callable[[], _T]) -> _T:
        """The value of that key, made if it is not there."""
        if key not in self:
            self[key] = make()
            while len(self) > self._room:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]


def working_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The (width, height) of a grid whose longer side is `long_side`, or the picture's own size if that is smaller."""
    scale = min(1.0, long_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def grey_picture(clip: Clip, frame: int, size: tuple[int, int]) -> Grey:
    """The frame at that size (width, height). Raises FrameReadError."""
    return grey_of(clip.image(frame, size))


def grey_of(picture: NDArray[np.float32]) -> Grey:
    """Of a picture, height x width x 3, display-referred RGB 0..1."""
    rgb = np.clip(picture, 0.0, 1.0)
    return np.asarray(np.rint(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) * 255.0), np.uint8)


class Footage:
    """Views and motion of one clip, shared by all passes over it; memory does not grow with the clip."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.picture = (clip.width, clip.height)
        self.grid = working_size(clip.width, clip.height, LONG_SIDE)
        self.estimate = FlowEstimator()
        self._views: Recent[View] = Recent(6)
        self._motions: Recent[Motion] = Recent(2)

    def view(self, frame: int) -> View:
        """The frame on the working grid. Raises FrameReadError."""
        return self._views.get_or((frame,), lambda: self._look(frame))

    def motion(self, newer: int, older: int) -> Motion:
        """How the pixels of `newer` (in visiting order) came from `older`."""
        return self._motions.get_or((newer, older), lambda: self._compare(newer, older))

    def _look(self, frame: int) -> View:
        rgb = np.clip(self.clip.image(frame, self.grid), 0.0, 1.0)
        return View(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab), grey_of(rgb))

    def _compare(self, newer: int, older: int) -> Motion:
        a, b = self.view(newer).grey, self.view(older).grey
        flow, back = self.estimate(a, b), self.estimate(b, a)
        return Motion(flow, back, trust(flow, back))
