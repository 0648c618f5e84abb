"""From solved alpha, as a head has left it in the cache, to the finished matte that hosts read.

Everything that a person adjusts after a head has run happens here, on cached alpha: the stabiliser, holes and specks,
the edge, core and garbage mattes, and last of all painted strokes. No setting of these computes an alpha again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any

from ..cache import MatteStamp
from ..fingerprint import fingerprint
from ..finish.edge import mend, shape
from ..finish.stabilise import FLOW_SIZE, REACH, View, stabilise
from ..motion.footage import working_size
from ..plates.clip import Clip, FloatImage
from ..shot import ObjectSpec, Stroke
from .paint import Paint
from .source import Source

#: Raise when the same settings finish the same alpha differently.
FINISH_SCHEMA = 3


class Finishing:
    """How the solved alphas of one object are finished."""

    def __init__(self, item: ObjectSpec, source: Source, life: Sequence[int], frozen: Collection[int]) -> None:
        """`life`: frames in which the object may exist, ascending; `frozen`: those of them whose mattes are approved
        and stay as they are. InputError where a core or garbage matte is not there.
        """
        self._item = item
        self._source = source
        self._life = life
        self._frozen = frozenset(frozen)
        self._core = source.holdout(item.core, f"core matte of '{item.name}'") if item.core else None
        self._garbage = source.holdout(item.garbage, f"garbage matte of '{item.name}'") if item.garbage else None

    @cached_property
    def request(self) -> dict[str, Any]:
        """All that was asked for, as JSON-able values; empty where nothing is done to any frame."""
        edge = self._item.edge.model_dump(mode="json", exclude_defaults=True)
        painted = [prompt.model_dump(mode="json") for prompt in self._item.prompts if isinstance(prompt, Stroke)]
        request = {
            "edge": edge,
            "paint": [self._item.ease, painted] if painted else None,
            "core": self._core and self._core.state,
            "garbage": self._garbage and self._garbage.state,
        }
        return {name: value for name, value in request.items() if value}

    def window(self, frame: int) -> tuple[int, ...]:
        """The frames whose solved alphas the finished matte of `frame` is made of, itself included, ascending."""
        return (frame,) if frame in self._frozen else self.reach(frame)

    def reach(self, frame: int) -> tuple[int, ...]:
        """The frames whose finished mattes the solved alpha of `frame` may be part of, itself included, ascending."""
        if not self._item.edge.stabilise or not self._lives(frame):
            return (frame,)
        plate = self._source.plate.frames  # an absence in between is not stepped over
        place = bisect_left(plate, frame)
        return tuple(filter(self._lives, plate[max(0, place - REACH) : place + REACH + 1]))

    def _lives(self, frame: int) -> bool:
        place = bisect_left(self._life, frame)
        return place < len(self._life) and self._life[place] == frame

    def mark(self, frame: int, solved: Callable[[int], str]) -> str:
        """Fingerprint of the finished matte of `frame`, of the solved alphas' ones; the same where nothing is done."""
        content = {} if frame in self._frozen or not self.request or not self._lives(frame) else self._content(frame)
        if not content:
            return solved(frame)
        window = [(solved(near), self._source.identity(near)) for near in self.window(frame)]
        return fingerprint("finished", FINISH_SCHEMA, content, window)

    @cached_property
    def _paint(self) -> Paint:
        return Paint(self._item, self._source.plate.frames)

    def _content(self, frame: int) -> dict[str, Any]:
        """What is done to `frame`, as JSON-able values; empty where nothing is."""
        paint = self._paint.content(frame)
        content = {
            "edge": self.request.get("edge"),
            "paint": [[*layer, self._source.identity(layer[0])] for layer in paint],
            "core": self._core and self._core.identity(frame),
            "garbage": self._garbage and self._garbage.identity(frame),
        }
        content = {name: value for name, value in content.items() if value}
        if "paint" in content and len(content) > 1:
            content["order"] = "paint last"
        return content

    def apply(self, frame: int, solved: Callable[[int], tuple[FloatImage, MatteStamp]], clip: Clip) -> FloatImage:
        """The finished matte of `frame`: float32, plate height x width, 0..1.

        `solved` gives the alpha of a frame of its window and what is known of it; one at a time is held. `clip`: the
        plate as models see it.
        """
        edge = self._item.edge
        alpha, stamp = solved(frame)
        # A lost object's empty matte says nothing of the frames around it, nor they of it.
        if edge.stabilise and stamp.track_state != "lost":
            size = working_size(clip.width, clip.height, FLOW_SIZE)
            near = ((other, *solved(other)) for other in self.window(frame) if other != frame)
            others = (View(one, clip.image(at, size)) for at, one, about in near if about.track_state != "lost")
            alpha = stabilise(View(alpha, clip.image(frame, size)), others, edge.stabilise)
        core, garbage = (
            None if holdout is None else holdout.read(frame, clip.width, clip.height)
            for holdout in (self._core, self._garbage)
        )
        return self._paint.obey(shape(mend(alpha, edge), edge, core, garbage), clip, frame, eased=self._is_shaped)

    @property
    def _is_shaped(self) -> bool:
        """Whether something else than paint moves the edge, which then meets the paint abruptly."""
        return self.request.keys() != {"paint"}
