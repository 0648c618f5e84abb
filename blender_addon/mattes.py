# SPDX-License-Identifier: GPL-3.0-or-later
"""The mattes of one plate as files that strips may show. No host here; used from a worker thread.

    FOLDER/object<number>/alpha.<frame>.exr   as the engine made it (a hard link into its cache)
    FOLDER/all/alpha.<frame>.exr              the union of the enabled objects: what the matte strip lists
    FOLDER/placeholder.exr                    what `all` holds where nothing is solved yet

The engine's cache makes a new folder whenever a prompt changes; these names stay, so strips are never re-pointed.
One missing file would silently switch the mask off on all frames, hence the placeholders.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from . import pictures


class MatteFolder:
    """Paths and changes; every file appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.union_folder = folder / "all"
        self._placeholder = folder / "placeholder.exr"

    @staticmethod
    def name(frame: int) -> str:
        """File name of a plate frame's matte."""
        return f"alpha.{frame:06d}.exr"

    def object_path(self, number: int, frame: int) -> Path:
        """The matte of one object."""
        return self.folder / f"object{number}" / self.name(frame)

    def union_path(self, frame: int) -> Path:
        """The matte of all enabled objects."""
        return self.union_folder / self.name(frame)

    def complete(self, frames: Iterable[int]) -> bool:
        """Whether the matte strip finds a file for each of its frames."""
        try:
            there = {path.name for path in self.union_folder.iterdir()}
        except OSError:
            return False
        return all(self.name(frame) in there for frame in frames)

    def fill(self, frames: Iterable[int], width: int, height: int, opaque: bool) -> None:
        """Put a placeholder where a frame has no file yet."""
        pictures.write_matte(self._placeholder, np.full((height, width), float(opaque), np.float32))
        for frame in frames:
            path = self.union_path(frame)
            if not path.exists():
                pictures.place(self._placeholder, path)

    def place(self, number: int, frame: int, source: Path, enabled: Collection[int]) -> bool:
        """Show a matte of the engine's in place of what was there. False where the engine has it no more."""
        if not source.exists():
            return False
        pictures.place(source, self.object_path(number, frame))
        self.combine(frame, enabled)
        return True

    def combine(self, frame: int, enabled: Collection[int]) -> None:
        """Renew the union of one frame: 1 - product of (1 - alpha), as in delivered layers."""
        paths = [path for number in sorted(enabled) if (path := self.object_path(number, frame)).exists()]
        if len(paths) == 1:
            pictures.place(paths[0], self.union_path(frame))
        elif paths:
            rest = np.prod([1.0 - pictures.read_matte(path) for path in paths], axis=0)
            pictures.write_matte(self.union_path(frame), 1.0 - rest)
        elif self._placeholder.exists():
            pictures.place(self._placeholder, self.union_path(frame))
