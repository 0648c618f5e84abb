"""Names of objects from whatever words."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wisp.client.names import free_name, given_name, object_name, usable_name, usable_names
from wisp.client.tables import DEVICE_PATTERN, NAME_PATTERN
from wisp.shot.model import ObjectSpec


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Layer 1", "Layer_1"),
        (" 2_head ", "head"),
        ("Ärmel/links", "Ärmel_links"),
        ("CON", "CON_"),
        ("-con", "con_"),
        ("hair_ !", "hair_"),
        ("a" * 80, "a" * 64),
        ("12", ""),
    ],
)
def test_a_usable_name_is_one_that_a_document_takes(text: str, name: str) -> None:
    assert usable_name(text) == name
    if name:
        assert ObjectSpec(id=1, name=name).name == name


@given(st.from_regex(NAME_PATTERN, fullmatch=True) | st.text())
@example("hair_")
def test_a_name_that_a_document_takes_stays_as_it_is(text: str) -> None:
    name = usable_name(text)
    if re.fullmatch(NAME_PATTERN, text) and not re.fullmatch(DEVICE_PATTERN, text, re.IGNORECASE):
        assert name == text
    assert not name or ObjectSpec(id=1, name=name).name == name == usable_name(name)


def test_names_are_made_usable_apart_from_each_other() -> None:
    assert usable_names(["Hair", "hair", "the hair", "12", ""], "object") == [
        "Hair",
        "hair_2",
        "the_hair",
        "object",
        "object_2",
    ]


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert free_name("Hero", {"prop"}) == "Hero"
    assert free_name("Hero", {"hero", "hero_2"}) == "Hero_3"
    assert free_name("Hero", {"hero"}, 7) == "Hero_7"
    assert len(free_name("a" * 64, {"a" * 64})) <= 64
    assert free_name("stra\N{LATIN SMALL LETTER SHARP S}e", ["STRASSE"]) == "stra\N{LATIN SMALL LETTER SHARP S}e_2"
    assert object_name(1, ["Object1"]) == "object2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("HERO", "named like 'HERO'"),
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "named like"),
        ("123", "begins with a letter, unlike '123'"),
        ("", "letter"),
    ],
)
def test_a_name_that_cannot_be_given_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        given_name(text, "hand", ["hero", "STRASSE"])
    assert given_name(" hero 2", "hand", ["hero", "STRASSE"]) == "hero_2"
    assert given_name("hand", "hand", ["hero", "hand"]) == "hand", "nobody has typed anything"
