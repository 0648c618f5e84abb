"""What the buttons do. What goes wrong becomes a sentence in the node's status line."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from . import (
    bake,
    carrying,
    edits,
    follow,
    host,
    masks,
    node,
    plates,
    publish,
    regions,
    report,
    solving,
    state,
    strokes,
)
from .engine import ENGINE
from .vendor.client.ends import Done, SubjectFound
from .vendor.client.engine_path import EngineNotFound
from .vendor.client.errors import EngineError
from .vendor.client.events import BoxFound, Candidate
from .vendor.client.requests import Check, Detect, Subject
from .vendor.client.states import STATES, drawn_states


def track(group: Any, direction: str) -> Any:
    return solving.track(group, direction, with_bar=not follow.in_panel(group))


def go_to_keyframe(group: Any, step: int) -> None:
    """The next (1) or previous (-1) frame with prompts."""
    beyond = [frame for frame in edits.keyframes(group) if (frame - host.frame()) * step > 0]
    if not beyond:
        return
    frame = min(beyond) if step > 0 else max(beyond)
    host.go(frame)
    said = {item["name"]: drawn_states(item, frame) for item in edits.stored(group)["objects"]}
    told = "; ".join(f"{name} {', '.join(STATES[key].label for key in keys)}" for name, keys in said.items() if keys)
    solving.set_status(group, f"Frame {frame}: {told}")


def go_to_doubt(group: Any, step: int) -> None:
    """The next (1) or previous (-1) frame of any object that is worth a look; its reason becomes the status."""
    session = state.of(group).session
    doubts: Dict[int, str] = {}
    for item in edits.stored(group)["objects"]:
        lane = session.mattes.lanes.get(item["id"]) if session is not None else None
        for frame, reason in lane.suspicious.items() if lane is not None else ():
            doubts.setdefault(frame, f"{item['name']}: {reason}")
    beyond = [frame for frame in doubts if (frame - host.frame()) * step > 0]
    if not beyond:
        raise edits.Refusal(f"No suspicious frame is known {'after' if step > 0 else 'before'} this one; press Check.")
    frame = min(beyond) if step > 0 else max(beyond)
    host.go(frame)
    solving.set_status(group, f"Frame {frame}, {doubts[frame]}")


def go_to_lost(group: Any, step: int) -> None:
    """The next (1) or previous (-1) frame on which an object is recorded as lost."""
    lost: Dict[int, List[str]] = {}
    for item in edits.stored(group)["objects"]:
        for frame in node.lost_frames(group, item["id"]):
            lost.setdefault(frame, []).append(item["name"])
    beyond = [frame for frame in lost if (frame - host.frame()) * step > 0]
    if not beyond:
        raise edits.Refusal(f"No object is lost {'after' if step > 0 else 'before'} this frame.")
    frame = min(beyond) if step > 0 else max(beyond)
    host.go(frame)
    more = "draw it where it can be seen, or name the frame under 'absent on'"
    solving.set_status(group, f"Frame {frame}: {', '.join(lost[frame])} lost; {more}")


def go_to_suggested(group: Any) -> None:
    """The frame of the chosen object from which a correction mends most."""
    item, session = edits.active(group), state.of(group).session
    frame = None
    if item is not None and session is not None:
        frame = session.mattes.suggestion(item["id"], {one["frame"] for one in item["prompts"]})
    if item is None or frame is None:
        raise edits.Refusal("No frame that is tracked here is in doubt: correct nothing, or press Track all first.")
    host.go(frame)
    solving.set_status(group, f"Frame {frame}: a correction of {item['name']} mends most from here")


def find(group: Any) -> None:
    """Look for the words on this frame; what is found becomes the chosen object's box."""
    words, frame = host.text_of(group["wisp_words"]).strip(), edits.frame_in_range(group)
    if not words:
        raise edits.Refusal("Write what to look for into 'words' first.")

    def on_event(event: Any) -> None:
        if isinstance(event, BoxFound):
            attempt(group, lambda _: edits.add_prompt(group, "Wisp find", _box(event)))

    asked = Detect(words=words, frame=frame, threshold=max(float(group["wisp_words_score"].value()), 0.0))
    solving.run(group, asked, on_event, needed=[frame])


def subject(group: Any) -> None:
    """What this frame may be about becomes an object; pressed again, its next candidate takes the place."""
    frame, mine = edits.frame_in_range(group), state.of(group)
    item = edits.active(group)
    if item is not None and edits.candidates(group):
        mine.candidates.append(mine.candidates.pop(0))
        edits.edit(group, "Wisp subject", lambda shot: shot.set_object(item["id"], prompts=mine.candidates[0].prompts))
        _tell_candidate(group, "")
        return
    found: List[Candidate] = []

    def on_event(event: Any) -> None:
        if isinstance(event, Candidate):
            found.append(event)

    def take(shot: Any) -> None:
        if shot.takes_first(frame):
            shot.add_prompts(found[0].prompts, "Wisp subject")
        else:
            shot.add_objects([("subject", {"prompts": found[0].prompts})])

    def on_end(end: Optional[Done], _: str) -> None:
        if isinstance(end, SubjectFound):
            mine.candidates = found
            attempt(group, lambda _: edits.edit(group, "Wisp subject", take))
            attempt(group, lambda _: _tell_candidate(group, "In doubt: " if end.doubtful else ""))

    solving.run(group, Subject(frame), on_event, on_end, needed=[frame])


def _tell_candidate(group: Any, doubt: str) -> None:
    mine = state.of(group)
    found = mine.candidates
    words = f"candidate {found[0].number} of {len(found)} ({found[0].confidence:.2f}) is the object"
    more = "; press Subject again for the next" if len(found) > 1 else ""
    mine.session.show_message((doubt + words)[0].upper() + (doubt + words)[1:] + more, stays=True)


def _box(event: BoxFound) -> Dict[str, Any]:
    return {"frame": event.frame, "kind": "box", "xyxy": [round(value, 2) for value in event.xyxy]}


def refresh_plates(group: Any) -> None:
    """Render the whole plate again, whatever is there."""
    plates.forget(solving.plate_folder(group))
    solving.export_plates(group, lambda: solving.set_status(group, "The plate is rendered again"))


def start_engine(group: Any) -> None:
    ENGINE.client(str(group["wisp_engine_python"].value()))
    solving.set_status(group, "The engine starts")


def stop_engine(group: Any) -> None:
    ENGINE.stop()
    solving.set_status(group, "The engine is stopped; it starts again when it is needed")


BUTTONS: Dict[str, Callable[[Any], Any]] = {
    "add_object": lambda group: edits.edit(group, "Wisp object", lambda shot: shot.add_object()),
    "delete_object": edits.delete_object,
    "add_pos": lambda group: edits.add_sample(group, True),
    "add_neg": lambda group: edits.add_sample(group, False),
    "set_box": edits.box_from_sample,
    "paint_strokes": strokes.paint,
    "collect_strokes": strokes.collect,
    "delete_prompt": edits.delete_nearest,
    "clear_frame": lambda group: edits.edit(group, "Wisp clear frame", lambda shot: shot.clear_frame(host.frame())),
    "clear_object": edits.clear_object,
    "scale_prompts": edits.scale,
    "prev_prompt": lambda group: go_to_keyframe(group, -1),
    "next_prompt": lambda group: go_to_keyframe(group, 1),
    "track_back": lambda group: track(group, "back"),
    "track_this": lambda group: track(group, "this"),
    "track_fwd": lambda group: track(group, "fwd"),
    "track_both": lambda group: track(group, "both"),
    "stop": solving.stop,
    "check": lambda group: solving.run(group, Check()),
    "prev_doubt": lambda group: go_to_doubt(group, -1),
    "next_doubt": lambda group: go_to_doubt(group, 1),
    "prev_lost": lambda group: go_to_lost(group, -1),
    "next_lost": lambda group: go_to_lost(group, 1),
    "suggest": go_to_suggested,
    "region": regions.of_box,
    "fit_region": regions.fit,
    "find": find,
    "subject": subject,
    "refresh_plates": refresh_plates,
    "start_engine": start_engine,
    "stop_engine": stop_engine,
    "diagnostics": lambda _: host.message(ENGINE.report()),
    "report": report.begin,
    "mask_selected": masks.add_selected_mask,
    "take_roto": masks.add_roto_object,
    "carry": carrying.of_selected,
    "carry_file": carrying.of_file,
    "publish": publish.start,
    "farm": publish.farm,
    "take_solved": solving.synchronise,
    "bake": bake.bake,
}


def press(group: Any, name: str) -> None:
    """A button's work."""
    fault = node.newer(group)
    if fault is not None:
        solving.set_status(group, fault)
    else:
        attempt(group, BUTTONS[name])


def attempt(group: Any, work: Callable[[Any], Any]) -> None:
    """Do it, and let everything keep up; what cannot be done is said in the status line, never raised into the host."""
    try:
        work(group)
        follow.look(group, held=False)
    except (edits.Refusal, host.Cancelled, EngineNotFound, EngineError, RuntimeError, OSError) as error:
        solving.set_status(group, str(error))
