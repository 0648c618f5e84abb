"""Painted strokes as a layer over the solved alpha: exact on their own frame, easing out on its neighbours.

Whatever the models make of a stroke, what was painted is there, and stays through any number of solves. On a
neighbouring frame the paint is carried along by optical flow and mixed in with falling weight, so that the correction
does not pop. A frame whose mask was given stays as it is, and nothing eases past it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ..motion.flow import FlowEstimator
from ..motion.footage import grey_picture, working_size
from ..plates.clip import Clip, FloatImage
from ..shot import MaskPrompt, ObjectSpec, Stroke
from ..trackers.prompts import stroke_mask

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
        self._given = sorted({prompt.frame for prompt in item.prompts if isinstance(prompt, MaskPrompt)})

    def layers(self, frame: int) -> list[tuple[int, float]]:
        """Frames whose strokes reach `frame`, with their weight: 1 on the frame itself, falling to 0 beyond the
        object's `ease`. The nearest comes last, so that it lies on top."""
        if not self._painted:
            return []
        place = bisect_left(self._frames, frame)
        first = self._frames[max(0, place - self._reach)]
        last = self._frames[min(len(self._frames) - 1, place + self._reach)]
        near = self._painted[bisect_left(self._painted, first) : bisect_right(self._painted, last)]
        weights = [
            (k, 1 - abs(bisect_left(self._frames, k) - place) / self._reach)
            for k in near
            if not self._is_given_between(k, frame)
        ]
        return sorted(((k, weight) for k, weight in weights if weight > 0), key=lambda pair: (pair[1], pair[0]))

    def _is_given_between(self, painted: int, frame: int) -> bool:
        """Whether a mask was given on `frame`, or on the way there from another frame that was painted."""
        low, high = (painted + 1, frame) if painted < frame else (frame, painted - 1)
        place = bisect_left(self._given, low)
        return place < len(self._given) and self._given[place] <= high

    def content(self, frame: int) -> list[Any]:
        """What the layer on `frame` depends on, as JSON-able values, plate pictures left out."""
        return [
            [k, weight, [made.model_dump(mode="json") for made in self._strokes[k]]] for k, weight in self.layers(frame)
        ]

    def obey(self, alpha: FloatImage, clip: Clip, frame: int, *, eased: bool = False) -> FloatImage:
        """Alpha (float32, height x width of the clip, 0..1) under the object's paint.

        On a frame with strokes its painted pixels become exactly 1 (keep) or 0 (remove), but for the soft rim of a
        stroke. `eased`: the pixels around them are drawn towards them, less and less over `BORDER` pixels.
        """
        size = (clip.width, clip.height)
        for k, weight in self.layers(frame):
            layer = _painted(self._strokes[k], size)
            if k != frame:
                layer = _carried(layer, clip, k, frame)
            target, cover = layer[..., 0], layer[..., 1]
            share = np.float32(weight) * cover
            mixed = np.where(share == 1, target, alpha + share * (target - alpha))
            around = _eased(alpha, layer, np.float32(weight)) if eased else alpha
            alpha = np.where(cover == 0, around, mixed)
        return alpha

    def _exists(self, frame: int) -> bool:
        place = bisect_left(self._frames, frame)
        return place < len(self._frames) and self._frames[place] == frame


def _painted(strokes: Sequence[Stroke], size: tuple[int, int]) -> FloatImage:
    """What is painted, height x width x 2: the value, and how much of it covers what lies below, both 0..1. A later
    stroke lies over an earlier one."""
    layer = np.zeros((size[1], size[0], 2), np.float32)
    for made in strokes:
        mask = stroke_mask(np.asarray(made.xy, np.float32), made.radius, size, size)
        if not made.softness:
            layer[mask] = float(made.include), 1.0
            continue
        depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        cover = np.clip(depth / np.float32(made.softness * made.radius), 0.0, 1.0)
        below = layer[..., 1] * (1 - cover)
        both = cover + below
        value = cover * np.float32(made.include) + below * layer[..., 0]
        layer = np.dstack([np.divide(value, both, out=np.zeros_like(both), where=both > 0), both])
    return layer


def _eased(alpha: FloatImage, layer: FloatImage, weight: np.float32) -> FloatImage:
    """Alpha with what lies around the fully painted pixels drawn towards their value."""
    for target in (np.float32(1.0), np.float32(0.0)):
        painted = (layer[..., 1] == 1) & (layer[..., 0] == target)
        if painted.any():
            distance = cv2.distanceTransform((~painted).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            share = weight * np.clip(1.0 - distance / np.float32(BORDER + 1), 0.0, 1.0).astype(np.float32)
            alpha = alpha + share * (target - alpha)
    return alpha


def _carried(layer: FloatImage, clip: Clip, source: int, target: int) -> FloatImage:
    """What is painted on frame `source` where the picture under it has moved on frame `target`."""
    grid = working_size(clip.width, clip.height, FLOW_SIZE)
    motion = FlowEstimator(fine=False)(grey_picture(clip, target, grid), grey_picture(clip, source, grid))
    flow = cv2.resize(motion, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR)
    x, y = np.meshgrid(np.arange(clip.width, dtype=np.float32), np.arange(clip.height, dtype=np.float32))
    x += flow[..., 0] * (clip.width / grid[0])
    y += flow[..., 1] * (clip.height / grid[1])
    value, cover = layer[..., 0] * layer[..., 1], layer[..., 1]
    moved = cv2.remap(np.dstack([value, cover]), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    value, cover = moved[..., 0], moved[..., 1]
    return np.dstack([np.divide(value, cover, out=np.zeros_like(value), where=cover > 0), cover])
