"""The prompts of the current frame as the host's own handles: knobs that can be dragged in the viewer.

The prompts are the truth. The handles show the active object's box and points of the frame that is looked at; what is
dragged is written back once the mouse is released, as one step of undo.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import edits, host, state
from .knobs import HANDLES
from .vendor.client.coordinates import plate_to_nuke
from .vendor.panel.gestures import touches

#: Handles nearer than this many pixels to their prompt have not been moved.
STILL = 0.01


class Shown(NamedTuple):
    """What a node's handles stand for."""

    frame: int
    number: int
    prompts: Tuple[Dict[str, Any], ...]


def show(group: Any) -> None:
    """Put the handles where the prompts of this frame are; those without a prompt are hidden."""
    item, frame = edits.active(group), host.frame()
    here = [one for one in item["prompts"] if one["frame"] == frame] if item is not None else []
    state.of(group).handles = Shown(frame, item["id"] if item is not None else 0, tuple(here))
    to_host = plate_to_nuke(edits.form_of(group))
    box = next((one for one in here if one["kind"] == "box"), None)
    points = [one for one in here if one["kind"] == "point"]
    with state.writing(group):
        # Each node has one colour for what the viewer draws of it.
        color = int(item["color"][1:] + "ff", 16) if item is not None else 0
        if group["gl_color"].value() != color:
            group["gl_color"].setValue(color)
        _place(group["wisp_box"], list(to_host.box(*box["xyxy"])) if box is not None else [0.0] * 4)
        if item is not None and group["wisp_box"].label() != "box " + item["name"]:
            group["wisp_box"].setLabel("box " + item["name"])
        for index in range(HANDLES):
            knob = group[f"wisp_point_{index + 1}"]
            there = index < len(points)
            _place(knob, list(to_host(*points[index]["xy"])) if there else [0.0, 0.0])
            # The viewer writes the label beside the handle: what the point says, and of which object.
            if there and knob.label() != _words(points[index], item):
                knob.setLabel(_words(points[index], item))
            if knob.visible() != there:
                knob.setVisible(there)


def write_moved(group: Any) -> bool:
    """Write handles that were moved into the prompts, not where the frame or the prompts have changed since; whether
    there were any. Raises Refusal, with the handles as they were, for a box outside the picture and where `edit`
    does."""
    shown, item = state.of(group).handles, edits.active(group)
    if shown is None or item is None or (shown.frame, shown.number) != (host.frame(), item["id"]):
        return False
    if any(one not in item["prompts"] for one in shown.prompts):
        return False
    to_plate = plate_to_nuke(edits.form_of(group)).inverse()
    changes: List[Tuple[Optional[Dict[str, Any]], Dict[str, Any]]] = []
    points = [one for one in shown.prompts if one["kind"] == "point"]
    for number, prompt in enumerate(points[:HANDLES], 1):
        spot = edits.within_overscan(group, list(to_plate(*host.numbers(group[f"wisp_point_{number}"], 2))))
        if _moved(spot, prompt["xy"]):
            changes.append((prompt, dict(prompt, xy=spot)))
    corners = host.numbers(group["wisp_box"], 4)
    if corners[2] - corners[0] >= edits.CLICK and corners[3] - corners[1] >= edits.CLICK:
        xyxy = edits.within_overscan(group, list(to_plate.box(*corners)))
        box = next((one for one in shown.prompts if one["kind"] == "box"), None)
        if box is None or _moved(xyxy, box["xyxy"]):
            changes.append((box, {"frame": shown.frame, "kind": "box", "xyxy": xyxy}))
    try:
        if any(not touches(new, edits.size_of(group)) for _, new in changes):
            raise edits.Refusal("The box would lie outside the picture: it is where it was. Drag it into the picture.")
        if changes:
            edits.edit(group, "Wisp handle", lambda shot: _change(shot, changes))
    except edits.Refusal:
        show(group)  # where the prompts still are
        raise
    return bool(changes)


def _words(point: Dict[str, Any], item: Any) -> str:
    return ("+ " if point["include"] else "- ") + str(item["name"])


def _change(shot: Any, changes: List[Tuple[Optional[Dict[str, Any]], Dict[str, Any]]]) -> None:
    for old, new in changes:
        if old is None:
            shot.add_prompt(new)
        else:
            shot.replace_prompt(old, new)


def _moved(some: List[float], others: List[float]) -> bool:
    return any(abs(one - other) > STILL for one, other in zip(some, others))


def _place(knob: Any, values: List[float]) -> None:
    if _moved(host.numbers(knob, len(values)), values):
        knob.setValue(values)
