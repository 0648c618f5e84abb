"""Versions of a solve: the objects, the models and the mattes as they were, kept beside the cache. No Qt.

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


def versions(cache: Path) -> List[Version]:
    """Those that are kept, the newest first; a damaged one is none."""
    found = []
    for folder in (cache / FOLDER).glob("*"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads((folder / _SAID).read_text("utf-8"))
            found.append(
                Version(int(folder.name), folder, said["when"], said["objects"], said["solve"], said["frames"])
            )
    return sorted(found, key=lambda one: -one.number)


def keep(cache: Path, document: Mapping[str, Any], mattes: Mapping[Tuple[int, int], str]) -> None:
    """Keep the solve that is there. `mattes`: (object, frame) -> file. May take its time on a slow drive; raises
    nothing: a version that cannot be kept is none."""
    with contextlib.suppress(OSError):
        known = versions(cache)
        number = known[0].number + 1 if known else 1
        folder = cache / FOLDER / f"{number:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        count = sum(_link(Path(path), folder / _name(*key)) for key, path in mattes.items())
        said = {
            "when": time.time(),
            "objects": document.get("objects", []),
            "solve": document.get("solve", {}),
            "frames": count,
        }
        # Written last: a folder without it is no version.
        (folder / _SAID).write_text(json.dumps(said), "utf-8")
        for old in known[KEPT - 1 :]:
            shutil.rmtree(old.folder, ignore_errors=True)


def _name(number: int, frame: int) -> str:
    return f"{number}.{frame}.exr"


def _link(matte: Path, place: Path) -> bool:
    try:
        os.link(str(matte), str(place))
    except FileNotFoundError:
        return False
    except OSError:
        with contextlib.suppress(OSError):
            shutil.copyfile(str(matte), str(place))
            return True
        return False
    return True
