"""Colour and alpha over another background."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.bench.over import Subject, over, similarity, table, unmixings


def subject(seed: int) -> Subject:
    """A soft disc of one colour over a smooth background of another."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :80].astype(np.float32)
    alpha = np.clip((22 - np.hypot(x - 40, y - 32)) / 8 + 0.5, 0, 1).astype(np.float32)
    colour = np.full((64, 80, 3), rng.uniform(0.6, 0.9, 3), np.float32)
    behind = np.full((64, 80, 3), rng.uniform(0.0, 0.3, 3), np.float32)
    image = alpha[..., None] * colour + (1 - alpha[..., None]) * behind
    return Subject(image, alpha, colour, (alpha > 0) & (alpha < 1))


def test_colours_that_are_unmixed_show_less_of_the_old_background_than_the_plate() -> None:
    subjects = [subject(1), subject(2)]
    rows = over(subjects, {"hard": [(one.alpha > 0.5).astype(np.float32) for one in subjects]})
    found = {(row.alpha, row.colour): row for row in rows}
    assert set(found) == {*(("true", way) for way in unmixings()), ("hard", "wisp")}
    ours, plate, hard = found["true", "wisp"], found["true", "plate"], found["hard", "wisp"]
    assert ours.psnr > plate.psnr + 6 and ours.ssim > plate.ssim
    assert ours.psnr > 30 > hard.psnr
    assert "true alpha" in table(rows)


def test_the_truth_is_like_itself_and_the_score_is_the_published_formulas() -> None:
    one = np.random.default_rng(0).uniform(0, 1, (40, 50, 3)).astype(np.float32)
    assert similarity(one, one) == pytest.approx(1.0, abs=1e-4)
    other = np.clip(one + 0.2, 0, 1).astype(np.float32)
    # At one pixel of one channel, by sums over the whole window.
    kernel = np.outer(*[cv2.getGaussianKernel(13, 1.5)[:, 0]] * 2)
    a, b = (part[14:27, 19:32, 0].astype(np.float64) for part in (one, other))
    ma, mb = (kernel * a).sum(), (kernel * b).sum()
    va, vb, vab = (kernel * a * a).sum() - ma**2, (kernel * b * b).sum() - mb**2, (kernel * a * b).sum() - ma * mb
    wanted = (2 * ma * mb + 1e-4) * (2 * vab + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
    alone = [np.dstack([part[..., 0]] * 3) for part in (one, other)]
    assert similarity(*alone)[20, 25] == pytest.approx(wanted, abs=2e-3)
