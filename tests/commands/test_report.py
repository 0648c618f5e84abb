"""What is told of a job while it runs, where there is no terminal."""

from __future__ import annotations

import pytest
from wisp.client.events import Progress, Started
from wisp.commands.report import Reporter


def test_progress_of_each_solve_ends_at_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A comparison solves once per head, and only the first of them tracks; a list, once per shot."""
    with Reporter() as told:
        for track, matte in ((2, 2), (0, 2), (2, 2)):
            told(Started(track, matte, "flow", "guided", 0))
            for stage, count in (("track", track), ("matte", matte)):
                for done in range(1, count + 1):
                    told(Progress(stage, 1000 + done, done, count, None))  # type: ignore[arg-type]
        told(Progress("deliver", 1001, 1, 1, None))
    said = [line.removeprefix("Progress: ") for line in capsys.readouterr().err.splitlines() if "Progress" in line]
    assert said == ["25%", "50%", "75%", "100%", "50%", "100%", "25%", "50%", "75%", "100%", "100%"]
