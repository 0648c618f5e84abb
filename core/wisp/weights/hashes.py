"""SHA-256 of weight files, and what it says about them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..atomic import ordinary, replacing
from ..errors import OutputError, WeightsError
from . import search
from .registry import WeightFile

#: `verified`: the registry's hash. `unlisted`: the registry has no hash for this file, so it proves nothing.
#: `unverified`: another hash than the registry's, accepted on request.
Trust = Literal["verified", "unlisted", "unverified"]

CHUNK = 1 << 20


@dataclass(frozen=True)
class LocalFile:
    """A weight file on this machine, with what is known of it."""

    path: Path
    sha256: str
    trust: Trust

    @property
    def stamp(self) -> str:
        """What a matte made with this file records: the bare hash only if it is the registry's own."""
        return self.sha256 if self.trust == "verified" else f"{self.trust}:{self.sha256}"


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Hex digest of the bytes of `path`. `progress` gets the bytes read so far. Raises WeightsError."""
    digest, done = hashlib.sha256(), 0
    try:
        with ordinary(path).open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(done)
    except OSError as error:
        raise WeightsError(f"Cannot read {path}: {error.strerror or error}.", path=path) from error
    return digest.hexdigest()


def remembered_sha256(path: Path) -> str:
    """`sha256_of`, taken from memory while size, inode and both times are those of the last time.

    The time of the last change of the file's state, which POSIX systems keep and no program can set, notices a file of
    the same size whose modification time was put back.

    The memory is a small JSON file in the user's weights folder. It is never required: without a home, or
    where it cannot be written or read, the file is hashed each time.
    """
    memory_path = _memory_path()
    memory = _recall(memory_path)
    key = str(path.resolve())
    seen = file_state(path)
    match memory.get(key):
        case [*state, str(known)] if state == seen:
            return known
    digest = sha256_of(path)
    if file_state(path) != seen:
        raise WeightsError(f"{path} was changed while it was read.", hint="Run the command again.", path=path)
    if memory_path:
        with contextlib.suppress(OutputError), replacing(memory_path) as temporary:
            temporary.write_text(json.dumps({**memory, key: [*seen, digest]}, indent=1), "utf-8")
    return digest


def file_state(path: Path) -> list[int]:
    """What changes when the file does: size, inode, the times of its content and its state. Raises WeightsError."""
    try:
        status = path.stat()
    except OSError as error:
        raise WeightsError(f"Cannot read {path}: {error.strerror or error}.", path=path) from error
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]


def is_open_to_all(folder: Path) -> bool:
    """Whether every account of this machine may put files of its own in the place of those in `folder`."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return os.name == "posix" and bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def judge(file: WeightFile, path: Path, sha256: str, *, allow_unverified: bool = False) -> LocalFile:
    """Whether `path`, whose hash is `sha256`, may stand for the registry's `file`. Raises WeightsError if not."""
    if file.sha256 is None:
        return LocalFile(path, sha256, "unlisted")
    if sha256 == file.sha256:
        return LocalFile(path, sha256, "verified")
    if allow_unverified:
        return LocalFile(path, sha256, "unverified")
    raise WeightsError(
        f"{path} is not the published {file.name}: {differences(file, path, sha256)}.",
        hint="Fetch the published one with 'wisp models get'. Weights of your own need no fetching: put them into a "
        "folder and pass --weights FOLDER --allow-unverified-weights where they are used.",
        path=path,
    )


def differences(file: WeightFile, path: Path, sha256: str) -> str:
    """In words, how `path` differs from what the registry says of `file`."""
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return f"it has {size:,} bytes instead of {file.size:,}"
    return f"its SHA-256 is {sha256} instead of {file.sha256}"


def _memory_path() -> Path | None:
    own = search.user_folder()
    return own / "hashes.json" if own else None


def _recall(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
