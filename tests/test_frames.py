"""Frame ranges: what can be written, what it means, and that nothing is lost on the way through text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wisp.errors import UsageError
from wisp.frames import MAX_FRAMES, format_frames, gaps, pad, parse_frames

FRAMES = st.integers(-2_000, 20_000)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001", [1001]),
        ("1001-1004", [1001, 1002, 1003, 1004]),
        ("1001-1006x2", [1001, 1003, 1005]),
        ("1001-1007x3", [1001, 1004, 1007]),
        ("1001,1005,1010-1012", [1001, 1005, 1010, 1011, 1012]),
        (" 1001 , 1005 ", [1001, 1005]),
        ("5,1-3,2", [1, 2, 3, 5]),
        ("-5--3", [-5, -4, -3]),
        ("-2-1", [-2, -1, 0, 1]),
        ("7-7", [7]),
        ("0001-0003", [1, 2, 3]),
    ],
)
def test_what_ranges_mean(text: str, frames: list[int]) -> None:
    assert parse_frames(text) == tuple(frames)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", "''"),
        ("1001,", "''"),
        ("1001;1005", "'1001;1005'"),
        ("abc", "'abc'"),
        ("1001.0", "'1001.0'"),
        ("1-10x", "'1-10x'"),
        ("5x2", "'5x2'"),
        ("1 - 10", "'1 - 10'"),
        ("1e3", "'1e3'"),
        ("\u0661\u0662", "'\u0661\u0662'"),
        ("9" * 5000, "is not a frame"),
        ("1010-1001", "'1010-1001'"),
        ("1-10x0", "'1-10x0'"),
    ],
)
def test_what_is_no_range_is_quoted(text: str, quoted: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_frames(text)
    assert quoted in caught.value.message
    assert caught.value.hint


def test_a_range_too_long_to_be_a_shot_is_refused_at_once() -> None:
    assert len(parse_frames(f"1-{MAX_FRAMES}")) == MAX_FRAMES
    for text in (f"0-{MAX_FRAMES}", "0-999999999999", f"1-{MAX_FRAMES},2000000000"):
        with pytest.raises(UsageError, match="more than"):
            parse_frames(text)


@given(st.sets(FRAMES, min_size=1, max_size=60))
def test_text_and_back(frames: set[int]) -> None:
    assert parse_frames(format_frames(frames)) == tuple(sorted(frames))


@settings(deadline=None)
@given(FRAMES, st.integers(3, 500), st.integers(1, 20))
def test_an_even_run_is_one_span(first: int, count: int, step: int) -> None:
    frames = range(first, first + count * step, step)
    assert "," not in format_frames(frames)
    assert parse_frames(format_frames(frames)) == tuple(frames)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([], ""),
        ([3, 1, 2, 2], "1-3"),
        ([1, 2], "1-2"),
        ([1, 3], "1,3"),
        ([1, 3, 4, 5], "1,3-5"),
        ([1, 3, 5, 6, 7], "1-5x2,6-7"),
        ([-3, -2, -1], "-3--1"),
    ],
)
def test_how_ranges_are_written(frames: list[int], text: str) -> None:
    assert format_frames(frames) == text


@given(FRAMES, st.integers(1, 12))
def test_padding_is_what_c_and_python_percent_write(frame: int, width: int) -> None:
    assert pad(frame, width) == f"%0{width}d" % frame


@given(st.sets(FRAMES, max_size=40), FRAMES, st.integers(0, 100))
def test_gaps_and_frames_make_the_whole(frames: set[int], first: int, length: int) -> None:
    missing = gaps(sorted(frames), first, first + length)
    assert list(missing) == sorted(missing)
    assert not frames & set(missing)
    assert set(missing) | (frames & set(range(first, first + length + 1))) == set(range(first, first + length + 1))
