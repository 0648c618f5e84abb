"""The session of all front-ends, on a clock and an engine that do what the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from wisp.client.client import EngineExit, Signal
from wisp.client.ends import Checked, Solved
from wisp.client.errors import EngineError, EngineGone
from wisp.client.events import FrameDone, Progress, Verdict
from wisp.client.requests import Check, Compare, Request, Solve
from wisp.client.session import PATIENCE, POLL, PREVIEW, SETTLE, Places, Session


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        entry = (self.now + seconds, work)
        self._due.append(entry)
        return lambda: entry in self._due and self._due.remove(entry)

    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [entry for entry in self._due if entry[0] <= end]:
            entry = min(due, key=lambda one: one[0])
            self._due.remove(entry)
            self.now = entry[0]
            entry[1]()
        self.now = end


class Job:
    job_id, finished, cancelled = "job-1", False, False

    def cancel(self) -> None:
        self.cancelled = True


class Shot:
    """What is asked of an open shot."""

    opening = False

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.previews: list[tuple[Any, Any]] = []
        self.handlers: tuple[Any, ...] = ()
        self.job = Job()
        self.broken = False

    def must_run(self) -> None:
        if self.broken:
            raise EngineGone("The engine does not run.")

    def update(self, document: dict[str, Any]) -> None:
        self.asked.append(("update", document["name"]))

    def refresh(self) -> None:
        self.must_run()
        self.asked.append(("refresh",))

    def preview(self, frame: int, number: int, there: Any, failed: Any, *, doubt: bool = False) -> None:
        self.asked.append(("preview", number, frame))
        self.previews.append((there, failed))

    def run(self, asked: Request, *handlers: Any) -> Job:
        self.must_run()
        self.asked.append((asked.method, getattr(asked, "frames", None)))
        self.handlers = handlers
        return self.job

    def close(self) -> None:
        self.asked.append(("close",))


class Client:
    state, engine, pid = "ready", {}, 1

    def __init__(self) -> None:
        self.shot = Shot()
        self.on_exit, self.on_notification = Signal(), Signal()
        self.polled = self.starts = 0
        self.killed = self.stopped = self.broken = False
        self.status: Any = None

    def start(self) -> None:
        self.starts += 1
        self.shot.broken = self.broken
        if self.broken:
            raise EngineGone("The engine cannot be started.")

    def open(self, document: Any, root: str, status: Any, failed: Any, cache: str, readable: Any) -> Shot:
        self.status = status
        return self.shot

    def poll(self) -> int:
        self.polled += 1
        return 0

    def kill(self) -> None:
        self.killed = True

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def made() -> tuple[Session, Client, Clock, dict[str, Any]]:
    client, clock, document = Client(), Clock(), {"name": "first"}
    session = Session(client, lambda: document, Places("/shot", "/cache"), clock)  # type: ignore[arg-type]
    session.open()
    return session, client, clock, document


def test_edits_are_told_once_when_the_hand_rests(made: Any) -> None:
    session, client, clock, document = made
    for name in ("a", "b", "c"):
        document["name"] = name
        session.update()
        clock.passes(SETTLE / 2)
    assert client.shot.asked == []
    clock.passes(SETTLE)
    assert client.shot.asked == [("update", "c")]


def test_nothing_is_begun_where_the_engine_cannot_be_started_again(made: Any) -> None:
    session, client, _clock, _document = made
    client.broken = True
    ends: list[Any] = []
    assert session.run(Solve(None, None, "both"), on_end=lambda *end: ends.append(end)) is False
    assert session.progress is None and not session.busy and ends == []
    assert session.message == "The engine cannot be started." and session.failed


def test_a_preview_follows_the_edit_that_it_is_of(made: Any) -> None:
    session, client, clock, document = made
    seen: list[tuple[int, int]] = []
    session.matte_changed.connect(lambda *what: seen.append(what))
    document["name"] = "edited"
    session.update()
    session.request_preview(1, 7)
    session.request_preview(1, 7)
    clock.passes(PREVIEW)
    assert client.shot.asked == [("update", "edited"), ("preview", 1, 7)] and session.previewing
    session.request_preview(1, 7)  # edited again while it is computed
    clock.passes(PREVIEW)
    client.shot.previews[0][0]({"path": "/cache/m/alpha.0007.exr", "track_state": "tracked", "confidence": 0.3})
    assert session.mattes.lanes[1].suspicious == {7: "the tracker's confidence is 0.30"}
    assert seen == [(1, 7)] and session.mattes.path(1, 7) == "/cache/m/alpha.0007.exr"
    clock.passes(PREVIEW)
    assert client.shot.asked[2:] == [("preview", 1, 7)]


def test_a_quick_preview_is_shown_and_leaves_the_frame_to_be_solved(made: Any) -> None:
    session, client, clock, _ = made
    pattern = "/cache/m/alpha.%04d.exr"
    session.mattes.take_status([{"id": 1, "pattern": pattern, "frames": {"solved": "", "dirty": "7"}}])
    assert session.stale(1, 7)
    session.request_preview(1, 7)
    clock.passes(PREVIEW)
    path = "/cache/q/alpha.0007.exr"
    client.shot.previews[0][0]({"path": path, "track_state": "tracked", "confidence": 0.9, "quick": True})
    assert session.mattes.path(1, 7) == path and not session.stale(1, 7)
    assert 7 in session.mattes.lanes[1].dirty and 7 not in session.mattes.lanes[1].solved
    told: list[str] = []
    assert session.ask_doubt(1, 7, told.append) and not session.ask_doubt(1, 8, told.append)
    client.shot.previews[-1][0]({"doubt": "/cache/q-doubt/alpha.0007.exr"})
    assert told == ["/cache/q-doubt/alpha.0007.exr"]
    session.update()
    assert session.stale(1, 7), "it was of the shot before the edit"


def test_a_status_says_where_mattes_lie(made: Any) -> None:
    session, client, _, _ = made
    known: list[bool] = []
    session.mattes_known.connect(lambda: known.append(True))
    item = {"id": 1, "name": "a", "pattern": "/cache/m/alpha.%04d.exr", "frames": {"solved": "1-2", "dirty": "3"}}
    client.status({"objects": [item], "complete": True})
    assert session.mattes.path(1, 2) == "/cache/m/alpha.0002.exr" and session.stale(1, 3) and known == [True]
    client.status({"objects": [{**item, "frames": {"dirty": "1"}}], "complete": True})
    assert session.mattes.path(1, 2) is None, "no prompt reaches it any more"
    assert session.mattes.path(1, 1) is not None, "a stale matte is shown until the new one is there"


def test_a_job_that_does_not_stop_is_ended(made: Any) -> None:
    session, client, clock, _ = made
    session.solve("1-9")
    session.solve("1-9")
    assert client.shot.asked == [("refresh",), ("solve", "1-9")] and session.busy
    session.stop()
    clock.passes(PATIENCE - 0.1)
    assert client.shot.job.cancelled and not client.killed
    clock.passes(0.2)
    assert client.killed
    client.on_exit(EngineExit(-9, ""))
    assert session.failed and "prompts are safe" in session.message


def test_how_a_job_ended_is_said_until_the_next_edit(made: Any) -> None:
    session, client, _, _ = made
    session.solve("1-9")
    client.shot.job.finished = True
    client.shot.handlers[1](Solved(tracked=2, matted=3, cached=6))
    assert session.message == "2 masks tracked, 3 mattes computed, 6 kept." and client.shot.asked[-1] == ("refresh",)
    session.solve("1-9")
    client.shot.handlers[2](EngineError("stopped", kind="cancelled"))
    assert session.message == "Stopped; what is finished is kept" and not session.failed


def test_an_engine_that_cannot_start_is_said_and_tried_again(made: Any) -> None:
    session, client, clock, _ = made
    client.broken = True
    session.update()
    clock.passes(SETTLE)
    assert session.failed and "cannot be started" in session.message and client.shot.asked == []
    client.broken = False
    session.update()
    clock.passes(SETTLE)
    assert client.shot.asked == [("update", "first")]


def test_it_is_not_settled_before_a_restarted_engine_has_answered(made: Any) -> None:
    session, client, _, _ = made
    client.status({"objects": []})
    assert session.settled
    client.on_exit.emit(EngineExit(-9, ""))
    client.shot.opening = True  # the client opens its shots again when it is started
    assert not session.settled
    client.shot.opening = False
    client.status({"objects": []})
    assert session.settled


def test_polls_until_it_is_closed(made: Any) -> None:
    session, client, clock, _ = made
    clock.passes(POLL * 10.5)
    assert client.polled == 10
    session.close()
    clock.passes(1.0)
    assert client.polled == 10 and client.stopped


def test_what_a_check_doubts_is_marked_with_its_reason(made: Any) -> None:
    session, client, _, _ = made
    ends: list[tuple[Any, str]] = []
    assert session.run(Check(), on_end=lambda *end: ends.append(end))
    assert not session.run(Check()), "one job at a time"
    told = client.shot.handlers[0]
    told(Progress("check", 7, 1, 4, 2.0))
    assert session.progress is not None and session.progress.done == 1
    told(Verdict("hero", 1, 7, "judged", 0.9, True, ("it shrank", "it flickers")))
    told(Verdict("hero", 1, 8, "judged", 0.1))
    assert session.mattes.lanes[1].suspicious == {7: "it shrank; it flickers"}
    client.shot.job.finished = True
    client.shot.handlers[1](Checked(2, 1))
    assert session.message == "2 frames judged, 1 suspicious" and ends == [(Checked(2, 1), "")]


def test_an_edit_reads_the_document_once_however_many_frames_are_in_doubt() -> None:
    read: list[int] = []

    def document() -> dict[str, Any]:
        read.append(1)
        return {"objects": [{"id": 1, "accepted": [[7, "a"], [8, "other"]]}]}

    session = Session(Client(), document, Places("/shot", "/cache"), Clock())  # type: ignore[arg-type]
    for frame in range(7, 107):
        session.mattes.note_track_state(1, frame, "lost", 0.1, "a")
    read.clear()
    session.update()
    assert len(read) == 1 and session.mattes.lanes[1].suspicious.keys() == set(range(8, 107))


def test_where_an_object_is_lost_is_known_until_it_is_solved_anew(made: Any) -> None:
    session, _, _, _ = made
    for frame, state in ((7, "tracked"), (8, "lost"), (9, "candidate")):
        session.mattes.note_track_state(1, frame, state, 0.9)
    assert session.mattes.lost(1) == {8} and session.mattes.lost(2) == set()
    session.mattes.note_track_state(1, 8, "tracked", 0.9)
    assert session.mattes.lost(1) == set()


def test_a_new_object_of_an_old_id_inherits_nothing(made: Any) -> None:
    session, client, _, document = made
    document["objects"] = [{"id": 1}, {"id": 2}]
    session.update()
    session.refresh()
    for number in (1, 2):
        session.mattes.note_track_state(number, 7, "lost", 0.0, "print")
    session.run(Check())
    client.shot.handlers[0](Verdict("hero", 1, 8, "judged", 0.9, True, ("it flickers",)))
    document["objects"] = [{"id": 2}]
    session.update()
    session.refresh()
    session.mattes.note_track_state(1, 9, "lost", 0.0)  # the running job still tells of it
    document["objects"] = [{"id": 2}, {"id": 1}]
    session.update()
    session.refresh()
    assert session.mattes.lost(1) == session.mattes.spoken_of(1) == set() and 1 not in session.mattes.lanes
    assert session.mattes.fingerprint(1, 7) is None and session.mattes.path(1, 7) is None
    assert session.mattes.lost(2) == {7} and session.mattes.fingerprint(2, 7) == "print"


def test_mattes_of_a_comparison_are_not_the_shots(made: Any) -> None:
    session, client, _, _ = made
    ends: list[tuple[Any, str]] = []
    session.run(Compare(["guided", "embedded"], "/cache/compare.png"), on_end=lambda *end: ends.append(end))
    client.shot.handlers[0](FrameDone("hero", 1, 7, "/cache/m/alpha.0007.exr", "solved", "tracked", 1.0))
    assert session.mattes.path(1, 7) is None
    client.shot.job.finished = True
    client.shot.handlers[2](EngineError("There is no head 'x'.", hint="See wisp models."))
    assert session.failed and ends == [(None, "There is no head 'x'. See wisp models.")]
