"""What those who help need to know of this installation and of a fault, on a page without a path or a name."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any, List, Optional

from . import edits, engine, host, solving
from .vendor.client import folders, problem, process


class Page(threading.Thread):
    """Has the page made, which takes a while: the engine's Python looks at the device."""

    def __init__(self, python: Path, log: str) -> None:
        super().__init__(daemon=True)
        self._python, self._log = python, log
        self._environment = process.clean_environment(os.environ, host.executable_folder())
        self.text = ""

    def run(self) -> None:
        parts: List[str] = []
        try:
            parts.append(problem.page(self._python, self._environment))
        except OSError as error:
            parts.append(f"The engine's page is not there: {type(error).__name__}.")
        if "Traceback" in self._log:
            parts.append(problem.arisen("engine", self._log))
        self.text = "\n\n".join(parts)


#: The page that is being made.
_page: Optional[Page] = None


def begin(group: Any) -> None:
    """Have the page made; `look` shows it. Raises Refusal while one is made, EngineNotFound."""
    global _page
    if _page is not None:
        raise edits.Refusal("The report is being made.")
    log = engine.ENGINE.log
    _page = Page(
        engine.python_of(str(group["wisp_engine_python"].value())), process.log_tail(log) if log is not None else ""
    )
    _page.start()
    solving.set_status(group, "Looking at this installation")


def look() -> None:
    """Show the page once it is there, and leave it as a file to be sent by whoever has read it."""
    global _page
    if _page is None or _page.is_alive():
        return
    page, _page = f"{host.about()}\n\n{_page.text}\n", None
    file = folders.log_folder(os.environ) / "wisp-report.txt"
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    host.message(f"{page}\nThis page holds no path and no name of yours. It lies in {file}; nothing is sent anywhere.")
