"""The benchmarks run and their figures mean what they say."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from wisp.bench import memory, speed
from wisp.bench.sam2_stand_in import DiscClip


def test_the_disc_drifts_and_stays_round() -> None:
    clip = DiscClip(5, 160, 90)
    first, last = (clip.logits(frame, 90) > 0 for frame in (1, 5))
    columns = [np.flatnonzero(inside.any(axis=0)) for inside in (first, last)]
    assert columns[1].mean() > columns[0].mean() + 10
    wide = clip.inside(1, 160, 90)
    assert abs(np.ptp(np.flatnonzero(wide.any(axis=0))) - np.ptp(np.flatnonzero(wide.any(axis=1)))) <= 2


@pytest.mark.slow
def test_speed_reports_both_ways_and_the_stages() -> None:
    found = speed.run(3, image_size=256, size=(160, 90), device="cpu")
    assert found["ratio"] == pytest.approx(found["stock_s"] / found["wisp_s"])
    assert set(found["stages_s"]) == set(speed.STAGES)
    assert 0 < found["tiles"] <= 1
    assert found["random_weights"]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_memory_is_told_of_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    """Peaks move by 10 MB from run to run: what a shot of few frames costs says nothing. That the tracker's memory is
    the same however long the pass is counted exactly in its own tests."""
    assert memory.main(["--frames", "2,4", "--image-size", "256"]) == 0
    found = json.loads(capsys.readouterr().out)
    for who in memory.WHO:
        peaks = found[who]["peak_mb"]
        assert set(peaks) == {"2", "4"} and all(100 < peak < 10_000 for peak in peaks.values())
        assert found[who]["mb_per_frame"] == pytest.approx((peaks["4"] - peaks["2"]) / 2)
