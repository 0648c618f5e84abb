"""The benchmark of `wisp check`: limits follow their rule, and wrong frames of a real clip are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from wisp.bench.checking import TOLERATED, Case, cases_of, measure_limits, table
from wisp.quality.verdict import LIMITS, Evidence
from wisp.quality.walk import Sight


def _cases(clip: str, rng: np.random.Generator, count: int = 200) -> list[Case]:
    """Frames whose drift says how wrong they are, and whose area says nothing."""
    cases = []
    for frame in range(count):
        j = float(rng.random())
        evidence = [Evidence("drift", 2 * (1 - j), "d"), Evidence("area", float(rng.random()), "a")]
        cases.append(Case(clip, None, Sight("object", 1, frame, evidence=evidence), j))
    return cases


def test_limits_make_as_many_good_frames_suspicious_as_is_tolerated() -> None:
    cases = _cases("one", np.random.default_rng(1), 2000)
    limits = measure_limits(cases)
    good = [case for case in cases if not case.wrong]
    assert np.mean([case.suspicious(limits) for case in good]) == pytest.approx(TOLERATED, abs=0.02)
    assert limits["drift"].usual == pytest.approx(0.3, abs=0.03), "the median of 2 (1 - J) over J from 0.7 to 1"
    wrong = [case for case in cases if case.wrong]
    assert np.mean([case.suspicious(limits) for case in wrong]) > 0.8


def test_table_judges_each_clip_by_the_others() -> None:
    rng = np.random.default_rng(2)
    text = table([*_cases("one", rng), *_cases("two", rng)])
    assert [line.split()[0] for line in text.splitlines()] == ["clip", "one", "one", "two", "two", "left", "limits"]


@pytest.mark.slow
def test_most_wrong_frames_of_a_real_clip_are_found(shared: Path, tmp_path: Path) -> None:
    """A cyclist passes behind a tree and is lost bit by bit."""
    clip = shared / "data" / "clips" / "davis_bmx_trees"
    for part in ("frames", "masks"):
        (tmp_path / "bmx" / part).mkdir(parents=True)
        for path in sorted((clip / part).iterdir())[:20]:
            shutil.copy(path, tmp_path / "bmx" / part / path.name)
    cases = cases_of(tmp_path / "bmx", None, tmp_path / "work")
    wrong = [case for case in cases if case.wrong]
    assert len(cases) == 20 and len(wrong) >= 4
    assert np.mean([case.suspicious(LIMITS) for case in wrong]) > 0.7
