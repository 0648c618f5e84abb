"""Masks and mattes on disk, found again by what they depend on.

    ROOT/<plate key>/<object>-<object key>/alpha.%04d.exr   mattes, as hosts read them
    ROOT/<plate key>/masks/<fingerprint>.npz                a tracker's logits of one object on one frame
    ROOT/<plate key>/masks/<fingerprint>.state.npz          a tracker's memory after that mask
    ROOT/<plate key>/masks/<fingerprint>.is.<fingerprint>   empty: what the first stands for is that second mask
    ROOT/index.sqlite                                       fingerprint -> matte; may be deleted at any time

Every file appears whole or not at all. A matte's file name carries its frame, its folder everything else, so
a changed prompt makes a new folder and an unchanged frame is linked into it, never computed again. What is found is
believed only where its seal holds and it says itself that it is what was looked for; anything else counts as absent.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from .atomic import replacing, sweep
from .errors import FrameReadError, InputError
from .fingerprint import fingerprint
from .frames import pad
from .plates.plate import PlateHeader
from .trackers.tracker import MaskState, TrackedMask

log = logging.getLogger(__name__)

T = TypeVar("T")

FrameState = Literal["solved", "corrected", "locked", "placeholder"]


class DamagedMaskError(InputError):
    """A cached mask was damaged or another one, and is gone now: what needs it is to be planned anew."""


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
        if not isinstance(attributes.get("wisp/fingerprint"), str):
            return None
        values = {name: attributes.get(f"wisp/{name}") for name in cls.__dataclass_fields__}
        confidence = values.pop("confidence")
        texts: Any = {name: value if isinstance(value, str) else "" for name, value in values.items()}
        return cls(confidence=float(confidence) if isinstance(confidence, int | float) else 0.0, **texts)


class Cache:
    """The cache folder of one or several shots, and what has been seen of it."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._index = MatteIndex(self.root)
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, plate_key: str) -> Shelf:
        """The part of the cache that belongs to one plate as one model view of it; always the same one."""
        if plate_key not in self._shelves:
            self._shelves[plate_key] = Shelf(self.root / plate_key, self._index)
        return self._shelves[plate_key]

    def look_again(self) -> None:
        """Forget what was seen: other processes may have written since."""
        for shelf in self._shelves.values():
            shelf.look_again()


class Same(Mapping[str, str]):
    """What was found to be the same: a mask's fingerprint, or a mark of a tracker's state -> a mask's fingerprint.

    Notes that lead on from each other are followed to their end.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._noted: dict[str, str] = {}
        for mark, mask in pairs:
            self._noted.setdefault(mark, mask)

    def note(self, mark: str, mask: str) -> None:
        """The first note of a mark by name counts: processes at the same time may have made several."""
        self._noted[mark] = min(mask, self._noted.get(mark, mask))

    def get(self, mark: str, default: Any = None) -> Any:
        mask = self._noted.get(mark)  # asked for every frame of a long shot, nearly always in vain
        return default if mask is None else _last(self._noted, mask)

    def __getitem__(self, mark: str) -> str:
        return _last(self._noted, self._noted[mark])

    def __iter__(self) -> Iterator[str]:
        return iter(self._noted)

    def __len__(self) -> int:
        return len(self._noted)


class Shelf:
    """Masks and mattes of one plate. Reading never makes a folder."""

    def __init__(self, folder: Path, index: MatteIndex) -> None:
        self.folder = folder
        self._masks = folder / "masks"
        self._index = index
        self._known: _Seen | None = None

    # Masks -------------------------------------------------------------------------------------------------

    def stored_masks(self) -> Collection[str]:
        """Fingerprints of all masks on disk, and of those written from now on."""
        return self._seen.masks

    def stored_snapshots(self) -> Collection[str]:
        """Fingerprints after whose mask the tracker's memory was kept; as `stored_masks`."""
        return self._seen.snapshots

    def same(self) -> Same:
        """What was found to be the same; as `stored_masks`."""
        return self._seen.same

    def look_again(self) -> None:
        """List the folder anew when something of it is asked for next."""
        self._known = None

    @property
    def _seen(self) -> _Seen:
        if self._known is None:
            self._known = _Seen.of(self._names())
        return self._known

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
        _write_npz(self._masks / f"{mark}.npz", arrays, mark)
        self._seen.masks.add(mark)

    def read_mask(self, mark: str) -> TrackedMask:
        """The mask of that fingerprint. A damaged file is removed and reported (DamagedMaskError)."""

        def mask(arrays: dict[str, NDArray[np.generic]]) -> TrackedMask:
            logits, state = arrays["logits"].astype(np.float32), str(arrays["state"])
            if logits.ndim != 2 or not logits.size or state not in get_args(MaskState):
                raise ValueError("it holds no mask")
            return TrackedMask(logits, float(arrays["confidence"]), cast(MaskState, state))

        return self._read(f"{mark}.npz", mark, mask)

    def drop_damaged_masks(self, marks: Iterable[str]) -> None:
        """Read the masks of these fingerprints that are there, so that damaged ones are gone."""
        for mark in self._seen.masks.intersection(marks):
            with contextlib.suppress(DamagedMaskError):
                self.read_mask(mark)

    def write_snapshot(self, mark: str, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Keep a tracker's memory as it was after the mask of that fingerprint."""
        _write_npz(self._masks / f"{mark}.state.npz", arrays, f"{mark}.state")
        self._seen.snapshots.add(mark)

    def read_snapshot(self, mark: str) -> dict[str, NDArray[np.generic]]:
        """A kept memory, as it was written. A damaged file is removed and reported (DamagedMaskError)."""
        return self._read(f"{mark}.state.npz", f"{mark}.state", dict)

    def _read(self, name: str, mark: str, content: Callable[[dict[str, NDArray[np.generic]]], T]) -> T:
        try:
            return _read_npz(self._masks / name, mark, content)
        except InputError:
            self.look_again()  # it has been removed
            raise

    def note_same(self, mark: str, mask: str) -> None:
        """Note that what `mark` stands for is the mask of that other fingerprint."""
        with replacing(self._masks / f"{mark}.is.{mask}") as temporary:
            temporary.touch()
        self._seen.same.note(mark, mask)

    # Mattes ------------------------------------------------------------------------------------------------

    def matte_path(self, object_folder: str, frame: int, padding: int) -> Path:
        """Where hosts look for the matte of `frame`."""
        return self.folder / object_folder / f"alpha.{pad(frame, padding)}.exr"

    def matte_pattern(self, object_folder: str, padding: int) -> Path:
        """The same for all frames, with a printf frame number."""
        return self.folder / object_folder / f"alpha.%0{padding}d.exr"

    def find_matte(self, mark: str, *, sure: bool = False) -> Path | None:
        """Any stored matte of that fingerprint. `sure`: its seal is looked at, not only its size, time and inode."""
        return self._index.find(mark, sure=sure)

    def sweep(self, folders: Iterable[Path] = ()) -> None:
        """Delete what killed writers left unfinished beside the masks and in these folders of mattes."""
        for folder in {self._masks, *folders}:
            sweep(folder)

    def was_damaged(self, mark: str) -> bool:
        """Whether a matte of that fingerprint was found damaged, by this process."""
        return mark in self._index.damaged

    def find_mattes(self, marks: Iterable[str], *, sure: bool = False) -> dict[str, Path]:
        """A stored matte of each of those fingerprints that has one; `sure` as of `find_matte`."""
        return self._index.find_all(marks, sure=sure)

    def adopt_mattes(self, mattes: Iterable[tuple[str, Path, Path]]) -> None:
        """Make stored mattes (fingerprint, where it lies, where it is wanted) appear where they are wanted, too.

        A hard link where the file system has them, else a copy.
        """
        linked = []
        for mark, source, target in mattes:
            if source != target and not _same_file(source, target):
                with replacing(target) as temporary:
                    try:
                        os.link(source, temporary)
                    except OSError:
                        shutil.copyfile(source, temporary)
                linked.append((mark, target))
        self._index.add_all(linked)

    def write_matte(
        self,
        target: Path,
        alpha: NDArray[np.float32],
        header: PlateHeader,
        stamp: MatteStamp,
        *,
        compression: Literal["zip", "zips"] = "zips",
    ) -> None:
        """Store one matte: half, R=G=B=alpha over the plate's display window, with its stamp. ZIPS lets hosts read
        single lines, ZIP is written in two thirds of the time."""
        from .plates.exr_writer import write_exr

        half = alpha.astype(np.float16)
        write_exr(
            target,
            {"R": half, "G": half, "B": half},
            display=header.display,
            data=header.display,
            pixel_aspect=header.pixel_aspect,
            compression=compression,
            attributes={**time_attributes(header), **stamp.attributes()},
        )
        self._index.add(stamp.fingerprint, target)


@dataclass
class _Seen:
    """What lies beside the masks."""

    masks: set[str]
    snapshots: set[str]
    same: Same

    @classmethod
    def of(cls, names: Sequence[str]) -> _Seen:
        """Sorted by what the names of the files say."""
        pairs = sorted(name.partition(".is.")[::2] for name in names if ".is." in name)
        snapshots = {name.removesuffix(".state.npz") for name in names if name.endswith(".state.npz")}
        return cls({name.removesuffix(".npz") for name in names if _is_mask(name)}, snapshots, Same(pairs))


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def read_matte(path: Path) -> tuple[NDArray[np.float32], MatteStamp | None]:
    """Alpha (float32, height x width, 0..1) of a matte file that Wisp wrote, and its stamp.

    Raises FrameReadError, also for a file that is not byte for byte as it was written.
    """
    from .plates import seal
    from .plates.exr import read_channels

    with contextlib.suppress(OSError):  # what cannot be read says so below
        if not seal.is_whole(path):
            raise FrameReadError(path, "it is not as it was written", hint="Delete it and run wisp solve.")
    channels, header = read_channels(path)
    return channels["R"].astype(np.float32), MatteStamp.from_attributes(header.attributes)


def read_stamp(path: Path) -> MatteStamp:
    """The stamp of a matte file that Wisp wrote, without its pixels. Raises FrameReadError."""
    from .plates.exr import read_header

    stamp = MatteStamp.from_attributes(read_header(path).attributes)
    if stamp is None:
        raise FrameReadError(path, "it is no matte of Wisp's")
    return stamp


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


_MARK = "mark"


def _write_npz(path: Path, arrays: Mapping[str, Any], mark: str) -> None:
    with replacing(path) as temporary, temporary.open("wb") as stream:
        marked: dict[str, Any] = {**arrays, _MARK: np.array(mark)}
        np.savez_compressed(stream, **marked)


def _read_npz(path: Path, mark: str, content: Callable[[dict[str, NDArray[np.generic]]], T]) -> T:
    """What `content` makes of the arrays in the file. Damaged bytes can make the reader fail in any way."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if str(arrays.pop(_MARK)) != mark:
            raise ValueError("it is another one")
        return content(arrays)
    except MemoryError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:100] or type(error).__name__
        try:
            path.unlink(missing_ok=True)
        except OSError as fault:
            raise InputError(
                f"The cached mask {path} is damaged ({why}) and cannot be removed: {fault.strerror or fault}.",
                hint="Delete it, or choose another cache with --cache.",
                path=path,
            ) from error
        log.warning("The cached mask %s was damaged (%s) and is computed anew.", path, why)
        raise DamagedMaskError(
            f"The cached mask {path} was damaged ({why}) and has been removed.",
            hint="Run the same command again to compute it anew.",
            path=path,
        ) from error


#: How many rows one statement asks for or adds (SQLite takes 999 values at least).
_AT_ONCE = 300
#: Raise when the table changes: an index of another number is made anew.
INDEX_SCHEMA = 2
_TABLE = "CREATE TABLE IF NOT EXISTS mattes (fingerprint TEXT, path TEXT PRIMARY KEY, state TEXT)"
#: So many folders below the cache's root a matte lies.
_DEPTH = 3


class MatteIndex:
    """fingerprint -> matte file. A convenience: lost or damaged, it is made anew from the files' headers.

    A row is a hint where to look. A file counts where its seal holds and its own header has the fingerprint; the row
    remembers size, time and inode of a file that was found so.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._connection: sqlite3.Connection | None = None
        #: Files whose seal held, as they were then: looked at once in a process.
        self._whole: dict[tuple[str, str], str] = {}
        #: Fingerprints whose files were not what they should be.
        self.damaged: set[str] = set()

    def find(self, mark: str, *, sure: bool = False) -> Path | None:
        """A file that holds that fingerprint's matte. `sure`: not only by size, time and inode."""
        for name, known in self._rows("SELECT path, state FROM mattes WHERE fingerprint = ?", mark):
            path = self._place(str(name))
            if path is None or (state := _file_state(path)) is None:
                continue
            if self._whole.get((mark, str(path))) == state or (state == known and not sure):
                return path
            if self._holds(path, mark):
                self._whole[mark, str(path)] = state
                if state != known:
                    self.add(mark, path)
                return path
            log.warning("The cached matte %s is damaged or another one; it counts as not solved.", path)
            self.damaged.add(mark)
            self._rows("DELETE FROM mattes WHERE path = ?", name)
        return None

    def find_all(self, marks: Iterable[str], *, sure: bool = False) -> dict[str, Path]:
        """The same for many."""
        wanted = list(dict.fromkeys(marks))
        found: dict[str, Path] = {}
        doubtful: set[str] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            holes = ",".join("?" * len(some))
            rows = self._rows(f"SELECT fingerprint, path, state FROM mattes WHERE fingerprint IN ({holes})", *some)
            for mark, name, known in rows:
                path = None if sure or mark in found else self._place(str(name))
                if path is not None and _file_state(path) == known:
                    found[mark] = path
                elif mark not in found:
                    doubtful.add(mark)
        for mark in doubtful.difference(found):
            path = self.find(mark, sure=sure)
            if path is not None:
                found[mark] = path
        return found

    def add(self, mark: str, path: Path) -> None:
        """Remember a file just written or linked."""
        self.add_all([(mark, path)])

    def add_all(self, mattes: Sequence[tuple[str, Path]]) -> None:
        """The same for many."""
        states = [(mark, path.relative_to(self._root).as_posix(), _file_state(path)) for mark, path in mattes]
        rows = [row for row in states if row[2] is not None]
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            holes = ",".join(["(?, ?, ?)"] * len(some))
            self._rows(f"INSERT OR REPLACE INTO mattes VALUES {holes}", *(value for row in some for value in row))

    def _place(self, name: str) -> Path | None:
        """The file of a row; None where no matte of this cache can lie there."""
        parts = Path(name).parts
        if len(parts) != _DEPTH or ".." in parts or Path(name).is_absolute() or Path(name).suffix != ".exr":
            return None
        return self._root / name

    @staticmethod
    def _holds(path: Path, mark: str) -> bool:
        from .plates import seal

        try:
            return seal.is_whole(path, fingerprint=mark)
        except OSError:
            return False

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement. A damaged index is made anew; one that cannot be used is kept in memory."""
        try:
            return self._open().execute(statement, values).fetchall()
        except (sqlite3.OperationalError, OSError):  # locked, read-only, a full disk
            pass
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error, OSError):
                self._discard()
                return self._open().execute(statement, values).fetchall()
        self._connection = self._fill(sqlite3.connect(":memory:", check_same_thread=False))
        return self._connection.execute(statement, values).fetchall()

    def _discard(self) -> None:
        """Delete a damaged index."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        place = self._root / "index.sqlite"
        for name in (place.name, f"{place.name}-journal", f"{place.name}-wal", f"{place.name}-shm"):
            place.with_name(name).unlink(missing_ok=True)
        log.warning("The cache's index %s was damaged and is made anew.", place)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            place = self._root / "index.sqlite"
            if not self._root.exists():
                return self._fill(sqlite3.connect(":memory:"))  # nothing stored yet: do not make the folder
            # Autocommit, and no WAL: it needs shared memory, which network drives lack.
            connection = sqlite3.connect(place, timeout=10, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = OFF")
            self._connection = connection
            if not _is_current(connection):
                connection.execute("DROP TABLE IF EXISTS mattes")
                self._fill(connection)
        return self._connection

    def _fill(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.isolation_level = None
        connection.execute(_TABLE)
        connection.execute("CREATE INDEX IF NOT EXISTS by_fingerprint ON mattes (fingerprint)")
        connection.execute(f"PRAGMA user_version = {INDEX_SCHEMA}")
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN")
            # What a file says of itself is believed when it is looked for, hence no state.
            connection.executemany("INSERT OR REPLACE INTO mattes VALUES (?, ?, '')", self._scan())
            connection.execute("COMMIT")
        return connection

    def _scan(self) -> Iterator[tuple[str, str]]:
        paths = sorted(self._root.glob("*/*/alpha.*.exr"))
        if not paths:
            return
        from .plates.exr import read_header

        for path in paths:
            with contextlib.suppress(InputError, OSError, ValueError, TypeError):  # damage may be anywhere
                stamp = MatteStamp.from_attributes(read_header(path).attributes)
                if stamp is not None:
                    yield stamp.fingerprint, path.relative_to(self._root).as_posix()


def _file_state(path: Path) -> str | None:
    """Size, time and inode of a regular file (no link); None where there is none."""
    try:
        state = path.lstat()
    except OSError:
        return None
    return f"{state.st_size}:{state.st_mtime_ns}:{state.st_ino}" if stat.S_ISREG(state.st_mode) else None


def _is_current(connection: sqlite3.Connection) -> bool:
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    return bool(version == INDEX_SCHEMA)


def object_folder(name: str, key: str) -> str:
    """The folder name of one object's mattes: its name and a key over all that was asked for."""
    return f"{name}-{key[:12]}"


def plate_key(name: str, *parts: object) -> str:
    """The folder name of one plate: its readable name and a key over what its fingerprints start from."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:40] or "plate"
    return f"{safe}-{fingerprint(name, *parts)[:12]}"
