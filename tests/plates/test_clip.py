"""The clip a model is given: resizing, caching, threads, regions."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from wisp.errors import FrameReadError, UsageError
from wisp.plates.clip import CroppedClip, DisplayClip, affordable_bytes, resize
from wisp.plates.colour import DisplayTransform, choose_colour
from wisp.plates.plate import PlateFrame, PlateHeader, Window


class CountingPlate:
    """Noise, another for every frame; frame 13 cannot be read. Counts its reads and the threads that did them."""

    path = name = "made"
    padding = 4
    width, height = 48, 32
    pixel_aspect = 1.0
    fps = None
    colorspace = "sRGB - Texture"

    def __init__(self, frames: range) -> None:
        self.frames = self.expected = tuple(frames)
        self.reads: Counter[int] = Counter()
        self.threads: set[str] = set()

    def read(self, frame: int) -> PlateFrame:
        self.reads[frame] += 1
        self.threads.add(threading.current_thread().name)
        if frame == 13:
            raise FrameReadError(self.path, "made so", frame=frame)
        return PlateFrame(frame, self.pixels(frame), self.header(frame))

    def pixels(self, frame: int) -> np.ndarray:
        return np.random.default_rng(frame).random((self.height, self.width, 3), dtype=np.float32)

    def header(self, frame: int) -> PlateHeader:
        window = Window(0, 0, self.width, self.height)
        return PlateHeader(window, window)

    def identity(self, frame: int) -> str:
        return str(frame)


FRAME_BYTES = 48 * 32 * 12


def clip_of(plate: CountingPlate, **options: int) -> DisplayClip:
    return DisplayClip(plate, DisplayTransform(choose_colour("sRGB - Texture")), **options)


def test_plate_size_and_smaller_by_area() -> None:
    plate = CountingPlate(range(1, 4))
    clip = clip_of(plate)
    assert (clip.frames, clip.width, clip.height) == ((1, 2, 3), 48, 32)
    np.testing.assert_array_equal(clip.image(2), plate.pixels(2))
    half = clip.image(2, (24, 16))
    expected = plate.pixels(2).reshape(16, 2, 24, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(half, expected, atol=1e-6)
    assert half.dtype == np.float32


def test_shrinking_one_axis_and_growing_the_other() -> None:
    ramp = np.linspace(0, 1, 40, dtype=np.float32)[:, None, None] * np.ones((1, 20, 3), np.float32)
    out = resize(ramp, (50, 10))
    assert out.shape == (10, 50, 3)
    np.testing.assert_allclose(out[:, 7, 1], ramp.reshape(10, 4, 20, 3).mean(axis=1)[:, 7, 1], atol=1e-6)


def test_resizing_precedes_the_colour_transform() -> None:
    plate = CountingPlate(range(1, 2))
    clip = DisplayClip(plate, DisplayTransform(choose_colour("scene_linear")))
    light = plate.pixels(1).reshape(16, 2, 24, 2, 3).mean(axis=(1, 3))
    expected = DisplayTransform(choose_colour("scene_linear"))(light)
    np.testing.assert_allclose(clip.image(1, (24, 16)), expected, atol=1e-5)


def test_a_frame_is_read_once_for_all_sizes() -> None:
    plate = CountingPlate(range(1, 9))
    clip = clip_of(plate)
    for frame in plate.frames:
        for size in (None, (24, 16), (12, 8), None):
            clip.image(frame, size)
    assert set(plate.reads.values()) == {1}
    assert len(plate.threads) == 1
    assert threading.current_thread().name not in plate.threads


def test_kept_bytes_do_not_grow_with_the_clip() -> None:
    plate = CountingPlate(range(1, 101))
    budget = 8 * FRAME_BYTES
    clip = clip_of(plate, cache_bytes=budget)
    for frame in plate.frames:
        if frame != 13:
            clip.image(frame)
            pictures = sum(picture.nbytes for picture in clip._pictures.values())
            assert clip._picture_bytes == pictures
            kept = len(clip._reads) * FRAME_BYTES + pictures
            assert kept <= budget
    assert max(plate.reads.values()) <= 1


def test_the_next_frame_is_read_ahead_in_either_direction() -> None:
    for order in (range(1, 12), range(12, 1, -1)):
        plate = CountingPlate(range(1, 13))
        clip = clip_of(plate)
        for frame in list(order)[:3]:
            clip.image(frame)
        clip.close()
        assert len(plate.reads) in (3, 4)
        assert set(plate.reads) <= set(list(order)[:4])


def test_two_that_walk_side_by_side_do_not_turn_each_other_round() -> None:
    plate = CountingPlate(range(1, 13))
    clip = clip_of(plate)
    with ThreadPoolExecutor(1) as behind:
        for frame in range(5, 9):
            clip.image(frame, (2, 2))
            behind.submit(clip.image, frame - 1).result()
    clip.close()
    assert set(plate.reads) == set(range(4, 10)), "only ahead, never the frame before"


def test_an_unreadable_frame_raises_every_time_and_spares_the_rest() -> None:
    plate = CountingPlate(range(11, 16))
    clip = clip_of(plate)
    for _ in range(2):
        with pytest.raises(FrameReadError, match="frame 13"):
            clip.image(13)
    np.testing.assert_array_equal(clip.image(14), plate.pixels(14))


def test_many_threads_see_the_right_pictures() -> None:
    plate = CountingPlate(range(20, 60))
    clip = clip_of(plate, cache_bytes=6 * FRAME_BYTES)
    order = np.random.default_rng(0).permutation(np.repeat(plate.frames, 6)).tolist()
    with ThreadPoolExecutor(8) as pool:
        for frame, picture in zip(order, pool.map(clip.image, order), strict=True):
            np.testing.assert_array_equal(picture, plate.pixels(frame))


def test_pictures_cannot_be_written_to() -> None:
    clip = clip_of(CountingPlate(range(1, 3)))
    with pytest.raises(ValueError, match="read-only"):
        clip.image(1)[0, 0] = 0.5


# --- regions ---------------------------------------------------------------------------------------


def test_a_region_is_exactly_that_part() -> None:
    plate = CountingPlate(range(1, 3))
    window = Window(5, 3, 29, 19)
    region = CroppedClip(clip_of(plate), window)
    assert (region.width, region.height, region.frames) == (24, 16, (1, 2))
    np.testing.assert_array_equal(region.image(1), plate.pixels(1)[3:19, 5:29])
    half = plate.pixels(1)[3:19, 5:29].reshape(8, 2, 12, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(region.image(1, (12, 8)), half, atol=1e-6)


@pytest.mark.parametrize("window", [Window(-1, 0, 5, 5), Window(0, 0, 49, 5), Window(4, 4, 4, 9), Window(0, 20, 5, 33)])
def test_a_region_outside_is_refused(window: Window) -> None:
    with pytest.raises(UsageError, match="48x32"):
        CroppedClip(clip_of(CountingPlate(range(1, 3))), window)


@pytest.mark.parametrize(
    ("meminfo", "most"),
    [("MemAvailable: 524288 kB", 2**26), ("MemAvailable: 99999999 kB", 2**27), ("MemAvailable: 1572864 kB", 3 * 2**25)],
)
def test_kept_pictures_take_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch, meminfo: str, most: int) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_: f"MemTotal: 1 kB\n{meminfo}\n")
    assert affordable_bytes() == most
    monkeypatch.setattr(Path, "read_text", lambda *_: "nothing")
    assert affordable_bytes() == 2**27
