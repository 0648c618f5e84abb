"""Pictures and shapes from elsewhere that become part of a shot: masks, core and garbage mattes, roto."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..panel.shot_edits import Document, Prompt, ShotEdits
from ..shot import PALETTE, parse, relative_path
from .places import OpenedShot, as_sequence

#: What holds shapes, for a file chooser; pictures are everything else.
ROTO = "Roto (*.nk *.fxs *.jsx *.json *.svg *.exr *.png *.tif *.tiff *.jpg);;All (*)"
PICTURES = "Pictures (*.exr *.png *.tif *.tiff *.jpg *.jpeg *.dpx);;All (*)"


def mask_prompt(path: Path, frame: int, document: Document, opened: OpenedShot) -> Prompt:
    """A picture as a mask prompt. Raises FrameReadError, UsageError where it is none for the plate."""
    from ..plates.stills import read_mask

    plate = document["plate"]
    read_mask(path, plate["width"], plate["height"])
    return {"frame": frame, "kind": "mask", "path": relative_path(path, opened.path)}


def holdout(path: Path, opened: OpenedShot) -> str:
    """A core or garbage matte as the document names it: of one numbered picture of several, all of them."""
    return relative_path(as_sequence(path), opened.path)


def add_roto(path: Path, edits: ShotEdits, opened: OpenedShot) -> int:
    """Add every object of a file of shapes, or of a sequence of mattes, with its masks; how many there were.

    The masks are written beside the document's own. One step of undo. Raises InputError, UsageError, OutputError.
    """
    from ..shapes.roto import KeyChoice, prompts_of, read_roto

    plate = edits.document["plate"]
    size, aspect = (plate["width"], plate["height"]), plate.get("pixel_aspect", 1.0)
    frames = range(edits.first, edits.last + 1)
    found, identity = read_roto(str(as_sequence(path)), size, aspect, frames)
    taken = {item["name"].lower() for item in edits.objects}
    objects: list[dict[str, Any]] = list(edits.objects)
    for item in found:
        made = prompts_of(item, identity, opened.root / "prompts", len(str(edits.last)), KeyChoice(), None)
        for prompt in made["prompts"]:
            prompt["path"] = relative_path(prompt["path"], opened.path)
        number = max((one["id"] for one in objects), default=0) + 1
        name = item.name if item.name.lower() not in taken else f"{item.name[:50]}_{number}"
        taken.add(name.lower())
        objects.append({"id": number, "name": name, "color": PALETTE[(number - 1) % len(PALETTE)], **made})
    edits.set_objects(objects)
    edits.active = objects[-1]["id"]
    edits.on_change()
    return len(found)


def reached(opened: OpenedShot, document: Document) -> OpenedShot:
    """The shot as it is now, at the same place: with all the folders that it reads from."""
    return OpenedShot(parse(dict(document)), opened.path, opened.cache, opened.draft)
