# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine last knew of a plate, kept beside its mattes, so that a file that is opened again shows it at once.

    FOLDER/shot.wisp     the document, as it was sent last; `wisp deliver` and the other commands take it too
    FOLDER/status.json   object id -> the frames that were solved, and those that were to be

No host here; used in a helper process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from . import pictures
from .client.frames import format_frames, frames_in
from .client.mattes import Lane
from .client.tables import BESIDE
from .document import READING
from .mattes import MatteFolder

#: What of an object its mattes depend on.
_DECISIVE = ("prompts", "edge", "garbage", "core", "first", "last", "absent", "region", "locks", "approvals")


Frames = Mapping[int, Iterable[int]]


def write_shot(folder: Path, shot: Mapping[str, Any]) -> None:
    """Remember the document."""
    _write(folder / "shot.wisp", shot)


def write_status(folder: Path, solved: Frames, dirty: Frames) -> None:
    """Remember what is computed and what is to be."""
    status = {
        str(number): {"solved": format_frames(solved[number]), "dirty": format_frames(dirty[number])}
        for number in dirty
    }
    _write(folder / "status.json", status)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with pictures.replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(folder: Path, shot: Mapping[str, Any], frames: Iterable[int]) -> dict[int, Lane]:
    """What is there, by object id, for the document `shot` on these frames, as far as the files tell."""
    frames, known = set(frames), {}
    there = MatteFolder(folder).all_told(frames)
    status = _load(folder / "status.json")
    changed = outdated(_load(folder / "shot.wisp"), shot)
    for item in shot["objects"]:
        number, mattes = item["id"], there.get(item["id"], {})
        told = status.get(str(number))
        if number in changed or told is None:
            reached, dirty = (frames if item["prompts"] else set()), frames
        else:
            dirty = set(frames_in(told["dirty"]))
            reached = {*frames_in(told["solved"]), *dirty} & frames
        solved = mattes.keys() - dirty
        fine = {(frame, mark) for frame, mark in item.get("accepted", [])}
        doubts = {
            frame: told.doubt for frame, told in mattes.items() if told.doubt and (frame, told.fingerprint) not in fine
        }
        known[number] = Lane(solved, reached - solved, doubts)
    return known


def _load(path: Path) -> dict[str, Any]:
    """Nothing where there is no such file, or one of another hand."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def outdated(before: Mapping[str, Any], now: Mapping[str, Any]) -> set[int]:
    """The objects whose mattes, made for the document `before`, are not those of `now`."""
    if before.get("solve") != now["solve"] or _look(before) != _look(now):
        return {item["id"] for item in now["objects"]}
    had = {item["id"]: _decisive(item) for item in before["objects"]}
    return {item["id"] for item in now["objects"] if had.get(item["id"]) != _decisive(item)}


def _look(shot: Mapping[str, Any]) -> Any:
    """What of the plate the mattes of all objects depend on."""
    return [shot.get("plate", {}).get(key) for key in (*BESIDE, "backlit", "pixel_aspect", *READING)]


def _decisive(item: Mapping[str, Any]) -> dict[str, Any]:
    """Without the folders of lasso masks, which are named by their content: files may have moved."""
    part = {name: item.get(name) for name in _DECISIVE}
    part["prompts"] = [
        {**prompt, "path": PurePath(prompt["path"]).name} if "path" in prompt else prompt for prompt in item["prompts"]
    ]
    return part
