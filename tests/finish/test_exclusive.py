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


def test_what_is_too_much_is_taken_from_those_the_tracker_is_least_sure_of() -> None:
    generator = np.random.default_rng(4)
    alphas = {name: generator.random((32, 32), np.float32) for name in ("rider", "horse", "dog")}
    alphas["rider"][:8] = alphas["horse"][:8] = 1.0
    sureness = {"rider": np.full((32, 32), 5.0), "horse": np.full((32, 32), -1.0), "dog": np.full((32, 32), -9.0)}
    shared = make_exclusive(alphas, {name: plane.astype(np.float32) for name, plane in sureness.items()})
    over = sum(alphas.values()) > 1
    total = sum(alpha.astype(np.float64) for alpha in shared.values())
    assert total[over].max() <= 1.0 and total[over].min() > 0.997, "no hole where an object had no more to give"
    assert all((shared[name] <= alpha).all() for name, alpha in alphas.items())
    assert shared["rider"][:8].min() > 0.99 and shared["horse"][:8].max() < 0.01
    same = {name: np.zeros((32, 32), np.float32) for name in alphas}
    alone = make_exclusive(alphas)
    for name, alpha in make_exclusive(alphas, same).items():
        np.testing.assert_array_equal(alpha, alone[name])
