# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of blend files that were never saved, after their process has ended: UNSAVED/<process>/...

They stay for a while, since the blend file may be recovered from an auto-save. No host here; used in a helper process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

#: Days without a change after which they go.
KEPT_DAYS = 14


def remove(unsaved: Path) -> None:
    """Remove what no process needs and no one has touched for KEPT_DAYS; what cannot be removed stays."""
    oldest = time.time() - KEPT_DAYS * 24 * 3600
    for folder in list(unsaved.iterdir()):
        if folder.name.isdecimal() and not _runs(int(folder.name)) and _changed(folder) < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _changed(folder: Path) -> float:
    """When a file came into it or went, last: seconds since 1970."""
    times = [0.0]
    for place, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):  # it has gone meanwhile
            times.append(Path(place).stat().st_mtime)
    return max(times)


def _runs(process: int) -> bool:
    """Whether there is a process of that number; of another user's too."""
    try:
        if sys.platform == "win32":
            import _winapi

            _winapi.CloseHandle(_winapi.OpenProcess(0x1000, False, process))  # allowed to ask about it, no more
        else:
            os.kill(process, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
