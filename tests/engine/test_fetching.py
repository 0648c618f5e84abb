"""The job that brings weights: terms first, progress, stopped and gone on with, who can be used afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from weights.conftest import home, server
from weights.file_server import FileServer
from weights.stand_ins import GOOD, REGISTRY
from wisp.client.ends import Fetched
from wisp.client.events import Event, Notice, Progress
from wisp.client.requests import Fetch
from wisp.engine.fetching import fetch
from wisp.engine.jobs import Job
from wisp.errors import CancelledError
from wisp.weights import registry
from wisp.weights.options import RunOptions

__all__ = ["home", "server"]


class Told:
    """A job and what it told; `stop_at`: cancelled once so many bytes are told of."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.events: list[Event] = []
        self.job = Job("job-1", "shot-1", lambda _: Fetched("", [], []), self._take, lambda: None)
        self._stop_at = stop_at

    def _take(self, _job: str, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Progress) and self._stop_at is not None and event.done >= self._stop_at:
            self.job.cancelled.set()


@pytest.fixture
def published(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """`hero` and the first file of `both` are on a server of their own."""
    server.content["/hero"] = GOOD
    text = REGISTRY.replace('repo = "studio/hero"', f'url = "{server.address}/hero"')
    models = registry.parse(text.replace('path = "checkpoints/hero+.pt"', ""))
    monkeypatch.setattr(registry, "_registry", lambda: models)
    return server


def test_terms_come_first_and_the_end_says_what_can_be_used(published: FileServer, home: Path) -> None:
    told = Told()
    end = fetch(Fetch("hero"), RunOptions(), told.job)
    told.job.flush()
    first, *others = told.events
    assert isinstance(first, Notice) and "NON-COMMERCIAL" in first.message
    last = others[-1]
    assert isinstance(last, Progress)
    assert (last.stage, last.done, last.total) == ("fetch", len(GOOD), len(GOOD))
    assert end.paths == [(home / "hero+.pt").as_posix()]
    assert end.available == ["plain", "hero", "lacking"], "`both` still lacks a file"


def test_a_stopped_transfer_is_kept_and_gone_on_with(published: FileServer, home: Path) -> None:
    home.mkdir(parents=True)
    (home / ".hero+.pt.part").write_bytes(GOOD[:1000])
    told = Told()
    told.job.cancelled.set()
    with pytest.raises(CancelledError, match="what has come is kept"):
        fetch(Fetch("hero"), RunOptions(), told.job)
    kept = (home / ".hero+.pt.part").stat().st_size
    assert 1000 < kept <= len(GOOD)
    fetch(Fetch("hero"), RunOptions(), Told().job)
    assert (home / "hero+.pt").read_bytes() == GOOD
    assert published.asked[0] == "bytes=1000-"
