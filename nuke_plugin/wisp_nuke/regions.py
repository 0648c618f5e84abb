"""The part of the picture that models are shown of an object: a box of the artist's, or fitted around its masks."""

from __future__ import annotations

import math
from typing import Any, List, Optional

from . import edits, host, solving
from .vendor.client.events import Event, RegionFitted
from .vendor.client.requests import Region


def of_box(group: Any) -> None:
    """The chosen object lies in its box of this frame, on all frames; pressed again: anywhere in the picture."""
    item, frame, (width, height) = edits.active(group), host.frame(), edits.size_of(group)
    boxes = [one["xyxy"] for one in item["prompts"] if (one["kind"], one["frame"]) == ("box", frame)] if item else []
    if item is None or not boxes:
        raise edits.Refusal("Draw a box on this frame first, around all places where the object will be.")
    x0, y0, x1, y1 = boxes[-1]
    region = [max(math.floor(x0), 0), max(math.floor(y0), 0), min(math.ceil(x1), width), min(math.ceil(y1), height)]
    wanted = None if region == item.get("region") else region
    edits.edit(group, "Wisp region", lambda shot: shot.set_object(item["id"], region=wanted))
    words = f"is looked for in {region[2] - region[0]}x{region[3] - region[1]} pixels" if wanted else "may be anywhere"
    solving.set_status(group, f"{item['name']} {words}")


def fit(group: Any) -> None:
    """The chosen object's region is fitted around its masks on all frames, with a margin; of one that has a region, it
    is taken away. Raises Refusal without prompts, and while the engine is at work for the node."""
    item = edits.active(group)
    if item is None or not item["prompts"]:
        raise edits.Refusal("Draw the object first: its region is fitted around its masks.")
    if item.get("region"):
        _store(group, item["id"], None)
        solving.set_status(group, f"{item['name']} may be anywhere")
        return

    def told(event: Event) -> None:
        if isinstance(event, RegionFitted):
            _store(group, event.id, event.region)

    solving.run(group, Region([item["id"]]), told)


def _store(group: Any, number: int, region: Optional[List[int]]) -> None:
    edits.edit(group, "Wisp region", lambda shot: shot.set_object(number, region=region))
