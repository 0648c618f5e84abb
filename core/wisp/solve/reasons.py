"""Why a frame is dirty: what its matte depended on when it was last solved, compared with now.

The record is a convenience like the index: without it a dirty frame is simply "not solved yet".
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..atomic import replacing
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
    """The ingredients of one object's solved frames, kept in the cache, one entry per solve that some frame is of."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Ingredients]:
        """Earlier solves, the latest last; empty where there is no readable record."""
        try:
            return [_ingredients(stored) for stored in json.loads(self._path.read_text("utf-8"))]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []

    def add(self, solved: Ingredients) -> None:
        """Remember the frames in `solved.marks`; an earlier solve keeps only frames that it alone has.

        A record that cannot be written is no reason to fail.
        """
        earlier = [
            replace(before, marks={frame: mark for frame, mark in before.marks.items() if frame not in solved.marks})
            for before in self.read()
        ]
        kept = [vars(item) for item in (*earlier, solved) if item.marks]
        with contextlib.suppress(OutputError), replacing(self._path) as temporary:
            temporary.write_text(json.dumps(kept), "utf-8")


def why_dirty(earlier: Sequence[Ingredients], frame: int, now: Ingredients, reach: tuple[int, int]) -> str:
    """The reason in words, from whichever solve the frame was of."""
    for solved in reversed(earlier):
        if frame in solved.marks:
            return solved.reason(frame, now, reach)
    return "not solved yet"


def _ingredients(stored: dict[str, Any]) -> Ingredients:
    maps = {name: {int(key): str(value) for key, value in stored[name].items()} for name in _FRAME_MAPS}
    return Ingredients(**maps, settings=dict(stored["settings"]))


_FRAME_MAPS = ("marks", "prompts", "plate")
