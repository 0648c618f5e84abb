# SPDX-License-Identifier: GPL-3.0-or-later
"""The mattes of one plate as files that strips may show. No host here; used in a helper process.

    FOLDER/object<number>/alpha.<frame>.exr   as the engine made it (a hard link into its cache)
    FOLDER/all/alpha.<frame>.exr              the union of the objects that are switched on: what the matte strip lists
    FOLDER/single<number>/alpha.<frame>.exr   the same for one object, where it has a strip of its own
    FOLDER/placeholder.exr                    what `all` and `single` hold where nothing is solved yet

The engine's cache makes a new folder whenever a prompt changes; these names stay, so strips are never re-pointed.
One missing file would silently switch the mask off on all frames, hence the placeholders.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import pictures
from .client.mattes import suspicion


class Told(NamedTuple):
    """What the tracker said of a matte's frame, how sure it was, 0..1, and the fingerprint of all it was made from."""

    track_state: str
    confidence: float
    fingerprint: str

    @property
    def doubt(self) -> str:
        """Why it is worth a look; or nothing."""
        return suspicion(self.track_state, self.confidence)


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

    def single_folder(self, number: int) -> Path:
        """What a strip of one object lists."""
        return self.folder / f"single{number}"

    def complete(self, frames: Iterable[int]) -> bool:
        """Whether the matte strip finds a file for each of its frames."""
        there = self._shown()
        return all(self.name(frame) in there for frame in frames)

    def _shown(self) -> set[str]:
        try:
            return set(os.listdir(self.union_folder))  # noqa: PTH208 (twice as fast for thousands of files)
        except OSError:
            return set()

    def fill(self, frames: Iterable[int], width: int, height: int, opaque: bool) -> None:
        """Put a placeholder where a frame has no file yet. Raises OSError where it cannot be written."""
        identity = f"placeholder {width}x{height} {'opaque' if opaque else 'clear'}"
        if _made_of(self._placeholder) != identity:
            pictures.write_matte(self._placeholder, np.full((height, width), float(opaque), np.float32), identity)
        there = self._shown()
        for frame in frames:
            if self.name(frame) not in there:
                pictures.place_where_nothing_is(self._placeholder, self.union_path(frame))

    def fill_single(self, number: int, frames: Iterable[int], shown: Collection[int]) -> None:
        """Have a file for each frame of the strip of one object. Raises OSError where it cannot be written."""
        self.single_folder(number).mkdir(parents=True, exist_ok=True)
        for frame in frames:
            self._place_single(number, frame, shown)

    def _place_single(self, number: int, frame: int, shown: Collection[int]) -> bool:
        source = (self._fitting(number, frame) if number in shown else None) or self._placeholder
        return source.exists() and pictures.place(source, self.single_folder(number) / self.name(frame))

    def take_over(self, source: Path) -> None:
        """Show what another plate's folder shows, wherever nothing is here yet. Raises OSError."""
        for path in source.rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                pictures.place_where_nothing_is(path, self.folder / path.relative_to(source))

    def last_number(self) -> int:
        """The highest number of an object that ever had mattes here; 0 where none had."""
        return max(self._folders("object"), default=0)

    def _folders(self, kind: str) -> dict[int, Path]:
        """By the object's number: `object1`, `object2`. What else lies there, such as a copy, is not ours."""
        found = ((path.name.removeprefix(kind), path) for path in self.folder.glob(f"{kind}*"))
        return {int(number): path for number, path in found if number.isdecimal()}

    def place(self, number: int, frame: int, source: Path, shown: Collection[int]) -> bool:
        """Show a matte of the engine's in place of what was there. Whether what strips show has changed."""
        if not source.exists():
            return False
        changed = pictures.place(source, self.object_path(number, frame))
        return self.combine(frame, shown) or changed

    def told(self, number: int, frame: int) -> Told:
        """What the matte of an object says of itself; nothing to doubt where there is none."""
        path = self.object_path(number, frame)
        return told_by(path) if path.exists() else Told("tracked", 1.0, "")

    def combine(self, frame: int, shown: Collection[int]) -> bool:
        """Renew the union of one frame, 1 - product of (1 - alpha) as delivered, and what strips of single objects
        list. False where all was right.

        `shown`: numbers of the objects that are switched on and have prompts.
        """
        placed = [self._place_single(number, frame, shown) for number in self._folders("single")]
        return self._combine(frame, shown) or any(placed)

    def _fitting(self, number: int, frame: int) -> Path | None:
        """The matte of an object where there is one of the plate's size, which is the placeholder's: one that was made
        before the plate's pictures were exchanged for larger ones would lie beside them."""
        path = self.object_path(number, frame)
        wanted = _size(self._placeholder)
        return path if path.exists() and wanted in (None, _size(path)) else None

    def _combine(self, frame: int, shown: Collection[int]) -> bool:
        paths = [path for number in sorted(shown) if (path := self._fitting(number, frame)) is not None]
        union = self.union_path(frame)
        if len(paths) < 2:
            source = paths[0] if paths else self._placeholder
            return source.exists() and pictures.place(source, union)
        identity = " ".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in (path.stat() for path in paths))
        if _made_of(union) == identity:
            return False
        rest = np.prod([1.0 - pictures.read_matte(path) for path in paths], axis=0)
        pictures.write_matte(union, 1.0 - rest, identity)
        return True

    def all_told(self, frames: Iterable[int]) -> dict[int, dict[int, Told]]:
        """Which of these frames have a matte, and what it says of itself: by object and frame."""
        found: dict[int, dict[int, Told]] = {}
        wanted = {self.name(frame): frame for frame in frames}
        for number, folder in self._folders("object").items():
            names = wanted.keys() & {path.name for path in folder.iterdir()}
            found[number] = {wanted[name]: told_by(folder / name) for name in names}
        return found


def _size(path: Path) -> bytes | None:
    """Something that is the same of two mattes of one size; nothing where there is no matte."""
    try:
        return pictures.header(path).get("displayWindow")
    except pictures.PictureError:
        return None


def _made_of(path: Path) -> str:
    try:
        return pictures.header(path).get("wisp/made_of", b"").decode()
    except pictures.PictureError:
        return ""


def told_by(path: Path) -> Told:
    """What a matte of the engine's says of itself."""
    try:
        header = pictures.header(path)
    except pictures.PictureError:
        return Told("unreadable", 0.0, "")
    state = header.get("wisp/track_state", b"tracked").decode()
    stored = header.get("wisp/confidence", b"")
    sure = struct.unpack("<f", stored)[0] if len(stored) == 4 else 1.0
    return Told(state, sure, header.get("wisp/fingerprint", b"").decode())
