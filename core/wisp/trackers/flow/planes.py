"""What the mask networks are told beside pictures: masks brought by flow, and prompts as planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the usual name
from numpy.typing import NDArray
from torch import Tensor

Plane = NDArray[np.float32]
#: Planes of the prompts: the box, that there is one, clicks and strokes inside, those outside, near and far each.
PROMPT_PLANES = 6
#: The axes of the ellipse in a box that is taken as inside at first, as a share of the box's.
_CORE = 0.6
#: How far a click speaks for its surroundings, in pixels of s2: near and far.
_NEAR, _FAR = 2.5, 10.0


def brought(mask: Tensor, flow: Tensor) -> Tensor:
    """n x 1 x h x w as seen through `flow` n x 2 x h x w (pixels): out(x) = mask(x + flow(x)), edges replicated."""
    height, width = mask.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, device=mask.device), torch.arange(width, device=mask.device), indexing="ij"
    )
    place = torch.stack([columns + flow[:, 0], rows + flow[:, 1]], -1)
    scaled = (place + 0.5) * torch.tensor([2.0 / width, 2.0 / height], device=mask.device) - 1.0
    return F.grid_sample(mask, scaled, align_corners=False, padding_mode="border")


@dataclass(frozen=True)
class Prompted:
    """`planes` PROMPT_PLANES x h x w; what prompts say of `inside` (0..1) and where they say anything (`known`)."""

    planes: Plane
    inside: Plane
    known: Plane


def prompt_planes(
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None,
    clicks: Sequence[tuple[float, float, bool]],
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
) -> Prompted:
    """Prompts on a grid of `size` (height, width), in its pixels; `inside`, `outside`: what strokes cover."""
    height, width = size
    x = np.arange(width, dtype=np.float32)[None, :] + 0.5
    y = np.arange(height, dtype=np.float32)[:, None] + 0.5
    planes = np.zeros((PROMPT_PLANES, height, width), np.float32)
    prior, known = np.zeros(size, np.float32), np.zeros(size, np.float32)
    if box is not None:
        x0, y0, x1, y1 = box
        across = np.clip(np.minimum(x - x0, x1 - x) + 0.5, 0, 1)
        down = np.clip(np.minimum(y - y0, y1 - y) + 0.5, 0, 1)
        planes[0], planes[1] = across * down, 1.0
        known = 1.0 - planes[0]
        rx, ry = max(1.0, (x1 - x0) / 2), max(1.0, (y1 - y0) / 2)
        radius = ((x - (x0 + x1) / 2) / rx) ** 2 + ((y - (y0 + y1) / 2) / ry) ** 2
        core = (radius < _CORE**2).astype(np.float32)
        prior, known = core, np.maximum(known, core)
    for side, strokes in ((True, inside), (False, outside)):
        distance2 = np.full(size, np.inf, np.float32)
        for cx, cy, include in clicks:
            if include == side:
                distance2 = np.minimum(distance2, (x - cx) ** 2 + (y - cy) ** 2)
        if strokes.any():
            away = cv2.distanceTransform((~strokes).astype(np.uint8), cv2.DIST_L2, 3)
            distance2 = np.minimum(distance2, away**2)
        near, far = np.exp(-distance2 / (2 * _NEAR**2)), np.exp(-distance2 / (2 * _FAR**2))
        planes[2 if side else 4], planes[3 if side else 5] = near, far
        said = near > 0.3
        prior = np.where(said, np.float32(side), prior).astype(np.float32)
        known = np.where(said, np.float32(1), known).astype(np.float32)
    return Prompted(planes, prior, known)
