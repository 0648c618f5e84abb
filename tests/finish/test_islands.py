"""Holes and specks go, hair stays: measured on photographs with exact alpha."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.finish.edge import fill_holes, remove_specks


def truth(shared: Path, name: str) -> np.ndarray:
    return cv2.imread(str(shared / "data" / "stills" / name / "alpha.png"), -1).astype(np.float32) / 65535


def blob(alpha: np.ndarray, x: int, y: int, size: int, value: float) -> None:
    """A disc of the given diameter, blurred at its rim."""
    layer = np.zeros_like(alpha)
    cv2.circle(layer, (x, y), size // 2, 1.0, -1, cv2.LINE_AA)
    alpha[:] = np.where(layer > 0, alpha + layer * (value - alpha), alpha)


@pytest.mark.parametrize("name", ["alpaca_fur", "blonde_hair", "curly_hair_dark", "rabbit_whiskers", "running_horse"])
def test_exact_hair_loses_nothing_that_counts(shared: Path, name: str) -> None:
    """Strand ends, and the gaps between strands, are no specks and no holes: at most 1/50000 of alpha in the mean."""
    alpha = truth(shared, name)
    assert ((alpha > 0.02) & (alpha < 0.98)).mean() > 0.01
    for mend in (remove_specks, fill_holes):
        assert np.abs(mend(alpha, 10.0) - alpha).mean() < 2e-5


def test_specks_and_holes_are_mended_in_hair(shared: Path) -> None:
    alpha = truth(shared, "running_horse")
    inside = cv2.erode((alpha == 1).astype(np.uint8), np.ones((31, 31), np.uint8))
    outside = cv2.erode((alpha == 0).astype(np.uint8), np.ones((31, 31), np.uint8))
    damaged = alpha.copy()
    generator = np.random.default_rng(1)
    for region, value in ((inside, 0.0), (outside, 1.0)):
        places = np.argwhere(region)
        for y, x in places[generator.choice(len(places), 20, replace=False)]:
            blob(damaged, int(x), int(y), 7, value)
    harm = np.abs(damaged - alpha).mean()
    mended = fill_holes(remove_specks(damaged, 24), 24)
    assert np.abs(mended - alpha).mean() < 0.1 * harm


def test_size_is_the_longer_side_and_a_thread_holds() -> None:
    alpha = np.zeros((64, 64), np.float32)
    alpha[10:25, 10:25] = 1  # the object
    alpha[15, 25:40] = 0.03  # a faint thread
    alpha[14:17, 40:43] = 1  # the end that hangs on it
    alpha[40:43, 10:20] = 0.5  # 10 wide, 3 high, alone
    np.testing.assert_array_equal(remove_specks(alpha, 9.9), alpha)
    alone = alpha.copy()
    alone[40:43] = 0
    np.testing.assert_array_equal(remove_specks(alpha, 10), alone)
    np.testing.assert_allclose(fill_holes(1 - alpha, 10), 1 - alone, atol=1e-7)


def test_what_touches_the_border_stays() -> None:
    alpha = np.zeros((32, 32), np.float32)
    alpha[:4, :4] = 1
    np.testing.assert_array_equal(remove_specks(alpha, 10), alpha)
    np.testing.assert_array_equal(fill_holes(1 - alpha, 10), 1 - alpha)
