"""The engine of this Nuke: one process, one open shot per node, messages taken on the main thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from . import host
from .vendor.host import engine_path
from .vendor.host.client import Client
from .vendor.host.shots import RemoteShot

_client: Optional[Client] = None
_shots: Dict[str, RemoteShot] = {}
_timer: Any = None


def client(chosen: str = "") -> Client:
    """The engine's client, started. `chosen`: the interpreter that a node names.

    Raises engine_path.EngineNotFound and EngineGone, whose sentences are for the artist.
    """
    global _client
    if _client is None:
        python = _python(chosen)
        _client = Client(engine_path.command(python), "nuke", host_folder=host.executable_folder())
    _client.start()
    return _client


def _python(chosen: str) -> Path:
    """The interpreter that is named somewhere, else the one that installed this plug-in."""
    try:
        return engine_path.find_python(chosen)
    except engine_path.EngineNotFound:
        installed = Path(__file__).resolve().parent.parent / "engine.json"
        if chosen or not installed.is_file():
            raise
        return engine_path.find_python(json.loads(installed.read_text(encoding="utf-8"))["python"])


def shot(uid: str, document: Dict[str, Any], root: str, cache: str, chosen: str, listener: Any) -> RemoteShot:
    """The node's shot with this document, opened on first use. `listener.status` and `.failed` are called."""
    running = client(chosen)
    known = _shots.get(uid)
    if known is None:
        known = running.open(document, root, listener.status, listener.failed, cache)
        _shots[uid] = known
    else:
        known.update(document)
    return known


def known_shot(uid: str) -> Optional[RemoteShot]:
    """The node's shot, if it was opened."""
    return _shots.get(uid)


def forget(uid: str) -> None:
    """The node is gone."""
    known = _shots.pop(uid, None)
    if known is not None:
        known.close()


def poll() -> None:
    """Take the messages that have come. On the main thread."""
    if _client is not None:
        _client.poll()


def wait(until: Callable[[], bool], timeout: float = 600.0) -> None:
    """Block until `until()`; for scripts without an event loop."""
    assert _client is not None
    _client.wait(until, timeout)


def watch() -> None:
    """Poll from Qt's event loop from now on. With an interface only."""
    global _timer
    if _timer is None:
        from .vendor.panel.qt import QtCore

        _timer = QtCore.QTimer()
        _timer.timeout.connect(poll)
        _timer.start(100)


def stop() -> None:
    """End the engine."""
    global _client
    if _client is not None:
        _client.stop()
    _client = None
    _shots.clear()


def log_file() -> Optional[Path]:
    """Where the engine's words are, once it was started."""
    return _client.log if _client is not None else None
