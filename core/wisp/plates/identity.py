"""Which content a file has, cheaply enough to ask for every frame of a shot.

Exact: a file of up to 4 MB is hashed whole, so any change of content changes the identity, and a copy or a
renamed file keeps it. A tolerance: of a larger file only the size, the modification time in whole seconds and
64 evenly spaced blocks of 4 KB are hashed. Its identity survives moving and copies that keep the time
(`cp -p`, archives), and is lost by touching it; a rewrite of the same size within the same second
that leaves all 64 blocks alone is not noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ..atomic import ordinary
from ..errors import FrameReadError

WHOLE_UP_TO = 4 * 2**20
BLOCKS = 64
BLOCK_BYTES = 4096


def file_identity(path: str | Path) -> str:
    """32 hex digits (BLAKE2b-128) for the content of the file; equal for equal content wherever it lies.

    Remembered within this process until the file's size, modification time or inode changes. Raises
    FrameReadError where it cannot be read.
    """
    path = Path(path)
    try:
        state = path.stat()
        return _identity(str(path), state.st_size, state.st_mtime_ns, state.st_ino)
    except FileNotFoundError:
        raise FrameReadError(path, "the file does not exist") from None
    except OSError as error:
        raise FrameReadError(path, (error.strerror or str(error)).lower()) from error


def file_states(files: Iterable[tuple[int, Path]]) -> str:
    """Stands for numbered files as they are, by size and modification time: cheaper than their identities, and lost
    by a copy that does not keep the time. A file that is not there has a state, too."""
    digest = hashlib.blake2b(digest_size=16)
    for number, path in files:
        try:
            found = path.stat()
            digest.update(b"%d:%d:%d " % (number, found.st_size, found.st_mtime_ns))
        except OSError:
            digest.update(b"%d:- " % number)
    return digest.hexdigest()


@lru_cache(maxsize=65536)
def _identity(path: str, size: int, mtime_ns: int, inode: int) -> str:  # noqa: ARG001 - the inode is part of the memo's key
    digest = hashlib.blake2b(digest_size=16)
    with ordinary(Path(path)).open("rb") as stream:
        if size <= WHOLE_UP_TO:
            digest.update(stream.read())
        else:
            digest.update(f"{size}:{mtime_ns // 10**9}".encode())
            for block in range(BLOCKS):
                stream.seek(block * (size - BLOCK_BYTES) // (BLOCKS - 1))
                digest.update(stream.read(BLOCK_BYTES))
    return digest.hexdigest()
