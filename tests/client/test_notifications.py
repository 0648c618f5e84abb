"""Whatever a job may be asked, tell and end with crosses the pipe."""

from __future__ import annotations

from wisp.client.ends import ENDS, Done, Stopped
from wisp.client.events import Event
from wisp.client.notifications import NOTIFICATIONS
from wisp.client.requests import Request
from wisp.engine.api import METHODS


def test_every_request_is_a_method_of_the_engine_and_has_an_end_of_its_own() -> None:
    assert set(ENDS) == set(Request.__subclasses__())
    assert sorted(kind.__name__ for kind in ENDS.values()) == sorted(kind.__name__ for kind in Done.__subclasses__())
    assert {kind.method for kind in ENDS} <= set(METHODS)


def test_every_event_has_a_notification() -> None:
    sent = {kind for kinds in NOTIFICATIONS.values() for kind in kinds}
    only_written = {Done, Stopped}  # a base, and the line of a command that was interrupted
    assert {*Event.__subclasses__(), *Done.__subclasses__()} - only_written == sent
