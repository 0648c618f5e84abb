# SPDX-License-Identifier: GPL-3.0-or-later
"""What a frame may be about: on offer as long as nothing but the one that was taken is drawn."""

from __future__ import annotations

import math
from typing import Any

from . import session
from .client.events import Candidate

#: Plate's uid -> what its frame may be about; the first is the one that was taken.
found: dict[str, list[Candidate]] = {}


def offered(strip: Any, frame: int) -> list[Candidate]:
    """The candidates of a frame, the one that was taken first; none once something else was drawn."""
    item, known = strip.wisp.active_object, found.get(strip.wisp.uid, [])
    fits = item is not None and known and known[0].frame == frame and _is(item, known[0])
    return known if fits else []


def at(strip: Any, frame: int, place: tuple[float, float], reach: float) -> int:
    """The number of the candidate whose mark is there, of those that were not taken; 0: none. Plate pixels."""
    near = [(math.dist(one.xy, place), one.number) for one in offered(strip, frame)[1:]]
    return min(((distance, number) for distance, number in near if distance <= reach), default=(0.0, 0))[1]


def choose(strip: Any, number: int = 0) -> str:
    """Have the object be that candidate of those on offer, or the one after; what to say of it."""
    known = found[strip.wisp.uid]
    place = next((place for place, one in enumerate(known) if one.number == number), 1 % len(known))
    known[:] = known[place:] + known[:place]
    take(strip.wisp.active_object, known[0])
    return words(known)


def take(item: Any, candidate: Candidate) -> None:
    """Have an object's prompts be those of a candidate."""
    item.prompts.clear()
    x0, y0, x1, y1 = candidate.xyxy
    item.add_prompt("box", candidate.frame, [(x0, y0), (x1, y1)])
    item.add_prompt("point", candidate.frame, [tuple(candidate.xy)])
    session.schedule_update()
    session.redraw()


def words(known: list[Candidate]) -> str:
    """What was taken, how sure that is, and whether there is more."""
    first = known[0]
    more = "; again for the next, or click its number" if len(known) > 1 else ""
    return f"Candidate {first.number} of {len(known)} ({first.confidence:.2f}){more}"


def _is(item: Any, candidate: Candidate) -> bool:
    """Whether the object is what was taken, and nothing else was drawn."""
    kinds = [(prompt.kind, prompt.frame) for prompt in item.prompts]
    if kinds != [("box", candidate.frame), ("point", candidate.frame)]:
        return False
    corners = (*item.prompts[0].points[0], *item.prompts[0].points[-1])
    return all(abs(one - other) < 0.01 for one, other in zip(corners, candidate.xyxy, strict=True))
