"""What an object is on a frame: one vocabulary and one colour of each for all surfaces."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Set

from .frames import within


class State(NamedTuple):
    """`color`: as `#rrggbb`."""

    label: str
    color: str


#: Of a frame's matte, and of what was drawn or said there. Several may hold at once.
STATES: Dict[str, State] = {
    "tracked": State("solved", "#3f8f63"),
    "dirty": State("dirty", "#b98a2c"),
    "suspicious": State("suspicious", "#ff5a4d"),
    "lost": State("lost", "#8a2a52"),
    "keyframe": State("keyframe", "#ffffff"),
    "corrected": State("corrected", "#5fd4ff"),
    "locked": State("locked", "#8fb8ff"),
    "absent": State("absent", "#17171a"),
}


#: What is said of a frame whose matte is empty because nothing was drawn from which it could come.
UNREACHED = "no prompt reaches it"


def keyframes(prompts: Sequence[Mapping[str, Any]]) -> Set[int]:
    """Frames with prompts of an object."""
    return {prompt["frame"] for prompt in prompts}


def corrected(prompts: Sequence[Mapping[str, Any]]) -> Set[int]:
    """Keyframes that mend what was tracked: all but that of the object's first prompt, which says what it is, and those
    with a mask, which says it anew."""
    if not prompts:
        return set()
    said = {prompt["frame"] for prompt in prompts if prompt["kind"] == "mask"}
    return keyframes(prompts) - said - {prompts[0]["frame"]}


def drawn_states(item: Mapping[str, Any], frame: int) -> List[str]:
    """What a document's object says of a frame, as keys of `STATES`."""
    found = []
    prompts = item.get("prompts", [])
    if frame in keyframes(prompts):
        found.append("corrected" if frame in corrected(prompts) else "keyframe")
    for state, stored in (("locked", item.get("locks", [])), ("absent", item.get("absent", []))):
        if within(frame, stored):
            found.append(state)
    return found
