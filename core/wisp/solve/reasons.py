"""Why a frame is dirty: what its matte depended on when it was last solved, compared with now.

The record is a convenience like the index: without it a dirty frame is simply "not solved yet".
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..atomic import ordinary, replacing
from ..errors import OutputError
from ..fingerprint import fingerprint


@dataclass(frozen=True)
class Ingredients:
    """What one object's mattes were made of at one time. All values are JSON-able; keys of the maps are frames.

    `marks`: fingerprint of each finished matte. `prompts`: hash of each keyframe's prompts. `plate`: content hash of
    each plate frame. `settings`: readable name -> value of everything that touches all frames alike.
    """

    marks: dict[int, str]
    prompts: dict[int, str]
    plate: dict[int, str]
    settings: dict[str, str]

    def reason(self, frame: int, now: Ingredients, reach: tuple[int, int]) -> str:
        """Why `frame`, solved with these ingredients, is dirty `now`, in words.

        `reach`: the first and last frame whose plate and prompts its mask depends on.
        """
        low, high = reach
        reasons = [f"{name} changed" for name in now.settings if self.settings.get(name) != now.settings[name]]
        prompts = _changes(self.prompts, now.prompts)
        reasons += [f"prompt {verb} at {at}" for at, verb in prompts.items() if low <= at <= high]
        plate = _changes(self.plate, now.plate)
        replaced = [at for at, verb in plate.items() if low <= at <= high and verb == "changed"]
        if replaced:
            more = f" and {len(replaced) - 1} more" if len(replaced) > 1 else ""
            reasons.append(f"plate frame {replaced[0]}{more} changed")
        if reasons:
            return "; ".join(reasons)
        return "its file is gone" if self.marks[frame] == now.marks.get(frame) else "what it depends on changed"


def _changes(before: Mapping[int, str], now: Mapping[int, str]) -> dict[int, str]:
    """Key -> what happened to its value, ascending."""
    verbs = {}
    for key in sorted(before.keys() | now.keys()):
        if key not in before:
            verbs[key] = "added"
        elif key not in now:
            verbs[key] = "removed"
        elif before[key] != now[key]:
            verbs[key] = "changed"
    return verbs


def hashes(values: Mapping[int, Any]) -> dict[int, str]:
    """Each value's short hash."""
    return {key: fingerprint(value)[:12] for key, value in values.items()}


class Record:
    """The ingredients of one object's solved frames, kept in the cache, one entry per solve that some frame is of.

    Several processes may solve frames of one object at once, on shared storage without locks: each writes a file of its
    own in the record's folder, takes into it what it finds there, and only then deletes what it took. An entry that two
    writers took comes twice; a frame that either of them solved anew has left it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> list[Ingredients]:
        """Earlier solves, the latest last; empty where there is no readable record."""
        return [_ingredients(entry) for entry in self._entries()[0]]

    def add(self, solved: Ingredients) -> None:
        """Remember the frames in `solved.marks`; an earlier solve keeps only frames that it alone has.

        A record that cannot be written is no reason to fail.
        """
        earlier, taken = self._entries()
        entries = [*earlier, {"at": [time.time_ns(), uuid.uuid4().hex], **vars(solved)}]
        for entry in earlier:
            entry["marks"] = {at: mark for at, mark in entry["marks"].items() if int(at) not in solved.marks}
        mine = self._folder / f"{uuid.uuid4().hex}.json"
        with contextlib.suppress(OutputError):
            with replacing(mine) as temporary:
                temporary.write_text(json.dumps([entry for entry in entries if entry["marks"]]), "utf-8")
            for place in taken:
                with contextlib.suppress(OSError):
                    place.unlink()

    def note(self, solved: Ingredients) -> None:
        """The same as `add` for a few frames: nothing is read, the next `add` takes it in."""
        mine = self._folder / f"{uuid.uuid4().hex}.json"
        entry = {"at": [time.time_ns(), uuid.uuid4().hex], **vars(solved)}
        with contextlib.suppress(OutputError), replacing(mine) as temporary:
            temporary.write_text(json.dumps([entry]), "utf-8")

    def _entries(self) -> tuple[list[dict[str, Any]], list[Path]]:
        """All entries by time, as stored, and the files that they are of."""
        for _ in range(_LISTINGS):
            places = sorted(self._folder.glob("[!.]*.json"))
            with contextlib.suppress(FileNotFoundError):  # taken into a file that this listing may not have seen
                return _merged([entry for place in places for entry in _parsed(place)]), places
        return [], []


#: How often a record is listed anew while other writers replace its files.
_LISTINGS = 20


def why_dirty(earlier: Sequence[Ingredients], frame: int, now: Ingredients, reach: tuple[int, int]) -> str:
    """The reason in words, from whichever solve the frame was of."""
    for solved in reversed(earlier):
        if frame in solved.marks:
            return solved.reason(frame, now, reach)
    return "not solved yet"


def _parsed(place: Path) -> list[dict[str, Any]]:
    """The entries of one file, none where it is damaged. Raises FileNotFoundError."""
    try:
        entries = json.loads(ordinary(place).read_text("utf-8"))
        return [entry for entry in entries if _ingredients(entry) and _when(entry)]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return []


def _when(entry: Mapping[str, Any]) -> tuple[int, str]:
    """What tells entries apart and orders them."""
    return int(entry["at"][0]), str(entry["at"][1])


def _merged(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries by time; of one that comes twice, the frames that both still have."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for entry in entries:
        twin = found.setdefault(_when(entry), entry)
        twin["marks"] = {frame: mark for frame, mark in twin["marks"].items() if frame in entry["marks"]}
    return [found[at] for at in sorted(found)]


def _ingredients(stored: dict[str, Any]) -> Ingredients:
    maps = {name: {int(key): str(value) for key, value in stored[name].items()} for name in _FRAME_MAPS}
    return Ingredients(**maps, settings=dict(stored["settings"]))


_FRAME_MAPS = ("marks", "prompts", "plate")
