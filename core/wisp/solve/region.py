"""The part of the plate that models are shown of one object, so that a small subject keeps its detail.

A network that looks at a square of fixed size sees a subject that fills a fifth of a 4K plate at a fifth of that
square. Shown only the subject's surroundings, held fixed over the shot, it sees every plate pixel. The region is
stored with the object in the shot: fixed, visible, editable, and the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..plates.clip import resize
from ..plates.plate import Window
from ..trackers.prompts import clip_box
from ..trackers.tracker import FramePrompts

#: A region is worth a second pass from this gain in resolution on.
MIN_GAIN = 1.35
#: Room around the object, as a share of its own size: masks miss hair and blur, and trackers need ground to compare.
MARGIN = 0.15
#: Regions begin and end on multiples of this, so that heads' tiles and half-size maps fall on whole pixels.
SNAP = 16
#: How much of a drawn mask may lie outside its region: what a brush leaves at the border.
_SPILL = 0.01


def region_of(masks: Iterable[NDArray[np.float32]], size: tuple[int, int], grid: int | None) -> Window | None:
    """The window around all `masks` of one object, or None where it would not gain enough.

    `masks`: logits h x w of every frame, covering the picture edge to edge, > 0 inside. `size`: the picture's width
    and height. `grid`: side of the square at which the network looks; None for one that follows the picture's shape.
    """
    box = _union(masks, size)
    if box is None:
        return None
    x0, y0, x1, y1 = box
    pad_x, pad_y = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
    width, height = size
    window = Window(
        max(0, math.floor((x0 - pad_x) / SNAP) * SNAP),
        max(0, math.floor((y0 - pad_y) / SNAP) * SNAP),
        min(width, math.ceil((x1 + pad_x) / SNAP) * SNAP),
        min(height, math.ceil((y1 + pad_y) / SNAP) * SNAP),
    )
    return window if gain(window, size, grid) >= MIN_GAIN else None


def gain(window: Window, size: tuple[int, int], grid: int | None) -> float:
    """How many times finer the network sees the window than the whole picture (geometric mean of both axes).

    Beyond one network pixel per plate pixel nothing is gained; where the grid is not known, as many network pixels are
    taken to be spent on either.
    """
    if grid is None:
        return math.sqrt(size[0] * size[1] / (window.width * window.height))
    across = min(1.0, grid / window.width) / min(1.0, grid / size[0])
    down = min(1.0, grid / window.height) / min(1.0, grid / size[1])
    return math.sqrt(across * down)


def _union(masks: Iterable[NDArray[np.float32]], size: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """The rectangle (x0, y0, x1, y1 in picture pixels) around everything inside any mask."""
    boxes = []
    for logits in masks:
        rows, columns = np.flatnonzero((logits > 0).any(1)), np.flatnonzero((logits > 0).any(0))
        if len(rows):
            sx, sy = size[0] / logits.shape[1], size[1] / logits.shape[0]
            boxes.append((columns[0] * sx, rows[0] * sy, (columns[-1] + 1) * sx, (rows[-1] + 1) * sy))
    if not boxes:
        return None
    lows, highs = np.min(boxes, 0), np.max(boxes, 0)
    return float(lows[0]), float(lows[1]), float(highs[2]), float(highs[3])


def in_region(prompts: FramePrompts, region: Window, owner: str, frame: int, *, approved: bool = False) -> FramePrompts:
    """Prompts of the whole picture in the region's own coordinates.

    What removes outside the region is dropped: nothing is there. UsageError where something to keep lies outside, of a
    mask more than `_SPILL` of it. The mask of a matte that was `approved` is cut: the matte itself stays as it is.
    """
    origin = np.array([region.x0, region.y0], np.float32)
    size = (region.width, region.height)
    points = prompts.points - origin
    inside = ((points >= 0) & (points <= size)).all(1)
    strokes = tuple((line - origin, radius, include) for line, radius, include in prompts.strokes)
    box = None
    if prompts.box is not None:
        x0, y0, x1, y1 = prompts.box
        box = clip_box((x0 - region.x0, y0 - region.y0, x1 - region.x0, y1 - region.y0), size)
    mask, left_out = None, 0.0
    if prompts.mask is not None:
        mask = prompts.mask[region.y0 : region.y1, region.x0 : region.x1]
        left_out = 0.0 if approved else 1 - int(mask.sum()) / max(int(prompts.mask.sum()), 1)
    if (
        (box is not None and (box[2] <= box[0] or box[3] <= box[1]))
        or (~inside & (prompts.labels > 0)).any()
        or any(include and not _touches(line, radius, size) for line, radius, include in strokes)
        or left_out > _SPILL
    ):
        raise UsageError(
            f"Object '{owner}' has a prompt on frame {frame} outside its region {list(region)}.",
            hint="Fit the region anew (wisp region SHOT) or clear it (wisp region SHOT --clear).",
        )
    kept = tuple(stroke for stroke in strokes if _touches(stroke[0], stroke[1], size))
    return replace(prompts, points=points[inside], labels=prompts.labels[inside], box=box, mask=mask, strokes=kept)


def _touches(line: NDArray[np.float32], radius: float, size: tuple[int, int]) -> bool:
    """Whether a stroke paints on a picture of that size (width, height)."""
    reach = math.ceil(radius)
    around = (-reach, -reach, size[0] + 2 * reach, size[1] + 2 * reach)
    places = [(int(x), int(y)) for x, y in np.floor(line).tolist()]
    return any(cv2.clipLine(around, start, end)[0] for start, end in zip(places, places[1:] or places, strict=False))


def whole(
    region_pixels: NDArray[np.float32], region: Window | None, size: tuple[int, int], outside: float = -1.0
) -> NDArray[np.float32]:
    """A picture of the region (any resolution) in its place in the whole one, width x height of `size`."""
    if region is None:
        return region_pixels
    shape = (region.width, region.height)
    result = np.full((size[1], size[0]), outside, np.float32)
    result[region.y0 : region.y1, region.x0 : region.x1] = resize(region_pixels, shape)
    return result
