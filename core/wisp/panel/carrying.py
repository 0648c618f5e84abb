"""Prompts from one frame, object or shot to another, as text that a clipboard holds. No Qt."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from ..client.shot_edits import Prompt
from ..client.tables import EDGE, MAX_PIXELS, MAX_STROKE_POINTS, OVERSCAN, PAINTED
from .gestures import touches

_KEY = "wisp-prompts"


def carried(prompts: List[Prompt], size: Tuple[int, int], root: str) -> str:
    """Prompts as JSON. `size`: their plate's width and height; `root`: what their masks' paths refer to."""
    taken = copy.deepcopy(prompts)
    for prompt in taken:
        if "path" in prompt:
            prompt["path"] = (Path(root) / prompt["path"]).as_posix()
    return json.dumps({_KEY: taken, "size": list(size)})


def placed(text: str, frame: int, size: Tuple[int, int], root: str) -> List[Prompt]:
    """The prompts in `text` for a frame of a plate of that size: places and radii are scaled to it.

    ValueError, a sentence, where `text` holds none, or what is none of a shot, or a mask, which is of its own plate's
    size, for another size."""
    try:
        said = json.loads(text)
        copied, before = list(said[_KEY]), tuple(said["size"])
    except (ValueError, TypeError, KeyError, RecursionError):
        copied, before = [], ()
    if not copied or len(before) != 2 or not all(map(_is_length, before)):
        raise ValueError("No prompts were copied.")
    x, y = size[0] / before[0], size[1] / before[1]
    made = [_scaled(dict(prompt, frame=frame), x, y) for prompt in copied if _is_prompt(prompt)]
    if len(made) < len(copied) or not all(_is_prompt(prompt) and _reaches(prompt, size) for prompt in made):
        raise ValueError("What was copied is no prompt of a shot, or does not fit this plate: nothing was pasted.")
    for prompt in made:
        if "path" in prompt:
            if (x, y) != (1.0, 1.0):
                raise ValueError(f"A mask of a {before[0]:.0f}x{before[1]:.0f} plate does not fit {size[0]}x{size[1]}.")
            place = Path(prompt["path"])
            prompt["path"] = (place.relative_to(root) if Path(root) in place.parents else place).as_posix()
    return made


def scaled(
    objects: List[Dict[str, Any]],
    before: Tuple[int, int],
    size: Tuple[int, int],
    picture: Callable[[str], str] = lambda path: path,
) -> List[Dict[str, Any]]:
    """A document's objects for its plate of another size (width, height): places, radii, regions and what of the edge
    is in pixels. `picture`: the path of a mask that fits, for that of one that did."""
    x, y = size[0] / before[0], size[1] / before[1]
    made = copy.deepcopy(objects)
    for item in made:
        item["prompts"] = [_scaled(prompt, x, y) for prompt in item.get("prompts", [])]
        for prompt in item["prompts"]:
            if prompt["kind"] == "mask":
                prompt["path"] = picture(prompt["path"])
        if item.get("region"):
            x0, y0, x1, y1 = item["region"]
            ends = min(math.ceil(x1 * x), size[0]), min(math.ceil(y1 * y), size[1])
            item["region"] = [int(x0 * x), int(y0 * y), *ends]
        for setting in EDGE:
            if setting.unit == "px" and item.get("edge", {}).get(setting.key):
                value = item["edge"][setting.key] * (x * y) ** 0.5
                item["edge"][setting.key] = round(value) if setting.whole else round(value, 2)
    return made


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MAX_PIXELS


def _is_length(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_line(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MAX_STROKE_POINTS and all(map(_is_place, value))


def _is_box(value: Any) -> bool:
    return _is_line([value[:2], value[2:]]) and value[0] < value[2] and value[1] < value[3]


def _is_softness(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_include(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_path(value: Any) -> bool:
    return _is_text(value) and "\0" not in value


#: Of each kind of prompt what it must have, and what it may have besides.
_Checks = Dict[str, Callable[[Any], bool]]
_PARTS: Dict[str, Tuple[_Checks, _Checks]] = {
    "point": ({"xy": _is_place}, {"include": _is_include}),
    "box": ({"xyxy": _is_box}, {}),
    "stroke": ({"xy": _is_line}, {"radius": _is_length, "include": _is_include, "softness": _is_softness}),
    "unknown": ({"xy": _is_line}, {"radius": _is_length}),
    "mask": ({"path": _is_path}, {}),
    "text": ({"text": _is_text}, {}),
}


def _is_prompt(prompt: Any) -> bool:
    """Whether a document takes it, on whatever frame: what checks documents is not there in every host."""
    try:
        needed, more = _PARTS[prompt["kind"]]
        parts = {key: value for key, value in prompt.items() if key not in ("kind", "frame")}
        known = {**needed, **more}
        return needed.keys() <= parts.keys() and all(known[key](value) for key, value in parts.items())
    except (AttributeError, KeyError, TypeError):
        return False


def _reaches(prompt: Prompt, size: Tuple[int, int]) -> bool:
    """Whether a document takes it where it lies."""
    if prompt["kind"] == "point":
        return all(-OVERSCAN * side <= at <= (1 + OVERSCAN) * side for at, side in zip(prompt["xy"], size))
    return not {"xy", "xyxy"} & prompt.keys() or touches(prompt, size)


def _scaled(prompt: Dict[str, Any], x: float, y: float) -> Prompt:
    def there(point: Any) -> List[float]:
        return [round(point[0] * x, 2), round(point[1] * y, 2)]

    if "xyxy" in prompt:
        prompt["xyxy"] = [*there(prompt["xyxy"][:2]), *there(prompt["xyxy"][2:])]
    if prompt["kind"] == "point":
        prompt["xy"] = there(prompt["xy"])
    elif prompt["kind"] in PAINTED:
        prompt["xy"] = [there(point) for point in prompt["xy"]]
        prompt["radius"] = round(prompt.get("radius", PAINTED[prompt["kind"]]) * (x * y) ** 0.5, 2)
    return prompt
