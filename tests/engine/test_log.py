"""Where records go: to a file from the start, to the host as soon as it can be told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from wisp.engine import api, log


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    logger = logging.getLogger("wisp")
    before, level = list(logger.handlers), logger.level
    yield
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_a_warning_before_the_host_can_be_told_is_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    path = log.start()
    assert path is not None
    logging.getLogger("wisp.test").warning("early")
    told: list[api.Log] = []
    log.tell(told.append)
    logging.getLogger("wisp.test").warning("late")
    assert [one.text for one in told] == ["late"]
    assert [line.split(": ")[-1] for line in path.read_text().splitlines()] == ["early", "late"]
