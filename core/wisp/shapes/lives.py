"""When single splines exist, and the spans that several of them make together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..client.tables import MAX_FRAME
from .model import Span, Spline

#: Frames from the first to the last, both included.
Frames = tuple[int, int]
EVER: Frames = (-MAX_FRAME, MAX_FRAME)


class Step(NamedTuple):
    """A key of a number that says whether something is seen, and goes linearly to the next key."""

    frame: int
    value: float


def above_zero(steps: Sequence[Step]) -> list[Frames]:
    """The frames on which a keyed number, its keys in order, is above 0; without keys all."""
    if not steps:
        return [EVER]
    seen = [(EVER[0], steps[0].frame, steps[0].value > 0)]
    for one, two in pairwise(steps):
        seen.append((one.frame + 1, two.frame - 1, one.value > 0 or two.value > 0))
        seen.append((two.frame, two.frame, two.value > 0))
    seen.append((steps[-1].frame + 1, EVER[1], steps[-1].value > 0))
    found: list[Frames] = []
    for first, last, there in seen:
        if there and last >= first:
            begin = found.pop()[0] if found and found[-1][1] == first - 1 else first
            found.append((begin, last))
    return found


def common(one: Iterable[Frames], other: Sequence[Frames]) -> list[Frames]:
    """The frames that are in both."""
    pairs = [(max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other]
    return sorted((first, last) for first, last in pairs if first <= last)


def spans(found: Sequence[tuple[Spline, Sequence[Frames]]]) -> tuple[Span, ...]:
    """Splines, each with the frames on which it exists, as spans in which the same ones do, in the order given."""
    starts = sorted({start for _, lives in found for first, last in lives for start in (first, last + 1)})
    made = []
    for first, stop in pairwise(starts):
        alive = [
            spline.within(first, stop - 1)
            for spline, lives in found
            if any(begin <= first and stop - 1 <= end for begin, end in lives)
        ]
        if alive:
            made.append(Span(first, stop - 1, tuple(alive)))
    return tuple(made)
