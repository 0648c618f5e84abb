"""Which frame to correct next: the one from which a correction mends most. No pictures are looked at.

A correction is carried from its frame to both sides, fading with distance, and ends at the frames that are corrected
already. It is worth what is doubtful within that reach, and the more so the surer it is that its own frame is wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Iterable, Mapping, Optional, Tuple

#: Over so many frames what a correction does falls to 1/e.
REACH = 12.0
#: Doubt 0..1 in what is no plain mask, whatever its confidence: an object that is lost may be rightly so.
_DOUBT = {"lost": 0.5, "candidate": 0.6, "absent": 0.0, "keyframe": 0.0}

#: Frame -> the tracker's state and confidence 0..1, as a matte's header has them.
Said = Mapping[int, Tuple[str, float]]


def uncertainty(state: str, confidence: float) -> float:
    """How likely a mask is wrong, 0..1."""
    least = _DOUBT.get(state)
    return 1.0 - confidence if least is None else max(least, 0.0 if state != "candidate" else 1.0 - confidence)


def suggest(said: Said, keyframes: Iterable[int]) -> Optional[int]:
    """The frame of `said` whose correction would help most, the earliest of equals; None where nothing is doubtful."""
    given = sorted(keyframes)
    doubts = {frame: 0.0 if frame in given else uncertainty(*said[frame]) for frame in sorted(said)}
    frames = list(doubts)
    best, most = None, 0.0
    for frame, own in doubts.items():
        if own <= 0.0:
            continue
        place = bisect_left(given, frame)
        low = given[place - 1] if place else frames[0]
        high = given[place] if place < len(given) else frames[-1]
        near = range(
            max(bisect_left(frames, low), bisect_left(frames, frame - 5 * int(REACH))),
            min(bisect_right(frames, high), bisect_right(frames, frame + 5 * int(REACH))),
        )
        gain = own * sum(doubts[frames[k]] * math.exp(-abs(frames[k] - frame) / REACH) for k in near)
        if gain > most * (1.0 + 1e-9):
            best, most = frame, gain
    return best
