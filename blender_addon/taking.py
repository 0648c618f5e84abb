# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from elsewhere becomes the strip's data: roto, prompts of another shot. No host here, as in `document`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .client.events import PromptsCarried, RotoRead
from .client.frames import format_frames, spans
from .client.shot_edits import ShotEdits
from .client.tables import STROKE_RADIUS
from .document import EDGE, absent_frames, layer_names, rgb


def take_roto(wisp: Any, found: Sequence[RotoRead], folder: Path) -> None:
    """Make an object of each that was read. `folder`: the plate's."""
    keep_pictures(wisp, folder)
    for read in found:
        item = wisp.add_object(read.object)
        for frame, path in read.masks:
            item.add_prompt("mask", frame, []).text = kept(path, folder)
        item.life = f"{read.first}-{read.last}"
        item.absent = format_frames(frame for first, last in read.absent for frame in range(first, last + 1))
        item.core, item.garbage = kept(read.core, folder), kept(read.garbage, folder)


def take_carried(wisp: Any, found: Sequence[PromptsCarried], folder: Path) -> list[tuple[int, PromptsCarried]]:
    """Have the objects get prompts of another shot, as `ShotEdits.take_carried` has those of a document; its objects
    are these, under the names that they have there. What was taken, each with its object's number. `folder`: the
    plate's."""
    keep_pictures(wisp, folder)
    names = layer_names([item.name for item in wisp.objects])
    objects = [_as_told(item, name) for item, name in zip(wisp.objects, names, strict=True)]
    edits = ShotEdits({"objects": objects})
    taken = edits.take_carried(found)
    numbers: dict[int, int] = {}
    for place, told in enumerate(edits.objects):
        item = wisp.objects[place] if place < len(wisp.objects) else _made(wisp, told)
        numbers[told["id"]] = item.number
        _draw(item, told["prompts"], folder)
    return [(numbers[one], carried) for one, carried in taken]


def _as_told(item: Any, name: str) -> dict[str, Any]:
    """As much of an object as decides where prompts go. A prompt that it has is told by its frame and its place."""
    prompts = [{"frame": prompt.frame, "place": place} for place, prompt in enumerate(item.prompts)]
    return {"id": item.number, "name": name, "absent": spans(absent_frames(item)), "prompts": prompts}


def _made(wisp: Any, told: dict[str, Any]) -> Any:
    """A new object of what a document says of it; without its prompts."""
    item = wisp.add_object(told["name"])
    item.color = rgb(told["color"])
    for name, value in told.get("edge", {}).items():
        if name in EDGE:
            setattr(item, name, value)
    return item


def _draw(item: Any, prompts: Sequence[dict[str, Any]], folder: Path) -> None:
    """Have an object keep those of its prompts that are told by their place, and get the others."""
    stay = {told["place"] for told in prompts if "place" in told}
    for place in reversed(range(len(item.prompts))):
        if place not in stay:
            item.prompts.remove(place)
    for told in prompts:
        if "place" in told:
            continue
        kind, xy = told["kind"], told.get("xy", [])
        points = [xy] if kind == "point" else [told["xyxy"][:2], told["xyxy"][2:]] if kind == "box" else xy
        include, radius = told.get("include", True), told.get("radius", STROKE_RADIUS)
        made = item.add_prompt(kind, told["frame"], [tuple(point) for point in points], include, radius)
        made.text, made.softness = kept(told.get("path"), folder), told.get("softness", 0.0)


def kept(path: str | None, folder: Path) -> str:
    """A picture in a plate's folder as an object keeps it, from there: it stays right wherever the file is saved."""
    if path and Path(path).is_relative_to(folder):
        return Path(path).relative_to(folder).as_posix()
    return path or ""


def keep_pictures(wisp: Any, folder: Path) -> None:
    """A plate has pictures in its folder: a copy of it finds them, also one that shows no mattes yet."""
    wisp.shown_from = wisp.shown_from or str(folder)
