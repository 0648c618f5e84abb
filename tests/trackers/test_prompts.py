"""What prompts cover on grids of any size."""

from __future__ import annotations

import numpy as np
import pytest
from wisp.motion.footage import working_size
from wisp.trackers.prompts import clip_box, point_pixels, seeds, shrink_mask, stroke_labels, stroke_mask
from wisp.trackers.tracker import FramePrompts


def line(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, np.float32)


def test_working_size_keeps_the_aspect_and_never_enlarges():
    assert working_size(854, 480, 480) == (480, 270)
    assert working_size(480, 854, 480) == (270, 480)
    assert working_size(200, 100, 480) == (200, 100)


def test_a_dot_covers_the_pixels_whose_centres_lie_in_its_circle():
    covered = stroke_mask(line((5.0, 4.0)), 2.0, (10, 8), (10, 8))
    x, y = np.arange(10) + 0.5, np.arange(8)[:, None] + 0.5
    assert np.array_equal(covered, (x - 5) ** 2 + (y - 4) ** 2 <= 4)


def test_a_line_covers_its_capsule():
    covered = stroke_mask(line((10.0, 10.0), (40.0, 20.0)), 3.0, (60, 40), (60, 40))
    for row in range(40):
        for column in range(60):
            p = np.array([column + 0.5, row + 0.5])
            t = np.clip((p - (10, 10)) @ (30, 10) / 1000.0, 0, 1)
            assert covered[row, column] == (np.hypot(*(p - (10 + 30 * t, 10 + 10 * t))) <= 3.0)


def test_a_corner_is_round_and_leaves_no_gap():
    covered = stroke_mask(line((10.0, 10.0), (30.0, 10.0), (30.0, 30.0)), 4.0, (50, 50), (50, 50))
    assert covered[10, 32]
    assert not covered[6, 33]
    assert np.array_equal(
        covered,
        stroke_mask(line((10.0, 10.0), (30.0, 10.0)), 4.0, (50, 50), (50, 50))
        | stroke_mask(line((30.0, 10.0), (30.0, 30.0)), 4.0, (50, 50), (50, 50)),
    )


def test_on_a_coarser_grid_the_same_stroke_covers_the_same_share():
    polyline = line((100.0, 100.0), (700.0, 300.0))
    fine = stroke_mask(polyline, 30.0, (854, 480), (854, 480)).mean()
    coarse = stroke_mask(polyline, 30.0, (854, 480), (480, 270)).mean()
    assert coarse == pytest.approx(fine, rel=0.02)


def test_a_thin_stroke_does_not_fall_between_coarse_pixels():
    covered = stroke_mask(line((0.0, 100.0), (854.0, 101.0)), 0.5, (854, 480), (120, 68))
    assert covered.any(axis=0).all()


def test_strokes_past_the_border_are_cut_off():
    covered = stroke_mask(line((-50.0, 5.0), (3.0, 5.0)), 2.0, (20, 10), (20, 10))
    assert covered[5, 0]
    assert not covered[:, 6:].any()
    assert not stroke_mask(line((-50.0, 5.0)), 2.0, (20, 10), (20, 10)).any()


def test_the_later_of_two_strokes_wins():
    keep = (line((5.0, 10.0), (25.0, 10.0)), 3.0, True)
    remove = (line((15.0, 10.0)), 2.0, False)
    labels = stroke_labels((keep, remove), (30, 20), (30, 20))
    kept, removed = stroke_mask(*keep[:2], (30, 20), (30, 20)), stroke_mask(*remove[:2], (30, 20), (30, 20))
    assert (labels[removed] == -1).all()
    assert (labels[kept & ~removed] == 1).all()
    assert (labels[~kept & ~removed] == 0).all()


def test_points_fall_on_the_pixel_that_contains_them():
    points = line((0.0, 0.0), (853.9, 479.9), (854.0, 480.0), (427.0, 240.0))
    assert point_pixels(points, (854, 480), (427, 240)).tolist() == [[0, 0], [426, 239], [426, 239], [213, 120]]


def test_a_point_is_heard_over_a_stroke():
    prompts = FramePrompts(
        line((5.5, 5.5)), np.array([0], np.int32), strokes=((line((2.0, 5.5), (9.0, 5.5)), 2.0, True),)
    )
    labels = seeds(prompts, (12, 12), (12, 12))
    assert labels[5, 5] == -1
    assert labels[5, 4] == 1


def test_boxes_are_cut_to_the_picture():
    assert clip_box((-10.0, 5.0, 200.0, 90.0), (100, 80)) == (0.0, 5.0, 100.0, 80.0)


def test_a_shrunk_mask_keeps_its_area():
    mask = np.zeros((480, 854), bool)
    mask[100:300, 200:500] = True
    assert shrink_mask(mask, (480, 270)).mean() == pytest.approx(mask.mean(), rel=1e-3)
