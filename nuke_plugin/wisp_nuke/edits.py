"""The prompts and objects of a node: reading them, and changing them as one step of the host's undo."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

from . import graph, host, node, prompts, state
from .vendor.client import tables
from .vendor.client.coordinates import NukeFormat, sampler_to_plate
from .vendor.client.frames import span_text, typed_spans
from .vendor.client.names import given_name
from .vendor.client.shot_edits import Refused, ShotEdits

#: A click gives a sample of one pixel; anything below this many pixels is a click.
CLICK = 1.5
#: Settings of an object's edge, as in the shot document: name -> value that changes nothing.
EDGE: Dict[str, Any] = {setting.key: setting.default for setting in tables.EDGE}


class Refusal(Exception):  # noqa: N818 (a sentence for the artist)
    """It cannot be done as things are; says why and what to do."""


# -- reading --------------------------------------------------------------------------------------------------


def form_of(group: Any) -> NukeFormat:
    """The format of the node's input, in plate pixels. Raises Refusal without an input, or with an image area that
    does not begin at 0, 0: where such pictures lie is not settled between versions of the host."""
    source = group.input(0)
    if source is None:
        raise Refusal("Connect the node to a plate first.")
    form = host.format_of(source)
    if (form.x, form.y) != (0, 0):
        raise Refusal(
            f"The input's format has an image area that begins at {form.x:g}, {form.y:g}. "
            "Put a Reformat to a plain format before the node."
        )
    return form


def size_of(group: Any) -> prompts.Size:
    """Plate pixels of the node's input."""
    form = form_of(group)
    return int(form.width), int(form.height)


def stored(group: Any) -> Dict[str, Any]:
    """The node's prompts, shared: to be read only. Raises Refusal where they were drawn on another size, or cannot be
    read."""
    text, size = host.text_of(group["wisp_prompts"]), size_of(group)
    mine = state.of(group)
    if mine.read is None or mine.read[0] != (text, size):
        try:
            mine.read = (text, size), prompts.load(text, size)
        except prompts.Unreadable as error:
            raise Refusal(str(error)) from None
    found = mine.read[1]
    if found["objects"] and tuple(found["size"]) != size_of(group):
        raise Refusal(
            "The prompts were drawn on {}x{}, the input is {}x{}.".format(*(list(found["size"]) + list(size_of(group))))
            + " Connect the former plate, or press Scale prompts."
        )
    return found


def active(group: Any) -> Optional[Dict[str, Any]]:
    """The object that is chosen in the node."""
    objects = stored(group)["objects"]
    index = host.choice(group["wisp_object"])
    return objects[index] if 0 <= index < len(objects) else None


def candidates(group: Any) -> List[Any]:
    """What this frame may be about, the one that was taken first; none once something else was drawn."""
    item, found = active(group), state.of(group).candidates
    fits = item is not None and found and item["prompts"] == found[0].prompts and found[0].frame == host.frame()
    return list(found) if fits else []


def keyframes(group: Any) -> List[int]:
    """Frames with prompts of any object, ascending."""
    return ShotEdits({"objects": stored(group)["objects"], "plate": {}}).keyframes()


def span(group: Any) -> Tuple[int, int]:
    """The node's first and last frame. Raises Refusal where the first comes after the last."""
    first, last = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last")
    if first > last:
        raise Refusal(f"The node's first frame, {first}, comes after its last, {last}: correct 'first' and 'last'.")
    return first, last


def frame_in_range(group: Any) -> int:
    """The frame that the artist looks at. Raises Refusal outside the node's range, and as `span`."""
    frame = host.frame()
    first, last = span(group)
    if not first <= frame <= last:
        raise Refusal(f"Frame {frame} is outside the node's first and last frame.")
    return frame


# -- changing -------------------------------------------------------------------------------------------------


def edit(group: Any, name: str, change: Callable[[ShotEdits], Any]) -> None:
    """Run `change(edits)` on the node's prompts and store them: one step of undo. Raises Refusal for too many objects,
    for what the document forbids, and where `stored` does."""
    found = stored(group)
    shot = prompts.edits(found, node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"))
    item = active(group)
    shot.active = item["id"] if item is not None else None
    shot.past_ids = node.mattes_of(group)
    try:
        change(shot)
    except Refused as error:
        raise Refusal(str(error)) from None
    text = _text(found, shot.objects)
    if text == host.text_of(group["wisp_prompts"]):
        return
    ids = [item["id"] for item in shot.objects]
    with host.undo_step(name), state.guarded(group):
        group["wisp_prompts"].setValue(text)
        _offer(group, shot.objects, ids.index(shot.active) if shot.active in ids else 0)


def store(group: Any, name: str, objects: List[Dict[str, Any]]) -> str:
    """Keep these objects as the node's prompts, as one step of undo; returns the text that is kept. Raises Refusal
    as `edit` does."""
    text = _text(stored(group), objects)
    with host.undo_step(name), state.guarded(group):
        group["wisp_prompts"].setValue(text)
    return text


def choose_models(group: Any, models: Dict[str, Any]) -> None:
    """Set the knobs of the models as a document names them."""
    with host.undo_step("Wisp models"):
        for knob, kind in (("wisp_tracker", "tracker"), ("wisp_head", "head")):
            menu = [str(one) for one in group[knob].values()]
            menu = menu if models[kind] in menu else [models[kind], *menu]
            host.offer(group[knob], menu, menu.index(models[kind]))
        group["wisp_uncover"].setValue(models.get("uncover") is not False)


def _text(found: Dict[str, Any], objects: List[Dict[str, Any]]) -> str:
    if len(objects) > graph.MOST_OBJECTS:
        raise Refusal(f"A node carries at most {graph.MOST_OBJECTS} objects; make another node for more.")
    limit = host.limit()
    if limit is not None and len(objects) > graph.MOST_IF_LIMITED:
        raise Refusal(f"This edition of Nuke shows Python {limit} nodes of a script, which is enough for one object.")
    return prompts.dump(dict(found, objects=objects))


def scale(group: Any) -> None:
    """Stretch the prompts to the size of the input, as after a change of the plate's resolution."""
    size = size_of(group)
    try:
        found = prompts.load(host.text_of(group["wisp_prompts"]), size)
    except prompts.Unreadable as error:
        raise Refusal(str(error)) from None
    if tuple(found["size"]) == size:
        raise Refusal("The prompts fit the input as they are.")
    masked = [item["name"] for item in found["objects"] if any(one["kind"] == "mask" for one in item["prompts"])]
    if masked:  # pictures of the former size, which no coordinate tells
        former = "x".join(str(value) for value in found["size"])
        raise Refusal(
            f"The masks of {', '.join(masked)} are of {former} and cannot be stretched here. Delete them, scale the "
            "rest and take them again at this size."
        )
    with host.undo_step("Wisp scale prompts"), state.guarded(group):
        group["wisp_prompts"].setValue(prompts.dump(prompts.scaled(found, size)))


def add_prompt(group: Any, name: str, prompt: Dict[str, Any]) -> None:
    edit(group, name, lambda shot: shot.add_prompt(prompt))


def delete_nearest(group: Any) -> None:
    """Remove the active object's prompt on this frame that is nearest to what is picked; without a pick the last."""
    item, frame = active(group), host.frame()
    here = [one for one in item["prompts"] if one["frame"] == frame] if item is not None else []
    if not here:
        raise Refusal("The object has no prompt on this frame.")
    victim = here[-1]
    if host.viewer_sample() is not None:
        box = sample(group)
        spot = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        victim = min(here, key=lambda one: prompts.distance(one, spot))
    edit(group, "Wisp delete prompt", lambda shot: shot.remove_prompt(victim))


def delete_object(group: Any) -> None:
    item = active(group)
    if item is None:
        raise Refusal("There is no object to delete.")
    edit(group, "Wisp delete object", lambda shot: shot.remove_object(item["id"]))


def clear_object(group: Any) -> None:
    """Remove all prompts of the active object; it keeps its name, colour and edge."""
    item = active(group)
    if item is not None:
        edit(group, "Wisp clear object", lambda shot: shot.set_object(item["id"], prompts=[]))


# -- what is picked in the viewer -----------------------------------------------------------------------------


def sample(group: Any, picked: Optional[host.Sample] = None) -> List[float]:
    """What is picked in the viewer (`picked`, else now), as a box in plate pixels, cut off where any overscan ends.

    Raises Refusal where that says nothing of the plate: the viewer's sampler goes farther, and to pictures of other
    sizes."""
    picked = picked or host.viewer_sample()
    if picked is None:
        raise Refusal("Ctrl+click a pixel in the viewer first.")
    width, height = size_of(group)
    if (picked.form.width, picked.form.height) != (width, height):
        raise Refusal("The viewer shows a picture of another size; view this node or its input.")
    x0, y0, x1, y1 = sampler_to_plate(picked.form).box(*picked.box)
    far = 0.0 if is_region([x0, y0, x1, y1]) else tables.OVERSCAN
    if x1 <= -far * width or y1 <= -far * height or x0 >= (1 + far) * width or y0 >= (1 + far) * height:
        raise Refusal("What is picked lies outside the picture; pick in it, or near it.")
    return within_overscan(group, [x0, y0, x1, y1])


def within_overscan(group: Any, numbers: List[float]) -> List[float]:
    """Points in plate pixels, x and y in turn, cut off where any overscan ends."""
    beyond, sides = tables.OVERSCAN, size_of(group)
    return [
        round(min(max(value, -beyond * sides[index % 2]), (1 + beyond) * sides[index % 2]), 2)
        for index, value in enumerate(numbers)
    ]


def is_region(box: List[float]) -> bool:
    """Whether a region was dragged, not a pixel clicked."""
    return box[2] - box[0] >= CLICK and box[3] - box[1] >= CLICK


def add_sample(group: Any, include: bool, picked: Optional[host.Sample] = None) -> None:
    """The pixel picked in the viewer becomes a point; a picked region its middle."""
    x0, y0, x1, y1 = sample(group, picked)
    spot = [(x0 + x1) / 2, (y0 + y1) / 2]
    point = {"frame": frame_in_range(group), "kind": "point", "xy": spot, "include": include}
    add_prompt(group, "Wisp point", point)


def box_from_sample(group: Any, picked: Optional[host.Sample] = None) -> None:
    """The region picked in the viewer becomes the object's box on this frame."""
    box = sample(group, picked)
    if not is_region(box):
        raise Refusal("Ctrl+Shift+drag a region in the viewer first; a single pixel is no box.")
    add_prompt(group, "Wisp box", {"frame": frame_in_range(group), "kind": "box", "xyxy": box})


# -- the active object in the knobs ---------------------------------------------------------------------------


def _offer(group: Any, objects: List[Dict[str, Any]], index: int) -> None:
    """The objects' names in the menu; none of them is a number."""
    host.offer(group["wisp_object"], [item["name"] for item in objects] or ["none"], index)


def object_knobs(group: Any) -> Dict[str, Any]:
    """What the knobs of the active object hold."""
    found: Dict[str, Any] = {name: group["wisp_edge_" + name].value() for name in EDGE}
    found["name"] = host.text_of(group["wisp_object_name"])
    found["color"] = host.numbers(group["wisp_object_color"], 3)
    found["enabled"] = bool(group["wisp_object_enabled"].value())
    found["core"] = bool(group["wisp_object_core"].value())
    found["absent"] = host.text_of(group["wisp_object_absent"])
    return found


def show_object(group: Any) -> None:
    """The objects in the menu, and the active one in its knobs."""
    objects = stored(group)["objects"]
    index = min(max(host.choice(group["wisp_object"]), 0), max(len(objects) - 1, 0))
    item: Dict[str, Any] = objects[index] if objects else {"name": "", "color": "#000000"}
    edge = item.get("edge", {})
    texts = {"wisp_object_name": item["name"], "wisp_object_absent": span_text(item.get("absent", []))}
    values: Dict[str, Any] = {"wisp_object_enabled": bool(item.get("enabled", True))}
    values["wisp_object_core"] = bool(item.get("core"))
    values.update(("wisp_edge_" + name, edge.get(name, plain)) for name, plain in EDGE.items())
    with state.writing(group):
        _offer(group, objects, index)
        for name, text in texts.items():
            if host.text_of(group[name]) != text:
                group[name].setValue(text)
        if not _near(host.numbers(group["wisp_object_color"], 3), _rgb(item["color"])):
            group["wisp_object_color"].setValue(_rgb(item["color"]))
        for name, value in values.items():
            if not _near([group[name].value()], [value]):
                group[name].setValue(value)
    state.of(group).object_knobs = object_knobs(group)


def write_object(group: Any) -> None:
    """The active object becomes what its knobs say: name, colour, enabled, core, edge, absence. Raises
    Refusal for a name or an edge that cannot be, and where it cannot be absent."""
    item = active(group)
    if item is None:
        return
    held = object_knobs(group)
    values: Dict[str, Any] = {"name": _named(group, item, held["name"])}
    if not _near(held["color"], _rgb(item["color"])):
        parts = (round(min(max(part, 0.0), 1.0) * 255) for part in held["color"])
        values["color"] = "#{:02x}{:02x}{:02x}".format(*parts)
    if held["enabled"] != item.get("enabled", True):
        values["enabled"] = held["enabled"]
    if held["core"] != bool(item.get("core")):
        values["core"] = pattern_of(graph.CORE) if held["core"] else None
    changed = {name: type(plain)(held[name]) for name, plain in EDGE.items() if not _near([held[name]], [plain])}
    if changed.get("white", 1.0) <= changed.get("black", 0.0):
        raise Refusal("The white point must lie above the black point.")
    if changed != item.get("edge", {}):
        values["edge"] = changed
    edit(group, "Wisp object", lambda shot: shot.set_object(item["id"], **values))
    _write_absent(group, held["absent"], span_text(item.get("absent", [])))


def _named(group: Any, item: Dict[str, Any], text: str) -> str:
    """The name that is in the knob. Raises Refusal, with the knob as it was, where the object cannot be called so."""
    others = [other["name"] for other in stored(group)["objects"] if other["id"] != item["id"]]
    try:
        return given_name(text, item["name"], others)
    except ValueError as fault:
        with state.writing(group):
            group["wisp_object_name"].setValue(item["name"])
        raise Refusal(str(fault)) from None


def _write_absent(group: Any, text: str, before: str) -> None:
    """The active object is not to be seen on these frames. Raises Refusal, with the knob as it was, where it is."""
    faults: List[str] = []
    try:
        spans = typed_spans(text)
        edit(group, "Wisp absent", lambda shot: faults.append(shot.set_absent(spans)))
    except ValueError as fault:
        faults.append(str(fault))
    if any(faults):
        with state.writing(group):
            group["wisp_object_absent"].setValue(before)
        raise Refusal(faults[0])


def pattern_of(name: str) -> str:
    """The names of the pictures that are rendered of one of the node's inputs, in the folder of its plate."""
    return f"{name.lower()}.%04d.exr"


def _rgb(color: str) -> List[float]:
    return [int(color[start : start + 2], 16) / 255.0 for start in (1, 3, 5)]


def _near(some: List[float], others: List[float]) -> bool:
    """Equal as far as a knob keeps numbers."""
    return all(abs(one - other) < 1e-4 for one, other in zip(some, others))
