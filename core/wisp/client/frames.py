"""Frame numbers and frame ranges: `1001-1100`, `1001-1100x2`, `1001,1005,1010-1020`, `-5--1`.

A frame is always the plate's own number, an integer that may be negative, never an index.
"""

from __future__ import annotations

import re
from typing import Iterable, List, Set

_NUMBER = r"[0-9]{1,12}"
SPAN = re.compile(rf"(?P<first>-?{_NUMBER})(?:-(?P<last>-?{_NUMBER})(?:x(?P<step>{_NUMBER}))?)?")


def frames_in(text: str) -> List[int]:
    """The frames of a range that the engine wrote, ascending; none for an empty text. ValueError for anything else."""
    frames: Set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = SPAN.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not a frame or a span")
        first = int(match["first"])
        last = int(match["last"]) if match["last"] is not None else first
        frames.update(range(first, last + 1, int(match["step"] or 1)))
    return sorted(frames)


def format_frames(frames: Iterable[int]) -> str:
    """The shortest text of the grammar above that greedy runs find; inverse of `frames_in`."""
    numbers = sorted(set(frames))
    parts = []
    start = 0
    while start < len(numbers):
        stop = start + 1
        if stop < len(numbers):
            step = numbers[stop] - numbers[start]
            while stop + 1 < len(numbers) and numbers[stop + 1] - numbers[stop] == step:
                stop += 1
            if stop - start >= 2 or step == 1:
                suffix = "" if step == 1 else f"x{step}"
                parts.append(f"{numbers[start]}-{numbers[stop]}{suffix}")
                start = stop + 1
                continue
        parts.append(str(numbers[start]))
        start += 1
    return ",".join(parts)
