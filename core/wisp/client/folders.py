"""Where this user's settings, logs and caches lie, on each system, and what in a cache is of one shot alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path
from typing import Mapping, Tuple

#: In a cache: what is of one shot alone, a folder for each.
SHOTS = "shots"


def own_folder(cache: Path, document: Path) -> Path:
    """The folder in `cache` for what is of the document at that place alone: all that is not told apart by what it was
    made from. Other shots may have the same cache. It may not exist.

    It is named after the document's place as seen from the cache, so that both may be moved together.
    """
    place, folder = os.path.realpath(str(document)), os.path.realpath(str(cache))
    with contextlib.suppress(ValueError):  # on Windows: another drive
        place = os.path.relpath(place, folder).replace(os.sep, "/")
    return cache / SHOTS / hashlib.sha256(os.fsencode(place)).hexdigest()[:16]


def config_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the settings that all hosts share; it may not exist."""
    return _folder(
        environment, ("APPDATA", "~/AppData/Roaming"), "~/Library/Application Support", "CONFIG", "~/.config"
    )


def log_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the logs; it may not exist, and is relative for an account without a home."""
    found = _folder(environment, _LOCAL, "~/Library/Logs", "STATE", "~/.local/state")
    return found / "logs" if sys.platform == "win32" else found


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder of what is kept for this user beside projects; it may not exist, and is relative for an account
    without a home."""
    return _folder(environment, _LOCAL, "~/Library/Caches", "CACHE", "~/.cache")


#: On Windows: the variable that names the place of what stays on this machine, and that place where it is not set.
_LOCAL = ("LOCALAPPDATA", "~/AppData/Local")


def _folder(environment: Mapping[str, str], windows: Tuple[str, str], mac: str, kind: str, otherwise: str) -> Path:
    """Wisp's folder of a kind by the custom of the platform; `kind`, `otherwise`: of the XDG Base Directory
    Specification, by which a name that depends on where a program was started is none."""
    variable, home = windows if sys.platform == "win32" else (f"XDG_{kind}_HOME", otherwise)
    given = Path(environment.get(variable, "") if sys.platform != "darwin" else "")
    place = mac if sys.platform == "darwin" else home
    return (given if given.is_absolute() else Path(os.path.expanduser(place))) / "wisp"
