"""Locked frames: approved mattes that nothing recomputes, and that guide the frames around them.

A frame that is locked in the shot keeps the matte it has at that moment (`note`, `freeze`), in a folder of the cache
that bears the name of its approval: whatever becomes of the plate, the document or other documents, that file stays.
Its mask (alpha at least one half) then starts the tracker afresh there, like a mask drawn by hand. A locked frame that
was never solved is solved first. Unlocking returns the frame to the solver; taking that back brings the same matte
back.

Locks that a document was given by hand have no name. Their mattes lie under that of the plate and the object, and are
forgotten when they are unlocked.
"""

from __future__ import annotations

import contextlib
import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import link_or_copy
from ..cache import read_matte, time_attributes
from ..frames import pad
from ..plates import seal
from ..plates.exr import read_channels
from ..plates.exr_writer import write_exr
from ..plates.identity import file_identity
from ..shot import ObjectSpec

log = logging.getLogger(__name__)


class LockedMattes:
    """The frozen mattes of one object."""

    def __init__(self, root: Path, nameless: str, item: ObjectSpec, size: tuple[int, int], padding: int) -> None:
        """`root`: where all are; `nameless`: the folder there of those whose locks have no name; `size`: the plate's
        (width, height): those of a proxy and of the final plate are kept apart."""
        self._root = root
        self._size = size
        self._nameless = root / nameless / f"{size[0]}x{size[1]}"
        self._item = item
        self._padding = padding
        self._approvals = sorted(item.approvals)

    def path(self, frame: int) -> Path:
        """Where the frozen matte of `frame` lies or would lie."""
        name = self._name(frame)
        folder = self._nameless if name is None else self._root / name / self._nameless.name
        return folder / f"alpha.{pad(frame, self._padding)}.exr"

    def noted(self, frame: int) -> Path:
        """Where the matte that `frame` had when it was locked lies until the next solve freezes it, if it was there."""
        path = self.path(frame)
        return path.with_name(f"approved.{path.name.partition('.')[2]}")

    def keeps(self, frame: int) -> bool:
        """Whether the matte that `frame` had when it was locked is there, frozen or noted."""
        return self.path(frame).exists() or self.noted(frame).exists()

    def note(self, frame: int, matte: Path) -> None:
        """Keep the matte that `frame` has now, as it is: nothing is planned otherwise before the next solve. A link, or
        a copy where there are none; one that is kept is never replaced."""
        if not self.keeps(frame):
            link_or_copy(matte, self.noted(frame))

    def _name(self, frame: int) -> str | None:
        place = bisect_right(self._approvals, frame, key=lambda span: span[0])
        return self._approvals[place - 1][2] if place and frame <= self._approvals[place - 1][1] else None

    def wanted(self, frames: Sequence[int]) -> list[int]:
        """Those of `frames` (ascending) that the shot locks."""
        spans = ((bisect_left(frames, first), bisect_right(frames, last)) for first, last in self._item.locks)
        return sorted({frame for start, stop in spans for frame in frames[start:stop]})

    def frozen(self, frames: Sequence[int]) -> dict[int, str]:
        """Locked frames that have a frozen matte -> its content hash."""
        return {frame: file_identity(self.path(frame)) for frame in self.wanted(frames) if self.path(frame).exists()}

    def are_whole(self, frames: Iterable[int]) -> bool:
        """Whether the frozen mattes of `frames` are as they were frozen."""
        return all(_is_whole(self.path(frame)) for frame in frames)

    def set_damaged_aside(self, frames: Sequence[int]) -> bool:
        """Give frozen mattes that are no longer as they were another name, so that they can be frozen anew; whether
        there were any."""
        damaged = [path for path in map(self.path, self.wanted(frames)) if path.exists() and not _is_whole(path)]
        for path in damaged:
            aside = path.with_suffix(".damaged")
            log.warning("The locked matte %s was damaged; it is kept as %s and made anew.", path, aside.name)
            with contextlib.suppress(OSError):
                path.replace(aside)
        return bool(damaged)

    def mask(self, frame: int) -> NDArray[np.bool_]:
        """What a tracker starts from: bool, plate height x width."""
        return read_matte(self.path(frame))[0] >= 0.5

    def freeze(self, frame: int, matte: Path | None) -> bool:
        """Keep the matte that `frame` had when it was locked, if that was noted, else this one, marked as locked;
        whether there is one. A frozen one is never replaced, and one of another size is none of this plate."""
        noted = self.noted(frame)
        if _is_whole(noted):
            matte = noted
        if matte is None or self.path(frame).exists():
            return False
        channels, header = read_channels(matte)
        if (header.display.width, header.display.height) != self._size:
            return False
        write_exr(
            self.path(frame),
            channels,
            display=header.display,
            data=header.data,
            pixel_aspect=header.pixel_aspect,
            attributes={**header.attributes, **time_attributes(header), "wisp/frame_state": "locked"},
        )
        with contextlib.suppress(OSError):
            noted.unlink()
        return True

    def release(self, frames: Sequence[int]) -> None:
        """Forget frozen mattes without a name of frames that are locked no more, so that a later lock keeps what is
        there then."""
        if not self._nameless.is_dir():
            return
        wanted = {frame for frame in self.wanted(frames) if self._name(frame) is None}
        for path in self._nameless.glob("a*.*.exr"):
            with contextlib.suppress(OSError, ValueError):
                frame = int(path.name.split(".")[1])
                if frames[0] <= frame <= frames[-1] and frame not in wanted:
                    path.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    try:
        return seal.is_whole(path)
    except OSError:
        return False
