"""Masks and mattes on disk, found again by what they depend on.

    ROOT/<plate key>/<object>-<object key>/alpha.%04d.exr   mattes, as hosts read them
    ROOT/<plate key>/masks/<fingerprint>.npz                a tracker's logits of one object on one frame
    ROOT/<plate key>/masks/<fingerprint>.state.npz          a tracker's memory after that mask
    ROOT/<plate key>/masks/<fingerprint>.is.<fingerprint>   empty: what the first stands for is that second mask
    ROOT/index.sqlite                                       fingerprint -> matte; may be deleted at any time

Every file appears whole or not at all. A matte's file name carries its frame, its folder everything else, so
a changed prompt makes a new folder and an unchanged frame is linked into it, never computed again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from .atomic import replacing
from .errors import InputError
from .fingerprint import fingerprint
from .frames import pad
from .plates.plate import PlateHeader
from .trackers.tracker import MaskState, TrackedMask

FrameState = Literal["solved", "corrected", "locked", "placeholder"]


@dataclass(frozen=True)
class MatteStamp:
    """What a matte file says about itself, as `wisp/*` header attributes."""

    object: str
    frame_state: FrameState
    track_state: MaskState
    confidence: float
    model: str
    weights_sha256: str
    licence: str
    fingerprint: str

    def attributes(self) -> dict[str, str | float]:
        """Header attributes by name."""
        return {f"wisp/{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> MatteStamp | None:
        """The stamp in a header, or None where the file was not written by Wisp."""
        if "wisp/fingerprint" not in attributes:
            return None
        values = {name: attributes.get(f"wisp/{name}", "") for name in cls.__dataclass_fields__}
        values["confidence"] = float(values["confidence"] or 0.0)
        return cls(**values)


class Cache:
    """The cache folder of one or several shots."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._index = MatteIndex(self.root)

    def shelf(self, plate_key: str) -> Shelf:
        """The part of the cache that belongs to one plate as one model view of it."""
        return Shelf(self.root / plate_key, self._index)


class Shelf:
    """Masks and mattes of one plate. Reading never makes a folder."""

    def __init__(self, folder: Path, index: MatteIndex) -> None:
        self.folder = folder
        self._masks = folder / "masks"
        self._index = index

    # Masks -------------------------------------------------------------------------------------------------

    def stored_masks(self) -> set[str]:
        """Fingerprints of all masks on disk (one directory listing)."""
        return {name.removesuffix(".npz") for name in self._names() if _is_mask(name)}

    def stored_snapshots(self) -> set[str]:
        """Fingerprints after whose mask the tracker's memory was kept."""
        return {name.removesuffix(".state.npz") for name in self._names() if name.endswith(".state.npz")}

    def _names(self) -> list[str]:
        """The files beside the masks; none where there is no such folder."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self._masks) as entries:
            return [entry.name for entry in entries if not entry.name.startswith(".")]
        return []

    def write_mask(self, mark: str, mask: TrackedMask) -> None:
        """Store logits as half floats: what is read back is what every later step works with."""
        arrays = {
            "logits": mask.logits.astype(np.float16),
            "confidence": np.float32(mask.confidence),
            "state": np.array(mask.state),
        }
        _write_npz(self._masks / f"{mark}.npz", arrays)

    def read_mask(self, mark: str) -> TrackedMask:
        """The mask of that fingerprint. A damaged file is removed and reported (InputError)."""
        arrays = _read_npz(self._masks / f"{mark}.npz")
        state = cast(MaskState, str(arrays["state"]))
        return TrackedMask(arrays["logits"].astype(np.float32), float(arrays["confidence"]), state)

    def write_snapshot(self, mark: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Keep a tracker's memory as it was after the mask of that fingerprint."""
        _write_npz(self._masks / f"{mark}.state.npz", arrays)

    def read_snapshot(self, mark: str) -> dict[str, NDArray[np.generic]]:
        """A kept memory, as it was written."""
        return _read_npz(self._masks / f"{mark}.state.npz")

    def same(self) -> dict[str, str]:
        """What was found to be the same: a mask's fingerprint, or a mark of a tracker's state -> a mask's fingerprint.

        Where several were noted for one (by processes at the same time), the first by name counts.
        """
        pairs = sorted(name.partition(".is.")[::2] for name in self._names())
        noted = {mark: mask for mark, mask in reversed(pairs) if mask}
        return {mark: _last(noted, mask) for mark, mask in noted.items()}

    def note_same(self, mark: str, mask: str) -> None:
        """Note that what `mark` stands for is the mask of that other fingerprint."""
        with replacing(self._masks / f"{mark}.is.{mask}") as temporary:
            temporary.touch()

    # Mattes ------------------------------------------------------------------------------------------------

    def matte_path(self, object_folder: str, frame: int, padding: int) -> Path:
        """Where hosts look for the matte of `frame`."""
        return self.folder / object_folder / f"alpha.{pad(frame, padding)}.exr"

    def matte_pattern(self, object_folder: str, padding: int) -> Path:
        """The same for all frames, with a printf frame number."""
        return self.folder / object_folder / f"alpha.%0{padding}d.exr"

    def find_matte(self, mark: str) -> Path | None:
        """Any stored matte of that fingerprint."""
        return self._index.find(mark)

    def adopt_matte(self, mark: str, source: Path | None, target: Path) -> bool:
        """Make the stored matte of that fingerprint appear at `target` too; False where there is none.

        A hard link where the file system has them, else a copy.
        """
        if source is None:
            return False
        if source != target and not _same_file(source, target):
            with replacing(target) as temporary:
                try:
                    os.link(source, temporary)
                except OSError:
                    shutil.copyfile(source, temporary)
            self._index.add(mark, target)
        return True

    def write_matte(self, target: Path, alpha: NDArray[np.float32], header: PlateHeader, stamp: MatteStamp) -> None:
        """Store one matte: half, ZIPS, R=G=B=alpha over the plate's display window, with its stamp."""
        from .plates.exr_writer import write_exr

        half = alpha.astype(np.float16)
        write_exr(
            target,
            {"R": half, "G": half, "B": half},
            display=header.display,
            data=header.display,
            pixel_aspect=header.pixel_aspect,
            attributes={**time_attributes(header), **stamp.attributes()},
        )
        self._index.add(stamp.fingerprint, target)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def read_matte(path: Path) -> tuple[NDArray[np.float32], MatteStamp | None]:
    """Alpha (float32, height x width, 0..1) of a matte file and its stamp. Raises FrameReadError."""
    from .plates.exr import read_channels

    channels, header = read_channels(path)
    return channels["R"].astype(np.float32), MatteStamp.from_attributes(header.attributes)


def time_attributes(header: PlateHeader) -> dict[str, Any]:
    """The plate's frame rate and time code as EXR attributes, for a file that must run in step with it."""
    times = {"framesPerSecond": header.fps, "timeCode": header.timecode}
    return {name: value for name, value in times.items() if value is not None}


def _last(noted: Mapping[str, str], mask: str) -> str:
    """Where a chain of notes that begins with `mask` ends. Processes at the same time may close one to a ring: then
    the same one of it for all."""
    passed: list[str] = []
    while mask in noted:
        if mask in passed:
            return min(passed[passed.index(mask) :])
        passed.append(mask)
        mask = noted[mask]
    return mask


def _is_mask(name: str) -> bool:
    return name.endswith(".npz") and not name.endswith(".state.npz")


def _write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def _read_npz(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise InputError(
            f"The cached mask {path} was damaged ({error}) and has been removed.",
            hint="Run the same command again to compute it anew.",
            path=path,
        ) from None


class MatteIndex:
    """fingerprint -> matte file. A convenience: lost or damaged, it is rebuilt from the files' headers."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._connection: sqlite3.Connection | None = None

    def find(self, mark: str) -> Path | None:
        """A file that holds that fingerprint's matte, complete as it was written."""
        for name, size in self._rows("SELECT path, size FROM mattes WHERE fingerprint = ?", mark):
            path = self._root / str(name)
            with contextlib.suppress(OSError):
                if path.stat().st_size == size:
                    return path
        return None

    def add(self, mark: str, path: Path) -> None:
        """Remember a file just written or linked."""
        row = (mark, path.relative_to(self._root).as_posix(), path.stat().st_size)
        self._rows("INSERT OR REPLACE INTO mattes VALUES (?, ?, ?)", *row)

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement; an index that cannot be used is replaced by one in memory, never an error."""
        try:
            return self._open().execute(statement, values).fetchall()
        except sqlite3.Error:
            self._connection = self._fill(sqlite3.connect(":memory:", check_same_thread=False))
            return self._connection.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            place = self._root / "index.sqlite"
            known = place.exists()
            if not known and not self._root.exists():
                return self._fill(sqlite3.connect(":memory:"))  # nothing stored yet: do not make the folder
            # Autocommit, and no WAL: it needs shared memory, which network drives lack.
            connection = sqlite3.connect(place, timeout=10, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = OFF")
            self._connection = connection if known and _has_table(connection) else self._fill(connection)
        return self._connection

    def _fill(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.isolation_level = None
        connection.execute("CREATE TABLE IF NOT EXISTS mattes (fingerprint TEXT, path TEXT PRIMARY KEY, size INTEGER)")
        connection.execute("CREATE INDEX IF NOT EXISTS by_fingerprint ON mattes (fingerprint)")
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN")
            connection.executemany("INSERT OR REPLACE INTO mattes VALUES (?, ?, ?)", self._scan())
            connection.execute("COMMIT")
        return connection

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        paths = sorted(self._root.glob("*/*/alpha.*.exr"))
        if not paths:
            return
        from .plates.exr import read_header

        for path in paths:
            with contextlib.suppress(InputError, OSError):
                stamp = MatteStamp.from_attributes(read_header(path).attributes)
                if stamp is not None:
                    yield stamp.fingerprint, path.relative_to(self._root).as_posix(), path.stat().st_size


def _has_table(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'mattes'").fetchall())


def object_folder(name: str, marks: Sequence[str]) -> str:
    """The folder name of one object's mattes: its name and a key over all its fingerprints."""
    return f"{name}-{fingerprint(marks)[:12]}"


def plate_key(name: str, *parts: object) -> str:
    """The folder name of one plate: its readable name and a key over what its fingerprints start from."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:40] or "plate"
    return f"{safe}-{fingerprint(name, *parts)[:12]}"
