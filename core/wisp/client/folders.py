"""Where this user's settings, logs and caches lie, on each system, and what in a cache is of one shot alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path
from typing import Mapping

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
    if sys.platform == "win32":
        return _named(environment, "APPDATA", "~/AppData/Roaming") / "wisp"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Application Support/wisp"))
    return _named(environment, "XDG_CONFIG_HOME", "~/.config") / "wisp"


def log_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the logs; it may not exist."""
    if sys.platform == "win32":
        return _named(environment, "LOCALAPPDATA", "~/AppData/Local") / "wisp" / "logs"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Logs/wisp"))
    return _named(environment, "XDG_STATE_HOME", "~/.local/state") / "wisp"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder of what is kept for this user beside projects; it may not exist."""
    if sys.platform == "win32":
        return _named(environment, "LOCALAPPDATA", "~/AppData/Local") / "wisp"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches/wisp"))
    return _named(environment, "XDG_CACHE_HOME", "~/.cache") / "wisp"


def _named(environment: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """The folder that a variable names. One that depends on where a program was started is none (XDG Base Directory
    Specification)."""
    given = Path(environment.get(variable, ""))
    return given if given.is_absolute() else Path(os.path.expanduser(otherwise))
