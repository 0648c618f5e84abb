"""What a frame may be about becomes candidates for a person to choose from: each a box and a point, with its outline.

The built-in tracker finds them, whichever tracker the shot has: prompts are good for all.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import cv2
import numpy as np

from ..client.ends import SubjectFound
from ..client.events import Candidate, Progress
from ..client.requests import Subject
from ..errors import CancelledError, QualityError
from ..shapes.contours import contours
from .progress import Listener, ignore, never
from .solver import Solver

#: How many there are at most; parts of an outline, and how far it may be off, in plate pixels of a picture 1000 wide.
MOST, PARTS, OFF = 3, 12, 0.8


def find_subject(
    solver: Solver, asked: Subject, on_event: Listener = ignore, should_stop: Callable[[], bool] = never
) -> SubjectFound:
    """Tell each candidate, the likeliest first.

    Raises UsageError, QualityError where nothing stands out, CancelledError, and what reading the frame raises.
    """
    from ..trackers.flow.eyes import Eyes
    from ..trackers.flow.subject import candidates, doubtful

    solver.frames_of([asked.frame])
    if solver.shot.plate.missing == "black" and asked.frame not in solver.plate.pictured:
        raise QualityError(
            f"Frame {asked.frame} of the plate is missing, and black.",
            hint=f"Look on another frame: the first with a picture is {solver.plate.pictured[0]}.",
        )
    done = count(1)

    def step() -> None:
        on_event(Progress("subject", asked.frame, min(next(done), MOST + 1), MOST + 1, None))
        if should_stop():
            raise CancelledError("Stopped; the shot is as it was.")

    eyes = Eyes(solver.clip_of(None))
    found = candidates(eyes, asked.frame, MOST, step)
    if not found:
        raise QualityError(f"Nothing stands out on frame {asked.frame}.", hint="Draw a box, or take another frame.")
    stretch = np.array(solver.source.stretch)
    scale = np.array(eyes.picture) / np.array(eyes.grid) / stretch
    for number, one in enumerate(found, 1):
        outline = [
            np.round(_thinned(part.xy * scale, OFF * eyes.picture[0] / 1000.0), 1).tolist()
            for part in contours(one.inside)[:PARTS]
            if part.area > 0
        ]
        x0, y0, x1, y1, x, y = (
            round(float(v), 1) for v in np.array([*one.xyxy, *one.xy]) / np.concatenate([stretch] * 3)
        )
        on_event(Candidate(number, asked.frame, (x0, y0, x1, y1), (x, y), one.confidence, one.living, outline))
    return SubjectFound(len(found), doubtful(found))


def _thinned(xy: np.ndarray[tuple[int, int], np.dtype[np.float64]], off: float) -> np.ndarray:
    """A closed polygon with as few points as leave it no farther off."""
    return np.asarray(cv2.approxPolyDP(xy.astype(np.float32)[:, None], off, closed=True), np.float64)[:, 0]
