"""The made clip: its truth must be exact, or nothing measured against it means anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from wisp.demo import clip as demo
from wisp.plates.exr import read_channels, read_frame

SIZE = (192, 108)
COUNT = 24


@pytest.fixture(scope="module")
def frames() -> dict[int, demo.DemoFrame]:
    return {index: demo.render_frame(index, COUNT, SIZE) for index in (0, 1, 12, 23)}


def test_same_seed_gives_same_pixels(frames: dict[int, demo.DemoFrame]) -> None:
    again = demo.render_frame(12, COUNT, SIZE)
    assert np.array_equal(again.rgb_linear, frames[12].rgb_linear)
    assert np.array_equal(again.alpha, frames[12].alpha)


def test_another_seed_gives_another_creature(frames: dict[int, demo.DemoFrame]) -> None:
    other = demo.render_frame(12, COUNT, SIZE, seed=2)
    assert np.abs(other.alpha - frames[12].alpha).max() > 0.2


def test_plate_is_exactly_the_composite(frames: dict[int, demo.DemoFrame]) -> None:
    for frame in frames.values():
        alpha = frame.alpha[..., None]
        assert np.array_equal(frame.rgb_linear, frame.foreground + (1 - alpha) * frame.background)


def test_pictures_are_float32_of_the_asked_size(frames: dict[int, demo.DemoFrame]) -> None:
    for frame in frames.values():
        assert frame.alpha.shape == (SIZE[1], SIZE[0])
        assert frame.rgb_linear.shape == frame.foreground.shape == frame.background.shape == (SIZE[1], SIZE[0], 3)
        assert frame.alpha.dtype == frame.rgb_linear.dtype == frame.foreground.dtype == np.float32


def test_alpha_covers_nothing_something_and_everything(frames: dict[int, demo.DemoFrame]) -> None:
    for frame in frames.values():
        assert frame.alpha.min() == 0.0
        assert frame.alpha.max() == 1.0
        assert 0.06 < frame.alpha.mean() < 0.35


def test_foreground_is_premultiplied(frames: dict[int, demo.DemoFrame]) -> None:
    for frame in frames.values():
        assert not frame.foreground[frame.alpha == 0].any()
        assert frame.foreground.min() >= 0
        # Light times albedo stays below 3, so premultiplied colour stays below 3 alpha.
        assert (frame.foreground <= 3 * frame.alpha[..., None] + 1e-5).all()


def test_much_of_the_edge_is_soft(frames: dict[int, demo.DemoFrame]) -> None:
    """Hair, fur, clear wings and motion blur: a third of the subject's pixels are neither in nor out."""
    for frame in frames.values():
        touched = frame.alpha > 0.004
        soft = touched & (frame.alpha < 0.996)
        assert 0.15 < soft.sum() / touched.sum() < 0.6


def test_creature_crosses_the_picture(frames: dict[int, demo.DemoFrame]) -> None:
    def middle(index: int) -> float:
        return float(np.average(np.arange(SIZE[0]) + 0.5, weights=frames[index].alpha.sum(axis=0)))

    assert middle(12) - middle(0) > 0.08 * SIZE[0]
    assert middle(23) - middle(12) > 0.08 * SIZE[0]
    assert 0.2 < middle(1) - middle(0) < 0.03 * SIZE[0]


def test_moving_edges_are_blurred_along_the_motion() -> None:
    """One instant's body edge is steeper than the frame's, which averages the shutter's time."""
    size = (384, 216)
    frame = demo.render_frame(12, COUNT, size).alpha
    still, corner = demo.creature.draw(demo.flight(0.5 / 24, size), 1)
    window = frame[corner[1] : corner[1] + still.shape[0], corner[0] : corner[0] + still.shape[1]]
    instant = still[: window.shape[0], : window.shape[1], 3]

    def soft(alpha: np.ndarray) -> float:
        return float(((alpha > 0.02) & (alpha < 0.98)).mean())

    assert soft(window) > 1.15 * soft(instant)


def test_background_moves_and_shares_the_subject_hues(frames: dict[int, demo.DemoFrame]) -> None:
    assert np.abs(frames[0].background - frames[23].background).mean() > 0.003
    warm = frames[12].background[..., 0] > 2 * frames[12].background[..., 2]
    assert warm.mean() > 0.03


def test_a_creature_partly_out_of_the_picture_is_cut_at_the_border() -> None:
    frame = demo.render_frame(23, COUNT, (96, 108))
    assert frame.alpha[:, -1].max() > 0.5
    assert np.isfinite(frame.rgb_linear).all()


def test_written_clip_reads_back(tmp_path: Path) -> None:
    clip = demo.write_clip(tmp_path, frames=2, size=SIZE)
    assert (clip.first, clip.last, clip.size, clip.object_name) == (1001, 1002, SIZE, "wisp")
    for number in (1001, 1002):
        made = demo.render_frame(number - 1001, 2, SIZE)
        plate = read_frame(str(clip.plate) % number, number).rgb
        assert np.abs(plate - made.rgb_linear).max() <= np.abs(made.rgb_linear).max() * 2.0**-11
        channels, header = read_channels(str(clip.truth) % number)
        assert sorted(channels) == ["B", "G", "R"]
        assert all(channel.dtype == np.float16 for channel in channels.values())
        assert np.array_equal(channels["R"], made.alpha.astype(np.float16))
        assert (header.display.width, header.display.height) == SIZE


def test_box_surrounds_the_creature_on_the_first_frame(tmp_path: Path) -> None:
    clip = demo.write_clip(tmp_path, frames=1, size=SIZE)
    x0, y0, x1, y1 = clip.box
    alpha = demo.render_frame(0, 1, SIZE).alpha
    outside = alpha.copy()
    outside[int(y0) : int(y1), int(x0) : int(x1)] = 0
    assert 0 <= x0 < x1 <= SIZE[0]
    assert 0 <= y0 < y1 <= SIZE[1]
    assert outside.sum() < 0.002 * alpha.sum()
    assert (x1 - x0) * (y1 - y0) < 0.6 * SIZE[0] * SIZE[1]
