"""Frame numbers, frame ranges (`1001-1100x2`, `1001,1005,1010-1020`, `-5--1`), and frame numbers in file names.

A frame is always the plate's own number, an integer that may be negative, never an index. The grammar itself and
`FrameName` are of the client's room, so that hosts read and write the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from .client.frames import MAX_PADDING, SPAN, FrameName, format_frames, pad
from .errors import UsageError

__all__ = [
    "MAX_FRAMES",
    "MAX_PADDING",
    "FrameName",
    "format_frames",
    "gaps",
    "named_frames",
    "pad",
    "parse_frames",
]

#: A range longer than this (11 hours of film) is a typing mistake, not a shot.
MAX_FRAMES = 1_000_000


def no_frames() -> UsageError:
    """To be raised where frames are to be named, and none are."""
    return UsageError("The frame range is empty.", hint="Name frames, as in 1001-1050; for all of them leave it out.")


def parse_frames(text: str) -> tuple[int, ...]:
    """The frames named by `text`, ascending, each once.

    Grammar: comma-separated spans `F`, `F-L` or `F-LxS` with `L >= F` and `S >= 1`; blanks around
    commas are ignored. Raises UsageError that quotes the faulty span, or says that none is named.
    """
    if not text.strip():
        raise no_frames()
    numbers: set[int] = set()
    for part in text.split(","):
        span = part.strip()
        match = SPAN.fullmatch(span)
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


def named_frames(text: str | None) -> tuple[int, ...] | None:
    """The frames that an option or a request names; None where it names none, which means all. UsageError as of
    `parse_frames`, also for an empty text: a range that came out empty is not all of the shot."""
    return None if text is None else parse_frames(text)


def gaps(frames: Sequence[int], first: int, last: int) -> tuple[int, ...]:
    """The numbers of `first..last` (both included) that are not in `frames`."""
    present = set(frames)
    return tuple(number for number in range(first, last + 1) if number not in present)
