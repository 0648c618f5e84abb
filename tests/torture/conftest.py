"""Attacks in numbers: each test counts what it tried and what came out wrong, and the run prints the counts.

A part runs with all other tests; `WISP_TORTURE=full python3 dev.py test tests/torture` runs all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FULL = os.environ.get("WISP_TORTURE") == "full"


@dataclass
class Counter:
    """What one attack tried, and a sentence for each time that something went wrong."""

    name: str
    tried: int = 0
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, what: str) -> None:
        self.tried += 1
        if not good:
            self.wrong.append(what)


@pytest.fixture
def counter(request: pytest.FixtureRequest, record_property: Any) -> Iterator[Counter]:
    counted = Counter(request.node.name.removeprefix("test_"))
    yield counted
    record_property("torture", (counted.name, counted.tried, len(counted.wrong)))
    assert counted.tried, "nothing was tried"
    if os.environ.get("WISP_TORTURE_LOG"):  # a file for all that went wrong, where five are not enough
        with Path(os.environ["WISP_TORTURE_LOG"]).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(f"{counted.name}: {what}\n" for what in counted.wrong)
    assert not counted.wrong, counted.wrong[:5]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The full run takes as long as it takes."""
    for item in items:
        if FULL and "torture" in item.path.parts:
            item.add_marker(pytest.mark.timeout(0))


#: Attack -> tried, wrong; of all processes of this run.
COUNTS: dict[str, tuple[int, int]] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """Gather the counts where the run is reported, whichever process made them."""
    if report.when == "teardown":
        COUNTS.update({value[0]: (value[1], value[2]) for name, value in report.user_properties if name == "torture"})


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if COUNTS:
        terminalreporter.section("tried / wrong")
        for name, (tried, wrong) in sorted(COUNTS.items()):
            terminalreporter.write_line(f"{name:<50} {tried:>7,} / {wrong}")


@pytest.fixture
def times() -> Any:
    """How often: a few times in every run, many times in the full one."""
    return lambda few, many: many if FULL else few
