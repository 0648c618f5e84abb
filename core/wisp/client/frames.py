"""Frame numbers, frame ranges (`1001-1100`, `1001-1100x2`, `1001,1005,1010-1020`, `-5--1`), numbers in file names.

A frame is always the plate's own number, an integer that may be negative, never an index. `FrameName` is the only
reader and writer of names with a field for the number: what is opened, what is checked and what is written agree by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Set, Tuple

#: No frame number is padded to more characters.
MAX_PADDING = 32
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


def spans(frames: Iterable[int]) -> List[List[int]]:
    """Frame numbers as ascending `[first, last]` pairs, as a document stores them."""
    found: List[List[int]] = []
    for frame in sorted(set(frames)):
        if found and frame == found[-1][1] + 1:
            found[-1][1] = frame
        else:
            found.append([frame, frame])
    return found


def typed_spans(text: str) -> List[List[int]]:
    """The `[first, last]` pairs of frames and spans that a person typed, those that touch made one. ValueError, a
    sentence, for anything else."""
    found: List[List[int]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = SPAN.fullmatch(part)
        ends = None if match is None or match["step"] else (int(match["first"]), int(match["last"] or match["first"]))
        if ends is None or ends[1] < ends[0]:
            raise ValueError(f"{part!r} is neither a frame nor a span of frames, such as 1001 or 1001-1010.")
        found = with_span(found, *ends)
    return found


def span_text(stored: Iterable[Sequence[int]]) -> str:
    """`[first, last]` pairs as a person types them: the inverse of `typed_spans`."""
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in stored)


def within(frame: int, stored: Iterable[Sequence[int]]) -> bool:
    """Whether one of these `[first, last]` pairs holds the frame."""
    return any(first <= frame <= last for first, last in stored)


def with_span(stored: Iterable[Sequence[int]], first: int, last: int, on: bool = True) -> List[List[int]]:
    """These `[first, last]` pairs with the frames `first` to `last` added, or taken out."""
    left = [[a, b] for a, b in stored if b < first - on or a > last + on]
    touched = [(a, b) for a, b in stored if not (b < first - on or a > last + on)]
    if on:
        left.append([min([first, *(a for a, _ in touched)]), max([last, *(b for _, b in touched)])])
    else:
        left += [[a, first - 1] for a, _ in touched if a < first] + [[last + 1, b] for _, b in touched if b > last]
    return sorted(left)


def pad(frame: int, width: int) -> str:
    """`frame` as `%0<width>d` writes it: the sign counts as one of the characters."""
    return f"{frame:0{width}d}"


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
    def parse(cls, name: str) -> Optional[FrameName]:
        """The pattern that a person typed: `%04d`, `####`, `@@@@`, `$F4` or `${F4}`; None for a plain name."""
        for field in _FIELDS:
            for match in reversed(list(field.finditer(name))):
                width = _width(match)
                if width <= MAX_PADDING:
                    return cls(name[: match.start()], width, name[match.end() :])
        return None

    @classmethod
    def of_file(cls, name: str) -> Optional[Tuple[FrameName, int]]:
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

    def number(self, name: str) -> Optional[int]:
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


def as_sequence(path: Path) -> Path:
    """One numbered picture of several as the pattern of all of them; anything else unchanged.

    A file chooser gives single files, and hardly anybody wants to matte one frame of a sequence.
    """
    try:
        numbered = FrameName.of_file(path.name) if path.is_file() else None
    except OSError:  # a name that is too long; whoever opens it says so
        return path
    if numbered is None:
        return path
    pattern, _ = numbered
    siblings = [one for one in path.parent.iterdir() if pattern.number(one.name) is not None]
    return path.with_name(str(pattern)) if len(siblings) > 1 else path
