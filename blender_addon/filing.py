# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on files beside the host: asked for here, done in helper processes, handed out on the main thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from . import helper
from .client import folders
from .client.pipe import Closed, Pipe
from .client.process import clean_environment

Result = TypeVar("Result")


#: All there are, for whoever waits for them or ends them.
helpers: list[Helper] = []


class _Asked(NamedTuple):
    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    then: Callable[[Any], None]
    failed: Callable[[Exception], None]


class Helper:
    """One helper process, started with the first work; where it cannot be, or ends, the host does the work itself."""

    def __init__(self, name: str) -> None:
        helpers.append(self)
        self._log = folders.log_folder(os.environ) / f"blender-{name}-{os.getpid()}.log"
        self._pipe: Pipe | None = None
        self._asked: dict[int, _Asked] = {}
        self._answered = False
        self._number = 0
        #: A Blender that names itself as the interpreter would be started a second time.
        self._able = Path(sys.executable).stem.lower().startswith("python")

    def submit(
        self,
        work: Callable[..., Result],
        *arguments: Any,
        then: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Have a function of a module without a host called soon; `drain` calls `then` with its result, or `failed`."""
        self._number += 1
        self._asked[self._number] = _Asked(work, arguments, then, failed)
        if self._pipe is None and self._able:
            command = [sys.executable, "-I", helper.__file__, __package__ or ""]
            try:
                self._pipe = Pipe(command, clean_environment(os.environ), self._log, sys.maxsize)
            except OSError:
                self._able = False
            self._answered = False
        if self._pipe is not None:  # else `drain` does it
            self._pipe.send(helper.packed((self._number, work, arguments)))

    def drain(self, timeout: float = 0.0) -> bool:
        """Hand out what is done, waiting at most so many seconds for the first; True where there was something."""
        something = False
        try:
            while self._pipe is not None and self._asked and (line := self._pipe.receive(timeout)) is not None:
                number, well, result = helper.unpacked(line)
                self._answered = something = True
                timeout = 0.0
                self._hand_out(number, well, result)
        except Closed:
            self._able = self._answered  # one that never gets so far, as where it finds no numpy, is not tried again
            self._close()
        if self._pipe is None:
            for number, asked in list(self._asked.items()):
                something = True
                try:
                    well, result = True, asked.work(*asked.arguments)
                except Exception as error:
                    well, result = False, error
                self._hand_out(number, well, result)
        return something

    def _hand_out(self, number: int, well: bool, result: Any) -> None:
        asked = self._asked.pop(number, None)
        if asked is None:  # dropped meanwhile
            return
        if well:
            asked.then(result)
        else:  # a full disk, a folder without rights: it must be seen, whatever it was
            asked.failed(result)

    def pending(self) -> bool:
        """Whether there is work that `drain` has not handed out."""
        return bool(self._asked)

    def stop(self) -> None:
        """Drop what is not done."""
        self._asked.clear()
        self._close()

    def _close(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close(patience=0.5)
            self._log.unlink(missing_ok=True)


#: Of mattes and of what is kept beside them: in the order in which it is asked for.
_files = Helper("files")
submit, drain, pending, stop = _files.submit, _files.drain, _files.pending, _files.stop
