"""Losses against numbers worked out by other means."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from wisp.train.losses import focal, gradient, laplacian, region_truth, saturated


def test_saturation_clips_the_value_and_keeps_the_gradient() -> None:
    alpha = torch.tensor([-0.5, 0.3, 1.7], requires_grad=True)
    clipped = saturated(alpha)
    assert torch.allclose(clipped, torch.tensor([0.0, 0.3, 1.0]))
    clipped.sum().backward()
    assert torch.equal(alpha.grad, torch.ones(3))


def test_pyramid_agrees_with_opencvs() -> None:
    """`cv2.pyrDown` uses the same kernel and border; levels are rebuilt with it."""
    rng = np.random.default_rng(0)
    pred, truth = rng.random((2, 64, 64), np.float32)
    difference, expected = pred - truth, 0.0
    for level in range(3):
        lower = cv2.pyrDown(difference)
        tensor = torch.from_numpy(lower)[None, None]
        back = torch.nn.functional.interpolate(tensor, difference.shape, mode="bilinear")[0, 0].numpy()
        expected += 2**level * float(np.abs(difference - back).mean())
        difference = lower
    found = laplacian(torch.from_numpy(pred)[None, None], torch.from_numpy(truth)[None, None], 3)
    assert float(found) == pytest.approx(expected / 3, rel=1e-4)


def test_structure_costs_more_than_level() -> None:
    truth = torch.zeros(1, 1, 64, 64)
    level = torch.full_like(truth, 0.1)
    stripes = torch.zeros_like(truth)
    stripes[..., ::2] = 0.2
    assert level.abs().mean() == pytest.approx(float(stripes.abs().mean()))
    assert float(laplacian(level, truth)) < 1e-6
    assert float(laplacian(stripes, truth)) > 0.01


def test_gradient_of_a_ramp() -> None:
    ramp = torch.arange(32).float().expand(1, 1, 32, 32) / 100
    assert float(gradient(ramp, torch.zeros_like(ramp))) == pytest.approx(0.01, rel=1e-4)


def test_region_is_where_alpha_is_soft_and_a_cell_around() -> None:
    alpha = torch.zeros(1, 1, 32, 32)
    alpha[..., 12, 20] = 0.5
    region = region_truth(alpha, 4)[0, 0]
    expected = torch.zeros(8, 8)
    expected[2:5, 4:7] = 1
    assert torch.equal(region, expected)


def test_focal_loss_of_known_probabilities() -> None:
    probability = torch.tensor([0.9, 0.2])
    truth = torch.tensor([1.0, 0.0])
    logits = torch.log(probability / (1 - probability))
    expected = (0.25 * 0.1**2 * -np.log(0.9) + 0.75 * 0.2**2 * -np.log(0.8)) / 2
    assert float(focal(logits, truth)) == pytest.approx(expected, rel=1e-4)
