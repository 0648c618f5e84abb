"""Start the engine as a child process that cannot outlive its host and is not disturbed by it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Mapping

#: Variables of a host that break another Python, another Qt or another set of libraries.
FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONEXECUTABLE",
    "PYTHONSTARTUP",
    "__PYVENV_LAUNCHER__",
    "NUKE_PATH",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
    "QML2_IMPORT_PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
)
#: A log beyond this many bytes is moved aside (`NAME.1`) when the engine starts.
LOG_LIMIT = 1_000_000


def clean_environment(environment: Mapping[str, str], host_folder: str = "") -> Dict[str, str]:
    """`environment` without what belongs to the host: FOREIGN, DYLD_*, and PATH entries inside `host_folder`."""
    kept = {
        name: value
        for name, value in environment.items()
        if name.upper() not in FOREIGN and not name.upper().startswith("DYLD_")
    }
    if host_folder:
        for name in [name for name in kept if name.upper() == "PATH"]:
            entries = kept[name].split(os.pathsep)
            kept[name] = os.pathsep.join(entry for entry in entries if not _inside(entry, host_folder))
    return kept


def _inside(path: str, folder: str) -> bool:
    path, folder = (os.path.normcase(os.path.normpath(item)) for item in (path, folder))
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def launch(command: List[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `command` with pipes on stdin and stdout and with stderr appended to the file `log`.

    stderr is never a pipe: one that nobody reads fills up and stops the child. The child gets its own session
    (POSIX) or no console window and a job that dies with us (Windows), so that Ctrl-C in the host's terminal
    does not reach it. Raises OSError when the command cannot be started or the log not opened.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as stderr:
        if sys.platform == "win32":
            from . import windows

            return windows.launch(command, environment, stderr)
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment),
            start_new_session=True,
        )


def log_tail(log: Path, lines: int = 60, limit: int = 16_384) -> str:
    """The last lines of a log, at most `limit` bytes of it; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
