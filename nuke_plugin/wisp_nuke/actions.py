"""What the buttons do. What goes wrong becomes a sentence in the node's status line."""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import bake, edits, engine, follow, host, masks, node, plates, publish, solving, strokes
from .vendor.client.engine_path import EngineNotFound
from .vendor.client.errors import EngineError


def track(group: Any, direction: str) -> Any:
    return solving.track(group, direction, with_bar=not follow.in_panel(group))


def go_to_keyframe(group: Any, step: int) -> None:
    """The next (1) or previous (-1) frame with prompts."""
    beyond = [frame for frame in edits.keyframes(group) if (frame - host.frame()) * step > 0]
    if beyond:
        host.go(min(beyond) if step > 0 else max(beyond))


def refresh_plates(group: Any) -> None:
    """Render the whole plate again, whatever is there."""
    plates.forget(solving.plate_folder(group))
    solving.export_plates(group, lambda: solving.say(group, "The plate is rendered again"))


def start_engine(group: Any) -> None:
    engine.client(str(group["wisp_engine_python"].value()))
    solving.say(group, "The engine starts")


def stop_engine(group: Any) -> None:
    engine.stop()
    solving.say(group, "The engine is stopped; it starts again when it is needed")


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
    "refresh_plates": refresh_plates,
    "start_engine": start_engine,
    "stop_engine": stop_engine,
    "diagnostics": lambda _: host.message(engine.report()),
    "mask_selected": masks.take_selected,
    "publish": publish.start,
    "farm": publish.farm,
    "take_solved": solving.synchronise,
    "bake": bake.bake,
}


def press(group: Any, name: str) -> None:
    """A button's work."""
    fault = node.newer(group)
    if fault is not None:
        solving.say(group, fault)
    else:
        attempt(group, BUTTONS[name])


def attempt(group: Any, work: Callable[[Any], Any]) -> None:
    """Do it, and let everything keep up; what cannot be done is said in the status line, never raised into the host."""
    try:
        work(group)
        follow.look(group, held=False)
    except host.Cancelled:
        solving.say(group, "Stopped while the plate was rendered")
    except (edits.Refusal, EngineNotFound, EngineError, RuntimeError, OSError) as error:
        solving.say(group, str(error))
