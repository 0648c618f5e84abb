"""Prompts of another shot, the other eye's or another take's, for this one: asked for and taken over."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Mapping, Optional

from .ends import Carried, Done
from .events import Event, PromptsCarried
from .names import name_key
from .requests import Carry
from .session import Session
from .tables import CACHE

#: Why a frame is worth a look where the place of its prompts is not sure.
DOUBT = "carried from another shot, in doubt"
#: Draws what was found, and returns the ids of all objects by their names.
Take = Callable[[List[PromptsCarried]], Mapping[str, int]]


def carry(
    session: Session,
    source: Path,
    folder: Path,
    take: Take,
    cache: Optional[Path] = None,
    shift: int = 0,
) -> bool:
    """Carry the prompts of the document `source`; frames in doubt are marked as suspicious. False, and nothing
    happens, where `session.run` says so.

    `folder`: where masks are written. `cache`: of the other shot, by default the one beside its document. `shift`: what
    is added to its frame numbers. Both paths absolute.
    """
    found: List[PromptsCarried] = []

    def told(event: Event) -> None:
        if isinstance(event, PromptsCarried):
            found.append(event)

    def ended(end: Optional[Done], _: str) -> None:
        if isinstance(end, Carried):
            numbers = {name_key(name): number for name, number in take(found).items()}
            for event in found:
                session.mattes.mark_suspicious(
                    numbers[name_key(event.object)], event.frame, DOUBT if event.doubtful else ""
                )

    there = source.parent / CACHE if cache is None else cache
    asked = Carry(str(source), str(folder), str(there) if there.is_dir() else None, shift=shift)
    return session.run(asked, told, ended)
