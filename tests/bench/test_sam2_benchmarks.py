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
@pytest.mark.timeout(900)
def test_ours_does_not_grow_with_the_shot(capsys: pytest.CaptureFixture[str]) -> None:
    assert memory.main(["--frames", "6,46", "--image-size", "256"]) == 0
    found = json.loads(capsys.readouterr().out)
    # sam2 keeps every picture: 3 x 256 x 256 float32 are 0.75 MB, 30 MB in all. Either peak moves by 10 MB from run to
    # run with what the allocator keeps, so only the wide gap is asked for; that the tracker's memory is the same
    # however long the pass is counted exactly in its own tests.
    assert found["stock"]["mb_per_frame"] > 0.2
    assert found["wisp"]["mb_per_frame"] < found["stock"]["mb_per_frame"]
