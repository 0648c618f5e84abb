"""Runs a job on this machine by the Open Job Description libraries: one session per worker and step.

For trying a job before it is sent, and for one strong machine. It is no queue: it knows no priorities, users or other
machines.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openjd.model import (
    Job,
    JobParameterValues,
    ParameterValue,
    RevisionExtensions,
    Step,
    StepDependencyGraph,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
    preprocess_job_parameters,
)
from openjd.sessions import LOG, ActionState, ActionStatus, Session

from ..atomic import writing
from ..errors import CancelledError, UsageError, WispError
from ..solve.progress import never
from .ranges import from_openjd

_EXTENSIONS = ["TASK_CHUNKING"]
_ENDED = (ActionState.SUCCESS, ActionState.FAILED, ActionState.CANCELED, ActionState.TIMEOUT)
#: A session writes its command into a script and runs that. While another thread forks, its child holds the script open
#: for writing for a moment, and the system refuses to run it ("text file busy"). So one starts after the other.
_STARTING = threading.Lock()
#: How often a worker that waits looks whether it should stop, seconds.
_LOOK = 0.1


class TaskFailedError(WispError):
    """A task failed more often than it may; the exit code is the task's own."""

    kind = "task"

    def __init__(self, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


@dataclass
class StepRun:
    """How a step stands: frames (or tasks) `done` of `total`, tasks run, seconds spent in them, tasks run again."""

    name: str
    total: int
    done: float = 0.0
    tasks: int = 0
    seconds: float = 0.0
    retried: int = 0


@dataclass
class JobRun:
    """What a job did, step by step."""

    steps: list[StepRun] = field(default_factory=list)


@dataclass(eq=False)
class _Task:
    parameters: dict[str, ParameterValue]
    frames: int
    tried: int = 0

    def __str__(self) -> str:
        return " ".join(str(value.value) for value in self.parameters.values()) or "all"


def make_job(template: dict[str, Any], values: Mapping[str, str]) -> tuple[Job, JobParameterValues]:
    """The checked job. UsageError in the library's words when template or values are wrong."""
    try:
        decoded = decode_job_template(template=template, supported_extensions=_EXTENSIONS)
        parameters = preprocess_job_parameters(
            job_template=decoded,
            job_parameter_values=values,
            job_template_dir=Path.cwd(),
            current_working_dir=Path.cwd(),
            allow_job_template_dir_walk_up=True,
        )
        return create_job(job_template=decoded, job_parameter_values=parameters), parameters
    except ValueError as error:
        raise UsageError(f"The job is not valid: {error}") from error


def run_job(
    template: dict[str, Any],
    values: Mapping[str, str],
    *,
    workers: int = 1,
    retries: int = 1,
    log: Path | None = None,
    on_progress: Callable[[StepRun], None],
    should_stop: Callable[[], bool] = never,
) -> JobRun:
    """Run all steps in the order of their dependencies, up to `workers` tasks of a step at once.

    A task that fails is run again up to `retries` times: it goes on where it was. `log` gets all that the tasks say.
    `on_progress` is called from this thread. TaskFailedError when a task keeps failing (the others end first),
    CancelledError when `should_stop` turned true: tasks are asked to finish their frame.
    """
    job, parameters = make_job(template, values)
    run = JobRun()
    with _logged(log):
        for step in StepDependencyGraph(job=job).topo_sorted():
            step_run = _StepRunner(job, parameters, step, workers, retries)
            run.steps.append(step_run.state)
            step_run.go(on_progress, should_stop)
    return run


class _StepRunner:
    """One step's tasks, handed out to workers."""

    def __init__(self, job: Job, parameters: JobParameterValues, step: Step, workers: int, retries: int) -> None:
        self._job, self._parameters, self._step = job, parameters, step
        self._workers, self._retries = workers, retries
        self._tasks = StepParameterSpaceIterator(space=step.parameterSpace)
        self._again: deque[_Task] = deque()
        self._lock = threading.Lock()
        self._running: dict[_Task, float] = {}
        self._failure: TaskFailedError | None = None
        self._handed_out = False
        self._frames_done, self._frame_seconds = 0, 0.0
        self._stop = threading.Event()
        self._completed = 0
        self.state = StepRun(step.name, self._count())

    def _count(self) -> int:
        chunk = self._tasks.chunks_parameter_name
        if chunk is None:
            return len(self._tasks)
        whole = StepParameterSpaceIterator(space=self._step.parameterSpace, chunks_task_count_override=1)
        return len(whole)

    def go(self, on_progress: Callable[[StepRun], None], should_stop: Callable[[], bool]) -> None:
        """Run until nothing is left."""
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._workers)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if should_stop():
                self._stop.set()
            with self._lock:
                under_way = sum(task.frames * part for task, part in self._running.items())
                self.state.done = self._completed + under_way
            on_progress(self.state)
            time.sleep(_LOOK)
        if self._failure is not None:
            raise self._failure
        if self._stop.is_set():
            raise CancelledError("Stopped. What is finished stays; run the job again to go on.")
        self.state.done = self._completed
        on_progress(self.state)

    def _work(self) -> None:
        """One worker: tasks one after the other in a session, which a task that failed ends."""
        session: _WorkerSession | None = None
        while (task := self._next()) is not None:
            started = time.monotonic()
            try:
                session = session or _WorkerSession(self._job, self._parameters, self._step)
                status = session.run(task.parameters, functools.partial(self._report, task), self._stop.is_set)
            except Exception as error:
                status = ActionStatus(state=ActionState.FAILED, fail_message=f"could not be started: {error}")
            if session and status.state != ActionState.SUCCESS:
                session.close()
                session = None
            self._ended(task, status, time.monotonic() - started)
        if session:
            session.close()

    def _report(self, task: _Task, part: float) -> None:
        with self._lock:
            self._running[task] = part

    def _next(self) -> _Task | None:
        """The next task, or None. Waits while others that might fail and come back are under way."""
        while True:
            with self._lock:
                if self._stop.is_set() or self._failure is not None:
                    return None
                task = self._again.popleft() if self._again else self._fresh()
                if task is not None:
                    self._running[task] = 0.0
                    return task
                if not self._running:
                    return None
            time.sleep(_LOOK)

    def _fresh(self) -> _Task | None:
        # Once through, the library's iterator begins anew where its chunk length is set again.
        parameters = None if self._handed_out else next(self._tasks, None)
        if parameters is None:
            self._handed_out = True
            return None
        chunk = self._tasks.chunks_parameter_name
        return _Task(parameters, len(from_openjd(parameters[chunk].value)) if chunk else 1)

    def _ended(self, task: _Task, status: ActionStatus, seconds: float) -> None:
        with self._lock:
            del self._running[task]
            self.state.tasks += 1
            self.state.seconds += seconds
            if status.state == ActionState.SUCCESS:
                self._completed += task.frames
                self._adapt(task.frames, seconds)
            elif not self._stop.is_set():
                self._failed(task, status)

    def _failed(self, task: _Task, status: ActionStatus) -> None:
        task.tried += 1
        if task.tried <= self._retries:
            self.state.retried += 1
            self._again.append(task)
            return
        code = status.exit_code
        why = status.fail_message or (f"ended with {code}" if code is not None else "could not be started")
        self._failure = TaskFailedError(
            f"{self._step.name} {task} failed: {why}",
            "What is finished stays; mend this and run the job again.",
            code if code is not None and code > 0 else 1,
        )

    def _adapt(self, frames: int, seconds: float) -> None:
        """Let the next chunks run about as long as the template asks, from the pace so far."""
        if not self._tasks.chunks_adaptive or self._handed_out:
            return
        definition = self._step.parameterSpace.taskParameterDefinitions[self._tasks.chunks_parameter_name]
        self._frames_done += frames
        self._frame_seconds += seconds
        fitting = int(int(definition.chunks.targetRuntimeSeconds) * self._frames_done / max(self._frame_seconds, 1e-3))
        # One quick chunk says little about the next, and a chunk that is a worker's whole share leaves others idle.
        share = math.ceil((self.state.total - self._completed) / self._workers)
        self._tasks.chunks_default_task_count = max(1, min(fitting, 2 * self._tasks.chunks_default_task_count, share))


class _WorkerSession:
    """A session with the job's and the step's environments entered."""

    def __init__(self, job: Job, parameters: JobParameterValues, step: Step) -> None:
        """RuntimeError where an environment cannot be entered."""
        self._step = step
        self._over: queue.SimpleQueue[ActionStatus] = queue.SimpleQueue()
        self._on_part: Callable[[float], None] = lambda _part: None
        self._session = Session(
            session_id=f"{step.name}-{threading.get_ident()}-{time.monotonic_ns()}",
            job_parameter_values=parameters,
            job_name=str(job.name),
            callback=self._follow,
            revision_extensions=RevisionExtensions(
                spec_rev=job.revision, supported_extensions=list(job.extensions or [])
            ),
        )
        self._entered: list[str] = []
        for environment in (*(job.jobEnvironments or ()), *(step.stepEnvironments or ())):
            with _STARTING:
                self._entered.append(self._session.enter_environment(environment=environment))
            if self._over.get().state != ActionState.SUCCESS:
                self.close()
                raise RuntimeError(f"the environment {environment.name} failed")

    def run(
        self, values: dict[str, ParameterValue], on_part: Callable[[float], None], should_stop: Callable[[], bool]
    ) -> ActionStatus:
        """How the task ended; it is asked to end early once `should_stop` is true."""
        self._on_part = on_part
        with _STARTING:
            self._session.run_task(
                step_script=self._step.script, task_parameter_values=values, step_name=self._step.name
            )
        asked = False
        while True:
            with contextlib.suppress(queue.Empty):
                return self._over.get(timeout=_LOOK)
            if should_stop() and not asked:
                asked = True
                self._session.cancel_action()

    def close(self) -> None:
        """Leave the environments and tidy up."""
        with contextlib.suppress(RuntimeError):
            while self._entered:
                with _STARTING:
                    self._session.exit_environment(identifier=self._entered.pop())
                self._over.get()
        self._session.cleanup()

    def _follow(self, _session: str, status: ActionStatus) -> None:
        if status.progress is not None:
            self._on_part(status.progress / 100)
        if status.state in _ENDED:
            self._over.put(status)


class _FileHandler(logging.FileHandler):
    """One that a full disk makes silent: the job goes on, and what it cannot write itself it says."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Nothing."""

    def close(self) -> None:
        """What is left to write may not fit either."""
        with contextlib.suppress(OSError):
            super().close()


@contextlib.contextmanager
def _logged(place: Path | None) -> Iterator[None]:
    """All that sessions and tasks say, into a file instead of the terminal."""
    handler: logging.Handler = logging.NullHandler()
    if place is not None:
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"")
            handler = _FileHandler(place, "a", "utf-8")  # at its end, whoever else writes there
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    propagated, level = LOG.propagate, LOG.level
    LOG.propagate = False
    LOG.setLevel(logging.INFO)
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        handler.close()
        LOG.propagate = propagated
        LOG.setLevel(level)
