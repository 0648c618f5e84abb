"""Painted strokes as a layer over the solved alpha: exact on their own frame, easing out on its neighbours.

Whatever the models make of a stroke, what was painted is there, and stays through any number of solves. On a
neighbouring frame the paint is carried along by optical flow and mixed in with falling weight, so that the correction
does not pop.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.flow import dense_flow
from ..motion.footage import working_size
from ..plates.clip import Clip, FloatImage
from ..shot import ObjectSpec, Stroke
from ..trackers.prompts import stroke_labels

#: Long side of the pictures between which the flow of the paint is estimated.
FLOW_SIZE = 640
#: Over so many pixels an edge that was moved meets what was painted.
BORDER = 3


class Paint:
    """All strokes of one object, found by the frames that they reach."""

    def __init__(self, item: ObjectSpec, frames: Sequence[int]) -> None:
        """`frames`: all frames of the plate, ascending; distance counts in frames that exist."""
        self._frames = frames
        self._reach = item.ease + 1
        self._strokes: dict[int, list[Stroke]] = {}
        for prompt in item.prompts:
            if isinstance(prompt, Stroke) and self._exists(prompt.frame):
                self._strokes.setdefault(prompt.frame, []).append(prompt)
        self._painted = sorted(self._strokes)

    def layers(self, frame: int) -> list[tuple[int, float]]:
        """Frames whose strokes reach `frame`, with their weight: 1 on the frame itself, falling to 0 beyond the
        object's `ease`. The nearest comes last, so that it lies on top."""
        if not self._painted:
            return []
        place = bisect_left(self._frames, frame)
        first = self._frames[max(0, place - self._reach)]
        last = self._frames[min(len(self._frames) - 1, place + self._reach)]
        near = self._painted[bisect_left(self._painted, first) : bisect_right(self._painted, last)]
        weights = [(k, 1 - abs(bisect_left(self._frames, k) - place) / self._reach) for k in near]
        return sorted(((k, weight) for k, weight in weights if weight > 0), key=lambda pair: (pair[1], pair[0]))

    def content(self, frame: int) -> list[Any]:
        """What the layer on `frame` depends on, as JSON-able values, plate pictures left out."""
        return [
            [k, weight, [made.model_dump(mode="json") for made in self._strokes[k]]] for k, weight in self.layers(frame)
        ]

    def obey(self, alpha: FloatImage, clip: Clip, frame: int, *, eased: bool = False) -> FloatImage:
        """Alpha (float32, height x width of the clip, 0..1) under the object's paint.

        On a frame with strokes its painted pixels become exactly 1 (keep) or 0 (remove). `eased`: the pixels around
        them are drawn towards them, less and less over `BORDER` pixels.
        """
        size = (clip.width, clip.height)
        for k, weight in self.layers(frame):
            strokes = [(np.asarray(made.xy, np.float32), made.radius, made.include) for made in self._strokes[k]]
            labels = stroke_labels(strokes, size, size)
            if k != frame:
                labels = _carried(labels, clip, k, frame)
            target = (labels > 0).astype(np.float32)
            mixed = target if weight == 1 else alpha + np.float32(weight) * (target - alpha)
            around = _eased(alpha, labels, np.float32(weight)) if eased else alpha
            alpha = np.where(labels == 0, around, mixed)
        return alpha

    def _exists(self, frame: int) -> bool:
        place = bisect_left(self._frames, frame)
        return place < len(self._frames) and self._frames[place] == frame


def _eased(alpha: FloatImage, labels: NDArray[np.int8], weight: np.float32) -> FloatImage:
    """Alpha with what lies around the painted pixels drawn towards their value."""
    for sign, target in ((1, np.float32(1.0)), (-1, np.float32(0.0))):
        painted = labels == sign
        if painted.any():
            distance = cv2.distanceTransform((~painted).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            share = weight * np.clip(1.0 - distance / np.float32(BORDER + 1), 0.0, 1.0).astype(np.float32)
            alpha = alpha + share * (target - alpha)
    return alpha


def _carried(labels: NDArray[np.int8], clip: Clip, source: int, target: int) -> NDArray[np.int8]:
    """The labels of frame `source` where their content has moved on frame `target`."""
    grid = working_size(clip.width, clip.height, FLOW_SIZE)
    pictures = _grey(clip, target, grid), _grey(clip, source, grid)
    motion = dense_flow(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM), *pictures)
    flow = cv2.resize(motion, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR)
    x, y = np.meshgrid(np.arange(clip.width, dtype=np.float32), np.arange(clip.height, dtype=np.float32))
    x += flow[..., 0] * (clip.width / grid[0])
    y += flow[..., 1] * (clip.height / grid[1])
    return np.asarray(cv2.remap(labels, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT), np.int8)


def _grey(clip: Clip, frame: int, grid: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(np.rint(clip.image(frame, grid) * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))
