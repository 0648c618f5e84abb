"""Names of objects from whatever words."""

from __future__ import annotations

import pytest
from wisp.client.names import free_name, usable_name
from wisp.shot.model import ObjectSpec


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Layer 1", "Layer_1"),
        (" 2_head ", "head"),
        ("Ärmel/links", "Ärmel_links"),
        ("CON", "CON_"),
        ("a" * 80, "a" * 64),
        ("12", ""),
    ],
)
def test_a_usable_name_is_one_that_a_document_takes(text: str, name: str) -> None:
    assert usable_name(text) == name
    if name:
        assert ObjectSpec(id=1, name=name).name == name


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert free_name("Hero", {"prop"}) == "Hero"
    assert free_name("Hero", {"hero", "hero_2"}) == "Hero_3"
    assert free_name("Hero", {"hero"}, 7) == "Hero_7"
    assert len(free_name("a" * 64, {"a" * 64})) <= 64
