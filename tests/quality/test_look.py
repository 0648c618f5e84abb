"""Measurements against shapes whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.motion.footage import Motion
from wisp.quality.look import Change, Colors, Look, overlap

SIZE = (80, 120)


def square(x: int, y: int = 30, side: int = 20, lab: tuple[float, float, float] = (50, 40, 10)) -> Look:
    alpha = np.zeros(SIZE, np.float32)
    alpha[y : y + side, x : x + side] = 1
    picture = np.full((*SIZE, 3), (60, -20, 30), np.float32)
    picture[alpha > 0] = lab
    return Look(alpha, picture)


def motion(dx: float) -> Motion:
    """Every pixel came from `dx` farther right."""
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = dx
    return Motion(flow, -flow, np.ones(SIZE, np.float32))


def test_a_square_has_its_area_outline_and_one_piece() -> None:
    look = square(40)
    assert (look.area, look.outline, look.pieces) == (400.0, 76, 1)
    assert look.unknown_width == 0 and not look.at_border and square(0).at_border


def test_unknown_width_is_the_soft_bands() -> None:
    look = square(40)
    soft = look.alpha.copy()
    soft[30:50, 37:40] = 0.4
    assert Look(soft, look.lab).unknown_width == pytest.approx(3 * 20 / 76)


def test_specks_are_no_pieces() -> None:
    look = square(40)
    alpha = look.alpha.copy()
    alpha[5:7, 5:7] = 1
    alpha[60:65, 60:65] = 1
    assert Look(alpha, look.lab).pieces == 2


def test_what_motion_explains_is_no_change() -> None:
    change = Change.between(square(40), square(45), motion(-5))
    assert change is not None
    assert change.flicker == pytest.approx(0, abs=1e-5) and change.centroid == pytest.approx(0, abs=1e-4)


def test_what_motion_does_not_explain_is() -> None:
    """Five of twenty columns are new and five gone: intersection 15, union 25."""
    change = Change.between(square(40), square(45), motion(0))
    assert change is not None
    assert change.flicker == pytest.approx(1 - 15 / 25, abs=1e-5)
    assert change.centroid == pytest.approx(5 / 20, abs=1e-4)
    assert change.area == 1


def test_colours_know_the_object_and_what_spills() -> None:
    look = square(40)
    colors = Colors(look)
    assert colors.likeness(look) == pytest.approx(1, abs=1e-5)
    assert colors.likeness(Look(square(5).alpha, look.lab)) < 0.05
    half = look.alpha.copy()
    half[:, 50:] = 0
    assert colors.spill(look) < 0.02 < 0.15 < colors.spill(Look(half, look.lab))


def test_overlap_of_nothing_with_nothing_is_whole() -> None:
    assert overlap(np.zeros(SIZE, bool), np.zeros(SIZE, bool)) == 1
