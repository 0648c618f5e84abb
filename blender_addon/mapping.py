# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frame of its plate a strip shows at a time: pure functions, no host.

A plate's frame numbers are its own: those in the file names of a sequence, 1..N of a movie.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .client.tables import MAX_FRAME

_NUMBER = re.compile(r"(\d+)(?=\D*$)")
#: A single picture has a frame number only where its name ends in one: `plate.1001.exr`.
_NUMBERED_STILL = re.compile(r"\.(\d+)$")
#: How many frames the length of a strip may differ from what its rate implies (Blender rounds it).
SLACK = 1.5


class NamesError(Exception):
    """The pictures of a strip are not one numbered sequence; the text says why."""


class NumberedFiles(NamedTuple):
    """A numbered sequence: its printf pattern and the number of each listed file, in the order of the list."""

    pattern: str
    numbers: tuple[int, ...]


@lru_cache(maxsize=8)  # asked twice or more for each strip that was moved
def sequence_of(names: tuple[str, ...]) -> NumberedFiles:
    """What the file names of an image strip have in common. Raises NamesError.

    One file stays what it is: its name is the pattern.
    """
    if len(names) == 1:
        return NumberedFiles(names[0], (still_number(names[0]),))
    found = [_NUMBER.search(_stem(name)) for name in names]
    for name, number in zip(names, found, strict=True):
        if number is None:
            raise NamesError(f"The picture {name} has no frame number in its name.")
    parts = {(name[: m.start()], name[m.end() :]) for name, m in zip(names, found, strict=True) if m}
    if len(parts) > 1:
        raise NamesError(
            f"The strip mixes pictures of several sequences ({names[0]}, {_of_another_sequence(names, found)})."
        )
    prefix, suffix = parts.pop()
    texts = [m[1] for m in found if m]
    padding = min(map(len, texts))
    _check_number(names[0], max(texts, key=len))
    if any(text != str(int(text)).zfill(padding) for text in texts):
        raise NamesError(f"The frame numbers of {names[0]} and its neighbours are padded differently.")
    pattern = f"{prefix.replace('%', '%%')}%0{padding}d{suffix.replace('%', '%%')}"
    return NumberedFiles(pattern, tuple(map(int, texts)))


def _of_another_sequence(names: Sequence[str], found: Sequence[re.Match[str] | None]) -> str:
    first = found[0]
    assert first is not None
    for name, number in zip(names, found, strict=True):
        if number and (name[: number.start()], name[number.end() :]) != (
            names[0][: first.start()],
            names[0][first.end() :],
        ):
            return name
    return names[-1]


def still_number(name: str) -> int:
    """The frame number of a single picture: 1 unless its name ends in `.NNNN`. Raises NamesError."""
    number = _NUMBERED_STILL.search(_stem(name))
    if number is None:
        return 1
    _check_number(name, number[1])
    return int(number[1])


def _check_number(name: str, digits: str) -> None:
    if int(digits) > MAX_FRAME:
        raise NamesError(f"{digits} in the name {name} is too large for a frame number; rename the pictures.")


def _stem(name: str) -> str:
    """A file's name without its suffix. That of `pathlib` takes most of the time that a strip of 5000 pictures does."""
    return name.rpartition(".")[0] or name


class MovieTiming(NamedTuple):
    """What a movie strip tells of its timing.

    `start`, `length`: scene frame and number of scene frames of the whole strip, as if no handle trimmed it.
    `rate`: movie frames per scene frame. `frames`: how many the movie has, of which the strip's animation offset skips
    the first `skipped`. `strobe`: a picture is held for so many scene frames.
    """

    start: float
    length: float
    rate: float
    frames: int
    skipped: int = 0
    strobe: float = 1.0
    reverse: bool = False


def movie_frame(timing: MovieTiming, scene_frame: int) -> int:
    """The plate frame (1..N) that the strip shows at a scene frame inside it."""
    position = max(scene_frame - timing.start, 0.0)
    if timing.reverse:
        position = max(timing.length - 1 - position, 0.0)
    index = position * timing.rate
    if timing.strobe > 1.0:
        index -= math.fmod(index, timing.strobe)
    return min(max(math.floor(index + 0.5) + timing.skipped, 0), timing.frames - 1) + 1


def movie_rate(length: float, shown: int, movie_fps: float, scene_fps: float) -> float | None:
    """Movie frames per scene frame, told from the strip's untrimmed length in scene frames.

    The host does not say whether it adjusts the playback rate, so the length decides: 1 where it is nearer to the
    number of frames `shown`, movie_fps / scene_fps where it is nearer to the movie's duration; None where it is far
    from both.
    """
    rates = [1.0, *([movie_fps / scene_fps] if movie_fps > 0 else [])]
    off, rate = min((abs(length - shown / rate), rate) for rate in rates)
    return rate if off < SLACK else None


def held_positions(keys: Sequence[tuple[int, int]], times: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Which picture of a retimed sequence is due at each time, and which one is shown when they are played in order.

    `keys`: time and picture, both ascending; between them the position runs evenly. Due is the nearest picture; but
    the host keeps pictures by the whole part of their position, so times that share that show what the first did.
    """
    found: dict[int, tuple[int, int]] = {}
    first: dict[int, int] = {}
    for time in times:
        pairs = itertools.pairwise(keys)
        (ta, pa), (tb, pb) = next(pair for pair in pairs if time < pair[1][0] or pair[1] == keys[-1])
        position = pa + (pb - pa) * (time - ta) / max(tb - ta, 1)
        exact = math.floor(position + 0.5)
        found[time] = (exact, first.setdefault(math.floor(position), exact))
    return found
