"""The worker's order: calls before jobs and between their steps, jobs in turn, progress not too often."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import pytest
from wisp.client.ends import Done, Failed, Solved
from wisp.client.events import Event, Notice, Progress
from wisp.engine import api
from wisp.engine.jobs import PROGRESS_INTERVAL, Job, Worker
from wisp.errors import CancelledError, MemoryLimitError


def done(_job: Job) -> Done:
    return Solved(tracked=0, matted=0, cached=0)


class Messages:
    """What a worker sent."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[str, Event]] = queue.Queue()
        self.worker = Worker(lambda job, event: self._queue.put((job, event)))

    def until_begun(self) -> None:
        """Wait until the next job is at its gate."""
        assert isinstance(self._queue.get(timeout=60)[1], Notice)

    def until_end(self, job: str) -> list[Event]:
        """All messages up to the job's end."""
        messages = []
        while True:
            whose, event = self._queue.get(timeout=60)
            messages.append(event)
            if isinstance(event, Done | Failed) and whose == job:
                return messages


@pytest.fixture
def messages() -> Messages:
    messages = Messages()
    messages.worker.start(60.0, lambda: None)
    return messages


def steps(count: int, gate: threading.Event, log: list[str]) -> Callable[[Job], Done]:
    """A job of so many steps that says that it has begun, goes on when the gate is open, and obeys."""

    def work(job: Job) -> Done:
        job.listen(Notice("info", "begun"))
        gate.wait(60)
        for step in range(1, count + 1):
            log.append(f"{job.id} {step}")
            job.listen(Progress("track", step, step, count, None))
            if job.cancelled.is_set():
                raise CancelledError("stopped")
        return done(job)

    return work


def test_jobs_in_turn_and_calls_between_their_steps(messages: Messages) -> None:
    gate, log = threading.Event(), list[str]()
    first = messages.worker.submit("shot-1", steps(3, gate, log))
    second = messages.worker.submit("shot-1", steps(1, gate, log))
    messages.until_begun()
    messages.worker.call(lambda: log.append("call"))
    assert [job.job for job in messages.worker.jobs()] == [first, second]
    gate.set()
    messages.until_end(second)
    assert log == [f"{first} 1", "call", f"{first} 2", f"{first} 3", f"{second} 1"]
    assert messages.worker.jobs() == []


class Clock:
    """A clock that goes on by a hundredth of a second whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        self.now += 0.01
        return self.now


def test_progress_is_throttled_and_the_last_one_sent(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wisp.engine.jobs.time", Clock())
    gate = threading.Event()
    gate.set()
    job = messages.worker.submit("shot-1", steps(1000, gate, []))
    sent = messages.until_end(job)
    told = [message.done for message in sent if isinstance(message, Progress)]
    assert told[0] == 1
    assert told[-1] == 1000
    assert len(told) == pytest.approx(1000 * 0.01 / PROGRESS_INTERVAL, abs=10)
    assert isinstance(sent[-1], Done)


def test_cancel_a_waiting_job_at_once_and_a_running_one_after_its_step(messages: Messages) -> None:
    gate, log = threading.Event(), list[str]()
    running = messages.worker.submit("shot-1", steps(3, gate, log))
    waiting = messages.worker.submit("shot-1", steps(3, gate, log))
    messages.until_begun()
    assert messages.worker.cancel(lambda job: job.id == waiting) == 1
    ends = messages.until_end(waiting)
    assert [message.code for message in ends if isinstance(message, Failed)] == [api.CANCELLED]
    assert messages.worker.cancel(lambda job: job.id == running) == 1
    gate.set()
    last = messages.until_end(running)[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.kind) == (api.CANCELLED, "cancelled")
    assert log == [f"{running} 1"]
    assert messages.worker.cancel(lambda job: True) == 0


def test_a_failed_job_says_why_and_the_next_one_runs(messages: Messages) -> None:
    def fails(job: Job) -> Done:
        raise MemoryLimitError("The GPU is too small for frame 7.", hint="Use a smaller model.")

    def bug(job: Job) -> Done:
        raise ZeroDivisionError("oops")

    for work, code, hint in (
        (fails, api.MEMORY, "Use a smaller model."),
        (bug, api.INTERNAL_ERROR, "The engine's log has the details."),
    ):
        error = messages.until_end(messages.worker.submit("shot-1", work))[-1]
        assert isinstance(error, Failed)
        assert (error.code, error.hint) == (code, hint)
    assert isinstance(messages.until_end(messages.worker.submit("shot-1", done))[-1], Done)


def test_idle_is_noticed_once_per_pause() -> None:
    messages, idle = Messages(), queue.Queue[float]()
    messages.worker.start(0.05, lambda: idle.put(time.monotonic()))
    idle.get(timeout=60)
    time.sleep(0.2)
    assert idle.empty()
    messages.until_end(messages.worker.submit("shot-1", done))
    idle.get(timeout=60)
