"""A plate as a model sees it: display-referred RGB in 0..1, at any size, cached for a few frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


class Clip(Protocol):
    """What trackers and heads are given. They know nothing of files or colour management."""

    #: All frames of the shot, ascending (the length enters SAM2's numbers, so it must be the shot's).
    frames: Sequence[int]
    #: Size in plate pixels of the full-resolution picture.
    width: int
    height: int

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """Display-referred sRGB-encoded RGB of `frame`: float32, height x width x 3, values 0..1.

        `size` is (width, height); None is plate resolution. Resized before the colour transform with an
        area filter when shrinking. Do not write into the returned array: it may be shared.
        Raises FrameReadError.
        """
        ...
