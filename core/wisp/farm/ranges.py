"""Frame ranges as Open Job Description writes them: `1001-1100:2`, where Wisp and most compositors write `x2`.

Source: Open Job Description specification 2023-09, section 3.4.1.1 (`<IntRangeExpr>`).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..frames import format_frames, parse_frames


def to_openjd(frames: Iterable[int]) -> str:
    """The frames in the specification's grammar; they must not be empty."""
    return format_frames(frames).replace("x", ":")


def from_openjd(text: str) -> tuple[int, ...]:
    """The frames of a chunk as a task gets it, such as `1001-1007` or `1-3,5,7-20:2`. UsageError when it is none."""
    return parse_frames(text.replace(":", "x"))
