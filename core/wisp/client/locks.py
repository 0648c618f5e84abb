"""Locking frames of a document's object, and freeing them.

Frames that are locked together get one name of their own, under which the solver keeps their mattes. A copy of the
document keeps the names and with them the mattes; one that was freed and is locked again gets another.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping

from .frames import spans

#: The folder of a cache with the mattes of locked frames: one below it for each name.
LOCKED = "locked"
#: Why a frame cannot be locked.
ABSENT = "The object is absent on this frame: there is no matte to lock."


def with_locks(item: Mapping[str, Any], frames: Iterable[int], on: bool) -> Dict[str, List[Any]]:
    """What a document's object says when these frames are locked, or freed: its `locks` and `approvals`."""
    chosen = set(frames)
    held = {frame for first, last in item.get("locks", []) for frame in range(first, last + 1)}
    names = {
        frame: name
        for first, last, name in item.get("approvals", [])
        for frame in range(first, last + 1)
        if frame in held
    }
    if on:
        new = uuid.uuid4().hex[:16]
        names.update((frame, new) for frame in chosen if frame not in held)
        held.update(chosen)
    else:
        held.difference_update(chosen)
    named: Dict[str, List[int]] = {}
    for frame in sorted(names.keys() & held):
        named.setdefault(names[frame], []).append(frame)
    approvals = [[first, last, name] for name, own in named.items() for first, last in spans(own)]
    return {"locks": spans(held), "approvals": sorted(approvals)}


def bring_along(objects: Iterable[Mapping[str, Any]], before: Path, after: Path) -> None:
    """Have the mattes of locked frames of a document's objects in another cache folder, too. Raises OSError."""
    for name in {approval[2] for item in objects for approval in item.get("approvals", [])}:
        source, target = before / LOCKED / name, after / LOCKED / name
        if source.is_dir() and not target.exists():
            fresh = target.with_name(name + ".new")
            shutil.rmtree(str(fresh), ignore_errors=True)
            shutil.copytree(str(source), str(fresh))
            fresh.rename(target)
