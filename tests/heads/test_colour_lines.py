"""Mattes carried along colour lines: the system itself, and what it does to a matte."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from pymatting import cf_laplacian
from wisp.bench.beside import Subject, take
from wisp.heads import colour_lines
from wisp.heads.colour_lines import ColourLines, carried_alpha
from wisp.heads.embedded import embedded_matte, load_network
from wisp.plates.clip import FloatImage
from wisp.train.scenes import made_sample


def noise(*shape: int) -> FloatImage:
    return np.random.default_rng(5).random(shape, np.float32)


def test_its_rows_are_the_matting_laplacians(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour_lines, "_PORTION", 7)
    image, alpha = noise(9, 14, 3), noise(9, 14)
    unknown = noise(2, 9, 14)[1] > 0.4
    expected = cf_laplacian(image.astype(np.float64), epsilon=1e-6) @ alpha.ravel() / 9
    np.testing.assert_allclose(ColourLines(image, unknown).bent(alpha), expected[unknown.ravel()], atol=2e-5)


def test_alpha_that_is_linear_in_colour_is_not_bent() -> None:
    image = noise(12, 16, 3)
    alpha = image @ np.float32([0.5, -0.2, 0.6]) + np.float32(0.05)
    lines = ColourLines(image, np.ones((12, 16), bool))
    assert lines.bent(alpha).abs().max() < 1e-4
    assert lines.bent(noise(12, 16)).abs().max() > 0.1


def test_it_solves_its_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour_lines, "_ROUNDS", 200)
    monkeypatch.setattr(colour_lines, "_TOLERANCE", 1e-6)
    torch.manual_seed(2)
    unknown = np.zeros((12, 16), bool)
    unknown[2:9, 3:] = True
    lines = ColourLines(noise(12, 16, 3), unknown)
    right, trust = torch.rand(lines.count), 0.02 + torch.rand(lines.count)
    plane = np.zeros((12, 16), np.float32)
    plane[unknown] = lines.solve(right, trust).numpy()
    torch.testing.assert_close(lines.bent(plane) + trust * torch.from_numpy(plane[unknown]), right, atol=1e-3, rtol=0)


def strand() -> tuple[FloatImage, FloatImage]:
    """A bright slanted line of 4 pixels over dark ground, and its alpha."""
    y, x = np.mgrid[:64, :96].astype(np.float32)
    alpha = np.clip(2.5 - np.abs(y - 32 - 0.2 * (x - 48)), 0, 1)
    return alpha[..., None] * np.float32([0.9, 0.7, 0.3]) + (1 - alpha[..., None]) * np.float32([0.1, 0.2, 0.3]), alpha


def test_what_is_sure_goes_on_along_a_strand() -> None:
    image, truth = strand()
    found = truth.copy()
    found[:, 36:60] = 0.4 * truth[:, 36:60]  # more than half lost in the middle
    carried = carried_alpha(image, found, np.ones((32, 48), bool))
    wrong = np.abs(found - truth)[:, 36:60].mean()
    assert np.abs(carried - truth)[:, 36:60].mean() < 0.6 * wrong
    assert np.abs(carried - truth)[:, :24].max() < 0.05


def test_nothing_changes_where_nothing_may(monkeypatch: pytest.MonkeyPatch) -> None:
    image, truth = strand()
    found = np.asarray(np.clip(truth + 0.2 * (noise(64, 96) - 0.5), 0, 1), np.float32)
    near = np.ones((32, 48), bool)
    assert np.abs(carried_alpha(image, found, near) - found).max() > 0.05
    np.testing.assert_array_equal(carried_alpha(image, found, ~near), found)
    monkeypatch.setattr(colour_lines, "_SOFT_TRUST", 100)
    assert np.abs(carried_alpha(image, found, near) - found).max() < 0.01


def test_settled_alpha_is_not_touched() -> None:
    sample = made_sample(3, 128)
    settled = sample.mask.astype(np.float32)
    changed = carried_alpha(sample.image, settled, np.ones((64, 64), bool)) != settled
    assert changed.any()
    around = np.lib.stride_tricks.sliding_window_view(np.pad(sample.mask, 6, "edge"), (13, 13))
    uniform = around.all(axis=(2, 3)) | ~around.any(axis=(2, 3))
    assert not (changed & uniform).any()


def fur(seed: int) -> FloatImage:
    """Alpha of a disc with thin strands all around, slightly out of focus."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((256, 256), np.uint8)
    cv2.circle(drawn, (128, 128), 60, 255, -1, cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, 90):
        length, bent = rng.uniform(70, 95), angle + rng.uniform(-0.3, 0.3)
        root, tip = ((round(128 + r * np.cos(a)), round(128 + r * np.sin(a))) for r, a in ((50, angle), (length, bent)))
        cv2.line(drawn, root, tip, 255, 1, cv2.LINE_AA)
    return cv2.GaussianBlur((drawn / 255).astype(np.float32), (0, 0), 1.2)


@pytest.mark.parametrize(("linear", "left"), [(True, 1.05), (False, 0.97)], ids=["light", "encoded"])
def test_dark_strands_before_a_bright_wall_are_carried_in_whatever_light_they_mix(linear: bool, left: float) -> None:
    """Mixed as light, alpha is far from linear in encoded colours there: lines of these would add error."""
    network, before, after = load_network(), [], []
    for seed in range(2):
        alpha, spots = fur(seed), cv2.GaussianBlur(noise(256, 256, 3) - 0.5, (0, 0), 2)
        colour = np.clip(np.float32([0.35, 0.2, 0.12]) + spots, 0.02, 0.95)
        soft = (alpha > 0.02) & (alpha < 0.98)
        plate = take("backlit", Subject(alpha, colour, soft, {}), colour, seed, linear=linear).plate
        coarse = cv2.resize(cv2.resize(alpha, (64, 64), interpolation=cv2.INTER_AREA), (256, 256)) > 0.5
        logits = np.where(coarse, np.float32(8), np.float32(-8))
        for errors, carried in ((before, False), (after, True)):
            errors.append(np.square(embedded_matte(network, plate, logits, carried=carried) - alpha)[soft].mean())
    assert np.mean(after) < left * np.mean(before), np.mean(after) / np.mean(before)
