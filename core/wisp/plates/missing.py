"""What a missing or unreadable frame does: stop, repeat a neighbour, turn black, or be left out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator
from itertools import chain, islice
from typing import Literal

import numpy as np

from ..client.tables import MISSING
from ..errors import FrameReadError, InputError, UsageError
from ..fingerprint import fingerprint
from ..frames import format_frames
from .plate import Plate, PlateFrame, PlateHeader, heed

Policy = Literal["error", "hold", "black", "skip"]


def apply_missing(
    plate: Plate, policy: Policy, first: int, last: int, should_stop: Callable[[], bool] = lambda: False
) -> MissingPlate:
    """`plate` over `first..last`, with its gaps dealt with.

    A gap is a frame of `plate.expected` (and any beyond its ends) that has no file, or whose header cannot be
    read: all headers are read here, so that a job fails before it starts. Pixels that turn out damaged later
    are dealt with on reading: `hold` and `black` replace them, `error` and `skip` raise FrameReadError.
    `hold` repeats the nearest earlier readable frame, before the first one the next. The identity of a replaced
    gap derives from what replaces it. Whether a frame's pixels are damaged is not known before they are read, so with
    `hold` every identity derives from the first two files that may be shown. A tolerance: where several files in a row
    have readable headers and damaged pixels, a new version of the frame shown for the second and later is not noticed.

    Raises InputError that lists the gaps (`error`, and always where no frame is readable); UsageError for an
    unknown policy; CancelledError where `should_stop` says so before all headers are read.
    """
    if policy not in MISSING:
        raise UsageError(f"'{policy}' is no way to treat missing frames.", hint=f"Choose one of {', '.join(MISSING)}.")
    wanted = _wanted(plate, first, last)
    present = set(plate.frames)
    faults: dict[int, FrameReadError] = {}
    good = []
    for frame in wanted:
        heed(should_stop)
        if frame in present:
            try:
                plate.header(frame)
                good.append(frame)
            except FrameReadError as error:
                faults[frame] = error
    absent = [frame for frame in wanted if frame not in present]
    if not good or (policy == "error" and (absent or faults)):
        raise _listing(plate, absent, faults)
    return MissingPlate(plate, policy, tuple(good) if policy in ("skip", "error") else wanted, tuple(good))


def _wanted(plate: Plate, first: int, last: int) -> tuple[int, ...]:
    """The frames of `first..last` that ought to exist: those expected, and all beyond their ends."""
    expected = set(plate.expected)
    low, high = min(expected), max(expected)
    return tuple(frame for frame in range(first, last + 1) if frame in expected or not low <= frame <= high)


def _listing(plate: Plate, absent: list[int], faults: dict[int, FrameReadError]) -> InputError:
    clauses = []
    if absent:
        clauses.append(f"{_named(absent)} {'is' if len(absent) == 1 else 'are'} missing")
    if faults:
        reason = next(iter(faults.values())).why
        clauses.append(f"{_named(faults)} cannot be read ({'' if len(faults) == 1 else 'the first '}because {reason})")
    return InputError(
        f"{plate.path}: {'; '.join(clauses)}.",
        hint="Render them, end the range before them (what lies between its ends is tracked through), or hold, blacken "
        "or skip missing frames (--missing of wisp matte, `missing` of the shot's plate).",
        path=plate.path,
    )


def _named(frames: Collection[int]) -> str:
    return f"{'frame' if len(frames) == 1 else 'frames'} {format_frames(frames)}"


class MissingPlate:
    """A `Plate` without gaps, over the frames of another one."""

    def __init__(self, plate: Plate, policy: Policy, frames: tuple[int, ...], good: tuple[int, ...]) -> None:
        self._plate = plate
        self._policy = policy
        #: Those with a picture of their own.
        self.pictured = good
        self._is_good = frozenset(good)
        self.frames = self.expected = frames
        self.files = plate.files
        self.notes = plate.notes
        self.path = plate.path
        self.name = plate.name
        self.padding = plate.padding
        self.offset = plate.offset
        self.width = plate.width
        self.height = plate.height
        self.pixel_aspect = plate.pixel_aspect
        self.fps = plate.fps
        self.colorspace = plate.colorspace

    def read(self, frame: int) -> PlateFrame:
        if frame in self._is_good:
            try:
                return self._plate.read(frame)
            except FrameReadError:
                if self._policy not in ("hold", "black"):
                    raise
        else:
            self._require(frame)
        if self._policy == "black":
            black = np.zeros((self.height, self.width, 3), np.float32)
            return PlateFrame(frame, black, self._plate.header(next(self._neighbours(frame))))
        return self._held(frame)

    def _held(self, frame: int) -> PlateFrame:
        fault: FrameReadError | None = None
        for neighbour in self._neighbours(frame):
            try:
                held = self._plate.read(neighbour)
                return PlateFrame(frame, held.rgb, held.header, held.nonfinite)
            except FrameReadError as error:
                fault = fault or error
        raise fault or FrameReadError(self.path, "no other frame can be read", frame=frame)

    def header(self, frame: int) -> PlateHeader:
        if frame not in self._is_good:
            self._require(frame)
            return self._plate.header(next(self._neighbours(frame)))
        return self._plate.header(frame)

    def identity(self, frame: int) -> str:
        own = (frame,) if frame in self._is_good else ()
        if not own:
            self._require(frame)
            if self._policy == "black":
                return fingerprint("black", self.width, self.height)
        if self._policy != "hold":
            return self._plate.identity(frame)
        shown = islice(chain(own, self._neighbours(frame)), 2)
        return fingerprint("hold", len(own), *(self._plate.identity(other) for other in shown))

    def state(self) -> str:
        return fingerprint(self._plate.state(), self._policy)

    def _neighbours(self, frame: int) -> Iterator[int]:
        """Other good frames in the order in which they may stand in: backwards to the first, then onwards."""
        place = bisect_right(self.pictured, frame)
        for other in chain(range(place - 1, -1, -1), range(place, len(self.pictured))):
            if self.pictured[other] != frame:
                yield self.pictured[other]

    def _require(self, frame: int) -> None:
        place = bisect_left(self.frames, frame)
        if place == len(self.frames) or self.frames[place] != frame:
            raise FrameReadError(self.path, "there is no such frame", frame=frame)
