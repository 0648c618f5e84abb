"""Made pictures: repeatable, exact, and wrong in their masks the way trackers are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.train.camera import composite, defocused, disc_kernel, exposed, recorded, smeared, straight_colour
from wisp.train.layers import Layer, random_layer, whiskered
from wisp.train.masks import SHARES, grown, guidance_mask, on_grid, polygonal
from wisp.train.palette import random_palette, related_palette
from wisp.train.preview import preview
from wisp.train.scenes import MadeSource, made_sample
from wisp.train.textures import fractal_noise, texture


def test_a_seed_gives_the_same_picture_for_ever() -> None:
    once, again, other = made_sample((4, 2), 96), made_sample((4, 2), 96), made_sample((4, 3), 96)
    np.testing.assert_array_equal(once.image, again.image)
    np.testing.assert_array_equal(once.alpha, again.alpha)
    np.testing.assert_array_equal(once.mask, again.mask)
    assert (once.image != other.image).any()


def test_the_kind_of_mask_changes_nothing_but_the_mask() -> None:
    exact, coarse = made_sample(8, 96, "exact"), made_sample(8, 96, "coarse")
    np.testing.assert_array_equal(exact.image, coarse.image)
    np.testing.assert_array_equal(exact.alpha, coarse.alpha)
    np.testing.assert_array_equal(exact.mask, exact.alpha >= 0.5)
    assert (exact.mask != coarse.mask).any()


def test_samples_are_pictures_with_a_subject() -> None:
    source = MadeSource(96, 5)
    soft = []
    for number in range(12):
        sample = source(number)
        assert sample.image.shape == (96, 96, 3)
        assert sample.image.dtype == sample.alpha.dtype == np.float32
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
        assert 0 <= sample.alpha.min() <= sample.alpha.max() <= 1
        assert 0.03 < (sample.alpha >= 0.5).mean() < 0.97
        assert sample.foreground is not None
        assert not sample.foreground[sample.alpha == 0].any()
        soft.append(((sample.alpha > 0.02) & (sample.alpha < 0.98)).mean())
    assert np.mean(soft) > 0.05


def test_alpha_is_no_eight_bit_alpha() -> None:
    values = np.unique(np.concatenate([made_sample(seed, 96).alpha.ravel() for seed in range(8)]))
    assert np.abs(values * 255 - np.round(values * 255)).max() > 0.1


def test_a_layer_over_itself_is_what_its_colours_say() -> None:
    rng = np.random.default_rng(2)
    layer = defocused(rng, random_layer(rng, 80, random_palette(rng)))
    assert (layer.colour <= layer.alpha[..., None] + 1e-5).all()  # premultiplied
    colour = straight_colour(layer)
    background = texture(rng, 80, random_palette(rng))
    picture = composite(layer, background, linear=False)
    expected = layer.alpha[..., None] * colour + (1 - layer.alpha[..., None]) * background
    np.testing.assert_allclose(picture, expected, atol=1e-5)
    light = composite(layer, background, linear=True)
    opaque, empty = layer.alpha > 0.999, layer.alpha == 0
    np.testing.assert_allclose(light[opaque], colour[opaque], atol=2e-3)
    np.testing.assert_allclose(light[empty], background[empty], atol=1e-5)


def test_a_lens_keeps_the_amount_of_light_and_its_place() -> None:
    kernel = disc_kernel(3.3)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    y, x = np.indices(kernel.shape)
    middle = (kernel.shape[0] - 1) / 2
    assert (kernel * x).sum() == pytest.approx(middle, abs=0.15)
    assert (kernel * y).sum() == pytest.approx(middle, abs=0.15)


def test_a_moved_edge_has_the_alpha_of_its_way() -> None:
    alpha = np.zeros((64, 96), np.float32)
    alpha[:, 40:] = 1
    layer = Layer(alpha[..., None] * np.float32((0.2, 0.5, 0.9)), alpha)
    moved = smeared(layer, (16.0, 0.0))
    expected = np.clip((np.arange(96) - 39.5 + 8) / 16, 0, 1)
    np.testing.assert_allclose(moved.alpha[32], expected, atol=0.04)
    np.testing.assert_allclose(smeared(layer, (0.0, 20.0)).alpha[32], alpha[32], atol=1e-5)
    np.testing.assert_allclose(smeared(layer, (0.0, 0.0)).alpha, alpha, atol=1e-5)
    turned = smeared(layer, (0.0, 0.0), 0.6)
    soft = ((turned.alpha > 0.02) & (turned.alpha < 0.98)).sum(axis=1)
    assert soft[0] > soft[20] + 3  # the further from the middle the longer the way


def test_moved_layers_are_layers_and_their_outline_is_sharp_or_smeared() -> None:
    rng = np.random.default_rng(11)
    sharp = smeared_too = 0
    for _ in range(60):
        layer = random_layer(rng, 72, random_palette(rng))
        shot = exposed(rng, layer, focused=True)
        assert 0 <= shot.layer.alpha.min() <= shot.layer.alpha.max() <= 1
        assert (shot.layer.colour <= shot.layer.alpha[..., None] + 1e-4).all()
        background = texture(rng, 72, random_palette(rng))
        rest = 1 - shot.layer.alpha[..., None]
        laid = shot.layer.alpha[..., None] * straight_colour(shot.layer) + rest * background
        np.testing.assert_allclose(composite(shot.layer, background, linear=False), laid, atol=1e-3)
        moved = (shot.layer.alpha != layer.alpha).any()
        same = (shot.outline == shot.layer.alpha).all()
        sharp += bool(moved and not same)
        smeared_too += bool(moved and same)
        assert same or (shot.outline == layer.alpha).all()
    assert sharp
    assert smeared_too


def test_recording_gives_eight_bit_pictures() -> None:
    rng = np.random.default_rng(3)
    picture = recorded(rng, texture(rng, 64, random_palette(rng)))
    np.testing.assert_allclose(picture * 255, np.round(picture * 255), atol=1e-3)


def test_related_palettes_are_near() -> None:
    rng = np.random.default_rng(4)
    palette = random_palette(rng)
    near = np.abs(related_palette(rng, palette, 0.03) - palette).mean()
    far = np.abs(random_palette(rng) - palette).mean()
    assert near < 0.06 < far


def test_noise_has_its_mean_and_its_spread() -> None:
    noise = fractal_noise(np.random.default_rng(5), 256, 4, 1.5)
    assert noise.mean() == pytest.approx(0.5, abs=0.08)
    assert 0.1 < noise.std() < 0.35


def blob(size: int = 128) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    wave = 6 * np.sin(np.arctan2(y - size / 2, x - size / 2) * 7)
    return np.clip(size / 3 + wave - np.hypot(x - size / 2, y - size / 2) + 0.5, 0, 1).astype(np.float32)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_masks_err_by_their_kind() -> None:
    alpha = blob()
    rng = np.random.default_rng(6)
    kept = {
        kind: np.mean([overlap(guidance_mask(rng, alpha, kind), alpha >= 0.5) for _ in range(40)]) for kind in SHARES
    }
    assert kept["exact"] == 1
    assert 0.93 < kept["slight"] < 1
    assert 0.7 < kept["coarse"] < kept["slight"]


def test_a_coarse_mask_is_smoother_than_the_truth() -> None:
    alpha = blob()
    rng = np.random.default_rng(7)

    def corners(mask: np.ndarray) -> float:
        contour = max(cv2.findContours(mask.astype(np.uint8), 0, cv2.CHAIN_APPROX_NONE)[0], key=len)
        return float(cv2.arcLength(contour, True) / np.sqrt(cv2.contourArea(contour)))

    coarse = np.mean([corners(on_grid(rng, alpha, 12)) for _ in range(8)])
    assert coarse < corners(alpha >= 0.5)


def test_growing_and_polygons() -> None:
    mask = blob() >= 0.5
    assert mask.sum() < grown(mask, 3).sum()
    assert mask.sum() > grown(mask, -3).sum()
    np.testing.assert_array_equal(grown(mask, 0.2), mask)
    assert 0.9 < overlap(polygonal(mask, 2.0), mask) < 1


def test_strands_leave_a_subject_outwards_and_colour_agrees_with_coverage() -> None:
    y, x = np.mgrid[:128, :128]
    alpha = np.clip(30.5 - np.hypot(y - 63.5, x - 63.5), 0, 1).astype(np.float32)
    layer = Layer(alpha[..., None] * np.float32([0.2, 0.4, 0.1]), alpha)
    for seed in range(6):
        more = whiskered(np.random.default_rng(seed), layer)
        assert (more.alpha >= layer.alpha - 1e-6).all() and more.alpha.max() <= 1
        assert (more.colour <= more.alpha[..., None] + 1e-6).all(), "colour is premultiplied"
        far = (more.alpha > 0.05) & (layer.alpha == 0)
        assert 10 < far.sum() < 0.5 * (layer.alpha == 0).sum()
        # Thin: hardly any of it is left where a small square has to fit in.
        assert cv2.erode(far.astype(np.uint8), np.ones((9, 9))).sum() < 0.1 * far.sum()
    nothing = Layer(np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), np.float32))
    assert whiskered(np.random.default_rng(1), nothing) is nothing


def test_preview_shows_every_sample() -> None:
    sheet = preview([made_sample(seed, 64) for seed in range(3)], columns=2)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * (128 + 4), 2 * (128 + 8), 3)
    assert sheet[:128, :128].any()
    assert not sheet[132:, 136:].any()
