"""Foreground colour errors count only where there is foreground."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.metrics import colour_mad, colour_mse


def test_only_the_foreground_counts() -> None:
    alpha = np.zeros((4, 4), np.float32)
    alpha[:2] = 0.3
    truth = np.zeros((4, 4, 3), np.float32)
    pred = truth + 0.9
    pred[:2] = (0.3, 0.0, 0.0)
    assert colour_mad(pred, truth, alpha) == pytest.approx(100.0, rel=1e-6)
    assert colour_mse(pred, truth, alpha) == pytest.approx(30.0, rel=1e-6)
    assert colour_mad(pred, truth, alpha * 0) == 0.0


def test_shapes_and_types_must_fit() -> None:
    colour = np.zeros((4, 4, 3))
    with pytest.raises(ValueError, match="fit together"):
        colour_mad(colour, colour, np.zeros((4, 5)))
    with pytest.raises(ValueError, match="float"):
        colour_mse(colour.astype(np.uint8), colour.astype(np.uint8), np.zeros((4, 4)))
