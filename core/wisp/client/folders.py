"""Where this user's settings and logs lie, on each system."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Mapping


def config_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the settings that all hosts share; it may not exist."""
    if sys.platform == "win32":
        return Path(environment.get("APPDATA") or os.path.expanduser("~/AppData/Roaming")) / "wisp"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Application Support/wisp"))
    return Path(environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")) / "wisp"


def log_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the logs; it may not exist."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")) / "wisp" / "logs"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Logs/wisp"))
    return Path(environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")) / "wisp"
