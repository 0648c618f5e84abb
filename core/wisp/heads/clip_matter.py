"""The ClipMatter protocol: a window of frames in, their alphas out; and how it serves where a head is asked for.

Windows lie at fixed places in the shot, whichever frames are asked for and in whichever order. So a frame's alpha is
the same in one run, in a run that was interrupted, and on a farm that got a piece of the shot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage, resize

#: Reach of a gate beyond the mask, as a part of the picture's diagonal: alpha is untouched up to one reach from the
#: mask, and gone at three.
GATE_REACH = 0.01


@dataclass(frozen=True)
class Windows:
    """Windows of `length` (2 or more) frames, neighbours sharing a quarter of them; the last one is moved back to be
    full. A shot shorter than a window is one window."""

    length: int

    @property
    def overlap(self) -> int:
        """How many frames two neighbours share."""
        return max(1, self.length // 4)

    def starts(self, count: int) -> tuple[int, ...]:
        """Where windows begin in a shot of `count` frames, as positions from 0."""
        last = max(count - self.length, 0)
        return (*range(0, last, self.length - self.overlap), last)

    def covering(self, count: int, position: int) -> tuple[int, ...]:
        """The starts of the windows that hold the frame at `position`."""
        return tuple(start for start in self.starts(count) if start <= position < start + self.length)

    def weights(self, count: int, position: int) -> dict[int, float]:
        """The share of each window in the frame at `position`, by the window's start; they add up to 1.

        Linear over the frames that two windows share: (i + 1) / (overlap + 1), never 0 or 1.
        """
        starts = self.covering(count, position)
        ramps = {start: self._ramp(count, start, position) for start in starts}
        return {start: ramp / sum(ramps.values()) for start, ramp in ramps.items()}

    def _ramp(self, count: int, start: int, position: int) -> float:
        """Rises over a window's first frames and falls over its last ones, except at the ends of the shot."""
        end = min(start + self.length, count)
        rise = 1.0 if start == 0 else (position - start + 1) / (self.overlap + 1)
        fall = 1.0 if end == count else (end - position) / (self.overlap + 1)
        return min(1.0, rise, fall)

    def context(self, frames: Sequence[int], frame: int) -> tuple[int, ...]:
        """The frames whose pictures the alpha of `frame` depends on. `frames`: all of the shot, ascending."""
        starts = self.covering(len(frames), frames.index(frame))
        return tuple(frames[starts[0] : starts[-1] + self.length])


class ClipMatter(Protocol):
    """A model that mattes several frames at once, without being told what: the alpha of the shot's salient subject."""

    id: str
    #: Hash of the weights.
    version: str
    windows: Windows

    def announce(self, clip: Clip) -> str:
        """One sentence for a person: what is about to run and the memory it needs.

        Loads no weights. Raises MemoryLimitError where the device cannot hold it at all, DeviceError.
        """
        ...

    def matte(self, clip: Clip, frames: Sequence[int]) -> Sequence[FloatImage]:
        """Alpha of each of `frames`, neighbours in the shot and at most a window of them: float32 h x w in 0..1 of any
        size, covering the picture edge to edge. Raises FrameReadError, MemoryLimitError, WeightsError."""
        ...


class ClipMatterHead:
    """A clip matter behind the Head protocol: windows are cross-faded, and masks say whose alpha is meant.

    `gated`: an object's alpha is the subject's near the object's mask and 0 elsewhere, so that it follows a tracker.
    Otherwise the mask says only that there is something on the frame.
    """

    #: Windows kept. A frame lies in two, or in three at the end of the shot; objects of one region share them.
    KEPT = 3

    def __init__(self, matter: ClipMatter, *, gated: bool = True) -> None:
        self.id = matter.id
        self.version = matter.version
        self.matter = matter
        self.gated = gated
        # A clip is known by being the same object; holding it keeps its id from being given to another one.
        self._recent: list[tuple[Clip, int, Sequence[FloatImage]]] = []

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """See `Head.matte`. The whole windows that hold `frame` are computed unless they are at hand."""
        seen = {number: mask for number, mask in logits.items() if (mask > 0).any()}
        empty = np.zeros((clip.height, clip.width), np.float32)
        alphas: dict[int, FloatImage] = dict.fromkeys(logits, empty)
        if seen:
            alpha = self._alpha(clip, frame)
            for number, mask in seen.items():
                own = alpha * gate(mask, alpha.shape) if self.gated else alpha
                alphas[number] = resize(own, (clip.width, clip.height))
        return alphas

    def _alpha(self, clip: Clip, frame: int) -> FloatImage:
        """The subject's alpha at the network's size."""
        count, position = len(clip.frames), clip.frames.index(frame)
        weights = self.matter.windows.weights(count, position)
        parts = [weight * self._window(clip, start)[position - start] for start, weight in weights.items()]
        alpha: FloatImage = np.sum(parts, axis=0, dtype=np.float32)
        return alpha

    def _window(self, clip: Clip, start: int) -> Sequence[FloatImage]:
        for place, (known_clip, known_start, alphas) in enumerate(self._recent):
            if known_clip is clip and known_start == start:
                self._recent.append(self._recent.pop(place))
                return alphas
        alphas = self.matter.matte(clip, clip.frames[start : start + self.matter.windows.length])
        self._recent = [*self._recent[1 - self.KEPT :], (clip, start, alphas)]
        return alphas


def gate(logits: NDArray[np.float32], shape: Sequence[int]) -> FloatImage:
    """1 on and near the mask (`logits` > 0), falling to 0 farther away: float32 of `shape` (height, width)."""
    import cv2

    height, width = shape
    mask = (resize(np.asarray(logits, np.float32), (width, height)) > 0).astype(np.float32)
    reach = max(1, round(GATE_REACH * float(np.hypot(width, height))))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * reach + 1, 4 * reach + 1))
    grown = cv2.dilate(mask, disc)
    soft: FloatImage = np.minimum(cv2.GaussianBlur(grown, (2 * reach + 1, 2 * reach + 1), 0), 1)  # weights round
    return soft
