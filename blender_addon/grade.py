# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to the colours of a strip, its own settings and its modifiers, repeated on its cut-out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import animation, compat
from .inventory import MODIFIER

#: What of a modifier is about panels, or cannot be set.
_ASIDE = frozenset(("rna_type", "name", "type", "enable", "is_active", "show_expanded", "open_mask_input_panel"))
_SETTINGS = tuple(name for name, _ in animation.GRADE)


def snapshot(strip: Any) -> tuple[Any, ...]:
    """All of it, to be compared."""
    settings = tuple(getattr(strip, name) for name in _SETTINGS)
    return (*settings, *((each.type, each.name, *_values(each)) for each in _modifiers(strip)))


def repeat(source: Any, target: Any) -> bool:
    """Grade `target` as `source` is. True where its modifiers were made anew, so that its mask has to be joined."""
    for name in _SETTINGS:
        compat.assign(target, name, getattr(source, name))
    repeated = [each for each in source.modifiers if not is_composed(each)]
    wanted = [(each.type, is_mask(each)) for each in repeated]
    anew = wanted != [(each.type, is_mask(each)) for each in target.modifiers]
    if anew:
        for each in list(target.modifiers):
            target.modifiers.remove(each)
        for each in repeated:
            target.modifiers.new(each.name, each.type)
    for theirs, ours in zip(repeated, target.modifiers, strict=True):
        if not is_mask(theirs):
            compat.assign(ours, "name", theirs.name)
            _copy(theirs, ours)
    return anew


def is_mask(modifier: Any) -> bool:
    """Whether it is the one that joins a strip to its matte."""
    return modifier.type == "MASK" and (
        modifier.name.startswith(MODIFIER)
        or (modifier.input_mask_strip is not None and modifier.input_mask_strip.wisp.role in ("matte", "single"))
    )


def is_composed(modifier: Any) -> bool:
    """Whether it is the compositor modifier by which a plate is cut out."""
    return modifier.type == "COMPOSITOR" and modifier.name.startswith(MODIFIER)


def _modifiers(strip: Any) -> Iterator[Any]:
    return (each for each in strip.modifiers if not is_mask(each) and not is_composed(each))


def _properties(owner: Any) -> Iterator[tuple[str, str]]:
    """Name and type of what can be copied."""
    for each in owner.bl_rna.properties:
        aside = each.identifier in _ASIDE or each.identifier.startswith("show_")
        if not aside and (each.type in ("POINTER", "COLLECTION") or not each.is_readonly):
            yield each.identifier, each.type


def _values(owner: Any) -> Iterator[Any]:
    for name, kind in _properties(owner):
        value = getattr(owner, name)
        if name == "curves":
            yield tuple(tuple((*point.location, point.handle_type) for point in curve.points) for curve in value)
        elif kind == "POINTER" and value is not None and value.id_data == owner.id_data and not _is_link(name):
            yield tuple(_values(value))
        elif kind == "POINTER":
            yield None if value is None else value.as_pointer()
        elif kind != "COLLECTION":
            yield compat.plain(value)


def _is_link(name: str) -> bool:
    """Whether a pointer names another thing of the file, rather than a part of the modifier."""
    return name.startswith("input_mask") or name == "node_group"


def _copy(source: Any, target: Any) -> None:
    for name, kind in _properties(source):
        value = getattr(source, name)
        if name == "curves":
            for theirs, ours in zip(value, target.curves, strict=True):
                _copy_points(theirs.points, ours.points)
            target.update()
        elif kind == "POINTER" and _is_link(name):
            compat.assign(target, name, value)
        elif kind == "POINTER" and value is not None:
            _copy(value, getattr(target, name))
        elif kind != "COLLECTION":
            compat.assign(target, name, compat.plain(value))


def _copy_points(source: Any, target: Any) -> None:
    while len(target) > len(source):
        target.remove(target[len(target) - 1])
    while len(target) < len(source):
        target.new(1.0, 1.0)
    for theirs, ours in zip(source, target, strict=True):
        compat.assign(ours, "location", tuple(theirs.location))
        compat.assign(ours, "handle_type", theirs.handle_type)
