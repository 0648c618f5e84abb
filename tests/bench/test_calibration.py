"""A confidence that is right is told from one that is not."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.stats import spearmanr
from wisp.bench.calibration import calibration, table

SOFT = np.ones((100, 200), bool)


def errors() -> np.ndarray:
    """What is to be expected: from nothing at the left to 0.3 at the right."""
    return np.linspace(0, 0.3, 200, dtype=np.float32)[None].repeat(100, axis=0)


def test_a_right_confidence_is_found_to_be_right() -> None:
    expected = errors()
    true = np.random.default_rng(3).exponential(expected).astype(np.float32)
    found = calibration([(1 - expected, true, SOFT), (1 - expected, true, SOFT)])
    assert found.expected == pytest.approx(0.15, abs=1e-3) and found.true == pytest.approx(0.15, abs=5e-3)
    assert found.off < 0.01 and found.rank > 0.5 and 0.4 < found.found < 1
    assert sum(one.share for one in found.bins) == pytest.approx(1)
    for one in found.bins:
        assert one.low <= one.expected <= one.high and one.true == pytest.approx(one.expected, abs=0.02)


def test_the_truth_itself_finds_all_and_its_opposite_less_than_chance() -> None:
    true = errors()
    same, opposite = (calibration([(1 - one, true, SOFT)]) for one in (true, 0.3 - true))
    assert same.found == pytest.approx(1) and same.off == pytest.approx(0, abs=1e-6)
    assert same.rank == pytest.approx(1) and opposite.rank == pytest.approx(-1)
    assert opposite.found < 0 and opposite.off > 0.1


def test_ranks_are_correlated_as_by_scipy_which_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of all pixels are equal, as where a confidence is 1."""
    rng = np.random.default_rng(5)
    expected = np.maximum(rng.normal(0, 0.1, SOFT.shape), 0).astype(np.float32)
    true = np.clip(0.5 * expected + rng.normal(0, 0.05, SOFT.shape), 0, 1).astype(np.float32)
    reference = spearmanr(expected.ravel(), true.ravel())[0]
    for name in [name for name in sys.modules if name.split(".")[0] == "scipy"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert calibration([(1 - expected, true, SOFT)]).rank == pytest.approx(reference, abs=1e-5)


def test_the_table_has_a_line_for_each_head_and_each_of_its_bins() -> None:
    found = calibration([(1 - errors(), errors(), SOFT)])
    lines = table([("guided", "exact", found)]).splitlines()
    assert sum(line.startswith("guided") for line in lines) == 1 + len(found.bins)
    assert "150.00" in lines[1]
