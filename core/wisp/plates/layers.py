"""Which channels of an EXR file make a picture, and by which names a user may ask for it.

Works on names alone; knows no file and no library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_TRIPLES = (("r", "g", "b"), ("red", "green", "blue"), ("x", "y", "z"))


@dataclass(frozen=True)
class PartNames:
    """The names in one part of a file. `view`: the stereo view that its unprefixed channels belong to."""

    channels: tuple[str, ...]
    name: str | None = None
    view: str | None = None
    deep: bool = False


@dataclass(frozen=True)
class Picture:
    """The channels of part number `part` that make a picture.

    `rgb`: three channels, None for a plane of zeros. `luma`: Y, RY, BY. `grey`: one channel.
    """

    part: int
    kind: Literal["rgb", "luma", "grey"]
    channels: tuple[str | None, ...]


@dataclass(frozen=True)
class Layers:
    """All pictures by name, in the file's order, and the one that is meant when none is named."""

    by_name: Mapping[str, Picture]
    default: Picture


def find_layers(parts: Sequence[PartNames]) -> Layers:
    """The layers of a file that has at least one channel.

    A layer answers to its part's name, its view, the prefix of its channels (`right`, `matte.hero`),
    `part.prefix`, and every channel to its full name; the first to bear a name keeps it. The default is the first
    flat picture without a prefix that has colour or luminance, else the first in colour, else the first.
    """
    by_name: dict[str, Picture] = {}
    ranked: list[tuple[tuple[bool, int], Picture]] = []
    for index, part in enumerate(parts):
        groups: dict[str, dict[str, str]] = {}
        for channel in part.channels:
            prefix, _, suffix = channel.rpartition(".")
            groups.setdefault(prefix, {})[suffix] = channel
        for prefix, members in groups.items():
            picture = _picture(index, members)
            for name in _names(part, prefix):
                by_name.setdefault(name, picture)
            main = not prefix and (picture.kind != "grey" or "Y" in members)
            ranked.append(((part.deep, 0 if main else 1 if picture.kind == "rgb" else 2), picture))
        for channel in part.channels:
            by_name.setdefault(channel, Picture(index, "grey", (channel,)))
    return Layers(by_name, min(ranked, key=lambda item: item[0])[1])


def _picture(part: int, members: Mapping[str, str]) -> Picture:
    """The picture in one group of channels. `members`: channel suffix -> full channel name."""
    names = {suffix.casefold(): full for suffix, full in members.items()}
    for triple in _TRIPLES:
        if names.keys() >= set(triple):
            return Picture(part, "rgb", tuple(names[one] for one in triple))
    if names.keys() >= {"y", "ry", "by"}:
        return Picture(part, "luma", (names["y"], names["ry"], names["by"]))
    if names.keys() >= {"r", "g"}:
        return Picture(part, "rgb", (names["r"], names["g"], None))
    grey = next((names[one] for one in ("y", "r", "g", "b") if one in names), next(iter(names.values())))
    return Picture(part, "grey", (grey,))


def _names(part: PartNames, prefix: str) -> Iterator[str]:
    if prefix:
        yield prefix
        if part.name:
            yield f"{part.name}.{prefix}"
        return
    if part.name:
        yield part.name
    if part.view:
        yield part.view
    if not part.name:
        yield "rgba"
