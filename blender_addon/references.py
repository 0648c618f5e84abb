# SPDX-License-Identifier: GPL-3.0-or-later
"""Every path of the blend file that we look after when it is saved, copied or moved, in one list.

What we keep lies in the folders of mattes and goes along with them. What the user named stays where it is; where its
path starts at the blend file (`//`), the host rewrites its own properties on saving elsewhere, and not an add-on's.
Roto that was taken is kept as `prompts/...` in the folder of its plate, wherever that is: nothing is rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from . import compat, places
from .client.tables import BESIDE
from .compat import assign


class Reference(NamedTuple):
    """The property `name` of `owner`, which is a path. `hosts`: one of the host's own, which it rewrites itself."""

    owner: Any
    name: str
    hosts: bool

    @property
    def stored(self) -> str:
        """As it is in the file."""
        return str(getattr(self.owner, self.name))

    @property
    def path(self) -> Path:
        """Absolute, but for what is kept in a plate's folder."""
        return places.resolved(self.stored)

    def store(self, text: str) -> None:
        """Set it where it differs."""
        assign(self.owner, self.name, text)

    def point_to(self, path: Path, start: Path) -> None:
        """Name this path: the host's own property from the blend file that is open, where there is one; another as it
        was named before, from the folder `start` or absolute."""
        before = self.stored
        text = str(path)
        if self.hosts or before.startswith("//"):
            text = places.named(path, None if self.hosts else start)
        self.store(text + "/" if before.endswith(("/", "\\")) else text)


def references() -> Iterator[Reference]:
    """All of the file that is open, of linked data none."""
    for scene in compat.own_scenes():
        for strip in compat.all_strips(scene):
            wisp = strip.wisp
            if wisp.uid and wisp.role in ("matte", "single"):
                yield Reference(strip, "directory", True)
            elif wisp.uid and not wisp.role:
                yield from _of_plate(wisp)
    for image in bpy.data.images:  # of node groups
        if image.library is None and image.filepath:
            yield Reference(image, "filepath", True)


def _of_plate(wisp: Any) -> Iterator[Reference]:
    found = [(wisp, name) for name in ("shown_from", *BESIDE)]
    for item in wisp.objects:
        found += [(item, "garbage"), (item, "core")]
        found += [(prompt, "text") for prompt in item.prompts if prompt.kind == "mask"]
    yield from (Reference(owner, name, False) for owner, name in found if getattr(owner, name))


def below(folder: Path) -> Iterator[Reference]:
    """Those that lie in that folder."""
    return (each for each in references() if each.path.is_relative_to(folder))


def move(source: Path, target: Path) -> None:
    """Have everything that is shown from one folder shown from another."""
    start = Path(bpy.data.filepath).parent
    for each in list(below(source)):
        each.point_to(target / each.path.relative_to(source), start)
