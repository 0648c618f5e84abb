"""Frame ranges: what can be written, what it means, and that nothing is lost on the way through text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wisp.client.frames import spans, with_span, within
from wisp.errors import UsageError
from wisp.frames import MAX_FRAMES, FrameName, format_frames, gaps, named_frames, pad, parse_frames

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
        ("", "is empty"),
        ("  ", "is empty"),
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


def test_none_is_all_and_an_empty_range_is_refused() -> None:
    assert named_frames(None) is None and named_frames("7") == (7,)
    with pytest.raises(UsageError, match="is empty"):
        named_frames("")


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


@pytest.mark.parametrize(
    ("name", "pattern", "frame"),
    [
        ("shot-1001.png", "shot-%04d.png", 1001),
        ("clip-2024-01-31-0007.png", "clip-2024-01-31-%04d.png", 7),
        ("2024-01-31.png", "2024-01-%02d.png", 31),
        ("take#2.1001.exr", "take#2.%04d.exr", 1001),
        ("logo@2x.0001.png", "logo@2x.%04d.png", 1),
        ("50%.1001.exr", "50%.%04d.exr", 1001),
        ("a%d.1001.exr", "a%d.%04d.exr", 1001),
        ("[a] b.1001.exr", "[a] b.%04d.exr", 1001),
        ("n.-005.exr", "n.%04d.exr", -5),
        ("n_-5.exr", "n_%02d.exr", -5),
        ("-0007.exr", "%05d.exr", -7),
        ("shot--5.exr", "shot-%02d.exr", -5),
        ("1001.left.exr", "%04d.left.exr", 1001),
        ("sh010_v02.1001.take#3.exr", "sh010_v02.%04d.take#3.exr", 1001),
        ("pl\udce9ate.1001.exr", "pl\udce9ate.%04d.exr", 1001),
        ("photo.png", None, None),
        ("v2.5 x.png", None, None),
        ("sh010_left.png", None, None),
        ("n.-0.exr", None, None),
        ("1001.%d.exr", None, None),  # its own words would be taken for the place of the number
    ],
)
def test_the_number_in_a_name(name: str, pattern: str | None, frame: int | None) -> None:
    found = FrameName.of_file(name)
    assert (pattern, frame) == (None, None) if found is None else (str(found[0]), found[1]) == (pattern, frame)


@pytest.mark.parametrize(
    ("typed", "frame", "file"),
    [
        ("sh.####.exr", 7, "sh.0007.exr"),
        ("sh.@@@.exr", 1001, "sh.1001.exr"),
        ("sh.$F.exr", 12, "sh.12.exr"),
        ("sh.${F4}.exr", 12, "sh.0012.exr"),
        ("take#2.%04d.png", 3, "take#2.0003.png"),
        ("a@2x.##.png", 3, "a@2x.03.png"),
        ("a.#.png", 12, "a.12.png"),
        ("sh.%04d.exr", -5, "sh.-005.exr"),
        ("logo@2x.png", None, None),
        ("take#2.png", None, None),
        ("l.<UDIM>.png", None, None),
        ("l.%(UDIM)d.png", None, None),
        ("%0999999999d.png", None, None),
        ("100%.png", None, None),
    ],
)
def test_a_pattern_that_was_typed(typed: str, frame: int | None, file: str | None) -> None:
    pattern = FrameName.parse(typed)
    if frame is None:
        assert pattern is None
    else:
        assert pattern is not None and pattern.name(frame) == file
        assert pattern.number(pattern.name(frame)) == frame


#: Everything that a file system allows in a name, what looks like a place for a number foremost.
words = st.text(st.sampled_from("a1_-. #@%$F{}[]()é+^*?\\\n\udce9d0"), max_size=10)


@given(before=words, width=st.integers(1, 6), after=words, frame=st.integers(-99_999, 99_999))
def test_what_is_written_is_read_back(before: str, width: int, after: str, frame: int) -> None:
    pattern = FrameName(before, width, f"{after}.exr")
    assert pattern.number(pattern.name(frame)) == frame
    found = FrameName.of_file(pattern.name(frame))
    if found is not None:  # whatever number it took for the frame, it names this file by it
        assert found[0].name(found[1]) == pattern.name(frame)
        assert FrameName.parse(str(found[0])) == found[0]


def test_dates_and_hyphens_run_forward() -> None:
    names = [f"shot-{number}.png" for number in range(998, 1003)]
    frames = [found[1] for name in names if (found := FrameName.of_file(name))]
    assert frames == [998, 999, 1000, 1001, 1002]


SPANS = st.sets(st.integers(0, 20)).map(spans)


@given(SPANS, st.integers(0, 20), st.integers(0, 5), st.booleans())
def test_a_span_is_added_or_taken_out_as_sets_are(stored: list[list[int]], first: int, more: int, on: bool) -> None:
    frames = {frame for a, b in stored for frame in range(a, b + 1)}
    wanted = set(range(first, first + more + 1))
    assert with_span(stored, first, first + more, on) == spans(frames | wanted if on else frames - wanted)
    assert all(within(frame, stored) == (frame in frames) for frame in range(21))
