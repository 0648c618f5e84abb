"""Instances are matched in the best way and counted once."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from wisp.metrics import imq
from wisp.metrics.instances import best_matching


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (3, 3), (3, 5), (5, 3), (6, 6)])
def test_matching_equals_trying_everything(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0] * 10 + shape[1])
    for _ in range(20):
        weights = np.round(rng.random(shape), 1)  # rounded: ties must not confuse it
        found = best_matching(weights)
        wide = weights if shape[0] <= shape[1] else weights.T
        best = max(
            sum(wide[row, column] for row, column in enumerate(columns))
            for columns in permutations(range(wide.shape[1]), wide.shape[0])
        )
        assert sum(weights[row, column] for row, column in found) == pytest.approx(best)
        assert len(found) == min(shape) == len({i for i, _ in found}) == len({j for _, j in found})


def patch(left: int, value: float = 1.0) -> np.ndarray:
    alpha = np.zeros((40, 80), np.float32)
    alpha[5:35, left : left + 20] = value
    return alpha


def test_order_does_not_matter_and_perfect_is_a_hundred() -> None:
    quality = imq([([patch(50), patch(5)], [patch(5), patch(50)])])
    assert (quality.mad, quality.mse, quality.grad, quality.conn) == pytest.approx((100.0,) * 4)
    assert (quality.found, quality.invented, quality.missed) == (2, 0, 0)


def test_missed_and_invented_instances_cost_half_each() -> None:
    quality = imq([([patch(5)], [patch(5), patch(50)]), ([patch(5), patch(50)], [patch(5)])])
    assert (quality.found, quality.invented, quality.missed) == (2, 1, 1)
    assert quality.mad == pytest.approx(100 * 2 / 3)


def test_a_match_below_one_half_is_both_missed_and_invented() -> None:
    quality = imq([([patch(5)], [patch(17)])])
    assert (quality.found, quality.invented, quality.missed) == (0, 1, 1)
    assert quality.mad == 0.0


def test_the_error_is_scaled_by_ten() -> None:
    quality = imq([([patch(5, 0.98)], [patch(5)])])
    assert quality.mad == pytest.approx(100 * (1 - 10 * 600 * 0.02 / 601), rel=1e-5)


def test_empty_alphas_are_no_instances() -> None:
    assert imq([([patch(5), patch(5, 0.0)], [patch(5)])]).invented == 0
    assert imq([([], [])]).mad == 100.0
    assert imq([([], [patch(5)])]).mad == 0.0
