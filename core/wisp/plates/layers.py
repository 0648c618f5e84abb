"""Which channels of an EXR file make a picture, and by which names a user may ask for it.

Works on names alone; knows no file and no library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_TRIPLES = (("r", "g", "b"), ("red", "green", "blue"), ("x", "y", "z"))
#: What renderers call the finished picture, in this order where a file has several: Blender, Houdini, most, Arnold and
#: Nuke, RenderMan, V-Ray.
BEAUTY = ("combined", "c", "beauty", "rgba", "rgb", "ci", "rgb_color", "color", "colour", "main")


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
    """All pictures by name, in the file's order, and the one that is meant when none is named.

    `choice` names that one where the file has other pictures in colour too, and is empty where it has none.
    """

    by_name: Mapping[str, Picture]
    default: Picture
    choice: str = ""


def find_layers(parts: Sequence[PartNames]) -> Layers:
    """The layers of a file that has at least one channel.

    A layer answers to its part's name, its view, the prefix of its channels (`right`, `matte.hero`),
    `part.prefix`, and every channel to its full name; the first to bear a name keeps it. The default is flat and, in
    this order: without any name and in colour or luminance; called like a beauty pass; in colour in a part of its own;
    in colour; the first.
    """
    by_name: dict[str, Picture] = {}
    ranked: list[tuple[tuple[bool, int], Picture, str]] = []
    for index, part in enumerate(parts):
        groups: dict[str, dict[str, str]] = {}
        for channel in part.channels:
            prefix, _, suffix = channel.rpartition(".")
            groups.setdefault(prefix, {})[suffix] = channel
        for prefix, members in groups.items():
            picture = _picture(index, members)
            for name in _names(part, prefix):
                by_name.setdefault(name, picture)
            label = prefix or (part.name if part.name and len(parts) > 1 else "")
            ranked.append(((part.deep, _rank(label, prefix, members, picture)), picture, label))
        for channel in part.channels:
            by_name.setdefault(channel, Picture(index, "grey", (channel,)))
    _, default, label = min(ranked, key=lambda item: item[0])
    coloured = sum(picture.kind != "grey" for _, picture, _ in ranked)
    return Layers(by_name, default, (label or "the one without a name") if coloured > 1 else "")


def _rank(label: str, prefix: str, members: Mapping[str, str], picture: Picture) -> int:
    """How far from the finished picture a group of channels is by its names."""
    names = {suffix.casefold() for suffix in members}
    if picture.kind == "grey" and "y" not in names:
        return len(BEAUTY) + 4
    if not label:
        return 0
    name = label.rpartition(".")[2].casefold()
    if name in BEAUTY:
        return 1 + BEAUTY.index(name)
    if name.startswith("beauty"):
        return len(BEAUTY) + 1
    if names >= {"x", "y", "z"}:  # a position or a normal
        return len(BEAUTY) + 4
    return len(BEAUTY) + (3 if prefix else 2)


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
