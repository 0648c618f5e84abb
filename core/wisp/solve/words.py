"""Text prompts become boxes: once, stored in the shot, shown and editable like any box.

The text stays beside its box and says where the box came from. It has no further effect: a matte depends on the boxes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from ..errors import QualityError, UsageError
from ..shot import Box, ObjectSpec, Shot, Text
from .prompts import unresolved_text

if TYPE_CHECKING:
    from ..detectors.detector import Detection, Detector
    from ..plates.clip import Clip

#: What a detector must be sure of; Grounding DINO's authors use 0.25 to 0.4.
THRESHOLD = 0.3


@dataclass(frozen=True)
class Found:
    """A text prompt that became a box of `object`. `others`: how many more things answer the text and were left."""

    object: str
    frame: int
    text: str
    detection: Detection
    others: int


def resolve_text(
    shot: Shot,
    clip: Clip,
    detector: Detector,
    *,
    objects: Collection[str] | None = None,
    every: bool = False,
    threshold: float = THRESHOLD,
) -> list[Found]:
    """Give every text prompt of `objects` (names; None: the enabled ones) that has no box yet its box, in the shot.

    `clip`: the shot's plate as models see it. The best detection is taken; with `every` each further one from
    `threshold` on becomes an object of its own. Raises QualityError where nothing is found, and then nothing is
    changed; UsageError where `every` is asked for an object with text on several frames.
    """
    chosen = [item for item in shot.objects if item.enabled] if objects is None else map(shot.object_named, objects)
    asked = [(item, prompt) for item in chosen for prompt in unresolved_text(item)]
    if every:
        _one_each([item for item, _ in asked])
    answers = [(item, prompt, _sure(prompt, clip, detector, threshold)) for item, prompt in asked]
    found = []
    for item, prompt, sure in answers:
        taken = sure if every else sure[:1]
        for number, detection in enumerate(taken):
            owner = item if number == 0 else shot.add_object(_free_name(shot, item.name))
            if owner is not item:
                owner.prompts.append(prompt.model_copy())
            x0, y0, x1, y1 = (round(value, 1) for value in detection.xyxy)
            owner.prompts.append(Box(frame=prompt.frame, xyxy=(x0, y0, x1, y1)))
            found.append(Found(owner.name, prompt.frame, prompt.text, detection, len(sure) - len(taken)))
    return found


def _sure(prompt: Text, clip: Clip, detector: Detector, threshold: float) -> list[Detection]:
    candidates = detector.detect(clip.image(prompt.frame), prompt.text)
    sure = [candidate for candidate in candidates if candidate.score >= threshold]
    if sure:
        return sure
    best = (
        f"the best guess scores {candidates[0].score:.2f}, below {threshold:.2f}" if candidates else "no guess at all"
    )
    raise QualityError(
        f"Nothing on frame {prompt.frame} answers to {prompt.text!r}: {best}.",
        hint="Try plainer words, a frame where it is seen better (--text F:WORDS), a lower --threshold, or draw a box.",
    )


def _one_each(items: list[ObjectSpec]) -> None:
    for item in items:
        if items.count(item) > 1:
            raise UsageError(
                f"Object '{item.name}' has text on several frames, and nothing says which of the things found on one "
                "frame is which on another.",
                hint="Give --all one text per object.",
            )


def _free_name(shot: Shot, name: str) -> str:
    taken = {item.name.casefold() for item in shot.objects}
    return next(free for number in count(2) if (free := f"{name}{number}").casefold() not in taken)
