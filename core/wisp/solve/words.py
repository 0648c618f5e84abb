"""Text prompts become boxes: once, stored in the shot, shown and editable like any box.

The text stays beside its box and says where the box came from. It has no further effect: a matte depends on the boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from ..client.ends import Detected
from ..client.events import BoxFound, Progress
from ..client.names import free_name
from ..client.requests import Detect
from ..client.tables import THRESHOLD
from ..errors import CancelledError, QualityError, UsageError
from ..shot import Box, ObjectSpec, Shot, Text
from .progress import Eta, Listener, ignore, never
from .prompts import unresolved_text
from .solver import Solver

if TYPE_CHECKING:
    from ..detectors.detector import Detection, Detector
    from ..plates.clip import Clip


def detect(
    solver: Solver, asked: Detect, on_event: Listener = ignore, should_stop: Callable[[], bool] = never
) -> tuple[Shot, Detected]:
    """The shot with the boxes that its words became, and their number; the solver's own document is not changed.

    Loads nothing where there is nothing to do. Raises UsageError, WeightsError, InputError; QualityError where nothing
    answers; CancelledError.
    """
    shot, objects = solver.shot.model_copy(deep=True), solver.names(asked.objects)
    if asked.words:
        assert asked.frame is not None  # a request without it is refused before
        solver.frames_of([asked.frame])
        sought = _further(shot, "words")
        sought.prompts.append(Text(frame=asked.frame, text=asked.words))
        objects = [sought.name]
    waiting = sum(len(unresolved_text(shot.object_named(name))) for name in objects)
    if not waiting:
        return shot, Detected(0)
    eta, done = Eta({"detect": waiting}), 0

    def step(frame: int) -> None:
        nonlocal done
        done += 1
        on_event(Progress("detect", frame, done, waiting, eta.step("detect")))
        if should_stop():
            raise CancelledError("Stopped; the shot is as it was.")

    found = resolve_text(
        shot,
        solver.clip_of(None),
        solver.detector(asked.detector),
        stretch=solver.source.stretch,
        objects=objects,
        every=asked.every,
        threshold=asked.threshold,
        on_step=step,
    )
    for box in found:
        on_event(box)
    return shot, Detected(len(found))


def resolve_text(
    shot: Shot,
    clip: Clip,
    detector: Detector,
    *,
    stretch: tuple[float, float] = (1.0, 1.0),
    objects: Collection[str] | None = None,
    every: bool = False,
    threshold: float = THRESHOLD,
    on_step: Callable[[int], None] = lambda _: None,
) -> list[BoxFound]:
    """Give every text prompt of `objects` (names; None: the enabled ones) that has no box yet its box, in the shot.

    `clip`: the shot's plate as models see it, stretched to the right and down by `stretch`. The best detection is
    taken; with `every` each further one from `threshold` on becomes an object of its own. Raises QualityError where
    nothing is found, and then nothing is changed; UsageError where `every` is asked for an object with text on several
    frames.
    """
    chosen = [item for item in shot.objects if item.enabled] if objects is None else map(shot.object_named, objects)
    asked = [(item, prompt) for item in chosen for prompt in unresolved_text(item)]
    if every:
        _one_each([item for item, _ in asked])
    answers = []
    for item, prompt in asked:
        answers.append((item, prompt, _sure(prompt, clip, detector, threshold)))
        on_step(prompt.frame)
    found = []
    for item, prompt, sure in answers:
        taken = sure if every else sure[:1]
        for number, detection in enumerate(taken):
            owner = item if number == 0 else _further(shot, item.name)
            if owner is not item:
                owner.prompts.append(prompt.model_copy())
            x0, y0, x1, y1 = (round(v / by, 1) for v, by in zip(detection.xyxy, stretch * 2, strict=True))
            owner.prompts.append(Box(frame=prompt.frame, xyxy=(x0, y0, x1, y1)))
            box, score = (x0, y0, x1, y1), round(detection.score, 4)
            found.append(BoxFound(owner.name, prompt.frame, prompt.text, box, score, len(sure) - len(taken)))
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


def _further(shot: Shot, name: str) -> ObjectSpec:
    """An object more, called like `name`."""
    return shot.add_object(free_name(name, [item.name for item in shot.objects]))
