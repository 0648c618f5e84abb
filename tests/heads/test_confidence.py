from __future__ import annotations

import cv2
import numpy as np
from wisp.heads.confidence import CELL, matte_confidence, tracker_doubt

HEIGHT, WIDTH = 120, 160


def picture() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft-edged disc over a darker ground: image, alpha, mask."""
    y, x = np.indices((HEIGHT, WIDTH), np.float32)
    alpha = np.clip((40 - np.hypot(x - 80, y - 60)) / 8 + 0.5, 0, 1).astype(np.float32)
    image = alpha[..., None] * np.float32([0.8, 0.4, 0.2]) + (1 - alpha[..., None]) * np.float32([0.1, 0.2, 0.3])
    return image.astype(np.float32), alpha, alpha > 0.5


def test_the_sure_parts_are_believed_and_the_soft_edge_less() -> None:
    image, alpha, mask = picture()
    found = matte_confidence(image, alpha, mask)
    assert found.shape == alpha.shape and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 1
    assert found[60, 80] > 0.99 and found[2, 2] > 0.99
    assert 0.5 < found[np.abs(alpha - 0.5) < 0.1].mean() < 0.96


def test_alpha_that_its_colours_do_not_explain_is_believed_less() -> None:
    image, alpha, mask = picture()
    rng = np.random.default_rng(5)
    noise = cv2.resize(rng.normal(0, 0.35, (HEIGHT // 4, WIDTH // 4)).astype(np.float32), (WIDTH, HEIGHT))
    soft = (alpha > 0.02) & (alpha < 0.98)
    wrong = np.where(soft, np.clip(alpha + noise, 0, 1), alpha).astype(np.float32)
    known = cv2.erode(soft.astype(np.uint8), np.ones((3, 3))) > 0
    right = matte_confidence(image, alpha, mask)[known].mean()
    assert matte_confidence(image, wrong, mask)[known].mean() < right - 0.015


def test_it_is_the_same_on_every_call_and_for_pictures_of_any_size() -> None:
    image, alpha, mask = picture()
    np.testing.assert_array_equal(matte_confidence(image, alpha, mask), matte_confidence(image, alpha, mask))
    for height, width in ((1, 1), (CELL, 3), (7, 50), (61, 47)):
        part = np.s_[:height, :width]
        found = matte_confidence(np.ascontiguousarray(image[part]), alpha[part].copy(), mask[part].copy())
        assert found.shape == (height, width) and np.isfinite(found).all()


def test_without_a_mask_alpha_says_where_it_was() -> None:
    image, alpha, mask = picture()
    np.testing.assert_array_equal(matte_confidence(image, alpha, None), matte_confidence(image, alpha, mask))


def test_an_edge_between_sure_sides_is_no_doubt_of_the_trackers_and_a_weak_region_is() -> None:
    x = np.arange(256, dtype=np.float32)[None].repeat(200, axis=0)
    edge = np.clip((x - 128) * 6, -12, 12)
    assert tracker_doubt(edge).max() < 1e-6
    weak = edge.copy()
    weak[80:120, 20:80] = -2.0
    found = tracker_doubt(weak)
    assert 0.3 < found[100, 50] < 0.5 and found[20, 50] < 1e-6 and found[100, 200] < 1e-6
    np.testing.assert_allclose(tracker_doubt(3 * weak), found, atol=1e-6)


def test_the_trackers_doubt_takes_confidence_away_where_it_is() -> None:
    image, alpha, mask = picture()
    doubt = np.zeros_like(alpha)
    doubt[:20] = 0.4
    found, before = matte_confidence(image, alpha, mask, doubt), matte_confidence(image, alpha, mask)
    np.testing.assert_array_equal(found[20:], before[20:])
    np.testing.assert_allclose(found[:20], 0.6 * before[:20], atol=1e-6)
