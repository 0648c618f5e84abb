"""The engine of this Nuke: one process, one open shot per node, messages taken on the main thread."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from . import host
from .vendor.client import engine_path, folders, process
from .vendor.client.client import Client
from .vendor.client.shots import RemoteShot

_client: Optional[Client] = None
_shots: Dict[str, RemoteShot] = {}


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


def models() -> List[Dict[str, Any]]:
    """What the engine can use, once it has said so."""
    return list(_client.engine.get("models", [])) if _client is not None else []


def poll() -> None:
    """Take the messages that have come. On the main thread."""
    if _client is not None:
        _client.poll()


def wait(until: Callable[[], bool], timeout: float = 600.0) -> None:
    """Block until `until()`; for scripts without an event loop."""
    assert _client is not None
    _client.wait(until, timeout)


def run(work: List[str], chosen: str = "") -> subprocess.Popen[bytes]:
    """Start a command of the engine's interpreter, as `wisp deliver ..`: in the environment that the engine gets, its
    words for people in the engine's log."""
    command = [str(_python(chosen)), *engine_path.OPTIONS, "-m", "wisp", *work]
    environment = process.clean_environment(os.environ, host.executable_folder())
    return process.launch(command, environment, folders.log_folder(os.environ) / "nuke-publish.log")


def pictures(document: Dict[str, Any], root: str, chosen: str = "") -> subprocess.Popen[bytes]:
    """Start what gives 8-bit pictures of a shot's plate and mattes: see `wisp.view.pictures`."""
    command = [str(_python(chosen)), *engine_path.OPTIONS, "-m", "wisp.view.pictures"]
    environment = process.clean_environment(os.environ, host.executable_folder())
    started = process.launch(command, environment, folders.log_folder(os.environ) / "nuke-pictures.log")
    assert started.stdin is not None
    started.stdin.write(json.dumps({"shot": document, "root": root}).encode("utf-8") + b"\n")
    started.stdin.flush()
    return started


def report() -> str:
    """What is worth knowing when something does not work."""
    lines = [host.about(), "engine: " + (_client.state if _client is not None else "not started")]
    if _client is not None:
        lines += [
            f"log: {_client.log}",
            f"Wisp {_client.engine.get('wisp', '?')} on {_client.engine.get('device', '?')}",
        ]
        lines += [f"{one['id']}: {'installed' if one['available'] else 'not installed'}" for one in models()]
    return "\n".join(lines)


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
