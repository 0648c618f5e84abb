"""Where the engine's log records go: a rotating file, stderr, and the host."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import WispError
from . import api, folders

#: Logs of earlier engines that are kept.
KEPT = 10
_LEVELS = {logging.DEBUG: "info", logging.INFO: "info", logging.WARNING: "warning"}


def start() -> Path | None:
    """Log Wisp's records to a file of this process, warnings also to stderr.

    Returns the file; None where no folder can be written, which is no reason not to work.
    """
    faulthandler.enable()
    logger = logging.getLogger("wisp")
    logger.setLevel(logging.INFO)
    stderr = logging.StreamHandler()
    stderr.setLevel(logging.WARNING)
    logger.addHandler(stderr)
    for place in (folders.log_folder, folders.runtime_folder):
        with contextlib.suppress(WispError, OSError):
            path = place() / f"engine-{os.getpid()}.log"
            file = logging.handlers.RotatingFileHandler(
                path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", errors="backslashreplace"
            )
            file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
            logger.addHandler(file)
            _prune(path.parent)
            return path
    return None


def tell(send: Callable[[api.Log], None]) -> None:
    """From now on the host is told warnings, too, through `send`."""
    logging.getLogger("wisp").addHandler(_ToHost(send))


def _prune(folder: Path) -> None:
    """Remove the logs of all but the last engines, and those that hosts keep of them."""
    logs: dict[bool, list[tuple[float, Path]]] = {True: [], False: []}
    for path in folder.glob("*-*.log*"):
        with contextlib.suppress(OSError):  # another process may tidy up, too
            logs[path.name.startswith("engine-")].append((path.stat().st_mtime, path))
    for _, path in (one for own in logs.values() for one in sorted(own)[:-KEPT]):
        with contextlib.suppress(OSError):  # or have it open, on Windows
            path.unlink(missing_ok=True)


class _ToHost(logging.Handler):
    """Sends records to the host as `log`. Tracebacks stay in the file."""

    def __init__(self, send: Callable[[api.Log], None]) -> None:
        super().__init__(logging.WARNING)
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        level = _LEVELS.get(record.levelno, "error")
        self._send(api.Log.model_validate({"level": level, "text": record.getMessage()}))
