"""Prompts as typed: what each text means, and what is said about a text that means nothing."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.commands.prompts import add_prompt_options, parse_prompt
from wisp.errors import UsageError
from wisp.shot import Box, MaskPrompt, Point, Stroke, Text, Unknown


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("box", "1001:10,20,30.5,40", Box(frame=1001, xyxy=(10, 20, 30.5, 40))),
        ("box", "10,20,30,40", Box(frame=7, xyxy=(10, 20, 30, 40))),
        ("box", "-5:-1.5,20,30,40", Box(frame=-5, xyxy=(-1.5, 20, 30, 40))),
        ("point", "1001:3,4", Point(frame=1001, xy=(3, 4), include=True)),
        ("point", "1001:3,4,-", Point(frame=1001, xy=(3, 4), include=False)),
        ("point", "3,-4", Point(frame=7, xy=(3, -4), include=True)),
        ("stroke", "9:1,2/3,4", Stroke(frame=9, xy=[(1, 2), (3, 4)], radius=6, include=True)),
        ("stroke", "9:1,2@2.5,-", Stroke(frame=9, xy=[(1, 2)], radius=2.5, include=False)),
        ("unknown", "9:1,2/3,4", Unknown(frame=9, xy=[(1, 2), (3, 4)], radius=20)),
        ("unknown", "1,2@35", Unknown(frame=7, xy=[(1, 2)], radius=35)),
        ("mask", "1001:roto/a b.png", MaskPrompt(frame=1001, path="roto/a b.png")),
        ("mask", "C:/roto.png", MaskPrompt(frame=7, path="C:/roto.png")),
        ("text", "12:the runner: left", Text(frame=12, text="the runner: left")),
    ],
)
def test_what_a_text_means(option: str, text: str, expected: object) -> None:
    assert parse_prompt(option, text, default_frame=7) == expected


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("box", "1001:1,2,3", "expected 4 numbers"),
        ("box", "1001:5,2,3,4", "left < right"),
        ("box", "1001:a,2,3,4", "expected 4 numbers"),
        ("point", "1001:1", "expected 2 numbers"),
        ("point", "1001:nan,1", "expected 2 numbers"),
        ("stroke", "1001:1,2/3", "expected 2 numbers"),
        ("stroke", "1001:1,2@0", "radius is more than 0, not 0"),
        ("unknown", "1001:1,2@8,-", "nothing can be taken away from it"),
        ("mask", "1001:", "at least 1 character"),
    ],
)
def test_what_is_said_about_a_wrong_text(option: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_prompt(option, text, default_frame=1)
    assert f"--{option} {text}" in caught.value.message


@given(
    st.integers(-(10**6), 10**6),
    st.tuples(*[st.floats(-1e4, 1e4, allow_nan=False)] * 2),
    st.booleans(),
)
def test_a_written_point_reads_back_exactly(frame: int, xy: tuple[float, float], include: bool) -> None:
    text = f"{frame}:{xy[0]!r},{xy[1]!r}" + ("" if include else ",-")
    assert parse_prompt("point", text, default_frame=0) == Point(frame=frame, xy=xy, include=include)


def test_prompts_belong_to_the_object_named_before_them() -> None:
    parser = argparse.ArgumentParser()
    add_prompt_options(parser)
    words = [
        "--box",
        "1,1,5,5",
        "--point",
        "2,2",
        "--object",
        "boy",
        "--point",
        "9,9",
        "--object",
        "girl",
        "--mask",
        "m.png",
    ]
    objects = parser.parse_args(words).objects
    assert [(item.name, item.prompts) for item in objects] == [
        (None, [("box", "1,1,5,5"), ("point", "2,2")]),
        ("boy", [("point", "9,9")]),
        ("girl", [("mask", "m.png")]),
    ]


def test_two_command_lines_do_not_share_their_objects() -> None:
    parser = argparse.ArgumentParser()
    add_prompt_options(parser)
    parser.parse_args(["--box", "1,1,5,5"])
    assert parser.parse_args([]).objects == []
