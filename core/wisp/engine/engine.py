"""What each request does, and on which thread."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..client.ends import Done
from ..client.events import Progress
from ..client.notifications import notification
from ..client.requests import Compare, Detect, Fetch, Region, Solve
from ..errors import CancelledError, UsageError
from ..weights import search
from ..weights.licences import allowed, terms
from ..weights.options import RunOptions
from ..weights.registry import ModelEntry, entries
from . import api, rpc
from .device import DeviceTurn
from .fetching import fetch
from .jobs import Job, Worker
from .rpc import RpcError

if TYPE_CHECKING:
    from ..models.store import ModelStore
    from .shots import OpenShot

log = logging.getLogger(__name__)
#: Seconds that a preview waits for a device which another engine uses.
PREVIEW_PATIENCE = 2.0
#: Jobs in which models work; the others need no turn at the device.
ON_DEVICE = (Solve, Detect, Compare, Region)


class Engine:
    """Requests in, answers and notifications out.

    `receive` is called by the reader's thread and never waits for work: methods marked `at_once` are answered on
    it, all others by the worker.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], options: RunOptions, log_file: Path | None) -> None:
        """`send` writes one message, from any thread."""
        self.closing = False
        self._send = send
        self._options = options
        self._log_file = log_file
        self._models: ModelStore | None = None
        self._device = DeviceTurn(options.device)
        self._shots: dict[str, OpenShot] = {}
        self._numbers = itertools.count(1)
        self._worker = Worker(lambda job, event: self._send(notification(job, event)))
        #: Requests that wait for the worker, by their ids, and what stops them; and the one that is under way.
        self._pending: dict[rpc.Id, threading.Event] = {}
        self._stop = threading.Event()
        self._initialized = False
        self._handlers: dict[str, Callable[[Any], api.Message]] = {
            "initialize": self._initialize,
            "open": self._open,
            "update": self._update,
            "preview": self._preview,
            **dict.fromkeys(api.JOB_REQUESTS, self._job),
            "cancel": self._cancel,
            "status": self._status,
            "close": self._close,
            "ping": lambda _: api.Pong(pid=os.getpid()),
            "shutdown": self._shutdown,
        }

    def notify(self, params: api.Message) -> None:
        """Send a notification."""
        self._send(rpc.notification(params))

    def receive(self, line: bytes) -> None:
        """Answer a line, now or by the worker. Whatever is on it, this returns."""
        try:
            request = rpc.parse(line)
        except RpcError as error:
            self._send(rpc.failure(error.request_id, error))
            return
        if request is not None:
            self._route(request)

    def refuse_long_line(self) -> None:
        """Answer a line that was beyond the limit."""
        error = RpcError(api.PARSE_ERROR, f"The line is longer than {api.MAX_LINE} bytes.", kind="protocol")
        self._send(rpc.failure(None, error))

    def _route(self, request: rpc.Request) -> None:
        method = api.METHODS.get(request.method)
        if method is None:
            error = RpcError(api.METHOD_NOT_FOUND, f"There is no method '{request.method}'.", kind="protocol")
        elif not self._initialized and method.name not in ("initialize", "ping", "shutdown"):
            text = f"'{method.name}' came before 'initialize'."
            error = RpcError(api.NOT_INITIALIZED, text, kind="protocol", hint="Send 'initialize' first.")
        elif method.at_once:
            self._answer(method, request)
            return
        else:
            stop = self._pending[request.id] = threading.Event()
            self._worker.call(lambda: self._answer_stoppable(method, request, stop))
            return
        self._send(rpc.failure(request.id, error))

    def _answer_stoppable(self, method: api.Method, request: rpc.Request, stop: threading.Event) -> None:
        self._stop = stop
        self._answer(method, request, stop)
        if self._pending.get(request.id) is stop:
            del self._pending[request.id]

    def _answer(self, method: api.Method, request: rpc.Request, stop: threading.Event | None = None) -> None:
        try:
            params = rpc.validate(method, request.params)
            if stop is not None and stop.is_set():
                raise CancelledError("The request was cancelled before it began.")
            answer = rpc.result(request.id, self._handlers[method.name](params))
        except Exception as error:
            fault = RpcError.of(error)
            if fault.code == api.INTERNAL_ERROR:
                log.error("%s failed: %s", method.name, error, exc_info=error)
            answer = rpc.failure(request.id, fault)
        try:
            self._send(answer)
        except ValueError as error:  # what JSON cannot hold: a bug, but whoever waits must hear of it
            log.error("the answer to %s cannot be sent: %s", method.name, error, exc_info=error)
            self._send(rpc.failure(request.id, RpcError.of(error)))

    # -- on the reader's thread ---------------------------------------------------------------------------

    def _initialize(self, asked: api.Initialize) -> api.Initialized:
        if asked.protocol != api.PROTOCOL:
            raise RpcError(
                api.PROTOCOL_MISMATCH,
                f"{asked.client} speaks protocol {asked.protocol}, this engine (Wisp {__version__}) {api.PROTOCOL}.",
                kind="protocol",
                hint="Install front-end and engine of the same version.",
            )
        if not self._initialized:
            self._initialized = True
            self._worker.start(asked.idle_minutes * 60.0, self._drop_models)
        log.info("serving %s", asked.client)
        return api.Initialized(
            protocol=api.PROTOCOL,
            wisp=__version__,
            device=self._options.device,
            models=[_model_info(model, self._options) for model in entries()],
            log=None if self._log_file is None else self._log_file.as_posix(),
        )

    def _cancel(self, asked: api.Cancel) -> api.Cancelling:
        if asked.job is not None:
            return api.Cancelling(cancelled=self._worker.cancel(lambda job: job.id == asked.job) > 0)
        stop = self._pending.get(asked.request)
        if stop is not None:
            stop.set()
        return api.Cancelling(cancelled=stop is not None)

    def _status(self, _: api.Empty) -> api.EngineStatus:
        return api.EngineStatus(
            device=self._device.name,
            models=[] if self._models is None else self._models.names(),
            shots=list(self._shots),
            jobs=self._worker.jobs(),
        )

    def _shutdown(self, _: api.Empty) -> api.Empty:
        self._worker.cancel(lambda _: True)
        self.closing = True
        return api.Empty()

    # -- on the worker's thread ---------------------------------------------------------------------------

    def _open(self, asked: api.Open) -> api.Opened:
        from ..models.store import ModelStore  # numpy and OpenCV come with it; the first answers must not wait for them
        from .shots import OpenShot

        if self._models is None:
            self._models = ModelStore(self._options)
        shot = OpenShot(asked, self._models, self._stop.is_set)
        shot_id = f"shot-{next(self._numbers)}"
        self._shots[shot_id] = shot
        self._find_out(shot_id)
        self._note(shot.notes)
        return api.Opened(shot_id=shot_id, status=shot.status())

    def _update(self, asked: api.Update) -> api.Updated:
        shot = self._shot(asked.shot_id)
        known = shot.notes
        updated = shot.update(asked, self._stop.is_set)
        self._find_out(asked.shot_id)
        self._note([note for note in shot.notes if note not in known])
        return updated

    def _note(self, sentences: Iterable[str]) -> None:
        """What a plate has to say of itself, after the answer."""
        for sentence in sentences:
            self._worker.call(partial(self.notify, api.Log(level="warning", text=sentence)))

    def _find_out(self, shot_id: str) -> None:
        """What an answer leaves open is told later."""

        def report(status: api.ShotStatus) -> None:
            self.notify(api.ShotStatusKnown(shot_id=shot_id, status=status))

        self._worker.when_free(shot_id, self._shots[shot_id].find_out(report))

    def _drop_models(self) -> None:
        if self._models is not None:
            self._models.drop()

    def _preview(self, asked: api.Preview) -> api.Previewed:
        shot = self._shot(asked.shot_id)
        with self._device.reserved(self._device.patience(PREVIEW_PATIENCE)):
            return shot.preview(asked)

    def _job(self, asked: api.JobRequest) -> api.Solving:
        request = asked.request()
        shot = self._shot(asked.shot_id)
        work = partial(fetch, request, self._options) if isinstance(request, Fetch) else shot.work(request)

        def begin(job: Job) -> Done:
            with contextlib.ExitStack() as stack:
                if isinstance(request, ON_DEVICE):
                    stack.enter_context(self._device.reserved(lambda: self._queue(job)))
                job.running = True
                return work(job)

        return api.Solving(job=self._worker.submit(asked.shot_id, begin))

    def _queue(self, job: Job) -> None:
        """While another engine has the device: say so, let calls in, heed a cancel."""
        job.listen(Progress("queued", None, 0, 0, None))
        if job.cancelled.is_set():
            raise CancelledError("The job was cancelled before it began.")

    def _close(self, asked: api.Close) -> api.Empty:
        shot = self._shot(asked.shot_id)
        del self._shots[asked.shot_id]
        self._worker.when_free(asked.shot_id, None)
        self._worker.cancel(lambda job: job.shot_id == asked.shot_id)
        shot.close()
        return api.Empty()

    def _shot(self, shot_id: str) -> OpenShot:
        if shot_id not in self._shots:
            raise UsageError(f"There is no open shot '{shot_id}'.", hint="Open it first.")
        return self._shots[shot_id]


def _model_info(model: ModelEntry, options: RunOptions) -> api.ModelInfo:
    places = search.folders(options.weights)
    missing = [file for file in model.files.values() if search.find(file, places) is None]
    sizes = [file.size for file in missing]
    return api.ModelInfo(
        id=model.id,
        title=model.title,
        kinds=list(model.kinds),
        licence=model.licence,
        commercial=model.commercial,
        available=not missing,
        terms=terms(model),
        note=model.note,
        missing=None if None in sizes else sum(size or 0 for size in sizes),
        allowed=allowed(model, options),
    )
