"""Prompts of another shot, the other eye's or another take's, for this one: asked for and taken over."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Optional, Tuple

from .ends import Carried, Done
from .events import Event, PromptsCarried
from .requests import Carry
from .session import Session
from .tables import CACHE, INDEX

#: Why a frame is worth a look where the place of its prompts is not sure.
DOUBT = "carried from another shot, in doubt"
#: Draws what was found, and returns what of it was taken, each with the id of the object that got it.
Take = Callable[[List[PromptsCarried]], List[Tuple[int, PromptsCarried]]]


def asked(source: Path, folder: Path, cache: Optional[Path] = None, shift: int = 0) -> Carry:
    """What is asked of the engine; see `carry`."""
    there = _cache_of(source) if cache is None else cache
    return Carry(str(source), str(folder), str(there) if there is not None and there.is_dir() else None, shift=shift)


def _cache_of(source: Path) -> Optional[Path]:
    """The cache folder with the mattes of a document at that place: beside it, or where Blender has that of the
    documents in its `mattes/FILE/PLATE`, or where Nuke has those in the `plates-NODE` of a cache."""
    beside, above = source.parent / CACHE, source.absolute().parents
    if beside.is_dir():
        return beside
    known = [above[3] / "cache", above[1]] if len(above) > 3 else []
    return next((one for one in known if (one / INDEX).is_file()), None)


def doubt(one: PromptsCarried) -> str:
    """What there is to doubt about a frame that got these prompts, or nothing."""
    return DOUBT if one.doubtful else ""


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

    `folder`: where masks are written. `cache`: of the other shot, by default where its host has it. `shift`: what
    is added to its frame numbers. Both paths absolute.
    """
    found: List[PromptsCarried] = []

    def told(event: Event) -> None:
        if isinstance(event, PromptsCarried):
            found.append(event)

    def ended(end: Optional[Done], _: str) -> None:
        if isinstance(end, Carried):
            for number, one in take(found):
                session.mattes.mark_suspicious(number, one.frame, doubt(one))

    return session.run(asked(source, folder, cache, shift), told, ended)
