"""Pictures from elsewhere that become part of a shot: masks, core and garbage mattes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..client.frames import as_sequence
from ..client.shot_edits import Document, Prompt
from ..shot import edited, relative_path
from .places import OpenedShot

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


def reached(opened: OpenedShot, document: Document) -> OpenedShot:
    """The shot as it is now, at the same place: with all the folders that it reads from."""
    return replace(opened, shot=edited(dict(document)))
