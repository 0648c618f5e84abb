"""An object's prompts, from the document to what a tracker takes and to what fingerprints hash."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, UsageError
from ..shot import Box, MaskPrompt, ObjectSpec, Point, Stroke, Text, Unknown
from ..trackers.tracker import FramePrompts


def prompt_content(item: ObjectSpec, locate: Callable[[str], Path]) -> dict[int, list[dict[str, Any]]]:
    """Keyframe -> its prompts as JSON-able values, a mask file by its content instead of its path.

    Text that has become a box is left out: the box says it all. What only the head is told is left out, too.
    """
    from ..plates.identity import file_identity

    content: dict[int, list[dict[str, Any]]] = {}
    unresolved = unresolved_text(item)
    for prompt in item.prompts:
        if isinstance(prompt, Unknown) or (isinstance(prompt, Text) and prompt not in unresolved):
            continue
        values = prompt.model_dump(mode="json", exclude={"frame"})
        if isinstance(prompt, MaskPrompt):
            path = locate(prompt.path)
            if not path.is_file():
                raise InputError(
                    f"The mask {path} (object '{item.name}', frame {prompt.frame}) does not exist.",
                    hint="Check the path of the mask prompt.",
                    path=path,
                )
            values["path"] = file_identity(path)
        content.setdefault(prompt.frame, []).append(values)
    return content


def defining_keyframes(item: ObjectSpec, segments: bool) -> frozenset[int]:
    """Keyframes whose prompts alone say what the object is: those with a mask.

    A box says roughly where it is, which is more than nothing and less than a track: to a tracker that works in
    segments (`Tracker.segments`) it corrects what was followed up to there. One that remembers every keyframe is told
    of boxes from the start, as of masks.
    """
    kinds = MaskPrompt if segments else Box | MaskPrompt
    return frozenset(prompt.frame for prompt in item.prompts if isinstance(prompt, kinds))


def unresolved_text(item: ObjectSpec) -> list[Text]:
    """Text prompts on frames that have no box and no mask of the object yet: a detector is to look for them."""
    defined = defining_keyframes(item, segments=False)
    return [prompt for prompt in item.prompts if isinstance(prompt, Text) and prompt.frame not in defined]


def drawn(mask: NDArray[np.bool_], given: bool = True) -> FramePrompts:
    """A mask as the only prompt of a frame. `given`: see `FramePrompts`."""
    return FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=mask, given=given)


def stretched(prompts: FramePrompts, stretch: tuple[float, float], size: tuple[int, int]) -> FramePrompts:
    """The prompts of a picture that is stretched to the right and down by that much, to `size` (width, height)."""
    if stretch == (1.0, 1.0):
        return prompts
    across, down = stretch
    by = np.array(stretch, np.float32)
    mask = prompts.mask
    if mask is not None:
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    box = prompts.box
    if box is not None:
        box = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    radius = math.sqrt(across * down)
    strokes = tuple((line * by, radius * wide, include) for line, wide, include in prompts.strokes)
    return replace(prompts, points=prompts.points * by, box=box, mask=mask, strokes=strokes)


def frame_prompts(item: ObjectSpec, frame: int, size: tuple[int, int], locate: Callable[[str], Path]) -> FramePrompts:
    """What a tracker is given on a keyframe. `size`: plate width, height.

    Several boxes on one frame are joined to the rectangle around them, several masks to their union. A point to keep
    that lies beyond the border speaks for the border's nearest pixel; one to remove has nothing to remove there.
    Raises FrameReadError or UsageError for an unreadable, wrongly sized or empty mask file.
    """
    from ..plates.stills import read_mask

    width, height = size
    points: list[tuple[float, float]] = []
    labels: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    strokes: list[tuple[NDArray[np.float32], float, bool]] = []
    mask: NDArray[np.bool_] | None = None
    for prompt in item.prompts:
        if prompt.frame != frame:
            continue
        match prompt:
            case Point():
                x, y = min(max(prompt.xy[0], 0.0), width), min(max(prompt.xy[1], 0.0), height)
                if prompt.include or (x, y) == prompt.xy:
                    points.append((x, y))
                    labels.append(int(prompt.include))
            case Box():
                boxes.append(prompt.xyxy)
            case Stroke():
                sure = prompt.radius * (1 - prompt.softness / 2)
                strokes.append((np.asarray(prompt.xy, np.float32).reshape(-1, 2), sure, prompt.include))
            case MaskPrompt():
                read = read_mask(locate(prompt.path), width, height)
                mask = read if mask is None else mask | read
            case Text() if prompt in unresolved_text(item):
                raise UsageError(
                    f"Object '{item.name}' has the text prompt {prompt.text!r} on frame {frame}, which is no box yet.",
                    hint="Run 'wisp detect SHOT' to turn it into one, or draw a box.",
                )
    lows, highs = np.asarray(boxes, float).reshape(-1, 4)[:, :2], np.asarray(boxes, float).reshape(-1, 4)[:, 2:]
    box = (*lows.min(0).tolist(), *highs.max(0).tolist()) if boxes else None
    return FramePrompts(
        points=np.asarray(points, np.float32).reshape(-1, 2),
        labels=np.asarray(labels, np.int32),
        box=box,
        mask=mask,
        strokes=tuple(strokes),
    )
