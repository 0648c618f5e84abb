"""Objects that overlap share a pixel; those that meet without a gap keep what they have."""

from __future__ import annotations

import numpy as np
from wisp.finish.exclusive import make_exclusive


def test_the_sum_is_at_most_one_also_as_half_floats() -> None:
    generator = np.random.default_rng(3)
    alphas = {name: generator.random((64, 64), np.float32) for name in ("hero", "prop", "dog")}
    shared = make_exclusive(alphas)
    total = sum(alphas.values())
    stored = sum(alpha.astype(np.float16).astype(np.float64) for alpha in shared.values())
    over = total > 1
    assert over.any() and not over.all()
    assert stored[over].max() <= 1.0 and stored[over].min() > 0.997
    for name, alpha in alphas.items():
        np.testing.assert_array_equal(shared[name][~over], alpha[~over])
        np.testing.assert_allclose(shared[name][over], (alpha / total)[over], rtol=2e-3)


def test_edges_that_meet_stay_as_they_are() -> None:
    left = np.linspace(0, 1, 1025, dtype=np.float32)[None]
    alphas = {"left": left, "right": 1 - left}
    assert all(after is alphas[name] for name, after in make_exclusive(alphas).items())
