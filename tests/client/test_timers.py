"""Appointments are kept in order, can be taken back, also by one another, and a timer holds one at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from wisp.client import timers
from wisp.client.timers import Appointments, Timer


class Clockwork:
    """`time.monotonic` that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clockwork(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    clockwork = Clockwork()
    monkeypatch.setattr(timers, "time", clockwork)
    return clockwork


def test_only_what_is_due_is_done_and_only_once(clockwork: Clockwork) -> None:
    clock, done = Appointments(), []
    clock(2.0, lambda: done.append("second"))
    clock(1.0, lambda: done.append("first"))
    clockwork.now = 1.0
    clock.run_due()
    assert done == ["first"]
    assert clock.pending()
    clockwork.now = 5.0
    clock.run_due()
    clock.run_due()
    assert done == ["first", "second"]
    assert not clock.pending()


def test_one_that_is_due_may_take_back_another(clockwork: Clockwork) -> None:
    clock, done = Appointments(), []
    take_back: list[Callable[[], None]] = []
    clock(1.0, lambda: take_back[0]())
    take_back.append(clock(1.0, lambda: done.append("taken back")))
    clockwork.now = 1.0
    clock.run_due()
    assert done == []
    assert not clock.pending()


def test_what_is_asked_for_meanwhile_waits_for_the_next_look(clockwork: Clockwork) -> None:
    clock, done = Appointments(), []
    clock(0.0, lambda: [clock(0.0, lambda: done.append("later")), done.append("now")])
    clock.run_due()
    assert done == ["now"]
    clock.run_due()
    assert done == ["now", "later"]


def test_a_timer_that_is_started_again_is_moved(clockwork: Clockwork) -> None:
    clock, done = Appointments(), []
    timer = Timer(clock, 1.0, lambda: done.append(clockwork.now))
    timer.start()
    clockwork.now = 0.9
    timer.start()
    clockwork.now = 1.5
    clock.run_due()
    assert done == []
    clockwork.now = 2.0
    clock.run_due()
    assert done == [2.0]


def test_a_stopped_timer_does_nothing(clockwork: Clockwork) -> None:
    clock, done = Appointments(), []
    timer = Timer(clock, 1.0, lambda: done.append(True))
    timer.start()
    timer.stop()
    timer.stop()
    clockwork.now = 2.0
    clock.run_due()
    assert done == []
    assert not clock.pending()
