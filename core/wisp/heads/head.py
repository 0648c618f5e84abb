"""The Head protocol: picture + mask -> alpha, frame by frame, at plate resolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage


class Head(Protocol):
    """One way to turn a tracker's mask into a soft alpha."""

    id: str
    #: Hash of the weights, or the algorithm's version for a head without weights.
    version: str

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """Alpha per object id: float32, clip height x width, 0..1.

        `logits`: object id -> mask logits h x w of any size covering the picture edge to edge, > 0 inside
        (see `trackers.tracker.TrackedMask`). Several objects are passed together so that a head can share
        one encoding of the picture. An empty mask gives an alpha of zeros.
        """
        ...


@runtime_checkable
class SparingHead(Protocol):
    """A head that has a way to the same alpha with less memory, and takes it where `sparing` is set."""

    sparing: bool


@runtime_checkable
class ExpectingHead(Protocol):
    """A head that has another alpha for where the empty set is known: what is expected there before the compositing
    equation tells more. Both may be in use at once."""

    @property
    def expecting(self) -> Head:
        """The head of that alpha."""
        ...


@runtime_checkable
class ApartHead(Protocol):
    """A head that shares nothing with trackers and takes a few threads of its own: its `matte` may run while a tracker
    is at the next frame."""

    apart: Literal[True]
