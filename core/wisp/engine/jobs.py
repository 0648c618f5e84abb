"""The worker: one thread that does all the work, long jobs in turn and short calls between their frames."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from ..client.ends import Done, Failed
from ..client.events import Event, Progress
from ..errors import CancelledError
from . import api
from .rpc import RpcError

log = logging.getLogger(__name__)
#: Seconds between two progress notifications of one job.
PROGRESS_INTERVAL = 0.1

#: Takes an event of the job of that id.
Send = Callable[[str, Event], None]
#: The exit status of an engine that cannot go on (EX_SOFTWARE of sysexits.h).
_SOFTWARE_ERROR = 70


@dataclass(eq=False)
class Job:
    """A long piece of work. `work` is given the job, reports by `listen`, returns how it ended.

    It must tell `Progress` after every step and stop by CancelledError when `cancelled` is set.
    """

    id: str
    shot_id: str
    work: Callable[[Job], Done]
    send: Send
    between_frames: Callable[[], None]
    cancelled: threading.Event = field(default_factory=threading.Event)
    running: bool = False
    _waiting: Progress | None = None
    _sent: float = 0.0

    def listen(self, event: Event) -> None:
        """Tell an event of the work; after a step calls are let in."""
        if isinstance(event, Progress):
            self.progress(event)
            self.between_frames()
        else:
            self.send(self.id, event)

    def progress(self, progress: Progress) -> None:
        """Tell it, or keep it back while the one before it is younger than PROGRESS_INTERVAL."""
        self._waiting = progress
        if time.monotonic() - self._sent >= PROGRESS_INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Send what was kept back: nobody should be left with the last but one."""
        progress, self._waiting = self._waiting, None
        if progress is not None:
            self.send(self.id, progress)
            self._sent = time.monotonic()


class Worker:
    """Queues for calls and jobs, and the thread that serves them; calls come first."""

    def __init__(self, send: Send) -> None:
        """`send` takes notifications, from this thread or (the end of a cancelled job) the caller's."""
        self._send = send
        self._numbers = itertools.count(1)
        self._calls: deque[Callable[[], None]] = deque()
        self._waiting: deque[Job] = deque()
        self._spare: dict[str, Iterator[None]] = {}
        self._running: Job | None = None
        self._changed = threading.Condition()

    def start(self, idle_seconds: float, when_idle: Callable[[], None]) -> None:
        """Start the thread, which ends with the process only. It runs `when_idle` whenever nothing was to do for
        `idle_seconds`."""

        def serve() -> None:
            try:
                self._serve(idle_seconds, when_idle)
            except BaseException as error:  # without its worker an engine answers nothing: the host must know
                log.critical("the worker has failed, the engine ends: %s", error, exc_info=error)
                os._exit(_SOFTWARE_ERROR)

        threading.Thread(target=serve, name="worker", daemon=True).start()

    def call(self, call: Callable[[], None]) -> None:
        """Run `call` on the worker's thread, soon: before waiting jobs and between the frames of a running one.
        It must handle its own exceptions."""
        with self._changed:
            self._calls.append(call)
            self._changed.notify()

    def when_free(self, name: str, work: Iterator[None] | None) -> None:
        """Step `work` whenever no call waits, in place of earlier work of that name; None: only drop that. On the
        worker's thread only. It must handle its own exceptions."""
        self._spare.pop(name, None)
        if work is not None:
            self._spare[name] = work

    def submit(self, shot_id: str, work: Callable[[Job], Done]) -> str:
        """Queue a job; returns its id."""
        job = Job(f"job-{next(self._numbers)}", shot_id, work, self._send, self.run_calls)
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()
        return job.id

    def cancel(self, matches: Callable[[Job], bool]) -> int:
        """Cancel the jobs that match: a running one stops after its step, a waiting one ends now. Returns how many."""
        with self._changed:
            dropped = [job for job in self._waiting if matches(job)]
            for job in dropped:
                self._waiting.remove(job)
            running = [job for job in (self._running,) if job is not None and matches(job)]
        for job in running:
            job.cancelled.set()
        for job in dropped:
            self._fail(job, CancelledError("The job was cancelled before it began."))
        return len(running) + len(dropped)

    def jobs(self) -> list[api.JobStatus]:
        """The jobs that have not ended, in the order of their turn."""
        with self._changed:
            jobs = [job for job in (self._running, *self._waiting) if job is not None]
        return [
            api.JobStatus(job=job.id, shot_id=job.shot_id, state="running" if job.running else "queued") for job in jobs
        ]

    def run_calls(self) -> None:
        """Run the calls that wait, and one step of what is done when no call does. On the worker's thread only."""
        while True:
            with self._changed:
                call = self._calls.popleft() if self._calls else None
            if call is None:
                break
            _guarded(call)
        for name, work in list(self._spare.items())[:1]:
            if _guarded(partial(next, work, self)) is not None:
                self._spare.pop(name, None)

    def _serve(self, idle_seconds: float, when_idle: Callable[[], None]) -> None:
        while True:
            if not self._await_work(idle_seconds):
                _guarded(when_idle)
                self._await_work(None)
            self.run_calls()
            with self._changed:
                self._running = job = self._waiting.popleft() if self._waiting else None
            if job is not None:
                self._run(job)

    def _await_work(self, timeout: float | None) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._calls or self._waiting or self._spare), timeout)

    def _run(self, job: Job) -> None:
        try:
            end: Done | Exception = job.work(job)
        except Exception as error:
            end = error
        with self._changed:
            self._running = None  # before the end is told: who asks then must not find it any more
        if isinstance(end, Exception):
            self._fail(job, end)
        else:
            job.flush()
            self._send(job.id, end)

    def _fail(self, job: Job, error: Exception) -> None:
        job.flush()
        fault = RpcError.of(error)
        if fault.code == api.INTERNAL_ERROR:
            log.error("%s failed: %s", job.id, error, exc_info=error)
        self._send(job.id, Failed(code=fault.code, message=fault.message, **fault.fault.model_dump()))


def _guarded(work: Callable[[], object]) -> object:
    """Do it; a bug in it is logged and ends nothing else. What it returned, or the exception."""
    try:
        return work()
    except Exception as error:
        log.error("work failed: %s", error, exc_info=error)
        return error
