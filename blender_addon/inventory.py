# SPDX-License-Identifier: GPL-3.0-or-later
"""Which strips of a scene are plates, mattes and cut-outs, and how they are joined: one look over all of them.

A plate is joined to its matte by the mask modifier that reads it. Nothing is kept between looks: undo, and the user,
replace strips at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from . import compat

#: Roles of what shows a single object: its matte, and a cut-out by that matte.
SINGLES = ("single", "single cutout")
#: What our modifiers are called; a copy that lost its matte is known by it.
MODIFIER = "Wisp"


class Joint(NamedTuple):
    """A plate or cut-out, the mask modifier on it, and the matte that it reads: None where that was lost."""

    strip: Any
    modifier: Any
    matte: Any


class Inventory:
    """The strips of one scene that are ours.

    `plates`: those with a uid. `mattes`: by address. `joined`, `cutouts`: plates and cut-outs with a mask modifier of
    ours. `readers`: joints by the address of their matte. `singles`: mattes and cut-outs of single objects, by the
    plate's uid; what they show of it is their `last_number`.
    """

    def __init__(self, scene: Any) -> None:
        self.scene = scene
        self.plates: list[Any] = []
        self.mattes: dict[int, Any] = {}
        self.joined: list[Joint] = []
        self.cutouts: list[Joint] = []
        self.readers: dict[int, list[Joint]] = {}
        self.singles: dict[str, list[Any]] = {}
        self._cutout: dict[int, Any] = {}
        self._uids: set[str] = set()
        self._addresses: set[int] | None = None
        cut: list[Any] = []
        for strip in compat.all_strips(scene):
            wisp = strip.wisp
            uid = wisp.uid
            if not uid:
                continue
            role = wisp.role
            if role == "matte":
                self.mattes[strip.as_pointer()] = strip
            elif role in SINGLES:
                self.singles.setdefault(uid, []).append(strip)
            elif role:
                cut.append(strip)
            else:
                self.plates.append(strip)
                self._uids.add(uid)
        for strips, joints in ((self.plates, self.joined), (cut, self.cutouts)):
            for strip in strips:
                joint = self.joint(strip)
                if joint is not None:
                    joints.append(joint)
                    if joint.matte is not None:
                        address = joint.matte.as_pointer()
                        self.readers.setdefault(address, []).append(joint)
                        if joints is self.cutouts:
                            self._cutout.setdefault(address, strip)

    def joint(self, strip: Any) -> Joint | None:
        """How this strip is joined to a matte; None where it is not."""
        lost = None
        for modifier in strip.modifiers:
            if modifier.type != "MASK":
                continue
            mask = modifier.input_mask_strip
            matte = None if mask is None else self.mattes.get(mask.as_pointer())
            if matte is not None:
                return Joint(strip, modifier, matte)
            if self._is_lost(modifier, mask):
                lost = Joint(strip, modifier, None)
        return lost

    def _is_lost(self, modifier: Any, mask: Any) -> bool:
        """A copy of a plate alone has no matte. Splitting in 4.2 leaves the address of one that is gone, and a strip
        made since may lie there, the new half itself above all: what nobody would mask by is a lost one too."""
        if mask is None:
            return bool(modifier.name.startswith(MODIFIER))
        if self._addresses is None:
            self._addresses = {each.as_pointer() for each in compat.all_strips(self.scene)}
        return mask.as_pointer() not in self._addresses or (bool(mask.wisp.uid) and mask.wisp.role not in SINGLES)

    def owner(self, matte: Any) -> Any:
        """The plate that a matte belongs to: the first of those that read it, since copies still read the first's."""
        readers = [joint.strip for joint in self.readers.get(matte.as_pointer(), ()) if not joint.strip.wisp.role]
        return min(readers, key=lambda strip: (strip.frame_final_start, strip.name), default=None)

    def cutout(self, matte: Any) -> Any:
        """The cut-out that reads this matte, or None."""
        return self._cutout.get(matte.as_pointer()) if self._cutout else None

    def orphans(self) -> list[Any]:
        """Hidden mattes and cut-outs whose plate is gone. What the user shows is the user's own."""
        there = self._uids
        cutouts = [joint for joint in self.cutouts if joint.strip.mute and joint.strip.wisp.uid not in there]
        gone = {joint.strip.as_pointer() for joint in cutouts}
        mattes = [
            matte
            for address, matte in self.mattes.items()
            if (address not in self.readers or gone.issuperset(j.strip.as_pointer() for j in self.readers[address]))
            and matte.mute
            and matte.wisp.uid not in there
        ]
        singles = [
            each
            for uid, strips in self.singles.items()
            if uid not in there and all(each.mute for each in strips if each.wisp.role == "single cutout")
            for each in strips
            if each.mute
        ]
        return [*(joint.strip for joint in cutouts), *mattes, *singles]

    def is_first(self, strip: Any) -> bool:
        """Whether it is the first of the pieces of its plate: strips of single objects go with that."""
        pieces = [each for each in self.plates if each.wisp.uid == strip.wisp.uid]
        return bool(min(pieces, key=lambda each: (each.frame_final_start, each.name)) == strip)


def inventories() -> Iterator[Inventory]:
    """Those of every scene of this file; what is linked from another file is not ours to touch."""
    for scene in compat.own_scenes():
        if scene.sequence_editor is not None:
            yield Inventory(scene)
