"""The prompts of a node as text in one knob: the only truth, so that undo, paste and loading need no help."""

from __future__ import annotations

import math
from typing import Any, Dict, Tuple

from .vendor.client.codec import CodecError, decode, encode
from .vendor.client.shot_edits import ShotEdits
from .vendor.client.tables import PAINTED
from .vendor.panel import carrying

#: Version of what is stored beside the codec's own.
VERSION = 1
Size = Tuple[int, int]


class Unreadable(Exception):  # noqa: N818 (says what the text is)
    """The stored prompts cannot be used; the sentence says why."""


def load(text: str, size: Size) -> Dict[str, Any]:
    """What is stored: `v`, `size` (plate pixels the prompts were drawn on), `objects` as in a shot document, and
    whatever a later version has added. An empty text is no prompts yet. Raises Unreadable."""
    if not text:
        return {"v": VERSION, "size": list(size), "objects": []}
    try:
        stored = decode(text)
    except CodecError as error:
        raise Unreadable(str(error)) from None
    if stored.get("v") != VERSION:
        raise Unreadable(
            f"The prompts are of version {stored.get('v')}, this plug-in reads version {VERSION}. Update the plug-in."
        )
    if not all(isinstance(stored.get(part), list) for part in ("objects", "size")):
        raise Unreadable("The stored prompts lack their objects or the plate's size. Undo, or open an older script.")
    return stored


def dump(stored: Dict[str, Any]) -> str:
    """The text for the knob."""
    return encode(stored)


def edits(stored: Dict[str, Any], first: int, last: int) -> ShotEdits:
    """The stored prompts with the operations of the prompt editor; the objects are shared."""
    width, height = stored["size"]
    plate = {"path": "", "first": first, "last": last, "width": width, "height": height}
    return ShotEdits({"wisp": 1, "plate": plate, "objects": stored["objects"]})


def distance(prompt: Dict[str, Any], spot: Tuple[float, float]) -> float:
    """How far a prompt is from a spot, in plate pixels: a box by its nearest edge, a mask or text by nothing."""
    x, y = spot
    if prompt["kind"] == "point":
        return math.hypot(prompt["xy"][0] - x, prompt["xy"][1] - y)
    if prompt["kind"] in PAINTED:
        return min(math.hypot(px - x, py - y) for px, py in prompt["xy"])
    if prompt["kind"] == "box":
        x0, y0, x1, y1 = prompt["xyxy"]
        outside = math.hypot(max(x0 - x, 0.0, x - x1), max(y0 - y, 0.0, y - y1))
        return outside or min(abs(x - x0), abs(x - x1), abs(y - y0), abs(y - y1))
    return math.inf


def scaled(stored: Dict[str, Any], size: Size) -> Dict[str, Any]:
    """The prompts for a plate of another size: every coordinate stretched along."""
    return dict(stored, size=list(size), objects=carrying.scaled(stored["objects"], tuple(stored["size"]), size))
