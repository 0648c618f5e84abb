"""Frame numbers and frame ranges: `1001-1100`, `1001-1100x2`, `1001,1005,1010-1020`, `-5--1`.

A frame is always the plate's own number, an integer that may be negative, never an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .errors import UsageError

#: A range longer than this (11 hours of film) is a typing mistake, not a shot.
MAX_FRAMES = 1_000_000

_NUMBER = r"[0-9]{1,12}"
_SPAN = re.compile(rf"(?P<first>-?{_NUMBER})(?:-(?P<last>-?{_NUMBER})(?:x(?P<step>{_NUMBER}))?)?")


def parse_frames(text: str) -> tuple[int, ...]:
    """The frames named by `text`, ascending, each once.

    Grammar: comma-separated spans `F`, `F-L` or `F-LxS` with `L >= F` and `S >= 1`; blanks around
    commas are ignored. Raises UsageError that quotes the faulty span.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        span = part.strip()
        match = _SPAN.fullmatch(span)
        if match is None:
            raise UsageError(
                f"'{span}' in frame range '{text}' is not a frame or a span.",
                hint="Write for example 1001-1100, 1001-1100x2 or 1001,1005,1010-1020.",
            )
        first = int(match["first"])
        last = int(match["last"]) if match["last"] is not None else first
        step = int(match["step"]) if match["step"] is not None else 1
        if last < first:
            raise UsageError(f"The span '{span}' in frame range '{text}' ends before it begins.", hint="Swap the ends.")
        if step < 1:
            raise UsageError(f"The step of '{span}' in frame range '{text}' must be 1 or more.", hint="Leave it out.")
        named = range(first, last + 1, step)
        if len(numbers) + len(named) > MAX_FRAMES:
            raise UsageError(f"The frame range '{text}' names more than {MAX_FRAMES} frames.", hint="Check its ends.")
        numbers.update(named)
    return tuple(sorted(numbers))


def format_frames(frames: Iterable[int]) -> str:
    """The shortest text of the grammar above that greedy runs find; inverse of `parse_frames`.

    An empty input gives an empty text.
    """
    numbers = sorted(set(frames))
    parts: list[str] = []
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


def pad(frame: int, width: int) -> str:
    """`frame` as `%0<width>d` writes it: the sign counts as one of the characters."""
    return f"{frame:0{width}d}"


def gaps(frames: Sequence[int], first: int, last: int) -> tuple[int, ...]:
    """The numbers of `first..last` (both included) that are not in `frames`."""
    present = set(frames)
    return tuple(number for number in range(first, last + 1) if number not in present)
