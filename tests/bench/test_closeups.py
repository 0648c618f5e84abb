"""Close-ups lie where the error is said to be."""

from __future__ import annotations

import numpy as np
from wisp.bench.closeups import ENLARGED, SIDE, Shown, close_ups, sheet


def truth(wrong: float) -> np.ndarray:
    """Four windows wide; the mask is to be empty and the truth is `wrong`, but in the last window."""
    made = np.full((SIDE, 4 * SIDE), wrong, np.float32)
    made[:, -SIDE:] = 0
    return made


def test_the_best_and_the_worst_window_are_found_where_the_mask_is_wrong() -> None:
    true = truth(0.5)
    alpha = true - np.float32(0.3)
    alpha[:, :SIDE] = 0.5
    alpha[:, SIDE : 2 * SIDE] = 0.0
    alpha[:, -SIDE:] = 0.0  # right, where there was nothing to do
    pair = close_ups(true > 0.9, alpha, true)
    assert pair is not None
    assert [close.window.x0 for close in pair] == [0, SIDE]
    np.testing.assert_allclose([close.error for close in pair], [0, 500], atol=1)
    np.testing.assert_allclose([close.left for close in pair], [0, 1], atol=1e-3)
    image = np.zeros((*true.shape, 3), np.float32)
    drawn = sheet([Shown("x", image, true > 0.9, [alpha], true, close.window) for close in pair], ["head"])
    assert drawn.shape[1] > 4 * SIDE * ENLARGED


def test_a_still_whose_mask_is_right_has_none() -> None:
    right = truth(0.0)
    assert close_ups(right > 0.9, right, right) is None
