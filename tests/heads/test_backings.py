"""Alpha of a pair and of a backlit plate: made pictures with their truth, mixed in linear light and as encoded."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.bench.beside import Subject, Takes, take
from wisp.heads.backings import Backed, alike, lit, silhouetted, taken_again, triangulated
from wisp.heads.clean_plate import Background, behind
from wisp.plates.clip import FloatImage

SIZE = 192
LIGHTS = pytest.mark.parametrize("linear", [True, False], ids=["light", "encoded"])


def subject(seed: int = 3, veil: float = 0.5) -> tuple[Subject, FloatImage]:
    """A patterned disc with hair and a veil, and what a head makes of it: the disc alone, its edge a little off."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((SIZE, SIZE), np.uint8)  # OpenCV smooths lines in 8 bits alone
    cv2.circle(drawn, (80, 100), 42, 255, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 31):
        tip = (round(80 + 66 * np.cos(angle)), round(100 + 66 * np.sin(angle)))
        cv2.line(drawn, (80, 100), tip, 255, 1, cv2.LINE_AA)
    alpha = (drawn / 255).astype(np.float32)
    alpha[80:120, 125:165] = np.maximum(alpha[80:120, 125:165], veil)
    spots = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE, 3)).astype(np.float32), (0, 0), 2)
    colour = np.clip(np.float32([0.7, 0.35, 0.25]) + 0.8 * spots, 0.02, 0.95).astype(np.float32)
    head = np.zeros_like(alpha)
    cv2.circle(head, (81, 99), 43, 1.0, -1, cv2.LINE_AA)
    soft = cv2.dilate(((alpha > 0.02) & (alpha < 0.98)).astype(np.uint8), np.ones((3, 3))) > 0
    return Subject(alpha, colour, soft, {}), cv2.GaussianBlur(head, (0, 0), 2)


def solved(takes: Takes, head: FloatImage) -> Backed:
    assert takes.second is not None and takes.second_clean is not None
    again = taken_again(takes.plate, takes.second, head)
    backings = behind(takes.plate, takes.clean, head > 0.05), behind(again, takes.second_clean, head > 0.05)
    assert all(each.fits for each in backings) and not alike(*backings)
    return triangulated(takes.plate, again, head, backings)


def error(alpha: FloatImage, one: Subject) -> float:
    return float(((alpha - one.alpha)[one.band] ** 2).mean())


@LIGHTS
def test_a_pair_gives_alpha_where_the_head_sees_nothing(linear: bool) -> None:
    one, head = subject()
    found = solved(take("pair", one, one.colour, 1, linear=linear), head)
    assert (
        found.fits
        and found.told.alpha.dtype == np.float32
        and 0 <= found.told.alpha.min() <= found.told.alpha.max() <= 1
    )
    assert error(found.told.alpha, one) < 0.1 * error(head, one)
    assert abs(np.median(found.told.alpha[90:110, 135:155]) - 0.5) < 0.04, "the veil's own half"
    body = cv2.erode(one.alpha, np.ones((9, 9))) > 0.99
    assert (found.told.alpha[body] < 0.99).mean() < 0.06, "no specks inside"
    clear = cv2.dilate(one.alpha, np.ones((7, 7))) == 0
    assert found.told.alpha[clear].mean() < 0.002


@LIGHTS
def test_a_dark_object_before_a_lit_backing_needs_no_second_take(linear: bool) -> None:
    one, _ = subject()
    # In which light it mixed is told by the head's alpha at the edge, so that must be about right.
    head = cv2.GaussianBlur(one.alpha, (0, 0), 1.0)
    takes = take("backlit", one, one.colour, 1, linear=linear)
    backing = behind(takes.plate, takes.clean, head > 0.05)
    found = silhouetted(takes.plate, head, backing)
    assert lit(backing) and found.fits
    assert error(found.told.alpha, one) < 0.5 * error(head, one)


def test_the_second_take_may_drift_and_be_exposed_otherwise() -> None:
    one, head = subject()
    takes = take("pair", one, one.colour, 5)
    assert takes.second is not None and takes.second_clean is not None
    gain = np.float32(1.06)
    brighter = takes._replace(second=gain * takes.second, second_clean=gain * takes.second_clean)
    assert error(solved(brighter, head).told.alpha, one) < 0.15 * error(head, one)


def test_another_object_before_both_backings_stays_as_the_head_says() -> None:
    one, head = subject(veil=0.0)
    both = one.alpha.copy()
    both[20:170, 150:185] = 1
    colour = one.colour.copy()
    colour[:, 145:] = (0.1, 0.5, 0.8)
    found = solved(take("pair", one._replace(alpha=both, colour=colour), colour, 2), head)
    assert (found.told.alpha[30:160, 153:182] == head[30:160, 153:182]).all()
    assert error(found.told.alpha, one) < 0.15 * error(head, one), "its own hair is found all the same"


def test_a_second_take_of_another_pose_does_not_fit() -> None:
    one, head = subject()
    other, _ = subject(seed=8)
    takes, wrong = (take("pair", each, each.colour, 1) for each in (one, other))
    assert not solved(takes._replace(second=wrong.second), head).fits


def test_an_object_that_is_lit_is_no_silhouette() -> None:
    one, head = subject()
    takes = take("pair", one, one.colour, 1)
    assert takes.second is not None and takes.second_clean is not None
    bright = np.clip(takes.second + np.float32(0.25) * (one.alpha > 0)[..., None], 0, 1).astype(np.float32)
    assert not silhouetted(bright, head, behind(bright, takes.second_clean, head > 0.05)).fits


def test_backings_alike_or_dark_are_known() -> None:
    seen = np.ones((8, 8), bool)

    def wall(grey: float) -> Background:
        return Background(np.full((8, 8, 3), grey, np.float32), seen, 0.004, 0.0)

    assert alike(wall(0.4), wall(0.45)) and not alike(wall(0.1), wall(0.8))
    assert lit(wall(0.9)) and not lit(wall(0.1))
    assert alike(wall(0.1), Background(wall(0.8).image, ~seen, 0.004, 0.0)), "what is not seen is no backing"


def test_where_the_backings_are_alike_the_head_answers() -> None:
    one, head = subject()
    takes = take("pair", one, one.colour, 1)
    grey = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    flat = Background(grey, np.ones((SIZE, SIZE), bool), 0.004, 0.0)
    found = triangulated(takes.plate, takes.plate, head, (flat, flat)).told.alpha
    np.testing.assert_allclose(found, head, atol=0.02)
