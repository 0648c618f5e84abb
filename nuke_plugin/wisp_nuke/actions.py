"""What the buttons do. Each takes the node; what goes wrong becomes a sentence in its status line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Set

from . import engine, graph, host, node, plates, prompts
from .vendor.host.coordinates import sampler_to_plate
from .vendor.host.engine_path import EngineNotFound
from .vendor.host.errors import EngineError
from .vendor.host.shots import Job, RemoteShot
from .vendor.panel.shot_edits import ShotEdits, frames_in, usable_name

#: A click gives a sample of one pixel; anything below this many pixels is a click.
CLICK = 1.5
_jobs: Dict[str, Job] = {}
#: Nodes whose mattes were gathered since they were last tracked.
_gathered: Set[str] = set()


class Refusal(Exception):  # noqa: N818 (a sentence for the artist)
    """It cannot be done as things are; says why and what to do."""


# -- prompts --------------------------------------------------------------------------------------------------


def size_of(group: Any) -> prompts.Size:
    """Plate pixels of the node's input."""
    source = group.input(0)
    if source is None:
        raise Refusal("Connect the node to a plate first.")
    form = host.format_of(source)
    return int(form.width), int(form.height)


def stored(group: Any) -> Dict[str, Any]:
    """The node's prompts. Raises Refusal where they were drawn on another size, or cannot be read."""
    try:
        found = prompts.load(host.text_of(group["wisp_prompts"]), size_of(group))
    except prompts.Unreadable as error:
        raise Refusal(str(error)) from None
    if found["objects"] and tuple(found["size"]) != size_of(group):
        raise Refusal(
            "The prompts were drawn on {}x{}, the input is {}x{}.".format(*(list(found["size"]) + list(size_of(group))))
            + " Connect the former plate, or scale the prompts."
        )
    return found


def edit(group: Any, name: str, change: Any) -> None:
    """Run `change(edits)` on the node's prompts and store them: one step of undo."""
    found = stored(group)
    shot = prompts.edits(found, node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"))
    index = int(group["wisp_object"].value()) - 1
    shot.active = shot.objects[index]["id"] if 0 <= index < len(shot.objects) else None
    change(shot)
    if len(shot.objects) > graph.MOST_OBJECTS:
        raise Refusal(f"A node carries at most {graph.MOST_OBJECTS} objects; make another node for more.")
    with host.undo_step(name):
        group["wisp_prompts"].setValue(prompts.dump(dict(found, objects=shot.objects)))
        if shot.active is not None:
            numbers = [item["id"] for item in shot.objects]
            group["wisp_object"].setValue(numbers.index(shot.active) + 1)
    show_name(group)


def show_name(group: Any) -> None:
    """The active object's name in its knob."""
    item = _active(group)
    with host.not_undoable():
        group["wisp_object_name"].setValue(item["name"] if item is not None else "")


def rename(group: Any) -> None:
    """The active object takes the name in the knob, made usable as a layer's."""
    item = _active(group)
    typed = host.text_of(group["wisp_object_name"])
    if item is None or typed == item["name"]:
        return
    name = usable_name(typed)
    taken = {other["name"].lower() for other in stored(group)["objects"] if other["id"] != item["id"]}
    if name and name.lower() not in taken:
        edit(group, "Wisp name", lambda shot: shot.set_object(shot.active, name=name))
    else:
        show_name(group)


def _active(group: Any) -> Optional[Dict[str, Any]]:
    objects = stored(group)["objects"]
    index = int(group["wisp_object"].value()) - 1
    return objects[index] if 0 <= index < len(objects) else None


def store(group: Any, name: str, objects: List[Dict[str, Any]]) -> str:
    """Keep these objects as the node's prompts, as one step of undo; returns the text that is kept."""
    text = prompts.dump(dict(stored(group), objects=objects))
    with host.undo_step(name):
        group["wisp_prompts"].setValue(text)
    return text


def add_sample(group: Any, include: bool) -> None:
    """The pixel picked in the viewer becomes a point; a picked region its middle."""
    x0, y0, x1, y1 = _sample(group)
    frame = _frame(group)
    point = {"frame": frame, "kind": "point", "xy": [(x0 + x1) / 2, (y0 + y1) / 2], "include": include}
    edit(group, "Wisp point", lambda shot: shot.add_prompt(point))


def box_from_sample(group: Any) -> None:
    """The region picked in the viewer becomes the object's box on this frame."""
    box = _sample(group)
    if box[2] - box[0] < CLICK or box[3] - box[1] < CLICK:
        raise Refusal("Ctrl+Shift+drag a region in the viewer first; a single pixel is no box.")
    prompt = {"frame": _frame(group), "kind": "box", "xyxy": box}
    edit(group, "Wisp box", lambda shot: shot.add_prompt(prompt))


def clear_object(group: Any) -> None:
    edit(group, "Wisp clear object", lambda shot: shot.remove_object(shot.active) if shot.active else None)


def go_to_keyframe(group: Any, step: int) -> None:
    """The next (1) or previous (-1) frame with prompts."""
    shot = ShotEdits({"objects": stored(group)["objects"], "plate": {}})
    beyond = [frame for frame in shot.keyframes() if (frame - host.frame()) * step > 0]
    if beyond:
        host.go(min(beyond) if step > 0 else max(beyond))


def _sample(group: Any) -> List[float]:
    """What is picked in the viewer, as a box in plate pixels."""
    sample = host.viewer_sample()
    if sample is None:
        raise Refusal("Ctrl+click a pixel in the viewer first.")
    width, height = size_of(group)
    if (sample.form.width, sample.form.height) != (width, height):
        raise Refusal("The viewer shows a picture of another size; view this node or its input.")
    box = sampler_to_plate(sample.form).box(*sample.box)
    return [round(min(max(value, 0.0), limit), 2) for value, limit in zip(box, (width, height, width, height))]


def _frame(group: Any) -> int:
    frame = host.frame()
    if not node.frame_of(group, "wisp_first") <= frame <= node.frame_of(group, "wisp_last"):
        raise Refusal(f"Frame {frame} is outside the node's first and last frame.")
    return frame


# -- solving --------------------------------------------------------------------------------------------------


def cache_folder(group: Any) -> str:
    """The knob's folder, else one beside the script. Raises Refusal where there is neither."""
    chosen = group["wisp_cache_dir"].value()
    if chosen:
        return str(chosen)
    script = host.script_path()
    if not script:
        raise Refusal("Save the script or name a cache folder first, so that the mattes have a place.")
    return os.path.join(os.path.dirname(script), "wisp-cache").replace(os.sep, "/")


def document(group: Any) -> Dict[str, Any]:
    """The node as a shot document, for the engine."""
    found = stored(group)
    width, height = size_of(group)
    plate = {
        "path": plates.PATTERN,
        "first": node.frame_of(group, "wisp_first"),
        "last": node.frame_of(group, "wisp_last"),
        "width": width,
        "height": height,
        "pixel_aspect": host.format_of(group.input(0)).pixel_aspect,
    }
    models = {"tracker": host.text_of(group["wisp_tracker"]), "head": host.text_of(group["wisp_head"])}
    return {"wisp": 1, "plate": plate, "objects": found["objects"], "solve": models}


class Listener:
    """Writes what the engine says into a node."""

    def __init__(self, group: Any) -> None:
        self.group = group

    def status(self, status: Dict[str, Any]) -> None:
        """Point the reads at the mattes and key what is solved."""
        known = {item["id"]: item for item in status["objects"]}
        mattes, solved = [], []
        elsewhere: Set[int] = set()
        for item in stored(self.group)["objects"]:
            report = known.get(item["id"])
            enabled = report is not None and item.get("enabled", True)
            pattern = str(report["pattern"]) if report else ""
            mattes.append(graph.Mattes(pattern, enabled))
            frames = frames_in(report["frames"].get("solved", "")) if report else []
            present = [frame for frame in frames if Path(pattern % frame).is_file()]
            elsewhere.update(set(frames) - set(present))
            solved.append(dict.fromkeys(present, 1))
        with host.not_undoable():
            node.rebuild(self.group, mattes)
            node.show_states(self.group, solved, [matte.enabled for matte in mattes])
            for number in range(1, len(mattes) + 1):
                self.group.node(f"Matte_{number}")["reload"].execute()
        if elsewhere:
            self._gather(elsewhere)

    def _gather(self, frames: Set[int]) -> None:
        """Mattes of earlier prompts that still hold lie in another folder: solving links them into the present one."""
        uid = str(self.group["wisp_uid"].value())
        job, known = _jobs.get(uid), engine.known_shot(uid)
        if known is None or uid in _gathered or (job is not None and not job.finished):
            return
        _gathered.add(uid)
        known.solve(",".join(str(frame) for frame in sorted(frames)), on_done=lambda _: self.refresh())

    def failed(self, error: EngineError) -> None:
        say(self.group, str(error))

    def progress(self, params: Dict[str, Any]) -> None:
        say(self.group, "{stage} {done} of {total}".format(**params))

    def done(self, params: Dict[str, Any]) -> None:
        lost = "".join(f"; {name} lost on {frames}" for name, frames in params["lost"].items())
        say(self.group, "{matted} mattes computed, {cached} were there".format(**params) + lost)
        self.refresh()

    def stopped(self, error: EngineError) -> None:
        say(self.group, "Stopped; what is finished is kept" if error.kind == "cancelled" else str(error))
        if error.kind != "gone":
            self.refresh()

    def refresh(self) -> None:
        known = engine.known_shot(str(self.group["wisp_uid"].value()))
        if known is not None:
            known.refresh()


def track(group: Any, direction: str) -> Optional[Job]:
    """`back`, `this`, `fwd` or `both`; returns the job. Plates that the engine lacks are rendered first (this blocks,
    with Nuke's own progress bar); the solving itself does not block."""
    keyframes = sorted({prompt["frame"] for item in stored(group)["objects"] for prompt in item["prompts"]})
    if not keyframes:
        raise Refusal("Draw a prompt first: Ctrl+click in the viewer, then Add +.")
    uid = str(group["wisp_uid"].value())
    running = _jobs.get(uid)
    if running is not None and not running.finished:
        raise Refusal("This node is being solved; press Stop first.")
    first, last = _span(group, keyframes, direction)
    plates.export(group, plate_folder(group), node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"))
    listener = Listener(group)
    opened = _opened(group, listener)
    _gathered.discard(str(group["wisp_uid"].value()))
    say(group, "Solving")
    job = opened.solve(
        f"{first}-{last}" if first < last else str(first),
        on_progress=listener.progress,
        on_done=listener.done,
        on_error=listener.stopped,
    )
    _jobs[uid] = job
    return job


def synchronise(group: Any) -> None:
    """Take over what was solved for these prompts elsewhere, as in the panel."""
    _opened(group, Listener(group))


def plate_folder(group: Any) -> str:
    """Where the node's plate pictures lie."""
    return os.path.join(cache_folder(group), "plates-" + str(group["wisp_uid"].value())[:12])


def _opened(group: Any, listener: Listener) -> RemoteShot:
    """The node's shot in the engine, with the prompts as they are now."""
    uid, python = str(group["wisp_uid"].value()), str(group["wisp_engine_python"].value())
    return engine.shot(uid, document(group), plate_folder(group), cache_folder(group), python, listener)


def stop(group: Any) -> None:
    """Stop the node's job; what is finished stays."""
    job = _jobs.get(str(group["wisp_uid"].value()))
    if job is not None:
        job.cancel()


def _span(group: Any, keyframes: List[int], direction: str) -> List[int]:
    first, last, now = node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"), host.frame()
    if direction == "this":
        return [now, now]
    if direction == "fwd":
        return [max([frame for frame in keyframes if frame <= now], default=keyframes[0]), last]
    if direction == "back":
        return [first, min([frame for frame in keyframes if frame >= now], default=keyframes[-1])]
    return [first, last]


# -- leaving --------------------------------------------------------------------------------------------------


def bake(group: Any) -> Any:
    """Plain nodes outside the group that give plate + alpha, for people without the plug-in; returns the last one.

    The node stays. Raises Refusal while a frame is unsolved, or with edge settings, which stay in the node.
    """
    reads = [inner for inner in group.nodes() if inner.name().startswith("Matte_") and inner["file"].value()]
    frames = range(node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last") + 1)
    unsolved = [frame for frame in frames if group["wisp_cache_state"].getValueAt(frame) < 1]
    if unsolved or not reads:
        raise Refusal("Not all frames are solved; track the whole range before baking.")
    if group["wisp_grow"].value() or group["wisp_soft"].value() or group["wisp_invert"].value():
        raise Refusal("Set grow, soften and invert back first: they are nodes inside this one.")
    last = None
    for inner in reads:
        if group.node("Union_" + inner.name()[len("Matte_") :]) is None:
            continue
        knobs = {name: inner[name].value() for name in ("file", "first", "last", "origfirst", "origlast")}
        read = host.create("Read", raw=True, **knobs)
        if last is None:
            last = read
        else:
            merged = host.create("Merge2", operation="max")
            merged.setInput(0, last)
            merged.setInput(1, read)
            last = merged
    copied = host.create("Copy", from0="rgba.red", to0="rgba.alpha")
    copied.setInput(0, group.input(0))
    copied.setInput(1, last)
    return copied


def say(group: Any, text: str) -> None:
    """The status line."""
    with host.not_undoable():
        group["wisp_status"].setValue(text)


BUTTONS = {
    "add_object": lambda group: edit(group, "Wisp object", lambda shot: shot.add_object()),
    "add_pos": lambda group: add_sample(group, True),
    "add_neg": lambda group: add_sample(group, False),
    "set_box": box_from_sample,
    "clear_frame": lambda group: edit(group, "Wisp clear frame", lambda shot: shot.clear_frame(host.frame())),
    "clear_object": clear_object,
    "prev_prompt": lambda group: go_to_keyframe(group, -1),
    "next_prompt": lambda group: go_to_keyframe(group, 1),
    "track_back": lambda group: track(group, "back"),
    "track_this": lambda group: track(group, "this"),
    "track_fwd": lambda group: track(group, "fwd"),
    "track_both": lambda group: track(group, "both"),
    "stop": stop,
    "bake": bake,
}


def press(group: Any, name: str) -> None:
    """A button's work; what cannot be done is said in the status line and never raised into the host."""
    try:
        BUTTONS[name](group)
    except host.Cancelled:
        say(group, "Stopped while the plate was rendered")
    except (Refusal, EngineNotFound, EngineError, RuntimeError, OSError) as error:
        say(group, str(error))
