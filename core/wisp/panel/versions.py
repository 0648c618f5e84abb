"""Versions of a solve: the objects, the models and the mattes as they were, kept in the shot's own folder. No Qt.

A version's mattes are links to the files of the cache, which are never changed in place: it takes no room of its own
until the shot is solved anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..client.wording import counted

#: So many are kept; the oldest goes.
KEPT = 10
FOLDER = "versions"
_SAID = "version.json"


class Version(NamedTuple):
    """`number` counts up. `when`: seconds since 1970. `objects`, `solve`: of the document as it was."""

    number: int
    folder: Path
    when: float
    objects: List[Dict[str, Any]]
    solve: Dict[str, Any]
    frames: int

    def matte(self, number: int, frame: int) -> Optional[str]:
        """The matte of an object on a frame as it was; None where there was none."""
        path = self.folder / _name(number, frame)
        return str(path) if path.exists() else None

    @property
    def words(self) -> str:
        """For a list: when, what with, how much."""
        when = time.strftime("%H:%M:%S, %d %b", time.localtime(self.when))
        prompts = sum(len(item.get("prompts", [])) for item in self.objects)
        models = f"{self.solve.get('tracker', '')}, {self.solve.get('head', '')}".strip(", ")
        return f"{self.number}    {when}    {models}    {counted(prompts, 'prompt')}    {counted(self.frames, 'matte')}"


def versions(own: Path) -> List[Version]:
    """Those that are kept of the shot whose own folder that is, the newest first; a damaged one is none."""
    found = []
    for folder in _numbered(own).values():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads((folder / _SAID).read_text("utf-8"))
            found.append(
                Version(int(folder.name), folder, said["when"], said["objects"], said["solve"], said["frames"])
            )
    return sorted(found, key=lambda one: -one.number)


def keep(own: Path, document: Mapping[str, Any], mattes: Mapping[Tuple[int, int], str]) -> None:
    """Keep the solve that is there, of the shot whose own folder that is. `mattes`: (object, frame) -> file. May take
    its time on a slow drive; raises nothing: a version that cannot be kept is none."""
    with contextlib.suppress(OSError):
        folder = _new_folder(own)
        try:
            count = sum(_link(path, folder / _name(*key)) for key, path in mattes.items())
            said = {
                "when": time.time(),
                "objects": document.get("objects", []),
                "solve": document.get("solve", {}),
                "frames": count,
            }
            # Written last: a folder without it is no version.
            (folder / _SAID).write_text(json.dumps(said), "utf-8")
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        kept = versions(own)[:KEPT]
        if len(kept) == KEPT:  # what is older goes, also what was never finished
            for number, old in _numbered(own).items():
                if number < kept[-1].number:
                    shutil.rmtree(old, ignore_errors=True)


def _numbered(own: Path) -> Dict[int, Path]:
    """The folders of versions, finished or not."""
    return {int(folder.name): folder for folder in (own / FOLDER).glob("*") if folder.name.isdecimal()}


def _new_folder(own: Path) -> Path:
    """An empty folder of the next number, which nobody else has: files are linked there, and must not come where others
    of another version are. Raises OSError."""
    number = max(_numbered(own), default=0) + 1
    (own / FOLDER).mkdir(parents=True, exist_ok=True)
    while True:
        folder = own / FOLDER / f"{number:04d}"
        try:
            folder.mkdir()
        except FileExistsError:  # somebody else was there first
            number += 1
        else:
            return folder


def _name(number: int, frame: int) -> str:
    return f"{number}.{frame}.exr"


def _link(matte: str, place: Path) -> bool:
    """Whether the matte is there still, and so in its version. Raises OSError."""
    try:
        os.link(matte, str(place))
    except OSError:  # it is gone, or there are no hard links here
        if not Path(matte).exists():
            return False
        with Path(matte).open("rb") as source, place.open("xb") as copy:  # x: never through a link that has the name
            shutil.copyfileobj(source, copy)
    return True
