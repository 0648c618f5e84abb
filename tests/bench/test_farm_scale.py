"""The simulated farm against what can be worked out by hand."""

from __future__ import annotations

import pytest
from wisp.bench.farm_scale import Costs, simulate

COSTS = Costs(track=1, matte=2, cold=5, warm=1, plate_mb=10, weights_mb=100)


def test_one_worker_does_all_one_after_the_other() -> None:
    found = simulate(1, 1, 20, chunk=10, costs=COSTS)
    assert found.seconds == (5 + 20) + 2 * (1 + 20) and found.busy == pytest.approx(1)
    assert found.overhead == pytest.approx(7 / found.seconds)
    assert found.read_mb_s == pytest.approx((2 * 20 * 10 + 100) / found.seconds)
    assert simulate(1, 1, 20, chunk=10, sessions=False, costs=COSTS).seconds == found.seconds + 8


def test_no_job_ends_before_its_longest_track_and_parts_make_that_shorter() -> None:
    whole, parts = (simulate(100, 1, 200, spans=spans, costs=COSTS).seconds for spans in (1, 10))
    assert whole >= 200 and parts == pytest.approx(whole - 180)


def test_work_is_neither_lost_nor_made() -> None:
    for workers in (1, 3, 50):
        found = simulate(workers, 7, 35, chunk=10, sessions=False, costs=COSTS)
        work = 7 * 35 * 3 + 7 * (1 + 4) * 5
        assert found.busy * found.seconds * workers == pytest.approx(work)
