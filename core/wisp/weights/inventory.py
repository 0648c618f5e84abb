"""What is on this machine: which weight files are there, and whether they are what they should be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import InputError
from . import search
from .hashes import differences, sha256_of
from .registry import ModelEntry, WeightFile, entries, entry, files

#: `unlisted`: there, but the registry has no hash to compare with.
FileState = Literal["good", "unlisted", "wrong", "missing"]


@dataclass(frozen=True)
class FileReport:
    """One weight file of the registry and what was found of it. `why` says in words what is wrong."""

    file: WeightFile
    state: FileState
    path: Path | None
    sha256: str | None
    #: The models that need it.
    models: tuple[ModelEntry, ...]
    why: str = ""


@dataclass(frozen=True)
class Whereabouts:
    """Where a model's files are, or None, and the folders that are searched, in order."""

    entry: ModelEntry
    folders: tuple[Path, ...]
    files: tuple[tuple[WeightFile, Path | None], ...]

    @property
    def complete(self) -> bool:
        """Whether every file is there (a model without weights always is)."""
        return all(path for _, path in self.files)


def verify(
    folder: Path | None = None, *, weights: Sequence[Path] = (), progress: Callable[[str, int], None] | None = None
) -> tuple[FileReport, ...]:
    """Read and hash every weight file in `folder`, else along the whole search path (`weights` first).

    Hashes are taken anew, not from memory. `progress` gets a file's name and the bytes read.
    Raises InputError where `folder` is not there.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", path=folder)
    places = (folder,) if folder else search.folders(weights)
    return tuple(_report(file, search.find(file, places), progress) for file in files())


def where(model_id: str, *, weights: Sequence[Path] = ()) -> Whereabouts:
    """Where the files of a model are found. Raises UsageError for an unknown id."""
    model = entry(model_id)
    places = search.folders(weights)
    return Whereabouts(model, places, tuple((file, search.find(file, places)) for file in model.files.values()))


def _report(file: WeightFile, path: Path | None, progress: Callable[[str, int], None] | None) -> FileReport:
    users = tuple(model for model in entries() if file in model.files.values())
    if path is None:
        return FileReport(file, "missing", None, None, users)
    sha256 = sha256_of(path, (lambda done: progress(file.name, done)) if progress else None)
    if file.sha256 is None:
        return FileReport(file, "unlisted", path, sha256, users)
    if sha256 == file.sha256:
        return FileReport(file, "good", path, sha256, users)
    return FileReport(file, "wrong", path, sha256, users, differences(file, path, sha256))
