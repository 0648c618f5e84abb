"""Frame numbers from file names and movie timing; the real hosts check the same against rendered pictures."""

from __future__ import annotations

import pytest

from blender_addon import mapping


def test_a_sequence_has_one_pattern() -> None:
    names = [f"sh010_v02.{n:04d}.exr" for n in (1001, 1003, 1002)]
    assert mapping.sequence_of(tuple(names)) == ("sh010_v02.%04d.exr", (1001, 1003, 1002))


def test_percent_signs_in_names_are_kept() -> None:
    pattern, numbers = mapping.sequence_of(("50%.01.png", "50%.02.png"))
    assert [pattern % n for n in numbers] == ["50%.01.png", "50%.02.png"]


def test_numbers_may_outgrow_their_padding() -> None:
    pattern, numbers = mapping.sequence_of(("a99.png", "a100.png"))
    assert [pattern % n for n in numbers] == ["a99.png", "a100.png"]


@pytest.mark.parametrize(("name", "number"), [("still.1001.exr", 1001), ("still.exr", 1), ("img_0042.png", 1)])
def test_a_single_picture_is_frame_1_unless_its_name_ends_in_a_number(name: str, number: int) -> None:
    assert mapping.sequence_of((name,)) == (name, (number,))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.png", "b.png"], "no frame number"),
        (["a.01.png", "b.02.png"], "several sequences"),
        (["a.01.png", "a.003.png"], "padded differently"),
        (["cam_20240101123040.png", "cam_20240101123041.png"], "20240101123040 in the name cam_.* is too large"),
        (["cam.20240101123040.png"], "too large for a frame number; rename"),
    ],
)
def test_other_names_are_refused(names: list[str], words: str) -> None:
    with pytest.raises(mapping.NamesError, match=words):
        mapping.sequence_of(tuple(names))


def test_movie_rate_is_told_from_the_length() -> None:
    assert mapping.movie_rate(100, 100, 30, 24) == 1.0
    assert mapping.movie_rate(80, 100, 30, 24) == pytest.approx(1.25)
    assert mapping.movie_rate(60, 100, 30, 24) is None


def test_of_rates_that_are_nearly_alike_the_nearer_is_told() -> None:
    """Lengths as Blender 4.5 gives them to 1400 frames; without the rate the last third would be a frame off."""
    for movie, scene in ((24000 / 1001, 24.0), (30000 / 1001, 30.0)):
        assert mapping.movie_rate(1401, 1400, movie, scene) == movie / scene
        assert mapping.movie_rate(1400, 1400, movie, scene) == 1.0
        assert mapping.movie_rate(1404, 1400, movie, scene) is None


def test_a_rate_adjusted_movie_is_sampled_by_time() -> None:
    timing = mapping.MovieTiming(start=1, length=80, rate=30 / 24, frames=100)
    assert [mapping.movie_frame(timing, f) for f in (1, 2, 3, 5, 80)] == [1, 2, 4, 6, 100]


def test_outside_the_movie_the_nearest_frame_is_shown() -> None:
    timing = mapping.MovieTiming(start=1, length=10, rate=1.0, frames=10)
    assert (mapping.movie_frame(timing, -5), mapping.movie_frame(timing, 99)) == (1, 10)


def test_a_retimed_sequence_shows_what_the_first_of_a_whole_frame_did() -> None:
    """Ten pictures over 14 frames: measured in Blender 5.0 to 5.3, frames rendered in order."""
    held = mapping.held_positions([(1, 0), (15, 10), (21, 20)], range(1, 16))
    assert [due + 1 for due, _ in held.values()] == [1, 2, 2, 3, 4, 5, 5, 6, 7, 7, 8, 9, 10, 10, 11]
    assert [shown + 1 for _, shown in held.values()] == [1, 1, 2, 3, 3, 5, 5, 6, 6, 7, 8, 8, 10, 10, 11]
