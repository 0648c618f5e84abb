"""Alpha by the background that other frames show: a panning camera, soft strands, a wall that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.heads import uncovered as uncovered_module
from wisp.heads.uncovered import Sighting, uncovered
from wisp.plates.clip import FloatImage
from wisp.plates.colour import srgb_decode, srgb_encode

HEIGHT, WIDTH, PAN = 180, 320, 12
COLOUR = np.array([0.55, 0.33, 0.15], np.float32)


def wall(seed: int = 3) -> FloatImage:
    rng = np.random.default_rng(seed)
    picture = sum(
        side * cv2.resize(rng.random((HEIGHT // side, 2 * WIDTH // side, 3)).astype(np.float32), (2 * WIDTH, HEIGHT))
        for side in (3, 9, 45)
    )
    return np.asarray(0.1 + 0.8 * (picture - picture.min()) / np.ptp(picture), np.float32)


def strands() -> FloatImage:
    """A body, and hair around it that is see-through for 40 pixels."""
    rng = np.random.default_rng(11)
    alpha = np.zeros((4 * HEIGHT, 4 * WIDTH), np.float32)
    for angle in rng.uniform(0, 2 * np.pi, 900):
        way, reach = np.array([np.cos(angle), np.sin(angle)]), rng.uniform(160, 300)
        ends = [tuple((np.array([640, 360]) + length * way).astype(int).tolist()) for length in (100, reach)]
        cv2.line(alpha, ends[0], ends[1], 1.0, 3)
    cv2.circle(alpha, (640, 360), 150, 1.0, -1)
    return cv2.resize(alpha, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def filmed(alpha: FloatImage, frame: int, seed: int = 3) -> FloatImage:
    """The object before the wall, along which the camera has moved; mixed in light, with grain, in 8 bits."""
    behind = wall(seed)[:, PAN * frame : PAN * frame + WIDTH]
    mixed = srgb_encode(alpha[..., None] * srgb_decode(COLOUR) + (1 - alpha[..., None]) * srgb_decode(behind))
    grain = np.random.default_rng(frame).normal(scale=0.004, size=mixed.shape)
    return (np.round(255 * np.clip(mixed + grain, 0, 1)) / 255).astype(np.float32)


def placed(frame: int, other: int) -> np.ndarray:
    return np.array([[1, 0, PAN * (frame - other)], [0, 1, 0], [0, 0, 1]], np.float64)


def free_of(alpha: FloatImage) -> np.ndarray:
    return cv2.dilate((alpha > 0.02).astype(np.uint8), np.ones((7, 7))) == 0


def sightings(alpha: FloatImage, frame: int, others: list[int], seed: int = 3) -> list[Sighting]:
    return [Sighting(filmed(alpha, k, seed), free_of(alpha), placed(frame, k)) for k in others]


def test_hair_becomes_what_it_is_where_others_show_the_wall() -> None:
    truth = strands()
    head = cv2.GaussianBlur(truth, (0, 0), 4)
    soft = (truth > 0.02) & (truth < 0.98)
    told = uncovered(filmed(truth, 12), head, free_of(truth), sightings(truth, 12, [0, 3, 6, 9, 15, 18, 21, 24]))
    assert told.shape == truth.shape and told.dtype == np.float32 and told.min() >= 0 and told.max() <= 1
    before, after = (float(((one - truth)[soft] ** 2).mean()) for one in (head, told))
    assert after < 0.4 * before, after / before
    np.testing.assert_array_equal(told[:, :60], head[:, :60], "far from the object nothing is asked")


def test_sharp_edges_are_left_to_the_head() -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.circle(truth, (160, 90), 60, 1.0, -1, cv2.LINE_AA)
    told = uncovered(filmed(truth, 12), truth, free_of(truth), sightings(truth, 12, [6, 9, 15, 18]))
    assert np.abs(told - truth).mean() < 2e-4


def test_a_wall_that_meets_the_colour_of_a_body_here_and_there_draws_no_lines_on_it() -> None:
    """The head has been told of a hole that is none. Where the wall has the body's colour by chance, the equation would
    have it stay one, as lines on what it fills."""
    body, other = np.float32([0.30, 0.42, 0.41]), np.float32([0.72, 0.45, 0.22])
    truth = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.circle(truth, (160, 90), 75, 1.0, -1, cv2.LINE_AA)
    behind = 0.55 + 0.3 * (wall() - 0.5)
    for x in range(0, 2 * WIDTH, 9):
        behind[:, x : x + 2] = body
    colours = np.where((np.arange(HEIGHT) < 80)[:, None, None], other, body)

    def seen(frame: int) -> FloatImage:
        lit = truth[..., None] * srgb_decode(colours)
        mixed = lit + (1 - truth[..., None]) * srgb_decode(behind[:, PAN * frame : PAN * frame + WIDTH])
        grain = np.random.default_rng(frame).normal(scale=0.004, size=mixed.shape)
        return np.asarray(srgb_encode(np.clip(mixed, 0, 1)) + grain, np.float32).clip(0, 1)

    hole = np.zeros_like(truth)
    cv2.circle(hole, (160, 105), 16, 0.5, -1)
    head = truth * (1 - cv2.GaussianBlur(hole, (0, 0), 7))
    others = [Sighting(seen(k), free_of(truth), placed(12, k)) for k in (0, 2, 4, 6, 18, 20, 22, 24)]
    told = uncovered(seen(12), head, free_of(truth), others)
    inside = np.s_[92:118, 148:172]
    dark, rather = np.quantile(told[inside], [0.02, 0.1])
    assert head[inside].mean() < 0.7
    assert dark > 0.3 and rather > 0.6, (dark, rather)
    sure = head < 0.01
    np.testing.assert_allclose(told[sure], head[sure], atol=0.02, err_msg="nor is anything spread over the wall")


@pytest.mark.parametrize("others", [[], [6, 9, 15, 18]])
def test_frames_that_show_another_place_change_nothing(others: list[int]) -> None:
    truth = strands()
    head = cv2.GaussianBlur(truth, (0, 0), 4)
    told = uncovered(filmed(truth, 12), head, free_of(truth), sightings(truth, 12, others, seed=4))
    assert told is head


def test_a_background_that_is_off_in_much_of_what_is_asked_for_is_not_believed() -> None:
    """Not even where it fits: there it may do so by chance."""
    shares = [uncovered_module._fit(np.full(9, off**2, np.float32)) for off in (0.05, 0.075, 0.1)]
    assert shares == pytest.approx([1, 0.5, 0], abs=1e-3)
    assert uncovered_module._fit(np.array([0.001] * 8 + [0.25], np.float32)) == 0
    assert uncovered_module._fit(np.zeros(0, np.float32)) == 0, "nothing is known"
