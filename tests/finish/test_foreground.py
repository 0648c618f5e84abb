"""Un-mixing, against pictures whose true foreground colour is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from wisp.finish.despill import despilled
from wisp.finish.foreground import foreground_before, foreground_colour
from wisp.metrics.colour import colour_mad
from wisp.plates.colour import srgb_decode, srgb_encode


def rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB).astype(np.float32) / 255


def grey16(path: Path) -> np.ndarray:
    return cv2.imread(str(path), -1).astype(np.float32) / 65535


def test_strands_in_linear_light(shared: Path) -> None:
    """PyMatting's estimate_foreground_ml has 18.8 there, the plate itself 42.8 (mean error * 1000)."""
    clip = shared / "data" / "clips" / "made_hair_small"
    picture, alpha = srgb_decode(rgb(clip / "frames" / "00000.png")), grey16(clip / "alpha" / "00000.png")
    truth = srgb_decode(rgb(clip / "fg" / "00000.png"))
    assert colour_mad(foreground_colour(picture, alpha), truth, alpha) < 18.7 < 40 < colour_mad(picture, truth, alpha)


def test_fur(shared: Path) -> None:
    """In the encoded values of its own making; PyMatting 6.0, ours 6.6, the plate 27."""
    still = shared / "data" / "stills" / "lemur_fur"
    picture, alpha, truth = rgb(still / "image.png"), grey16(still / "alpha.png"), rgb(still / "fg.png")
    assert colour_mad(foreground_colour(picture, alpha), truth, alpha) < 8.0


def test_bright_and_negative_values_are_unmixed_alike() -> None:
    """Mixing knows no white: the same picture, brighter and shifted, gives the same colours, brighter and shifted."""
    generator = np.random.default_rng(5)
    alpha = cv2.GaussianBlur((generator.random((48, 64)) > 0.6).astype(np.float32), (0, 0), 3)
    alpha = np.clip(alpha * 3 - 1, 0, 1)
    picture = generator.random((48, 64, 3), np.float32)
    reference = foreground_colour(picture, alpha)
    shifted = foreground_colour(picture * 40 - 2, alpha)
    assert np.isfinite(foreground_colour(picture * 3e38, alpha)).all()
    np.testing.assert_allclose(shifted, reference * 40 - 2, atol=2e-4)


def test_a_solid_object_keeps_its_pixels_and_its_edge_has_its_colour() -> None:
    y, x = np.indices((80, 80)) + 0.5
    alpha = np.clip((25 - np.hypot(x - 40, y - 40)) / 6 + 0.5, 0, 1).astype(np.float32)
    red, blue = np.float32([4.0, 0.1, 0.0]), np.float32([0.0, 0.1, 0.7])
    picture = alpha[..., None] * red + (1 - alpha[..., None]) * blue
    colour = foreground_colour(picture, alpha)
    np.testing.assert_allclose(colour[alpha == 1], picture[alpha == 1], atol=1e-5)
    np.testing.assert_allclose(colour[alpha > 0.1], np.broadcast_to(red, colour[alpha > 0.1].shape), atol=0.1)


def spots(seed: int, colour: list[float]) -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(160, 160, 3)), (0, 0), 2.5)
    return np.clip(np.float32(colour) + 0.15 * noise / noise.std(), 0.02, 0.98).astype(np.float32)


def mean_error(found: np.ndarray, own: np.ndarray, at: np.ndarray) -> float:
    return float(np.abs(srgb_encode(found) - own)[at].mean())


@pytest.mark.parametrize("light", [1.0, 0.0], ids=["light", "encoded"])
@pytest.mark.parametrize("wall", [0.0, 0.7], ids=["black", "grey"])
def test_a_veil_before_a_known_backing_has_its_own_colour(wall: float, light: float) -> None:
    """Its light is in the picture, and nothing else: before black, alpha times it is what is seen."""
    alpha = np.zeros((160, 160), np.float32)
    alpha[30:130, 30:130] = 0.5
    own, backing = spots(1, [0.6, 0.4, 0.3]), np.full((160, 160, 3), wall, np.float32)
    share = alpha[..., None]
    mixed = share * srgb_decode(own) + (1 - share) * srgb_decode(backing)
    picture = mixed if light else srgb_decode(share * own + (1 - share) * backing)
    found = foreground_before(picture, alpha, srgb_decode(backing), light)
    assert (
        mean_error(found, own, alpha > 0) < 0.02 < 0.05 < mean_error(foreground_colour(picture, alpha), own, alpha > 0)
    )


def test_before_somebody_who_is_not_in_the_known_set_it_is_found_as_without() -> None:
    y, x = np.indices((160, 160)) + 0.5
    alpha = np.clip((50 - np.hypot(x - 70, y - 80)) / 14, 0, 1).astype(np.float32)
    own, wall, body = spots(1, [0.7, 0.3, 0.2]), spots(2, [0.3, 0.5, 0.6]), spots(3, [0.7, 0.7, 0.4])
    behind = np.where((x > 90)[..., None], body, wall)
    picture = srgb_decode(alpha[..., None] * own + (1 - alpha[..., None]) * behind)
    soft = (alpha > 0.1) & (alpha < 0.9)
    found, without = foreground_before(picture, alpha, srgb_decode(wall), 0.0), foreground_colour(picture, alpha)
    for at, most in ((soft & (x > 110), 1.25), (soft & (x < 60), 0.5)):
        assert mean_error(found, own, at) < most * mean_error(without, own, at)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1)])
def test_tiny_pictures_and_empty_mattes(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 0.3, np.float32)
    np.testing.assert_allclose(foreground_colour(picture, np.ones(size, np.float32)), picture, atol=1e-6)
    assert not foreground_colour(picture, np.zeros(size, np.float32)).any()
    np.testing.assert_allclose(foreground_before(picture, np.ones(size, np.float32), picture, 0.5), picture, atol=1e-5)
    assert not foreground_before(picture, np.zeros(size, np.float32), picture, 0.5).any()


@pytest.mark.parametrize(("screen", "channel"), [("green", 1), ("blue", 2)])
def test_a_screens_light_is_taken_out_and_nothing_else(screen: str, channel: int) -> None:
    rgb = np.random.default_rng(channel).uniform(-0.5, 4.0, (20, 30, 3)).astype(np.float32)
    found, others = despilled(rgb, screen), [index for index in range(3) if index != channel]
    mean = rgb[..., others].mean(axis=2)
    assert np.array_equal(found[..., others], rgb[..., others])
    below = rgb[..., channel] <= mean
    assert below.any() and not below.all() and np.array_equal(found[below], rgb[below]), "colours below stay"
    assert np.allclose(found[~below][:, channel], mean[~below], atol=1e-6)
    assert np.array_equal(despilled(found, screen), found), "once is enough"


def test_grey_under_a_green_light_is_grey_again_and_skin_stays() -> None:
    grey = np.full((4, 4, 3), 0.3, np.float32)
    spilt = grey + np.float32([0.0, 0.15, 0.0])
    assert np.allclose(despilled(spilt, "green"), grey, atol=1e-6)
    skin = np.full((4, 4, 3), np.float32([0.45, 0.25, 0.17]))
    assert np.array_equal(despilled(skin, "green"), skin)
