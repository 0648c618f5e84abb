# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as this host process uses it: one client, started on first use, and what is the matter with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import preferences, setting_up
from .client import engine_path, set_up
from .client.client import Client, EngineExit
from .client.errors import EngineGone


@dataclass
class Fault:
    """What went wrong, for the panel. `kind`: as the engine names it, or `missing`, `gone`, `refused`."""

    text: str
    kind: str = "unexpected"
    details: str = ""


client: Client | None = None
fault: Fault | None = None


def start() -> Client:
    """The client, its engine started. Raises EngineGone where it cannot be, or has just ended."""
    global client, fault
    if client is None:
        prefs = preferences.get()
        try:
            python = _python(bpy.path.abspath(prefs.engine))
        except engine_path.EngineNotFound as error:
            text = str(error)
            fault = Fault(text[0].upper() + text[1:], "missing")
            raise EngineGone(fault.text) from None
        client = Client(engine_path.command(python), f"blender-{bpy.app.version_string}", idle_minutes=prefs.idle)
        client.on_exit.connect(_on_exit)
        client.on_notification.connect(_on_notification)
    if client.state == "ready":
        client.poll()
        if client.state == "exited":  # it ended since the last look: said once, and the next request starts it again
            raise EngineGone(f"{fault.text if fault else 'The engine stopped.'} Ask again to start it anew.")
    if client.state in ("stopped", "exited"):
        fault = None
        try:
            client.start()
        except EngineGone as error:
            fault = Fault(str(error), "missing")
            client = None
            raise
    return client


def _python(chosen: str) -> Path:
    """The interpreter that is named somewhere, else that of the engine that was set up from here, else the one that put
    this add-on in place. Raises EngineNotFound."""
    try:
        return engine_path.find_python(chosen)
    except engine_path.EngineNotFound:
        own = None if chosen else set_up.installed(setting_up.folder())
        if own is not None:
            return own
        installed = Path(__file__).with_name("engine.json")
        if chosen or not installed.is_file():
            raise
        return engine_path.find_python(json.loads(installed.read_text(encoding="utf-8"))["python"])


def stop() -> None:
    """End the engine and forget it: its path may have changed."""
    global client, fault
    if client is not None:
        client.stop()
    client, fault = None, None


def _on_exit(end: EngineExit) -> None:
    global fault
    fault = Fault(str(end), "gone", end.log_tail)


def _on_notification(method: str, params: dict[str, Any]) -> None:
    global fault
    if method == "log" and params.get("level") == "error":
        fault = Fault(params.get("text", ""), "refused")
