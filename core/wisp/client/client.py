"""The engine's client for a host program: requests out, answers and notifications on the caller's own thread.

Nothing here blocks unless its name says so (`call`, `stop`): the host calls `poll()` from its timer, and every
callback runs inside that call, so callbacks may touch the host's API. `docs/protocol.md` lists the messages.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from . import folders, process
from .connection import Connection, Message, TooLong
from .errors import EngineError, EngineGone, Failure, Result, as_error, ignore
from .pipe import Closed
from .shots import Job, RemoteShot
from .tables import IDLE_MINUTES, PROTOCOL


class Signal:
    """Calls whoever is connected."""

    def __init__(self) -> None:
        self._connected: List[Callable[..., Any]] = []

    def connect(self, work: Callable[..., Any]) -> None:
        self._connected.append(work)

    def disconnect(self, work: Callable[..., Any]) -> None:
        """Nothing where it is not connected."""
        if work in self._connected:
            self._connected.remove(work)

    def disconnect_all(self) -> None:
        del self._connected[:]

    def emit(self, *values: Any) -> None:
        for work in list(self._connected):
            work(*values)

    __call__ = emit


class EngineExit(NamedTuple):
    """An engine's unexpected end. `code` < 0: the signal that ended it (POSIX); `log_tail`: its last words."""

    code: int
    log_tail: str

    def __str__(self) -> str:
        how = f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"
        return f"The engine stopped ({how})."


class Client:
    """One engine process at a time, the shots open in it, and the jobs it runs.

    `state` is `stopped`, `starting`, `ready`, `refused` (the handshake failed) or `exited`.
    `engine` is the answer to `initialize` once ready: version, device, models.
    `on_exit(EngineExit)` tells that the engine ended unasked, `on_notification(method, params)` what no job claims:
    `log`, and whatever a newer engine may send.
    """

    def __init__(
        self,
        command: List[str],
        name: str,
        log: Optional[Path] = None,
        environment: Optional[Mapping[str, str]] = None,
        host_folder: str = "",
        idle_minutes: float = IDLE_MINUTES,
    ) -> None:
        """`command`: see `engine_path.command`. `name`: the host, shown in the engine's log. `log`: the file that
        takes the engine's stderr (default: one per host process in the user's log folder). `environment`: default
        that of this process, cleaned of what belongs to the host; `host_folder` is dropped from its PATH.
        `idle_minutes`: after so long without work an engine that is started from now on drops its models."""
        inherited = os.environ if environment is None else environment
        self.log = log or folders.log_folder(inherited) / f"{name}-{os.getpid()}.log"
        self.state = "stopped"
        self.engine: Dict[str, Any] = {}
        self.on_exit, self.on_notification = Signal(), Signal()
        self.command = command
        self.idle_minutes = idle_minutes
        self._name = name
        self._environment = process.clean_environment(inherited, host_folder)
        self._connection: Optional[Connection] = None
        self._numbers = itertools.count(1)
        self._pending: Dict[int, Tuple[Result, Failure]] = {}
        #: What was too long to be sent, until the next poll says so.
        self._unsent: List[Tuple[Failure, EngineError]] = []
        self._shots: List[RemoteShot] = []
        self._jobs: Dict[str, Job] = {}

    @property
    def pid(self) -> Optional[int]:
        """The engine's process id while it runs."""
        return self._connection.pid if self._connection is not None else None

    # -- life ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the engine and open again the shots that were open in an earlier one.

        Returns at once; `state` becomes `ready` in a later `poll()`. Does nothing while one runs.
        Raises EngineGone when the command cannot be started.
        """
        if self._connection is not None:
            return
        try:
            self._connection = Connection(self.command, self._environment, self.log)
        except OSError as error:
            raise EngineGone(f"The engine {self.command[0]} cannot be started: {error}.", "Check its path.") from None
        self.state = "starting"
        greeting = {"protocol": PROTOCOL, "client": self._name, "idle_minutes": self.idle_minutes}
        self.request("initialize", greeting, self._welcomed, self._refused)
        for shot in self._shots:
            shot._open()

    def stop(self, patience: float = 2.0) -> None:
        """End the engine, waiting at most `patience` seconds for it to go by itself. Open shots are remembered."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(patience)
            self._forget(EngineGone("The engine was stopped."))
        self.state = "stopped"

    def kill(self) -> None:
        """End an engine that does not answer; the next `poll()` reports its exit."""
        if self._connection is not None:
            self._connection.kill()

    # -- talk ---------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        params: Dict[str, Any],
        on_result: Result,
        on_error: Failure,
    ) -> int:
        """Send a request, return its id; exactly one of the callbacks runs, in a later `poll()`.

        What is longer than the protocol's lines fails with the kind `usage`. Raises EngineGone when no engine runs and
        ValueError when `params` cannot be sent as JSON.
        """
        if self._connection is None:
            raise EngineGone("The engine is not running.", "Start it first.")
        number = next(self._numbers)
        try:
            self._connection.post({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        except TooLong as error:
            hint = "Remove strokes from the shot, or give masks in their place."
            self._unsent.append((on_error, EngineError(str(error), kind="usage", hint=hint)))
        else:
            self._pending[number] = (on_result, on_error)
        return number

    def call(self, method: str, params: Optional[Dict[str, Any]] = None, timeout: float = 30.0) -> Dict[str, Any]:
        """Send a request and block until it is answered, polling meanwhile. For scripts and tests.

        Raises EngineError when it failed, TimeoutError when no answer came within `timeout` seconds.
        """
        results: List[Dict[str, Any]] = []
        errors: List[EngineError] = []
        self.request(method, params or {}, results.append, errors.append)
        self.wait(lambda: bool(results or errors), timeout)
        if errors:
            raise errors[0]
        return results[0]

    def wait(self, until: Callable[[], bool], timeout: float = 30.0) -> None:
        """Block and poll until `until()` is true; for scripts, tests and hosts without an event loop.

        Raises TimeoutError after `timeout` seconds, EngineGone when the engine is gone and it is still not true.
        """
        deadline = time.monotonic() + timeout
        while not until():
            if self._connection is None:
                raise EngineGone("The engine is not running.", f"See {self.log}.")
            if time.monotonic() > deadline:
                raise TimeoutError(f"The engine did not answer within {timeout:g} seconds.")
            self.poll(timeout=0.05)

    def poll(self, limit: int = 200, timeout: float = 0.0) -> int:
        """Run the callbacks of at most `limit` messages that have come; returns how many.

        Waits up to `timeout` seconds for the first one. An exception of a callback passes through; the messages
        after it stay for the next call.
        """
        while self._unsent:
            on_error, failure = self._unsent.pop(0)
            on_error(failure)
        for count in range(limit):
            if self._connection is None:
                return count
            try:
                message = self._connection.fetch(0.0 if count else timeout)
            except Closed:
                self._gone()
                return count
            if message is None:
                return count
            self._receive(message)
        return limit

    def open(
        self,
        shot: Dict[str, Any],
        root: str,
        on_status: Result,
        on_error: Failure,
        cache: Optional[str] = None,
        readable: Iterable[str] = (),
    ) -> RemoteShot:
        """Open a shot document, now or when the engine starts. Absolute folders: `root`, which the document's
        relative paths refer to; `cache`, for results (default: the engine's); `readable`, further ones that
        pictures may be read from. `on_status` gets the status of every object, now and after each update or
        restart; `on_error` what fails and has no callback of its own."""
        place = {"root": root, "cache": cache, "readable": list(readable)}
        opened = RemoteShot(self, shot, place, on_status, on_error)
        self._shots.append(opened)
        if self._connection is not None:
            opened._open()
        return opened

    # -- inside -------------------------------------------------------------------------------------------

    def _receive(self, message: Message) -> None:
        method = message.get("method")
        if method is not None:
            params = message.get("params", {})
            job = self._jobs.get(params.get("job", ""))
            if method == "shot/status":
                any(shot._known(params) for shot in self._shots)
            elif job is None:
                self.on_notification(method, params)
            else:
                job._handle(method, params)
            return
        on_result, on_error = self._pending.pop(message.get("id", 0), (ignore, ignore))
        if "error" in message:
            on_error(as_error(message["error"]))
        else:
            on_result(message["result"])

    def _welcomed(self, result: Dict[str, Any]) -> None:
        self.engine = result
        self.state = "ready"

    def _refused(self, error: EngineError) -> None:
        if not isinstance(error, EngineGone):
            self.state = "refused"
            self.on_notification("log", {"level": "error", "text": str(error)})

    def _gone(self) -> None:
        assert self._connection is not None
        connection, self._connection = self._connection, None
        code = connection.close()
        self.state = "exited"
        end = EngineExit(code, process.log_tail(self.log))
        self._forget(EngineGone(str(end), f"See {self.log}."))
        self.on_exit(end)

    def _forget(self, error: EngineGone) -> None:
        """Tell everybody who still waits for the engine that it is gone."""
        self.engine = {}
        pending, self._pending = self._pending, {}
        unsent, self._unsent = self._unsent, []
        jobs, self._jobs = self._jobs, {}
        for on_error in [*(failure for _, failure in pending.values()), *(failure for failure, _ in unsent)]:
            on_error(error)
        for job in jobs.values():
            job._fail(error)
        for shot in self._shots:
            shot._lost(error)
