"""Frame numbers, frame ranges (`1001-1100x2`, `1001,1005,1010-1020`, `-5--1`), and frame numbers in file names.

A frame is always the plate's own number, an integer that may be negative, never an index. `FrameName` is the only
reader and writer of numbers in names: what is opened, what is checked and what is written agree by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .client.frames import SPAN, format_frames
from .errors import UsageError

__all__ = [
    "MAX_FRAMES",
    "MAX_PADDING",
    "FrameName",
    "format_frames",
    "gaps",
    "pad",
    "parse_frames",
]

#: A range longer than this (11 hours of film) is a typing mistake, not a shot.
MAX_FRAMES = 1_000_000
#: No frame number is padded to more characters.
MAX_PADDING = 32


def parse_frames(text: str) -> tuple[int, ...]:
    """The frames named by `text`, ascending, each once.

    Grammar: comma-separated spans `F`, `F-L` or `F-LxS` with `L >= F` and `S >= 1`; blanks around
    commas are ignored. Raises UsageError that quotes the faulty span.
    """
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


def pad(frame: int, width: int) -> str:
    """`frame` as `%0<width>d` writes it: the sign counts as one of the characters."""
    return f"{frame:0{width}d}"


def gaps(frames: Sequence[int], first: int, last: int) -> tuple[int, ...]:
    """The numbers of `first..last` (both included) that are not in `frames`."""
    present = set(frames)
    return tuple(number for number in range(first, last + 1) if number not in present)


# --- names of files --------------------------------------------------------------------------------

#: How a place for the frame number is written, the surer ways first: a name that holds several has it in the last
#: one of the surest kind, so that `take#2.%04d.png` and `logo@2x.####.png` mean what they look like. A lone `#` or `@`
#: before a letter or digit is no place for a number.
_FIELDS = (
    re.compile(r"%0?([0-9]*)d"),
    re.compile(r"(#{2,}|(?<!#)#(?![#0-9A-Za-z]))|\$F([0-9]*)|\$\{F([0-9]*)\}"),
    re.compile(r"(@{2,}|(?<!@)@(?![@0-9A-Za-z]))"),
)
#: `name.1001.exr`, `name-1001.exr`, `name_1001.left.exr`: a number with nothing but suffixes behind it.
_NUMBERED = re.compile(r"(?P<before>.*?)(?P<sign>-?)(?P<digits>[0-9]+)(?P<after>(?:\.[^.0-9][^.]*)+)", re.DOTALL)
_SIGNED = re.compile(r"(-?)([0-9]+)")


@dataclass(frozen=True)
class FrameName:
    """A file's name (no folder) with a place for the frame number, padded with zeros to `width` characters."""

    before: str
    width: int
    after: str

    @classmethod
    def parse(cls, name: str) -> FrameName | None:
        """The pattern that a person typed: `%04d`, `####`, `@@@@`, `$F4` or `${F4}`; None for a plain name."""
        for field in _FIELDS:
            for match in reversed(list(field.finditer(name))):
                width = _width(match)
                if width <= MAX_PADDING:
                    return cls(name[: match.start()], width, name[match.end() :])
        return None

    @classmethod
    def of_file(cls, name: str) -> tuple[FrameName, int] | None:
        """The pattern and frame number of one file; the pattern is as wide as the number. None without a number.

        A hyphen is a sign only at the beginning and behind a dot, an underscore or another hyphen (`n.-005.exr`,
        `shot--5.exr`); elsewhere it joins words, as in `shot-1001.png` and `2024-01-31.png`.
        """
        match = _NUMBERED.fullmatch(name)
        if match is None or len(match["digits"]) > MAX_PADDING:
            return None
        before, sign, digits = match["before"], match["sign"], match["digits"]
        if sign and not _takes_sign(before):
            before, sign = before + sign, ""
        found, frame = cls(before, len(sign + digits), match["after"]), int(sign + digits)
        # A name whose own words look like a pattern could not be written down as one; and there is no frame -0.
        return (found, frame) if cls.parse(str(found)) == found and found.number(name) == frame else None

    def number(self, name: str) -> int | None:
        """The frame of the file called `name`; None where the pattern does not stand for it.

        A number longer than the padding has no leading zero. The sign of a negative one counts as one of the padded
        characters, as printf writes it (-005); behind a dot, underscore or hyphen it may also not (-0005).
        """
        end = len(name) - len(self.after)
        if not (name.startswith(self.before) and name.endswith(self.after)) or end <= len(self.before):
            return None
        match = _SIGNED.fullmatch(name, len(self.before), end)
        if match is None or len(match[2]) > MAX_PADDING:
            return None
        frame = int(match[0])
        if match[0] == pad(frame, self.width):
            return frame
        beside = match[1] and _takes_sign(self.before) and match[2] == pad(-frame, self.width)
        return frame if beside else None

    def name(self, frame: int) -> str:
        """The name of that frame's file."""
        return f"{self.before}{pad(frame, self.width)}{self.after}"

    def __str__(self) -> str:
        """With a printf field, which `parse` reads back."""
        return f"{self.before}%0{self.width}d{self.after}"


def _width(match: re.Match[str]) -> int:
    """`####` is four wide, `%04d` and `$F4` say so, `%d` and `$F` are one wide."""
    text = next(group for group in match.groups() if group is not None)
    return max(1, int(text or 1)) if text.isdigit() or not text else len(text)


def _takes_sign(before: str) -> bool:
    return not before or before[-1] in "._-"
