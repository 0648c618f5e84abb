"""Close-ups lie where the error is said to be."""

from __future__ import annotations

import numpy as np
from wisp.bench.closeups import ENLARGED, SIDE, close_ups, sheet
from wisp.bench.stills import Still


def still(wrong: float) -> Still:
    """Four windows wide; the mask is empty and the truth `wrong`, but in the last window."""
    truth = np.full((SIDE, 4 * SIDE), wrong, np.float32)
    truth[:, -SIDE:] = 0
    return Still("x", np.zeros((*truth.shape, 3), np.float32), truth, truth > 0, {"coarse": truth > 0.9})


def test_the_best_and_the_worst_window_are_found_where_the_mask_is_wrong() -> None:
    given = still(0.5)
    alpha = given.alpha - np.float32(0.3)
    alpha[:, :SIDE] = 0.5
    alpha[:, SIDE : 2 * SIDE] = 0.0
    alpha[:, -SIDE:] = 0.0  # right, where there was nothing to do
    pair = close_ups(given, "coarse", alpha)
    assert pair is not None
    assert [close.window.x0 for close in pair] == [0, SIDE]
    np.testing.assert_allclose([close.error for close in pair], [0, 500], atol=1)
    np.testing.assert_allclose([close.left for close in pair], [0, 1], atol=1e-3)
    drawn = sheet(pair, [[alpha], [alpha]], ["head"])
    assert drawn.shape[1] > 4 * SIDE * ENLARGED


def test_a_still_whose_mask_is_right_has_none() -> None:
    right = still(0.0)
    assert close_ups(right, "coarse", right.alpha) is None
