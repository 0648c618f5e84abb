"""Strokes that are painted in a RotoPaint node, as prompts: Nuke's own brush, in every version."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from . import edits, host, state
from .vendor.client.coordinates import plate_to_nuke
from .vendor.client.tables import PAINTED
from .vendor.panel.gestures import touches

#: Layers of the RotoPaint node: what is painted in them belongs to the object, does not, or may be anything.
KEEP, DROP, UNKNOWN = LAYERS = "keep", "drop", "unknown"
#: The knob of the RotoPaint node that holds the identity of the Wisp node that it is for.
OWNER = "wisp_strokes_of"
#: Points of a stroke are thinned to this many pixels apart; its shape needs no more.
SPACING = 2.0


class Painted(NamedTuple):
    """A stroke or a closed shape: its points in Nuke's pixels, one of `LAYERS`, the diameter of its brush in pixels,
    and over which share of its radius it fades."""

    points: List[Tuple[float, float]]
    layer: str
    closed: bool
    size: float = 0.0
    softness: float = 0.0


def paint(group: Any) -> Any:
    """Make or find the node's RotoPaint node, with a layer for every kind of stroke, and show it; returns it."""
    frame = edits.frame_in_range(group)
    painter = _painter(group)
    if painter is None:
        painter = host.create_beside(group, "RotoPaint", name=f"{group.name()}_strokes")
        owner = host.knob("String_Knob", OWNER, "")
        owner.setFlag(host.INVISIBLE)
        painter.addKnob(owner)
        owner.setValue(state.uid_of(group))
        painter.setInput(0, group.input(0))
        for layer in LAYERS:
            host.add_roto_layer(painter, layer)
    painter.showControlPanel()
    host.go(frame)
    return painter


def collect(group: Any) -> None:
    """The strokes and closed shapes that are visible on this frame become prompts of the active object, in place of
    those collected before: strokes stay strokes, as wide and as soft, a shape gives the box around it. What lies
    outside the picture is left out. Raises Refusal without any."""
    painter = _painter(group)
    if painter is None:
        raise edits.Refusal("Press Paint strokes first, and paint in the RotoPaint node that it makes.")
    frame = edits.frame_in_range(group)
    painted = list(visible(painter["curves"].rootLayer, frame))
    if not painted:
        raise edits.Refusal(f"The RotoPaint node {painter.name()} has no stroke on frame {frame}.")
    drawn = [_prompt(group, frame, one) for one in painted]
    found = [prompt for prompt in drawn if touches(prompt, edits.size_of(group))]
    if not found:
        raise edits.Refusal(f"All strokes of {painter.name()} on frame {frame} lie outside the picture: paint in it.")

    def change(shot: Any) -> None:
        item = edits.active(group)
        kept = [one for one in item["prompts"] if one["kind"] not in PAINTED or one["frame"] != frame] if item else []
        if item is not None and len(kept) < len(item["prompts"]):
            shot.set_object(item["id"], prompts=kept)
        for prompt in found:
            shot.add_prompt(prompt)

    edits.edit(group, "Wisp strokes", change)


def _prompt(group: Any, frame: int, found: Painted) -> Dict[str, Any]:
    to_plate = plate_to_nuke(edits.form_of(group)).inverse()
    spots = [[round(value, 2) for value in to_plate(*point)] for point in found.points]
    if found.closed:
        xs, ys = zip(*spots)
        box = edits.within_overscan(group, [min(xs), min(ys), max(xs), max(ys)])
        return {"frame": frame, "kind": "box", "xyxy": box}
    line = {"frame": frame, "xy": _thinned(spots), "radius": max(found.size / 2, 0.5)}
    if found.layer == UNKNOWN:
        return {**line, "kind": "unknown"}
    stroke = {**line, "kind": "stroke", "include": found.layer == KEEP}
    return {**stroke, "softness": found.softness} if found.softness else stroke


def visible(layer: Any, frame: int, inside: str = KEEP) -> Iterator[Painted]:
    """What a frame shows, also in layers inside."""
    for element in layer:
        kind = type(element).__name__
        if kind == "Layer":
            name = str(element.name).lower()
            yield from visible(element, frame, name if name in LAYERS else inside)
        elif kind in ("Stroke", "Shape") and _is_visible(element, frame):
            points = [_position(point, frame) for point in element]
            if kind == "Stroke" and points:
                softness = round(min(max(1.0 - _hardness(element, frame), 0.0), 1.0), 3)
                yield Painted(points, inside, False, _brush_size(element, frame), softness)
            elif kind == "Shape" and len(points) > 2 and inside == KEEP:
                yield Painted(points, inside, True)


def _is_visible(element: Any, frame: int) -> bool:
    first, last = _life(element, frame)
    return first <= frame <= last


def _position(point: Any, number: int) -> Tuple[float, float]:
    """Where a point of a stroke or a shape lies on a frame, in full-resolution pixels."""
    position = (point.center if hasattr(point, "center") else point).getPosition(number)
    return float(position.x), float(position.y)


def _brush_size(stroke: Any, number: int) -> float:
    """The diameter of a stroke's brush in pixels."""
    attributes = stroke.getAttributes()
    return float(attributes.getValue(number, attributes.kBrushSizeAttribute))


def _hardness(stroke: Any, number: int) -> float:
    """From 0, fading from the middle on, to 1, firm to the rim; firm where the host has nothing to say of it."""
    attributes = stroke.getAttributes()
    try:
        return float(attributes.getValue(number, attributes.kHardnessAttribute))
    except Exception:  # what the host raises for an attribute that a stroke lacks is not known
        return 1.0


def _life(element: Any, number: int) -> Tuple[float, float]:
    """First and last frame on which a stroke or shape is there; an empty span for a hidden one.

    Lifetimes of the kind 0 are for ever; of every other kind the two numbers are taken as a span, in either order.
    """
    attributes = element.getAttributes()
    seen = attributes.getValue(number, attributes.kVisibleAttribute)
    if not seen or attributes.getValue(number, attributes.kOpacityAttribute) <= 0:
        return 1.0, 0.0
    if int(attributes.getValue(number, attributes.kLifeTimeTypeAttribute)) == 0:
        return float("-inf"), float("inf")
    ends = [
        attributes.getValue(number, attributes.kLifeTimeNAttribute),
        attributes.getValue(number, attributes.kLifeTimeMAttribute),
    ]
    return float(min(ends)), float(max(ends))


def _thinned(spots: List[List[float]]) -> List[List[float]]:
    kept = [spots[0]]
    for spot in spots[1:-1]:
        if abs(spot[0] - kept[-1][0]) + abs(spot[1] - kept[-1][1]) >= SPACING:
            kept.append(spot)
    return kept + ([spots[-1]] if len(spots) > 1 else [])


def _painter(group: Any) -> Any:
    """The node's RotoPaint node, whatever the two are called; None where it has none."""
    uid = state.uid_of(group)
    owners = [(one, one.knob(OWNER)) for one in host.parent_of(group).nodes()]
    found = [one for one, owner in owners if owner is not None and host.text_of(owner) == uid]
    # The host puts a number behind the name of a copy.
    return min(found, key=lambda one: (len(one.name()), one.name()), default=None)
