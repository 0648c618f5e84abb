"""What the mouse means: presses, moves and releases in plate pixels become prompts. No Qt.

`scale` is screen pixels per plate pixel, so that "near" means near on the screen.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..client.shot_edits import Prompt, ShotEdits
from ..client.tables import FIRMER, OVERSCAN, THINNEST

XY = Tuple[float, float]

POINT_ADD, POINT_REMOVE, BOX, STROKE, LASSO = "point-add", "point-remove", "box", "stroke", "lasso"
UNKNOWN = "unknown"
TOOLS = (POINT_ADD, POINT_REMOVE, BOX, STROKE, LASSO, UNKNOWN)
#: Those with a brush.
BRUSHES = (STROKE, UNKNOWN)
#: Screen pixels: a press so near takes hold of a prompt; a drag that is shorter than that across or down is a click.
GRAB, DRAG = 9.0, 8.0


class Hold(NamedTuple):
    """A prompt under the mouse, and which of its handles: `xy`, or a corner of a box as indices into `xyxy`."""

    prompt: Prompt
    handle: Tuple[int, ...]


class Gestures:
    """One mouse gesture at a time, for the active object of a shot.

    `draft` is the prompt as it would be if the mouse were released now; the canvas paints it.
    `save_mask(outline, frame)` stores a lasso as a picture and returns its path for the document, or None.
    `tell(sentence)` says why a gesture does not begin.
    """

    def __init__(self, edits: ShotEdits) -> None:
        self.edits = edits
        self.tool = POINT_ADD
        self.radius = 12.0
        #: Over which share of the radius, from its rim inwards, a stroke does less and less: 0..1.
        self.softness = 0.0
        #: How hard the pen presses, 0..1; a mouse always does fully.
        self.pressure = 1.0
        #: The parts of the line under way that are of another width than what is drawn now.
        self.drawn: List[Prompt] = []
        self._pressed = 1.0
        self.save_mask: Callable[[List[XY], int], Optional[str]] = lambda *_: None
        self.tell: Callable[[str], None] = lambda _: None
        self.draft: Optional[Prompt] = None
        self._start: Optional[XY] = None
        self._path: List[XY] = []
        self._held: Optional[Hold] = None
        self._include = True
        self._doing = self.tool

    @property
    def active(self) -> bool:
        """Whether a gesture is under way."""
        return self._start is not None

    @property
    def held(self) -> Optional[Prompt]:
        """The prompt that the gesture under way replaces."""
        return self._held.prompt if self._held is not None and self.active else None

    def near(self, xy: XY, frame: int, scale: float) -> Optional[Hold]:
        """The active object's handle nearest to `xy`, if near enough to be meant."""
        best, found = GRAB / scale, None
        for prompt in self.edits.prompts(self.edits.active, frame):
            for handle, place in handles(prompt):
                distance = math.hypot(place[0] - xy[0], place[1] - xy[1])
                if distance <= best:
                    best, found = distance, Hold(prompt, handle)
        return found

    def press(self, xy: XY, frame: int, scale: float, exclude: bool = False, stroke: bool = False) -> None:
        """Begin. `exclude`: the mouse or a key asks for the opposite; `stroke`: a stroke whatever the tool."""
        self._doing = STROKE if stroke else self.tool
        if exclude and self._doing in (POINT_ADD, BOX):
            self._doing = POINT_REMOVE  # no box takes away; a point does
        why = self._refusal(frame, exclude)
        if why:
            self.tell(why)
            return
        self._start, self._path = xy, [xy]
        self._pressed = self.pressure
        self._include = not exclude and self._doing != POINT_REMOVE
        freehand = self._doing in (*BRUSHES, LASSO)
        self._held = None if freehand or exclude else self.near(xy, frame, scale)
        self.move(xy, frame, scale)

    def move(self, xy: XY, frame: int, scale: float) -> None:
        if self._start is None:
            return
        xy = self._clamped(xy)
        if self._doing in BRUSHES and abs(self.pressure - self._pressed) >= FIRMER:
            if len(self._path) > 1:
                self.drawn.append(self._line(frame))
                self._path = self._path[-1:]
            self._pressed = self.pressure
        if math.hypot(xy[0] - self._path[-1][0], xy[1] - self._path[-1][1]) * scale >= 2.0:
            self._path.append(xy)
        self.draft = self._prompt(xy, frame, scale)

    def release(self, xy: XY, frame: int, scale: float) -> bool:
        """End; returns whether the shot changed."""
        if self._start is None:
            return False
        self.move(xy, frame, scale)
        draft, held, drawn = self.draft, self._held, self.drawn
        outline = self._path if self._doing == LASSO else []
        self.cancel()
        if draft is None or not touches(draft, self.edits.size):
            return False
        if held is not None:
            self.edits.replace_prompt(held.prompt, draft)
            return draft != held.prompt
        if outline:
            path = self.save_mask(outline, frame) if len(outline) > 2 else None
            if path is None:
                return False
            draft = {"frame": frame, "kind": "mask", "path": path}
        self.edits.add_prompts([*drawn, draft], "Add prompt")
        return True

    def cancel(self) -> None:
        """Forget the gesture under way."""
        self._start, self._held, self.draft, self.drawn = None, None, None, []

    def _refusal(self, frame: int, exclude: bool) -> str:
        """Why nothing can be drawn so on that frame; or nothing."""
        if exclude and self._doing in (LASSO, UNKNOWN):
            return "This tool takes nothing away: paint with the right button and the stroke (S) instead."
        return self.edits.refusal(frame)

    def _prompt(self, xy: XY, frame: int, scale: float) -> Optional[Prompt]:
        assert self._start is not None
        if self._held is not None:
            return moved(self._held, xy)
        if self._doing == LASSO:
            return {"frame": frame, "kind": "lasso", "xy": list(self._path)}
        if self._doing in BRUSHES:
            return self._line(frame)
        start = self._clamped(self._start)
        across, down = (abs(a - b) * scale for a, b in zip(start, xy))
        if self._doing != POINT_REMOVE and min(across, down) >= DRAG:
            return box_between(start, xy, frame)
        if self._doing == BOX:
            return None
        return {"frame": frame, "kind": "point", "xy": rounded(start), "include": self._include}

    def _line(self, frame: int) -> Prompt:
        """What was painted since its width changed last."""
        radius = self.radius if self._pressed >= 1.0 else round(self.radius * max(self._pressed, THINNEST), 2)
        points = [rounded(point) for point in self._path]
        line: Prompt = {"frame": frame, "kind": self._doing, "xy": points, "radius": radius}
        if self._doing == STROKE:
            line["include"] = self._include
            if self.softness:
                line["softness"] = self.softness
        return line

    def _clamped(self, xy: XY) -> XY:
        """Where prompts may lie: also in the overscan."""
        x, y = (min(max(v, -OVERSCAN * side), (1 + OVERSCAN) * side) for v, side in zip(xy, self.edits.size))
        return x, y


def touches(prompt: Prompt, size: Tuple[int, int]) -> bool:
    """Whether the prompt says anything of the picture: a point always does, all else has to reach it."""
    if prompt["kind"] == "point":
        return True
    if prompt["kind"] == "box":
        x0, y0, x1, y1 = prompt["xyxy"]
        return bool(x0 < size[0] and y0 < size[1] and x1 > 0 and y1 > 0)
    reach = prompt.get("radius", 0.0)
    return any(-reach < x < size[0] + reach and -reach < y < size[1] + reach for x, y in prompt["xy"])


def handles(prompt: Prompt) -> List[Tuple[Tuple[int, ...], XY]]:
    """What of a prompt can be taken hold of: a point; a box's corners."""
    if prompt["kind"] == "point":
        return [((), (prompt["xy"][0], prompt["xy"][1]))]
    if prompt["kind"] == "box":
        box = prompt["xyxy"]
        return [((i, j), (box[i], box[j])) for i in (0, 2) for j in (1, 3)]
    return []


def moved(hold: Hold, xy: XY) -> Prompt:
    """The prompt with the held handle at `xy`; a box's corner stops one pixel before the opposite one."""
    prompt: Dict[str, Any] = dict(hold.prompt)
    if prompt["kind"] == "point":
        prompt["xy"] = rounded(xy)
        return prompt
    box = list(prompt["xyxy"])
    for index, value in zip(hold.handle, rounded(xy)):
        other = box[(index + 2) % 4]
        box[index] = min(value, other - 1.0) if index < 2 else max(value, other + 1.0)
    prompt["xyxy"] = box
    return prompt


def box_between(a: XY, b: XY, frame: int) -> Prompt:
    """The box with these opposite corners."""
    (x0, y0), (x1, y1) = rounded(a), rounded(b)
    return {"frame": frame, "kind": "box", "xyxy": [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]}


def rounded(xy: XY) -> List[float]:
    """A hundredth of a pixel is finer than a hand; more digits make a diff unreadable."""
    return [round(xy[0], 2), round(xy[1], 2)]
