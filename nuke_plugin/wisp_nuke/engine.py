"""The engine of this Nuke: one process for all nodes, and the clock that their sessions go by."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from . import host
from .edits import Refusal
from .vendor.client import engine_path, folders, process
from .vendor.client.client import Client
from .vendor.client.timers import Appointments


class Engine:
    """The process, started when it is first needed, and what is to be done at its time."""

    def __init__(self) -> None:
        self._client: Optional[Client] = None
        #: The clock of sessions: what is due is done on the main thread by `poll`.
        self.clock = Appointments()

    def client(self, chosen: str = "") -> Client:
        """The engine's client, started. `chosen`: the interpreter that a node names; an engine that runs serves all
        nodes that name none.

        Raises engine_path.EngineNotFound, EngineGone, and Refusal where an engine runs on another interpreter than the
        node's; the sentences are for the artist.
        """
        if self._client is None:
            self._client = Client(engine_path.command(python_of(chosen)), "nuke", host_folder=host.executable_folder())
        elif self._client.pid is None:
            self._client.command = engine_path.command(python_of(chosen))
        elif chosen and engine_path.command(python_of(chosen)) != self._client.command:
            raise Refusal(
                f"The engine runs on {self._client.command[0]}, the node names {chosen}. Press 'Stop engine' first, "
                "or empty 'engine's Python'."
            )
        self._client.start()
        return self._client

    @property
    def log(self) -> Optional[Path]:
        """Where the engine writes what goes wrong; None before it was first needed."""
        return self._client.log if self._client is not None else None

    def poll(self) -> None:
        """Take the messages that have come, and do what is due. On the main thread, as often as the host is idle."""
        self.clock.run_due()
        if self._client is not None:
            self._client.poll()

    def wait(self, until: Callable[[], bool], timeout: float = 600.0) -> None:
        """Block until `until()`; for scripts without an event loop. Raises TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The engine did not answer within {timeout:g} seconds.")
            self.poll()
            time.sleep(0.01)

    def report(self) -> str:
        """What is worth knowing when something does not work."""
        lines = [host.about(), "engine: " + (self._client.state if self._client is not None else "not started")]
        if self._client is not None:
            lines += [
                f"log: {self._client.log}",
                f"Wisp {self._client.engine.get('wisp', '?')} on {self._client.engine.get('device', '?')}",
            ]
            models = self._client.engine.get("models", [])
            lines += [f"{one['id']}: {'installed' if one['available'] else 'not installed'}" for one in models]
        return "\n".join(lines)

    def stop(self) -> None:
        """End the engine; open shots are opened again by the next one."""
        if self._client is not None:
            self._client.stop()


#: The one of this Nuke.
ENGINE = Engine()


def pictures(document: Dict[str, Any], root: str, chosen: str = "") -> subprocess.Popen[bytes]:
    """Start what gives 8-bit pictures of a shot's plate and mattes: see `wisp.view.pictures`."""
    started = launch(["wisp.view.pictures"], chosen, "nuke-pictures.log")
    assert started.stdin is not None
    started.stdin.write(json.dumps({"shot": document, "root": root}).encode("utf-8") + b"\n")
    started.stdin.flush()
    return started


def launch(module: List[str], chosen: str, log: str) -> subprocess.Popen[bytes]:
    """Start a module of the engine's interpreter with its arguments, in the environment that the engine gets; its words
    for people go into `log`."""
    command = [str(python_of(chosen)), *engine_path.OPTIONS, "-m", *module]
    environment = process.clean_environment(os.environ, host.executable_folder())
    return process.launch(command, environment, folders.log_folder(os.environ) / log)


def python_of(chosen: str) -> Path:
    """The interpreter that is named somewhere, else the one that installed this plug-in."""
    try:
        return engine_path.find_python(chosen)
    except engine_path.EngineNotFound:
        installed = Path(__file__).resolve().parent.parent / "engine.json"
        if chosen or not installed.is_file():
            raise
        return engine_path.find_python(json.loads(installed.read_text(encoding="utf-8"))["python"])
