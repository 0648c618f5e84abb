"""What is drawn, as SAM 2.1 takes it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sam2_stand_ins import prompts
from wisp.trackers.sam2.prompts import (
    CERTAIN,
    POINTS_PER_STROKE,
    SPACING,
    mask_input,
    paint,
    points_of,
    sample_stroke,
)

DIAGONAL = 500.0


def test_a_long_stroke_gives_the_most_points_evenly_with_both_ends() -> None:
    line = np.array([[0, 0], [100, 0], [100, 200]], np.float32)
    samples = sample_stroke(line, 3.0, DIAGONAL)
    assert len(samples) == POINTS_PER_STROKE
    assert np.allclose(samples[[0, -1]], line[[0, -1]])
    along = np.where(samples[:, 0] < 100, samples[:, 0], 100 + samples[:, 1])
    assert np.allclose(np.diff(along), 300 / 7, atol=1e-3)


@pytest.mark.parametrize(
    ("length", "radius", "count"), [(9.9, 1.0, 1), (10.0, 1.0, 2), (35.0, 1.0, 4), (35.0, 20.0, 2)]
)
def test_points_keep_their_distance(length: float, radius: float, count: int) -> None:
    samples = sample_stroke(np.array([[5, 5], [5 + length, 5]], np.float32), radius, DIAGONAL)
    assert len(samples) == count
    assert count == 1 or np.diff(samples[:, 0]).min() >= max(radius, SPACING * DIAGONAL) - 1e-4


def test_a_dab_gives_its_middle() -> None:
    assert sample_stroke(np.array([[7, 9]], np.float32), 4.0, DIAGONAL).tolist() == [[7, 9]]
    assert sample_stroke(np.array([[6, 9], [8, 9]], np.float32), 4.0, DIAGONAL).tolist() == [[7, 9]]


def test_points_are_box_then_clicks_then_strokes_scaled_to_the_square() -> None:
    drawn = prompts(
        [(40, 50)],
        [0],
        box=(10, 20, 30, 40),
        strokes=((np.array([[100, 50]], np.float32), 2.0, True), (np.array([[0, 0]], np.float32), 2.0, False)),
    )
    points = points_of(drawn, 200, 100, 1024)
    assert points is not None
    assert points.labels.tolist() == [[2, 3, 0, 1, 0]]
    expected = np.array([[10, 20], [30, 40], [40, 50], [100, 50], [0, 0]]) * (1024 / 200, 1024 / 100)
    assert np.allclose(points.xy[0].numpy(), expected)


def test_no_points_without_clicks() -> None:
    assert points_of(prompts(mask=np.ones((4, 4), bool)), 4, 4, 64) is None


def test_a_mask_keeps_its_place() -> None:
    mask = np.zeros((60, 100), bool)
    mask[15:45, 25:50] = True
    square = mask_input(mask, 256)[0, 0].numpy()
    rows, columns = np.nonzero(square)
    assert set(np.unique(square)) == {0.0, 1.0}
    # A cell of the 64 x 64 grid that the mask passes through is 4 pixels wide.
    assert np.allclose((rows.min(), rows.max() + 1), (64, 192), atol=4)
    assert np.allclose((columns.min(), columns.max() + 1), (64, 128), atol=4)


def test_paint_is_certain_where_painted_and_changes_nothing_else() -> None:
    logits = torch.linspace(-20, 20, 64 * 64).reshape(1, 1, 64, 64)
    line = np.array([[40, 100], [160, 100]], np.float32)
    drawn = prompts(strokes=((line, 12.0, True), (line[:1], 12.0, False)))
    painted = paint(logits, drawn, 200, 200)
    assert painted[0, 0, 32, 32] == max(CERTAIN, logits[0, 0, 32, 32].item())
    assert painted[0, 0, 32, 12] <= -CERTAIN, "the later stroke wins"
    assert torch.equal(painted[..., :24, :], logits[..., :24, :])


def test_a_stroke_thinner_than_a_cell_still_counts() -> None:
    drawn = prompts(strokes=((np.array([[101, 53]], np.float32), 0.2, True),))
    painted = paint(torch.full((1, 1, 16, 16), -3.0), drawn, 200, 100)
    assert (painted > 0).sum() >= 1
    assert painted[0, 0, 8, 8] == CERTAIN
