"""The file that is read is the file that was looked at: opened once, checked, and read through what was opened.

Between looking at a path and opening it, a file may become a link to another place. On Linux libraries read what is
open here, by its number; elsewhere by its name right after the check. Names with bytes that are no text, which most
libraries refuse, are read that way too.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import FrameReadError

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Fence:
    """The folders that files may be read from, links followed."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)

    def holds(self, real: Path) -> bool:
        """Whether a resolved path lies in one of them."""
        return any(real.is_relative_to(folder) for folder in self._folders)


@contextlib.contextmanager
def opened(path: Path, fence: Fence | None = None) -> Iterator[str]:
    """A name under which a library reads the file at `path`, while the block lasts.

    Raises FrameReadError where it is not there, no ordinary file (a pipe would be waited for), or outside the fence.
    """
    try:
        file = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise FrameReadError(path, "the file does not exist") from None
    except (OSError, ValueError) as error:
        raise FrameReadError(path, (getattr(error, "strerror", None) or str(error)).lower()) from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise FrameReadError(path, "it is no ordinary file")
        number = Path(f"/proc/self/fd/{file}")
        by_number = number.is_symlink()
        if fence is not None and not fence.holds(number.readlink() if by_number else path.resolve()):
            raise FrameReadError(
                path,
                "it lies outside the folders that were opened with the shot",
                hint="Move it there, or name its folder in 'readable'.",
            )
        yield str(number) if by_number else str(path)
    finally:
        os.close(file)


@contextlib.contextmanager
def writable(path: Path) -> Iterator[str]:
    """A name under which a library writes the file at `path`, which is made; other than `path` only for odd bytes."""
    path.touch()  # an unwritable place speaks here, with its reason
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        file = os.open(path, os.O_RDWR)
        try:
            yield f"/proc/self/fd/{file}"
        finally:
            os.close(file)
    else:
        yield str(path)
