"""What was drawn on a frame, as SAM 2.1's prompt encoder takes it: labelled points, or a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..prompts import stroke_labels
from ..tracker import FramePrompts

#: Point labels of SAM's prompt encoder.
EXCLUDE, INCLUDE, BOX_CORNER_1, BOX_CORNER_2 = 0, 1, 2, 3

#: Most points that one stroke gives. SAM 2 was trained with up to 8 clicks on an object.
POINTS_PER_STROKE = 8

#: Least distance of a stroke's points, as a part of the picture's diagonal: closer clicks tell the decoder nothing.
SPACING = 0.02

#: Logit of what was painted or given as a mask, as SAM 2 writes a mask that a user gives (sigmoid: 4.5e-5 from 1).
CERTAIN = 10.0


@dataclass(frozen=True)
class Points:
    """`xy`: 1 x n x 2 float32 in pixels of the network's square; `labels`: 1 x n int32."""

    xy: Tensor
    labels: Tensor

    def to_sam2(self, device: torch.device) -> dict[str, Tensor]:
        return {"point_coords": self.xy.to(device), "point_labels": self.labels.to(device)}


def points_of(prompts: FramePrompts, width: int, height: int, size: int) -> Points | None:
    """The box's corners (first, as SAM 2 was trained), clicks and stroke samples of a frame; None if there are none.

    `width`, `height`: the plate's; `size`: side of the network's square. Coordinates are scaled without the shift by
    half a network pixel that exact pixel centres would ask for, as sam2's own predictor does.
    """
    xy = [np.empty((0, 2), np.float32)]
    labels: list[int] = []
    if prompts.box is not None:
        xy.append(np.asarray(prompts.box, np.float32).reshape(2, 2))
        labels += [BOX_CORNER_1, BOX_CORNER_2]
    xy.append(np.asarray(prompts.points, np.float32).reshape(-1, 2))
    labels += [int(label) for label in prompts.labels]
    for polyline, radius, include in prompts.strokes:
        samples = sample_stroke(polyline, radius, float(np.hypot(width, height)))
        xy.append(samples)
        labels += [INCLUDE if include else EXCLUDE] * len(samples)
    if not labels:
        return None
    scaled = torch.from_numpy(np.concatenate(xy)) / torch.tensor([width, height]) * size
    return Points(scaled[None].float(), torch.tensor([labels], dtype=torch.int32))


def sample_stroke(polyline: NDArray[np.float32], radius: float, diagonal: float) -> NDArray[np.float32]:
    """Points that stand for a stroke: n x 2, evenly spaced along its length, both ends among them.

    They are at least `max(radius, SPACING * diagonal)` apart and at most `POINTS_PER_STROKE`; a stroke shorter than
    that distance gives its middle alone. `polyline`: n x 2; `radius` and `diagonal` in the same pixels.
    """
    corners = np.asarray(polyline, np.float64).reshape(-1, 2)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    length = along[-1]
    count = min(int(length / max(radius, SPACING * diagonal)) + 1, POINTS_PER_STROKE)
    at = np.linspace(0.0, length, count) if count > 1 else np.array([length / 2])
    return np.stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def mask_input(mask: NDArray[np.bool_], size: int) -> Tensor:
    """A plate-sized mask as 1 x 1 x size x size of 0 and 1.

    By way of the grid of the mask logits (a quarter of `size`), like the mask that a user of SAM2Matting gives.
    """
    logits = torch.from_numpy(np.where(mask, np.float32(CERTAIN), np.float32(-CERTAIN)))[None, None]
    low = functional.interpolate(logits, (size // 4, size // 4), mode="bilinear", align_corners=False)
    high = functional.interpolate(low, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return (high >= 0.5).float()


def paint(logits: Tensor, prompts: FramePrompts, width: int, height: int) -> Tensor:
    """`logits` (1 x 1 x h x w) after the strokes of `prompts`: certainly inside or outside where painted.

    The decoder takes a stroke's points as a hint that it may not follow; what somebody painted must hold. Later
    strokes win over earlier ones.
    """
    rows, columns = logits.shape[-2:]
    labels = torch.from_numpy(stroke_labels(prompts.strokes, (width, height), (columns, rows))).to(logits.device)
    kept = torch.where(labels > 0, logits.clamp(min=CERTAIN), logits)
    return torch.where(labels < 0, kept.clamp(max=-CERTAIN), kept)
