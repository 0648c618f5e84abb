"""Which frame to correct next: the one from which a correction mends most. No pictures are looked at.

A correction is followed on from its frame, to the frame that is corrected already or far beyond; back from it the masks
pass over into those of the corrected frame before. It mends elsewhere at most what was wrong on its own frame. So what
is wrong from early on is best corrected early, and what goes wrong later, where it begins.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Iterable, Mapping, Optional, Sequence, Tuple

#: Over so many frames what a correction does falls to 1/e, on and back. On a robot's first corrections of six clips
#: 40 to 1000 did alike for the first, 6 and 12 for the second.
ON, BACK = 80.0, 12.0
#: Doubt 0..1 in what is no plain mask, whatever its confidence: an object that is lost may be rightly so.
_DOUBT = {"lost": 0.5, "candidate": 0.3, "absent": 0.0, "keyframe": 0.0}

#: Frame -> the tracker's state and confidence 0..1, as a matte's header has them.
Said = Mapping[int, Tuple[str, float]]


def uncertainty(state: str, confidence: float) -> float:
    """How likely a mask is wrong, 0..1."""
    least = _DOUBT.get(state)
    return 1.0 - confidence if least is None else max(least, 0.0 if state != "candidate" else 1.0 - confidence)


def suggest(said: Said, keyframes: Iterable[int]) -> Optional[int]:
    """The frame of `said` whose correction would help most, the earliest of equals; None where nothing is doubtful."""
    given = sorted(keyframes)
    frames = sorted(said)
    doubts = [0.0 if frame in given else uncertainty(*said[frame]) for frame in frames]
    best, most = None, 0.0
    for place in sorted(range(len(frames)), key=lambda place: (-doubts[place], place)):
        if doubts[place] * (ON + BACK + 1.0) <= most:
            break  # even if all around were as doubtful
        gain = mended(frames, doubts, place, given)
        if gain > most * (1.0 + 1e-9) or (gain >= most * (1.0 - 1e-9) and best is not None and frames[place] < best):
            best, most = frames[place], max(gain, most)
    return best


def mended(frames: Sequence[int], doubts: Sequence[float], place: int, given: Sequence[int]) -> float:
    """The doubt that a correction of the frame at `place` would take away, summed over all frames.

    `frames`, `given`: in order; the latter are corrected already. `doubts`: 0..1 of each frame, 0 at given ones.
    """
    frame, own = frames[place], doubts[place]
    after = bisect_left(given, frame)
    before, behind = (given[after - 1] if after else None), (given[after] if after < len(given) else None)
    last = bisect_left(frames, min(frame + 4 * ON, math.inf if behind is None else behind))
    first = bisect_right(frames, max(frame - 4 * BACK, -math.inf if before is None else before))
    gain = 0.0
    for other, doubt in zip(frames[first:last], doubts[first:last]):
        if other >= frame:
            share = math.exp((frame - other) / ON) * (1.0 if behind is None else (behind - other) / (behind - frame))
        else:
            share = math.exp((other - frame) / BACK) * (1.0 if before is None else (other - before) / (frame - before))
        gain += share * min(own, doubt)
    return gain
