"""The guided filter against its definition, window by window."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.heads.guided_filter import affine_models, guided_filter


def reference(image, target, radius, weight, eps):
    """Equations 16, 19 and 20 of He et al. with weights, by a general solver, one window at a time."""
    padded = np.pad(image.astype(np.float64), ((radius, radius), (radius, radius), (0, 0)), mode="symmetric")
    targets = np.pad(target.astype(np.float64), radius, mode="symmetric")
    weights = np.pad(weight.astype(np.float64), radius, mode="symmetric")
    height, width = target.shape
    size = 2 * radius + 1
    models = np.zeros((height, width, 4))
    for y, x in np.ndindex(height, width):
        window = (slice(y, y + size), slice(x, x + size))
        colours, p, w = padded[window].reshape(-1, 3), targets[window].ravel(), weights[window].ravel()
        w = w / w.sum()
        mean, p_mean = w @ colours, w @ p
        centred = colours - mean
        a = np.linalg.solve(centred.T @ (w[:, None] * centred) + eps * np.eye(3), centred.T @ (w * (p - p_mean)))
        models[y, x] = (*a, p_mean - a @ mean)
    around = np.pad(models, ((radius, radius), (radius, radius), (0, 0)), mode="symmetric")
    alpha = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        *a, b = around[y : y + size, x : x + size].reshape(-1, 4).mean(axis=0)
        alpha[y, x] = image[y, x] @ np.array(a) + b
    return models, np.clip(alpha, 0, 1)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("radius", [1, 3])
def test_equals_the_definition(radius, weighted):
    rng = np.random.default_rng(3)
    image = rng.random((13, 17, 3), np.float32)
    target = (rng.random((13, 17)) > 0.5).astype(np.float32)
    weight = rng.uniform(0.05, 1, (13, 17)).astype(np.float32)
    models, alpha = reference(image, target, radius, weight if weighted else np.ones_like(target), 1e-3)
    given = weight if weighted else None
    found = np.stack(affine_models(image, target, radius, given, 1e-3), axis=-1)
    np.testing.assert_allclose(found, models, atol=2e-3)
    np.testing.assert_allclose(guided_filter(image, target, radius, given, 1e-3), alpha, atol=2e-4)


def test_alpha_that_is_affine_in_colour_is_a_fixed_point():
    rng = np.random.default_rng(0)
    image = rng.random((40, 40, 3), np.float32)
    alpha = image @ np.array([0.5, 0.2, 0.1], np.float32) + np.float32(0.1)
    np.testing.assert_allclose(guided_filter(image, alpha, 4, eps=1e-7), alpha, atol=1e-3)


def test_a_flat_picture_gives_the_mean_of_the_target():
    target = np.zeros((20, 20), np.float32)
    target[:, 10:] = 1
    alpha = guided_filter(np.full((20, 20, 3), 0.25, np.float32), target, 2)
    assert np.isfinite(alpha).all()
    np.testing.assert_allclose(alpha[10, 6:14], [0.04, 0.12, 0.24, 0.4, 0.6, 0.76, 0.88, 0.96], atol=1e-4)


def test_one_hue_is_solved_without_blowing_up():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    image = np.repeat(np.tile(ramp, (32, 1))[..., None], 3, axis=2)
    target = (image[..., 0] > 0.5).astype(np.float32)
    for eps in (1e-4, 1e-7):
        assert np.isfinite(affine_models(image, target, 1, eps=eps)).all()
