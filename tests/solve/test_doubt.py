"""The doubt of a solved matte as a file: what the window shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.delivering import solved_shot, stand_ins
from wisp.cache import read_matte
from wisp.solve import Solver
from wisp.trackers.tracker import TrackedMask


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Solver:
    stand_ins(monkeypatch)
    return solved_shot(tmp_path, range(1010, 1014))


def test_it_is_1_minus_the_confidence_and_worked_out_once(made: Solver) -> None:
    work = made.work("hero")
    alpha, stamp = read_matte(work.path(1012))
    path = made.doubt(1012, "hero")
    doubt, said = read_matte(path)
    expected = (1 - work.confidence(1012, alpha, stamp)).astype(np.float16)
    np.testing.assert_array_equal(doubt, expected.astype(np.float32))
    assert stamp is not None and said is not None and said == replace(stamp, fingerprint=said.fingerprint)
    assert said.fingerprint != stamp.fingerprint and path.parent != work.path(1012).parent
    written = path.stat().st_mtime_ns
    assert made.doubt(1012, "hero") == path and path.stat().st_mtime_ns == written
    np.testing.assert_array_equal(read_matte(work.path(1012))[0], alpha)


def test_what_the_tracker_is_unsure_of_is_believed_less_except_in_a_locked_frame(
    made: Solver, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = made.work("hero")
    alpha, stamp = read_matte(work.path(1012))
    height, width = alpha.shape
    logits = np.full((height, width), 12, np.float32)
    logits[: height // 2] = -12
    logits[:, : width // 4] = 0.5
    monkeypatch.setattr(work, "tracked_mask", lambda _: TrackedMask(logits, 0.9, "tracked"))
    unsure = work.confidence(1012, alpha, stamp)
    assert unsure[:, 0].mean() < 0.7 * unsure[:, -1].mean()
    work.frozen[1012] = "approved"
    approved = work.confidence(1012, alpha, stamp)
    assert approved[:, 0].mean() > 0.9 * approved[:, -1].mean()
