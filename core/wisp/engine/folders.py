"""The user's own folders for logs and locks. They work for accounts without a home, as render nodes have."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from pathlib import Path

from ..client import folders
from ..errors import OutputError


def log_folder() -> Path:
    """Where the engine's log goes; made if missing. Raises OutputError."""
    return _made(_or_temporary(folders.log_folder(os.environ)))


def runtime_folder() -> Path:
    """Where locks lie, on this machine and not on a network drive; made if missing. Raises OutputError."""
    if sys.platform == "win32":
        return _made(_or_temporary(folders.cache_folder(os.environ)))
    return _made(_or_temporary(Path(os.environ.get("XDG_RUNTIME_DIR", "")) / "wisp"))


def _or_temporary(folder: Path) -> Path:
    return folder if folder.is_absolute() else _temporary()


def _temporary() -> Path:
    """A folder of this user's in the temporary one, where every user may write."""
    user = str(os.getuid()) if sys.platform != "win32" else getpass.getuser()
    return Path(tempfile.gettempdir()) / f"wisp-{user}"


def _made(folder: Path) -> Path:
    """`folder`, made for this user alone. OutputError where it cannot be made or is somebody else's."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.lstat()
    except OSError as error:
        raise OutputError(f"Cannot make the folder {folder}: {error.strerror}.", path=folder) from error
    if sys.platform != "win32" and owner.st_uid != os.getuid():
        raise OutputError(f"The folder {folder} belongs to somebody else.", hint="Remove it.", path=folder)
    return folder
