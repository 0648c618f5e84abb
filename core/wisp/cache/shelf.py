"""The cache folder, and the part of it that belongs to one plate: masks, trackers' memories and mattes."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ..atomic import link_or_copy, replacing, sweep
from ..errors import InputError
from ..fingerprint import fingerprint
from ..frames import pad
from ..plates.plate import PlateHeader
from ..trackers.tracker import MaskState, TrackedMask
from .index import MatteIndex
from .mattes import MatteStamp, time_attributes

log = logging.getLogger(__name__)

T = TypeVar("T")


class DamagedMaskError(InputError):
    """A cached mask was damaged or another one, and is gone now: what needs it is to be planned anew."""


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
        self._index.look_again()
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

    def find_matte(self, mark: str, object_folder: str | None = None, *, sure: bool = False) -> Path | None:
        """Any stored matte of that fingerprint. `object_folder`: where it lies if the index does not know of it.
        `sure`: its seal is looked at, not only its size, time and inode."""
        return self._index.find(mark, self._of(object_folder), sure=sure)

    def flush(self) -> None:
        """Have other processes know of all mattes that were written, also where the index was busy then."""
        self._index.flush()

    def sweep(self, folders: Iterable[Path] = ()) -> None:
        """Delete what killed writers left unfinished beside the masks and in these folders of mattes."""
        for folder in {self._masks, *folders}:
            sweep(folder)

    def was_damaged(self, mark: str) -> bool:
        """Whether a matte of that fingerprint was found damaged, by this process."""
        return mark in self._index.damaged

    def find_mattes(
        self, marks: Iterable[str], object_folder: str | None = None, *, sure: bool = False
    ) -> dict[str, Path]:
        """A stored matte of each of those fingerprints that has one; the rest as of `find_matte`."""
        return self._index.find_all(marks, self._of(object_folder), sure=sure)

    def _of(self, object_folder: str | None) -> Path | None:
        return None if object_folder is None else self.folder / object_folder

    def adopt_mattes(self, mattes: Iterable[tuple[str, Path, Path]]) -> None:
        """Make stored mattes (fingerprint, where it lies, where it is wanted) appear where they are wanted, too.

        A hard link where the file system has them, else a copy.
        """
        linked = []
        for mark, source, target in mattes:
            if source != target and not _same_file(source, target):
                link_or_copy(source, target)
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
        from ..plates.exr_writer import write_exr

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


def object_folder(name: str, key: str) -> str:
    """The folder name of one object's mattes: its name and a key over all that was asked for."""
    return f"{name}-{key[:12]}"


def plate_key(name: str, *parts: object) -> str:
    """The folder name of one plate: its readable name and a key over what its fingerprints start from."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:40] or "plate"
    return f"{safe}-{fingerprint(name, *parts)[:12]}"
