"""Files that appear whole or not at all: write under a temporary name, then rename."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import OutputError

#: Marks an unfinished file; anything of this suffix may be deleted when its writer is gone.
TEMPORARY_SUFFIX = ".tmp"


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder (made if missing); rename it to `path` on success.

    The temporary name keeps the suffix of `path` before `.tmp` out of the way of sequence scanners by a
    leading dot and carries the process and thread id. On any failure the temporary file is removed and `path` is
    left as it was. OSErrors (full disk, no permission) become OutputError.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _rename(temporary, path)
    except OSError as error:
        _discard(temporary)
        raise _explain(path, error) from error
    except BaseException:
        _discard(temporary)
        raise


def _rename(temporary: Path, path: Path) -> None:
    """`os.replace`, tried again for a moment where Windows refuses while a reader holds the file."""
    for delay in (0.02, 0.05, 0.1, 0.2, 0.4):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(delay)
    temporary.replace(path)


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _explain(path: Path, error: OSError) -> OutputError:
    if error.errno == errno.ENOSPC:
        hint = "Free some space or choose another folder; the finished files are kept."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "Choose a folder you may write to."
    else:
        hint = "Choose another place."
    return OutputError(f"Cannot write {path}: {error.strerror or error}.", hint=hint, path=path)
