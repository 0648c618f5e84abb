# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as this host process uses it: one client, the clock of its sessions, and what is the matter with it."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import preferences
from .client import engine_path, set_up
from .client.client import Client, EngineExit
from .client.errors import EngineGone
from .client.timers import Appointments


@dataclass
class Fault:
    """What went wrong, for the panel. `kind`: as the engine names it, or `missing`, `gone`, `refused`."""

    text: str
    kind: str = "unexpected"
    details: str = ""


def bug(error: Exception) -> Fault:
    """A fault of ours, while it is handled. Its traceback is printed, but not at every look."""
    found = Fault(f"A bug: {error!r}.", details=traceback.format_exc())
    if found != fault:
        traceback.print_exc()
    return found


client = Client([], f"blender-{bpy.app.version_string}")
#: What is due is done on the main thread by `poll`.
clock = Appointments()
fault: Fault | None = None


def start() -> None:
    """Start the engine on first use. Raises EngineGone where that cannot be done, or where it has just ended."""
    global fault
    if client.state == "ready":
        client.poll()
        if client.state == "exited":  # it ended since the last look: said once, and the next request starts it again
            raise EngineGone(f"{fault.text if fault else 'The engine stopped.'} Ask again to start it anew.")
    if client.pid is None:
        prefs, fault = preferences.get(), None
        client.idle_minutes = prefs.idle
        try:
            client.command = engine_path.command(interpreter(bpy.path.abspath(prefs.engine)))
            client.start()
        except (engine_path.EngineNotFound, EngineGone) as error:
            text = str(error)
            fault = Fault(text[0].upper() + text[1:], "missing")
            raise EngineGone(fault.text) from None


def interpreter(chosen: str) -> Path:
    """The interpreter that is named somewhere, else that of the engine that was set up from here, else the one that put
    this add-on in place. Raises EngineNotFound."""
    try:
        return engine_path.find_python(chosen)
    except engine_path.EngineNotFound:
        own = None if chosen else set_up.installed(own_folder())
        if own is not None:
            return own
        installed = Path(__file__).with_name("engine.json")
        if chosen or not installed.is_file():
            raise
        return engine_path.find_python(json.loads(installed.read_text(encoding="utf-8"))["python"])


def own_folder() -> Path:
    """Where the engine of this user and this Blender lies that was set up from here; Blender removes it with the
    extension."""
    return Path(bpy.utils.extension_path_user(__package__, path="engine", create=False))


def poll(timeout: float = 0.0) -> None:
    """Do what is due and take the messages that have come, waiting at most `timeout` seconds for the first."""
    global fault
    clock.run_due()
    client.poll(100, timeout)
    if fault is not None and fault.kind == "gone" and client.pid is not None:
        fault = None  # a session has started it again


def stop() -> None:
    """End the engine: its path may have changed. Shots that are open are opened again by the next one."""
    global fault
    client.stop()
    fault = None


def _on_exit(end: EngineExit) -> None:
    global fault
    fault = Fault(str(end), "gone", end.log_tail)


def _on_notification(method: str, params: dict[str, Any]) -> None:
    global fault
    if method == "log" and params.get("level") == "error":
        fault = Fault(params.get("text", ""), "refused")


client.on_exit.connect(_on_exit)
client.on_notification.connect(_on_notification)
