"""Painted strokes as a layer over the solved alpha: exact on their own frame, easing out on its neighbours.

Whatever the models make of a stroke, what was painted is there, and stays through any number of solves. On a
neighbouring frame the paint is carried along by optical flow and mixed in with falling weight, so that the correction
does not pop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage
from ..shot import ObjectSpec, Stroke
from ..trackers.prompts import stroke_labels, working_size

#: Long side of the pictures between which the flow of the paint is estimated.
FLOW_SIZE = 640


def painted_frames(item: ObjectSpec, frame: int, frames: Sequence[int]) -> list[tuple[int, float]]:
    """Frames whose strokes reach `frame`, with their weight: 1 on the frame itself, falling to 0 beyond `item.ease`.

    `frames`: all frames of the plate, ascending; distance counts in frames that exist. The nearest comes last, so
    that it lies on top.
    """
    place = {number: index for index, number in enumerate(frames)}
    painted = {prompt.frame for prompt in item.prompts if isinstance(prompt, Stroke) and prompt.frame in place}
    reach = item.ease + 1
    weights = [(k, 1 - abs(place[k] - place[frame]) / reach) for k in sorted(painted)]
    return sorted(((k, weight) for k, weight in weights if weight > 0), key=lambda pair: (pair[1], pair[0]))


def paint_content(item: ObjectSpec, frame: int, frames: Sequence[int]) -> list[Any]:
    """What the layer on `frame` depends on, as JSON-able values, plate pictures left out."""
    return [
        [k, weight, [made.model_dump(mode="json") for made in _strokes(item, k)]]
        for k, weight in painted_frames(item, frame, frames)
    ]


def obey_strokes(alpha: FloatImage, clip: Clip, item: ObjectSpec, frame: int) -> FloatImage:
    """Alpha (float32, height x width of the clip, 0..1) under the object's paint.

    On a frame with strokes its painted pixels become exactly 1 (keep) or 0 (remove).
    """
    size = (clip.width, clip.height)
    for k, weight in painted_frames(item, frame, clip.frames):
        strokes = [(np.asarray(made.xy, np.float32), made.radius, made.include) for made in _strokes(item, k)]
        labels = stroke_labels(strokes, size, size)
        if k != frame:
            labels = _carried(labels, clip, k, frame)
        target = (labels > 0).astype(np.float32)
        mixed = target if weight == 1 else alpha + np.float32(weight) * (target - alpha)
        alpha = np.where(labels == 0, alpha, mixed)
    return alpha


def _strokes(item: ObjectSpec, frame: int) -> list[Stroke]:
    return [prompt for prompt in item.prompts if isinstance(prompt, Stroke) and prompt.frame == frame]


def _carried(labels: NDArray[np.int8], clip: Clip, source: int, target: int) -> NDArray[np.int8]:
    """The labels of frame `source` where their content has moved on frame `target`."""
    grid = working_size(clip.width, clip.height, FLOW_SIZE)
    pictures = _grey(clip, target, grid), _grey(clip, source, grid)
    motion = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*pictures, None)
    flow = cv2.resize(motion, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR)
    x, y = np.meshgrid(np.arange(clip.width, dtype=np.float32), np.arange(clip.height, dtype=np.float32))
    x += flow[..., 0] * (clip.width / grid[0])
    y += flow[..., 1] * (clip.height / grid[1])
    return np.asarray(cv2.remap(labels, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT), np.int8)


def _grey(clip: Clip, frame: int, grid: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(np.rint(clip.image(frame, grid) * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))
