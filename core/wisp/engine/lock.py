"""One device, several engines: whoever works holds the device's file lock, the others wait their turn.

The lock belongs to the open file, so the system frees it when its holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

from . import folders

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: Windows locks bytes so that nobody can read them; lock one far behind the text that says who holds it.
_LOCKED_BYTE = 1 << 20


class DeviceLock:
    """The lock of one device. Not for use by several threads at once."""

    def __init__(self, device: str, folder: Path | None = None) -> None:
        """`device`: a name that is the same for every engine, see `device_key`. `folder`: default the user's
        runtime folder. Raises OutputError where that cannot be made."""
        name = re.sub(r"[^\w.-]", "-", device)
        self._path = (folder or folders.runtime_folder()) / f"device-{name}.lock"
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def try_acquire(self) -> bool:
        """Take the lock if it is free; at once True or False."""
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(file):
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode("ascii"))
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock up; nothing happens if it is not held."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def holder(self) -> int | None:
        """The process id of whoever took the lock last, for people to read; None while unknown."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._path.read_text(encoding="ascii"))
        return None


def device_key(device: str) -> str:
    """The name of a torch device that all processes share.

    A CUDA device is named by its hardware id: `cuda:0` is another one under another CUDA_VISIBLE_DEVICES.
    """
    if device.startswith("cuda"):
        import torch

        return f"cuda-{torch.cuda.get_device_properties(device).uuid}"
    return device


def _lock(file: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
