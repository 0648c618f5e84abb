"""A `wisp` command run beside the window: in a process of its own, on the shot as it is drawn now."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import shot as documents
from ..errors import WispError
from ..panel.qt import QtCore
from .places import OpenedShot


class ShotCommand(QtCore.QObject):
    """One run of one command. `told`: an event of its NDJSON output; `ended`: how it ended, empty when all went well.

    The command gets a passing copy of the document beside the shot, so that paths mean what they do there.
    """

    told = QtCore.Signal(dict)
    ended = QtCore.Signal(str)

    def __init__(self, opened: OpenedShot, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._opened = opened
        self._copy = opened.root / f"{opened.path.stem}~.wisp"
        self._stopped = False
        self._reason = ""
        self._process = QtCore.QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)

    def start(self, name: str, *options: str, document: Mapping[str, Any]) -> None:
        """Begin: `wisp NAME COPY OPTIONS...` on that document; the answers come later. Raises WispError where the
        document is none or cannot be written."""
        documents.save(documents.parse(dict(document)), self._copy)
        words = [name, str(self._copy), "--json", "--cache", str(self._opened.cache), *options]
        self._process.start(sys.executable, ["-I", "-u", "-X", "utf8", "-m", "wisp", *words])

    @property
    def running(self) -> bool:
        return bool(self._process.state() != QtCore.QProcess.ProcessState.NotRunning)

    def stop(self) -> None:
        """End it; what it has put into the cache stays."""
        if self.running:
            self._stopped = True
            self._process.kill()
            self._process.waitForFinished(5000)  # at once, and whoever owns this may be gone the next moment

    def _read(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            try:
                event = json.loads(line)
            except ValueError:
                continue  # a library's own words
            if isinstance(event, dict):
                if event.get("event") == "error":
                    self._reason = str(event.get("message"))
                self.told.emit(event)

    def _finished(self, code: int, _status: object = None) -> None:
        self._read()
        self._copy.unlink(missing_ok=True)
        if self._stopped:
            self.ended.emit("Stopped.")
        elif code != 0:
            self.ended.emit(self._reason or f"The command ended with exit code {code}.")
        else:
            self.ended.emit("")

    def _failed(self, error: QtCore.QProcess.ProcessError) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart:
            self._copy.unlink(missing_ok=True)
            self.ended.emit(f"{sys.executable} cannot be started.")


def passing_picture(opened: OpenedShot, name: str) -> Path:
    """Where a command may leave a picture to be looked at: in the shot's cache."""
    try:
        opened.cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WispError(f"{opened.cache} cannot be written: {error}.") from None
    return opened.cache / f"{name}.png"
