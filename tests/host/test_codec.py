"""Prompts as text: what goes in comes out, and what is damaged is refused by name."""

from __future__ import annotations

import base64
import json
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wisp.host import codec

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), plain, max_size=4))
def test_round_trip(document: dict[str, object]) -> None:
    text = codec.encode(document)
    assert codec.decode(text) == document
    assert re.fullmatch(r"wisp1:[A-Za-z0-9+/=]+", text)  # nothing that Tcl or a text field would change


def test_a_host_may_wrap_the_text() -> None:
    document = {"objects": [{"id": n, "xy": [n * 1.5, n * 2.5]} for n in range(50)]}
    text = codec.encode(document)
    wrapped = "\n ".join(text[i : i + 40] for i in range(0, len(text), 40)) + "\r\n"
    assert codec.decode(wrapped) == document


def packed(data: bytes) -> str:
    return codec.PREFIX + base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "should begin with 'wisp1:'"),
        ("{}", "should begin with 'wisp1:'"),
        ("wisp2:AAAA", "'wisp2'.*'wisp1'.*Update"),
        ("wisp1:", "cut off"),
        ("wisp1:!!!!", "damaged"),
        ("wisp1:AAé=", "damaged"),
        ("wisp1:AAAA", "damaged"),
        (codec.encode({"a": 1})[:-8], "cut off|damaged"),
        (packed(b"[1, 2]"), "no JSON object"),
        (packed(b"{"), "damaged"),
        (packed(b"\xff"), "damaged"),
        (packed(b"[" * 100_000), "damaged"),
    ],
)
def test_damage_is_named(text: str, says: str) -> None:
    with pytest.raises(codec.CodecError, match=says):
        codec.decode(text)


@given(st.text() | st.binary().map(lambda data: codec.PREFIX + base64.b64encode(data).decode()))
def test_garbage_never_escapes_as_another_error(text: str) -> None:
    with pytest.raises(codec.CodecError):
        codec.decode(text)


def test_a_bomb_is_not_unfolded() -> None:
    bomb = packed(b" " * (codec.MAX_JSON + 1))
    assert len(bomb) < 200_000
    with pytest.raises(codec.CodecError, match="unfold to more than"):
        codec.decode(bomb)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(codec.CodecError, match="cannot be stored"):
        codec.encode({"value": value})


def test_a_realistic_set_is_small() -> None:
    """Four objects with prompts on twenty frames each must fit comfortably into a knob."""
    prompts = [{"frame": 1001 + 5 * n, "kind": "point", "xy": [900.5 + n, 400.5], "include": True} for n in range(20)]
    document = {"objects": [{"id": n, "name": f"object{n}", "prompts": prompts} for n in range(4)]}
    assert len(codec.encode(document)) < 2000 < len(json.dumps(document))
