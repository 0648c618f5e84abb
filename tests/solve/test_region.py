"""Regions: fitted around the masks, worth it or not, and exact in both directions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.solving import ChainTracker, SmoothHead, box, shot, solver
from hypothesis import given
from hypothesis import strategies as st
from wisp.cache import read_matte
from wisp.client.requests import Region
from wisp.errors import UsageError
from wisp.plates.plate import Window
from wisp.solve.fitting import fit_regions
from wisp.solve.region import MIN_GAIN, gain, in_region, region_of, whole
from wisp.trackers.tracker import FramePrompts

UHD = (3840, 2160)


def mask(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    logits = np.full((108, 192), -5.0, np.float32)  # one mask pixel is 20 plate pixels of UHD
    logits[y0:y1, x0:x1] = 5
    return logits


def test_a_small_subject_gets_a_region_around_all_its_masks() -> None:
    region = region_of([mask(50, 30, 70, 50), mask(60, 35, 80, 55)], UHD, 1024)
    assert region is not None
    assert region.x0 <= 1000 and region.y0 <= 600 and region.x1 >= 1600 and region.y1 >= 1100
    assert region.width < 1000 and region.height < 800
    assert gain(region, UHD, 1024) > 2.5


def test_a_subject_that_fills_or_crosses_the_picture_gets_none() -> None:
    assert region_of([mask(10, 5, 180, 100)], UHD, 1024) is None
    assert region_of([mask(0, 40, 20, 60), mask(170, 40, 190, 60), mask(90, 0, 99, 108)], UHD, 1024) is None


def test_nothing_is_gained_where_the_network_sees_every_pixel_already() -> None:
    assert region_of([mask(90, 50, 95, 55)], (854, 480), 1024) is None
    assert region_of([np.full((4, 4), -1.0, np.float32)], UHD, 1024) is None


@given(st.integers(0, 191), st.integers(0, 107), st.integers(1, 192), st.integers(1, 108), st.sampled_from([512, 1024]))
def test_a_region_holds_the_mask_lies_inside_and_gains_what_it_must(x: int, y: int, w: int, h: int, grid: int) -> None:
    x1, y1 = min(192, x + w), min(108, y + h)
    region = region_of([mask(x, y, x1, y1)], UHD, grid)
    if region is not None:
        assert 0 <= region.x0 <= x * 20 and 0 <= region.y0 <= y * 20
        assert x1 * 20 <= region.x1 <= UHD[0] and y1 * 20 <= region.y1 <= UHD[1]
        assert gain(region, UHD, grid) >= MIN_GAIN


windows = st.builds(
    lambda x, y, w, h: Window(x, y, x + w, y + h),
    st.integers(0, 100), st.integers(0, 100), st.integers(1, 100), st.integers(1, 100),
)  # fmt: skip


@given(windows, st.floats(0, 1), st.floats(0, 1))
def test_points_map_into_a_region_and_back_exactly(window: Window, u: float, v: float) -> None:
    inside = np.array([[window.x0 + u * window.width, window.y0 + v * window.height]], np.float32)
    given_prompts = FramePrompts(inside, np.array([1], np.int32))
    mapped = in_region(given_prompts, window, "hero", 1)
    np.testing.assert_allclose(mapped.points + np.array([window.x0, window.y0]), inside, atol=1e-4)


@given(windows)
def test_pixels_map_out_of_a_region_and_back_exactly(window: Window) -> None:
    pixels = np.random.default_rng(0).random((window.height, window.width), np.float32)
    placed = whole(pixels, window, (200, 200), outside=0.0)
    np.testing.assert_array_equal(placed[window.y0 : window.y1, window.x0 : window.x1], pixels)
    assert placed.sum(dtype=float) == pytest.approx(pixels.sum(dtype=float))
    picture = np.zeros((200, 200), bool)
    picture[window.y0 : window.y1, window.x0 : window.x1] = pixels > 0.5
    prompts = FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=picture)
    np.testing.assert_array_equal(in_region(prompts, window, "hero", 1).mask, pixels > 0.5)


def test_what_is_kept_must_lie_in_the_region_and_what_is_removed_need_not() -> None:
    window = Window(50, 50, 100, 100)
    points = np.array([[10, 10], [60, 60]], np.float32)
    mapped = in_region(FramePrompts(points, np.array([0, 1], np.int32)), window, "hero", 7)
    np.testing.assert_array_equal(mapped.points, [[10, 10]])
    with pytest.raises(UsageError, match="'hero' has a prompt on frame 7 outside its region"):
        in_region(FramePrompts(points, np.array([1, 1], np.int32)), window, "hero", 7)


def test_a_mask_that_its_region_cuts_is_refused_and_an_approved_one_is_cut() -> None:
    window = Window(50, 50, 100, 100)
    mask = np.zeros((200, 200), bool)
    mask[60:80, 40:80] = True
    prompts = FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), mask=mask)
    with pytest.raises(UsageError, match="'hero' has a prompt on frame 7 outside its region"):
        in_region(prompts, window, "hero", 7)
    assert in_region(prompts, window, "hero", 7, approved=True).mask.sum() == 20 * 30
    mask[60:80, 40:49] = False  # two hundredths beyond are too much, one of a brush's border is not
    with pytest.raises(UsageError):
        in_region(prompts, window, "hero", 7)
    mask[61:80, 49] = False
    in_region(prompts, window, "hero", 7)


def test_a_stroke_through_a_region_counts_wherever_its_corners_are() -> None:
    window = Window(50, 50, 100, 100)
    across = np.array([[0, 75], [190, 75]], np.float32)
    beside = np.array([[0, 20], [190, 20]], np.float32)
    for include in (True, False):
        none = FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), strokes=((across, 3.0, include),))
        ((line, radius, _),) = in_region(none, window, "hero", 7).strokes
        np.testing.assert_array_equal(line, across - 50)
        assert radius == 3.0
    assert in_region(replace(none, strokes=((beside, 3.0, False),)), window, "hero", 7).strokes == ()
    with pytest.raises(UsageError):
        in_region(replace(none, strokes=((beside, 3.0, True),)), window, "hero", 7)


def test_a_solve_in_a_region_is_empty_outside_and_shows_models_only_the_region(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    seen: list[tuple[int, int]] = []
    start = tracker.start
    tracker.start = lambda clip, *rest: (seen.append((clip.width, clip.height)), start(clip, *rest))[1]  # type: ignore[method-assign]
    made = solver(shot(box(1001), item={"region": [4, 2, 20, 14]}), folder)
    made.run()
    alpha = read_matte(made.work("hero").path(1010))[0]
    inside = np.zeros_like(alpha, bool)
    inside[2:14, 4:20] = True
    assert (alpha[inside] > 0).all() and not alpha[~inside].any()
    assert set(seen) == {(16, 12)}
    assert made.status().objects[0].of("dirty") == ()
    assert len(solver(shot(box(1001)), folder).status().objects[0].of("dirty")) == 40


def test_looking_for_regions_freezes_what_was_approved_and_nothing_else(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001)), folder).run()
    cut = solver(shot(box(1001), item={"region": [4, 2, 20, 14]}), folder)
    cut.run()
    seen = read_matte(cut.work("hero").path(1010))[0]
    locked = solver(shot(box(1001), item={"region": [4, 2, 20, 14], "locks": [[1010, 1010]]}), folder)
    fit_regions(locked, Region())
    assert list(locked.work("hero").frozen) == [1010], "the tracker hears it, too"
    locked.run()
    np.testing.assert_array_equal(read_matte(locked.work("hero").path(1010))[0], seen)


def test_looking_for_regions_freezes_no_matte_of_the_whole_picture(
    folder: Path, tracker: ChainTracker, head: SmoothHead
) -> None:
    solver(shot(box(1001)), folder).run(lasting=False)  # only looked at
    locked = solver(shot(box(1001), item={"region": [4, 2, 20, 14], "locks": [[1010, 1010]]}), folder)
    fit_regions(locked, Region())
    assert not locked.locks(locked.shot.objects[0]).path(1010).exists()
