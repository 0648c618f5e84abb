"""What is said of an object's frames, the same on every surface."""

from __future__ import annotations

from typing import Any

from wisp.client.states import STATES, corrected, drawn_states


def prompt(frame: int, kind: str = "point") -> dict[str, Any]:
    return {"frame": frame, "kind": kind}


def test_a_keyframe_is_corrected_where_it_neither_begins_the_object_nor_says_it_anew() -> None:
    prompts = [prompt(5, "box"), prompt(5), prompt(3), prompt(9, "stroke"), prompt(12, "mask"), prompt(12)]
    assert corrected(prompts) == {3, 9} and corrected([]) == set()
    item = {"prompts": prompts, "locks": [[9, 10]], "absent": [[20, 22]]}
    said = {frame: drawn_states(item, frame) for frame in (5, 9, 10, 12, 21, 30)}
    assert said == {
        5: ["keyframe"],
        9: ["corrected", "locked"],
        10: ["locked"],
        12: ["keyframe"],
        21: ["absent"],
        30: [],
    }
    assert all(key in STATES for keys in said.values() for key in keys)
