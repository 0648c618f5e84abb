"""The closed-form head: quality on real stills, no sure core, no seams."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.bench.stills import evaluate, mean
from wisp.heads.closed_form import ClosedFormHead, closed_form_matte
from wisp.heads.guided import guided_matte


def as_logits(mask):
    return np.where(mask, np.float32(8), np.float32(-8))


@pytest.mark.slow
def test_quality_on_real_stills(shared):
    """Ceilings 2.5 % above what was measured."""
    rows = evaluate(shared / "data" / "stills", [ClosedFormHead()])
    exact, coarse = (mean([row for row in rows if row.mask == kind]) for kind in ("exact", "coarse"))
    assert exact.mad < 5.99
    assert exact.mse < 0.98
    assert coarse.mad < 10.44
    assert coarse.mse < 2.70


def test_recovers_a_soft_edge(scene):
    image, truth, mask = scene(3.0)
    alpha = closed_form_matte(image, as_logits(mask))
    assert np.abs(alpha - truth).mean() < 0.35 * np.abs(mask - truth).mean()


def test_strands_without_a_sure_core_follow_the_guided_filter():
    """Bright lines of 2 px: every pixel of the mask lies in the band, so nothing is surely inside."""
    image = np.full((90, 120, 3), 0.15, np.float32)
    mask = np.zeros((90, 120), bool)
    for x in (20, 50, 80):
        mask[10:80, x : x + 2] = True
    image[mask] = (0.9, 0.8, 0.5)
    image = cv2.GaussianBlur(image, (0, 0), 0.7)
    alpha = closed_form_matte(image, as_logits(mask), band=6)
    assert np.isfinite(alpha).all()
    assert alpha[40, 20:22].min() > 0.5
    assert alpha[40, 30:40].max() < 0.1
    assert np.abs(alpha - guided_matte(image, as_logits(mask))).mean() < 0.02


def test_tiles_leave_no_visible_seams(scene, monkeypatch):
    image, _, mask = scene(3.0)
    whole = closed_form_matte(image, as_logits(mask), band=8)
    monkeypatch.setattr("wisp.heads.closed_form._TILE", 64)
    assert np.abs(closed_form_matte(image, as_logits(mask), band=8) - whole).max() < 1 / 255


def test_a_solver_that_stops_early_still_gives_an_alpha(scene, monkeypatch):
    image, truth, mask = scene(2.0)
    monkeypatch.setattr("wisp.heads.closed_form._ROUNDS", 1)
    alpha = closed_form_matte(image, as_logits(mask))
    assert np.abs(alpha - truth).mean() < 0.5 * np.abs(mask - truth).mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (3, 40)])
@pytest.mark.parametrize("kind", ["empty", "full", "half"])
def test_small_pictures_and_masks_without_an_edge(size, kind):
    image = np.random.default_rng(0).random((*size, 3), np.float32)
    mask = np.zeros(size, bool) if kind == "empty" else np.ones(size, bool)
    if kind == "half":
        mask[:, : size[1] // 2] = False
    alpha = closed_form_matte(image, as_logits(mask))
    assert alpha.shape == size
    assert np.isfinite(alpha).all()
    if kind != "half":
        assert (alpha == mask).all()


def test_several_objects(scene, clip_of):
    image, _, mask = scene(2.0)
    found = ClosedFormHead().matte(clip_of(image), 1, {3: as_logits(mask), 4: as_logits(~mask)})
    assert set(found) == {3, 4}
    np.testing.assert_allclose(found[3] + found[4], 1, atol=0.02)
