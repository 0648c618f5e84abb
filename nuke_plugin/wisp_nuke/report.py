"""What those who help need to know of this installation, on a page without a path or a name: `wisp doctor`, here."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import Any, Optional

from . import edits, engine, host, solving
from .vendor.client import folders

#: The doctor at work: a process of the engine's Python, since it looks at the device, which loads much and may fail.
_doctor: Optional[subprocess.Popen[bytes]] = None


def begin(group: Any) -> None:
    """Have the page made; `look` shows it. Raises Refusal while one is made, EngineNotFound."""
    global _doctor
    if _doctor is not None:
        raise edits.Refusal("The report is being made.")
    _doctor = engine.run(["doctor", "--report"], str(group["wisp_engine_python"].value()))
    solving.set_status(group, "Looking at this installation")


def look() -> None:
    """Show the page once it is there, and leave it as a file to be sent by whoever has read it."""
    global _doctor
    if _doctor is None or _doctor.poll() is None:
        return
    ended, _doctor = _doctor, None
    said = ended.communicate()[0].decode("utf-8", "replace").strip()
    if not said:
        host.message(f"The report could not be made; `wisp doctor` ended with {ended.returncode}.")
        return
    page = f"{said}\n\n{host.about()}\n"
    file = folders.log_folder(os.environ) / "wisp-report.txt"
    with contextlib.suppress(OSError):
        file.write_text(page, encoding="utf-8")
    host.message(f"{page}\nThis page holds no path and no name of yours. It lies in {file}; nothing is sent anywhere.")
