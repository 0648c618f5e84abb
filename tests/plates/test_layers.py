"""Which channels are the picture when nobody says: the finished one, by the names that renderers use."""

from __future__ import annotations

import pytest
from wisp.plates.layers import PartNames, find_layers


def part(*layers: str, name: str | None = None, suffixes: str = "RGB") -> PartNames:
    """A part with a colour layer under each of the names; "" has no prefix."""
    return PartNames(tuple(f"{layer}.{c}" if layer else c for layer in layers for c in suffixes), name=name)


@pytest.mark.parametrize(
    ("parts", "chosen"),
    [
        ([part("ViewLayer.AO", "ViewLayer.Combined", "ViewLayer.Normal")], ["ViewLayer.Combined.R"]),
        ([part("", name="N"), part("", name="albedo"), part("", name="C")], (2, ["R"])),
        ([part("ao", "beauty", "diffuse")], ["beauty.R"]),
        ([part("ao", "beauty_denoised", "diffuse")], ["beauty_denoised.R"]),
        ([part("beauty", "", "ao")], ["R"]),  # channels without any prefix are the picture by custom
        ([part("", name="depth"), part("", name="RGBA")], (1, ["R"])),
        ([part("Ci", "albedo")], ["Ci.R"]),
        ([part("N", suffixes="XYZ"), part("diffuse")], (1, ["diffuse.R"])),
        ([part("c", "Combined")], ["Combined.R"]),
        ([part("zzz", "aaa")], ["zzz.R"]),
        ([part("", name="only")], ["R"]),
    ],
)
def test_the_beauty_pass_is_the_default(parts: list[PartNames], chosen: object) -> None:
    picture = find_layers(parts).default
    index, names = chosen if isinstance(chosen, tuple) else (0, chosen)
    assert (picture.part, [picture.channels[0]]) == (index, names)


def test_a_choice_is_said_where_there_is_one() -> None:
    assert find_layers([part("AO", "Combined")]).choice == "Combined"
    assert find_layers([part("", "AO")]).choice == "the one without a name"
    assert find_layers([part("")]).choice == ""
    assert find_layers([PartNames(("R", "G", "B", "A", "depth.Z"))]).choice == ""
