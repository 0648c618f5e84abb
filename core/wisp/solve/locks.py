"""Locked frames: approved mattes that nothing recomputes, and that guide the frames around them.

A frame that is locked in the shot keeps the matte it has at that moment, in a folder of its own in the cache. Its mask
(alpha at least one half) then starts the tracker afresh there, like a mask drawn by hand. A locked frame that was
never solved is solved first. Unlocking returns the frame to the solver.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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

    def __init__(self, folder: Path, item: ObjectSpec, padding: int) -> None:
        self._folder = folder
        self._item = item
        self._padding = padding

    def path(self, frame: int) -> Path:
        """Where the frozen matte of `frame` lies or would lie."""
        return self._folder / f"alpha.{pad(frame, self._padding)}.exr"

    def asked(self, frames: Iterable[int]) -> list[int]:
        """Those of `frames` that the shot locks."""
        return [frame for frame in frames if any(first <= frame <= last for first, last in self._item.locks)]

    def frozen(self, frames: Iterable[int]) -> dict[int, str]:
        """Locked frames that have a frozen matte -> its content hash."""
        return {frame: file_identity(self.path(frame)) for frame in self.asked(frames) if self.path(frame).exists()}

    def are_whole(self, frames: Iterable[int]) -> bool:
        """Whether the frozen mattes of `frames` are as they were frozen."""
        return all(_is_whole(self.path(frame)) for frame in frames)

    def set_damaged_aside(self, frames: Iterable[int]) -> None:
        """Give frozen mattes that are no longer as they were another name, so that they can be frozen anew."""
        for frame in self.asked(frames):
            path = self.path(frame)
            if path.exists() and not _is_whole(path):
                aside = path.with_suffix(".damaged")
                log.warning("The locked matte %s was damaged; it is kept as %s and made anew.", path, aside.name)
                with contextlib.suppress(OSError):
                    path.replace(aside)

    def mask(self, frame: int) -> NDArray[np.bool_]:
        """What a tracker starts from: bool, plate height x width."""
        return read_matte(self.path(frame))[0] >= 0.5

    def freeze(self, frame: int, matte: Path) -> None:
        """Keep the matte that `frame` has now, marked as locked; a frozen one is never replaced."""
        if self.path(frame).exists():
            return
        channels, header = read_channels(matte)
        write_exr(
            self.path(frame),
            channels,
            display=header.display,
            data=header.data,
            pixel_aspect=header.pixel_aspect,
            attributes={**header.attributes, **time_attributes(header), "wisp/frame_state": "locked"},
        )

    def release(self, frames: Iterable[int]) -> None:
        """Forget frozen mattes of frames that are locked no more, so that a later lock keeps what is there then."""
        frames = list(frames)
        locked = set(self.asked(frames))
        for frame in frames:
            if frame not in locked:
                with contextlib.suppress(OSError):
                    self.path(frame).unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    try:
        return seal.is_whole(path)
    except OSError:
        return False
