"""Alpha by the compositing equation, where the empty set is known: made pictures with their truth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import pytest
from wisp.bench.beside import Subject, take
from wisp.heads import compositing
from wisp.heads.clean_plate import Background, behind, differenced
from wisp.heads.compositing import ENCODED, STEPS, Expected, Pixels, distances, likely
from wisp.heads.embedded import embedded_matte, load_network
from wisp.plates.clip import FloatImage
from wisp.train.camera import composite
from wisp.train.layers import random_layer
from wisp.train.masks import guidance_mask
from wisp.train.palette import random_palette
from wisp.train.textures import texture

SIDE, ROOM = 288, 16


class Scene(NamedTuple):
    """A picture, its alpha, a tracker's mask, the clean plate, and what truly is behind."""

    image: FloatImage
    alpha: FloatImage
    mask: np.ndarray
    clean: FloatImage
    background: FloatImage


def recorded(
    rng: np.random.Generator, picture: FloatImage, gain: float | np.ndarray = 1, offset: float = 0
) -> FloatImage:
    grain = rng.normal(scale=0.006, size=picture.shape)
    return (np.round(255 * np.clip(gain * picture + offset + grain, 0, 1)) / 255).astype(np.float32)


def scene(number: int, shift: tuple[float, float] = (3.4, -2.2), turn: float = 0.3) -> Scene:
    """The clean plate was taken by a camera a little aside, in another light, with other grain."""
    rng = np.random.default_rng((41, number))
    while True:
        layer = random_layer(rng, SIDE, random_palette(rng))
        soft = float(((layer.alpha > 0.05) & (layer.alpha < 0.95)).mean())
        if 0.1 < float((layer.alpha > 0.5).mean()) < 0.6 and soft > 0.03:
            break
    wide = texture(rng, SIDE + 2 * ROOM, random_palette(rng))
    wide = cv2.GaussianBlur(wide, (0, 0), 1.0)
    background = np.ascontiguousarray(wide[ROOM:-ROOM, ROOM:-ROOM])
    angle = np.deg2rad(turn)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    aside = np.array([[cos, -sin, ROOM + shift[0]], [sin, cos, ROOM + shift[1]]])
    moved = cv2.warpAffine(wide, aside, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    light = np.array([0.94, 1.05, 1.08])
    image = recorded(rng, composite(layer, background, linear=False))
    mask = guidance_mask(rng, layer.alpha, "coarse")
    return Scene(image, layer.alpha, mask, recorded(rng, moved, light, 0.015), background)


def band(one: Scene) -> np.ndarray:
    """What is soft, and what the mask has wrong."""
    hard = ((one.alpha > 0.02) & (one.alpha < 0.98)) | ((one.alpha > 0.5) != one.mask)
    return cv2.dilate(hard.astype(np.uint8), np.ones((9, 9))) > 0


def test_the_error_of_the_head_in_the_band_becomes_much_less() -> None:
    network, without, told = load_network(), [], []
    for number in range(8):
        one = scene(number)
        alpha = embedded_matte(network, one.image, np.where(one.mask, 8, -8).astype(np.float32), carried=False)
        background = behind(one.image, one.clean, one.mask)
        assert background.fits, number
        found = differenced(one.image, alpha, background).alpha
        assert found.shape == alpha.shape and found.min() >= 0 and found.max() <= 1
        for errors, matte in ((without, alpha), (told, found)):
            errors.append(float(((matte - one.alpha)[band(one)] ** 2).mean()))

    assert np.mean(told) < 0.78 * np.mean(without), np.mean(told) / np.mean(without)


@pytest.mark.parametrize("linear", [True, False], ids=["light", "encoded"])
def test_fur_is_found_in_the_light_in_which_it_was_mixed(linear: bool) -> None:
    """Dark fur before a bright set: the equation of the other light is off by more than the head is."""
    rng = np.random.default_rng(3)
    drawn = np.zeros((192, 192), np.uint8)
    cv2.circle(drawn, (80, 100), 42, 255, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 60):
        tip = (round(80 + 62 * np.cos(angle)), round(100 + 62 * np.sin(angle)))
        cv2.line(drawn, (80, 100), tip, 255, 1, cv2.LINE_AA)
    alpha = cv2.GaussianBlur((drawn / 255).astype(np.float32), (0, 0), 1.5)
    soft = (alpha > 0.02) & (alpha < 0.98)

    def spots(size: float) -> FloatImage:
        return cv2.GaussianBlur(rng.normal(size=(192, 192, 3)).astype(np.float32), (0, 0), size)

    colour = np.clip(np.float32([0.5, 0.2, 0.12]) + 0.3 * spots(2), 0.02, 0.95).astype(np.float32)
    wall = np.clip(np.float32([0.55, 0.65, 0.75]) + 2 * spots(4), 0, 1).astype(np.float32)
    head = np.clip(alpha + 2.5 * spots(3)[..., 0] * alpha * (1 - alpha), 0, 1).astype(np.float32)
    takes = take("clean plate", Subject(alpha, colour, soft, {}), wall, 1, linear=linear)
    background = behind(takes.plate, takes.clean, head > 0.05)
    found = differenced(takes.plate, head, background).alpha
    without, told = (float(((one - alpha)[soft] ** 2).mean()) for one in (head, found))
    assert background.fits and told < 0.5 * without, (told, without)


def test_what_stands_in_the_clean_plate_alone_is_left_to_the_head() -> None:
    """A box that was taken away before the shot stood where hair is now: it must not come out as a slab."""
    rng = np.random.default_rng(5)
    wall = np.full((320, 320, 3), np.float32([0.2, 0.7, 0.3])) + cv2.GaussianBlur(
        rng.normal(scale=0.2, size=(320, 320, 3)).astype(np.float32), (0, 0), 6
    )
    truth = np.zeros((320, 320), np.float32)
    cv2.circle(truth, (120, 170), 60, 1.0, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 60):  # hair
        tip = (round(120 + 90 * np.cos(angle)), round(170 + 90 * np.sin(angle)))
        cv2.line(truth, (120, 170), tip, 0.8, 1, cv2.LINE_AA)
    head = cv2.GaussianBlur(truth, (0, 0), 2.0)
    image = recorded(rng, truth[..., None] * np.float32([0.8, 0.55, 0.2]) + (1 - truth[..., None]) * wall)
    empty = wall.copy()
    empty[110:, 150:225] = np.float32([0.48, 0.45, 0.42])
    background = behind(image, recorded(rng, empty), head > 0.05)
    assert background.fits
    found = differenced(image, head, background).alpha
    box = np.s_[110:, 150:225]
    alone, told = (float(((one - truth)[box] ** 2).mean()) for one in (head, found))
    assert told < alone, (told, alone)
    elsewhere = np.s_[:, :180]
    alone, told = (float(((one - truth)[elsewhere] ** 2).mean()) for one in (head, found))
    assert told < 0.5 * alone, (told, alone)


@pytest.mark.parametrize("gap", [-1, 6, 30])
def test_what_else_stands_beside_the_object_stays_as_the_head_says(gap: int) -> None:
    """A person beside the object, touching it or not, who is not in the clean plate and whom the mask does not hold."""
    rng = np.random.default_rng(5)
    wall = cv2.GaussianBlur(texture(rng, 320, random_palette(rng)), (0, 0), 1.0)
    truth, other = np.zeros((2, 320, 320), np.float32)
    cv2.circle(truth, (100, 170), 60, 1.0, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 25):  # hair
        tip = (round(100 + 85 * np.cos(angle)), round(170 + 85 * np.sin(angle)))
        cv2.line(truth, (100, 170), tip, 1.0, 1, cv2.LINE_AA)
    cv2.rectangle(other, (186 + gap, 60), (260 + gap, 300), 1.0, -1)
    cv2.circle(other, (223 + gap, 60), 30, 1.0, -1, cv2.LINE_AA)
    shade = rng.normal(scale=0.02, size=(320, 320, 1)).astype(np.float32)
    image = other[..., None] * (np.float32([0.75, 0.6, 0.5]) + shade) + (1 - other[..., None]) * wall
    image = recorded(rng, truth[..., None] * np.float32([0.8, 0.15, 0.2]) + (1 - truth[..., None]) * image)
    head = np.zeros_like(truth)
    cv2.circle(head, (100, 170), 60, 1.0, -1, cv2.LINE_AA)
    background = behind(image, recorded(rng, wall), head > 0.05)
    assert background.fits
    found = differenced(image, head, background).alpha
    body = cv2.erode(other, np.ones((5, 5))) > 0
    np.testing.assert_array_equal(found[body], head[body])
    hair = (truth > 0.5) & (head < 0.02)
    assert found[hair].mean() > 0.7 > 0.02 > found[(truth == 0) & (other == 0)].mean()
    told = differenced(image, head, background, unknown=other > 0).alpha
    assert told[body].mean() > 0.2, "where a person says that alpha may be anything, it may"


@pytest.mark.parametrize(("shift", "turn"), [((0.0, 0.0), 0.0), ((6.5, 4.3), 0.0), ((-4.0, 5.5), 0.8)])
def test_the_clean_plate_is_brought_over_the_picture(shift: tuple[float, float], turn: float) -> None:
    one = scene(4, shift, turn)
    background = behind(one.image, one.clean, one.mask)
    inner = background.seen & (one.alpha == 0)
    inner[:8], inner[-8:], inner[:, :8], inner[:, -8:] = False, False, False, False
    error = np.abs(background.image - one.background)[inner].mean()
    before = np.abs(one.clean - one.background)[inner].mean()

    assert background.fits and error < 0.012 < 0.4 * before
    again, seen = background.laid.over(one.clean)
    np.testing.assert_array_equal(np.clip(again, 0, 1), background.image)
    np.testing.assert_array_equal(seen, background.seen)


def test_the_plate_of_another_place_does_not_fit() -> None:
    told = [
        behind(one.image, scene(number + 1).clean, one.mask) for number, one in ((n, scene(n)) for n in (1, 2, 3, 8))
    ]
    assert not any(background.fits for background in told), [background.astray for background in told]


def test_where_foreground_and_background_look_alike_the_head_decides() -> None:
    grey = np.full((80, 120, 3), 0.4, np.float32)
    alpha = np.zeros((80, 120), np.float32)
    alpha[20:60, 40:90] = 1
    found = differenced(grey, alpha, Background(grey, np.ones(alpha.shape, bool), 0.004, 0.0)).alpha
    assert np.abs(found - alpha).mean() < 0.02
    np.testing.assert_array_equal(
        differenced(grey, alpha, Background(grey, np.zeros(alpha.shape, bool), 0.004, 0.0)).alpha, alpha
    )


def test_a_plate_without_features_or_without_background_is_no_trouble() -> None:
    flat = np.full((40, 60, 3), 0.3, np.float32)
    subject = np.zeros((40, 60), bool)
    subject[10:30, 20:40] = True
    image = np.where(subject[..., None], np.float32(0.8), flat)
    assert behind(image, flat, subject).fits
    covered = behind(image, flat, np.ones_like(subject))
    assert covered.fits and not covered.seen.any()
    for alpha in (np.zeros((40, 60), np.float32), np.ones((40, 60), np.float32)):
        np.testing.assert_array_equal(differenced(image, alpha, behind(image, flat, subject)).alpha, alpha)


@pytest.mark.parametrize("doubt", [0.03, 0.12])
def test_where_head_and_equation_contradict_each_other_the_likely_is_between_and_not_black(doubt: float) -> None:
    """What the head calls solid looks like the background, twenty deviations away from its foreground."""

    def single(*values: float) -> np.ndarray:
        return np.array([values], np.float32)

    covariance = 0.02**2 * np.eye(3, dtype=np.float32)[None]
    pixels = Pixels(
        single(*[0.25] * 3), single(*[0.2] * 3), single(*[0.7] * 3), covariance, np.float32(5e-6), single(1e-4)[0]
    )
    mean, evidence = likely(pixels, ENCODED, Expected(single(1.0)[0], single(doubt)[0]))
    squared, volume = distances(pixels, ENCODED, STEPS)
    steps = STEPS.astype(np.float64)[:, None]
    log = -0.5 * (squared + volume).astype(np.float64) - 0.5 * ((steps - 1.0) / doubt) ** 2
    ends = (compositing._ENDS + compositing._SAID * (1 - np.abs(steps[[0, -1]] - 1.0)) ** 4)[:, 0]
    log[[0, -1]] += np.log(ends)[:, None]
    weight = np.exp(log - log.max())
    exact = float((steps * weight).sum() / weight.sum())
    assert mean[0] == pytest.approx(exact, abs=0.02) and np.isfinite(evidence).all()
