"""An object of a shot that is open in a script: its prompts, its edge and its frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from .. import shot as documents
from ..arguments import Frame, Line, Numbers, Range, all_checked, frames_of
from ..client.frames import spans, with_span
from ..client.locks import with_locks
from ..client.shot_edits import Refused, ShotEdits
from ..client.tables import EDGE, PAINTED, STROKE_RADIUS, UNKNOWN_RADIUS
from ..client.wording import counted
from ..errors import UsageError

if TYPE_CHECKING:
    from .shots import OpenShot

#: Kinds of prompts that have a place to move.
_MOVABLE = ("point", "box", *PAINTED)


@all_checked
class Object:
    """One object of an open shot. Every edit returns the object, so that they can be chained."""

    def __init__(self, shot: OpenShot, name: str) -> None:
        self._open = shot
        self.name = name

    def __repr__(self) -> str:
        there = next((item for item in self._open.document.objects if item.name == self.name), None)
        return f"<object {self.name!r}, {counted(len(there.prompts), 'prompt') if there is not None else 'removed'}>"

    @property
    def spec(self) -> documents.ObjectSpec:
        """As the document has it."""
        return self._open.document.object_named(self.name)

    @property
    def prompts(self) -> tuple[documents.Prompt, ...]:
        """In the order in which they were given."""
        return tuple(self.spec.prompts)

    def box(self, xyxy: Numbers, frame: Frame) -> Object:
        """A rectangle around it: left, top, right, bottom. It replaces the frame's box."""
        return self.add({"frame": frame, "kind": "box", "xyxy": list(xyxy)})

    def point(self, xy: Numbers, frame: Frame, include: bool = True) -> Object:
        """A click on it, or with `include=False` beside it."""
        return self.add({"frame": frame, "kind": "point", "xy": list(xy), "include": include})

    def stroke(
        self,
        xy: Line,
        frame: Frame,
        radius: float = STROKE_RADIUS,
        include: bool = True,
        softness: float = 0.0,
    ) -> Object:
        """A painted line of that radius to keep, or with `include=False` to remove; `softness`: over which share of the
        radius, from its rim inwards, less and less."""
        line = [list(point) for point in xy]
        made = {"frame": frame, "kind": "stroke", "xy": line, "radius": radius, "include": include}
        return self.add(dict(made, softness=softness))

    def unknown(self, xy: Line, frame: Frame, radius: float = UNKNOWN_RADIUS) -> Object:
        """A painted line of that radius under which alpha may be anything; it travels with the object."""
        line = [list(point) for point in xy]
        return self.add({"frame": frame, "kind": "unknown", "xy": line, "radius": radius})

    def mask(self, path: str | Path, frame: Frame) -> Object:
        """A black and white picture of it, of the plate's size."""
        return self.add({"frame": frame, "kind": "mask", "path": documents.relative_path(path, self._open.path)})

    def text(self, words: str, frame: Frame) -> Object:
        """Words that name it; `OpenShot.detect` makes them a box."""
        return self.add({"frame": frame, "kind": "text", "text": words})

    def add(self, prompt: dict[str, Any]) -> Object:
        """A prompt as the document has it. UsageError for one that is none."""
        made = documents.checked_prompt(prompt)
        return self._edit(lambda edits: edits.add_prompt(made, unseen=True))

    def remove(self, frames: Range = None, kind: str | None = None, number: int | None = None) -> int:
        """Remove prompts on these frames (None: all), of that kind, or only the `number`-th of these, counted from 1.

        Returns how many. UsageError where there is none."""
        chosen = self._chosen(frames, kind, number)

        left = [one for place, one in enumerate(self._stored()) if place not in chosen]
        self._set(prompts=left)
        return len(chosen)

    def move(
        self,
        by: Annotated[Numbers, Field(min_length=2, max_length=2)],
        frames: Range = None,
        kind: str | None = None,
        number: int | None = None,
    ) -> int:
        """Move points, boxes and strokes by (x, y) plate pixels; which ones as of `remove`. Returns how many."""
        chosen = [place for place in self._chosen(frames, kind, number) if self.prompts[place].kind in _MOVABLE]
        if not chosen:
            raise UsageError(
                f"'{self.name}' has no prompt there that has a place to move.", hint="Points, boxes and strokes have."
            )

        self._set(prompts=[_moved(one, by) if place in chosen else one for place, one in enumerate(self._stored())])
        return len(chosen)

    def edge(self, **settings: float) -> Object:
        """Change how the matte is finished: `grow`, `soften`, `gamma`, ...; the others stay. Without any: as solved."""
        known = [setting.key for setting in EDGE]
        for key in settings:
            if key not in known:
                raise UsageError(f"There is no edge setting '{key}'.", hint=f"There are {', '.join(known)}.")
        edge = {**self.spec.edge.model_dump(mode="json"), **settings} if settings else {}
        return self._edit(lambda edits: edits.set_edge(self.spec.id, edge))

    def ease(self, frames: int) -> Object:
        """Over how many frames on either side painted strokes fade out; 0: they are on their own frames alone."""
        return self._set(ease=frames)

    def lock(self, frames: Range, locked: bool = True) -> Object:
        """Keep the mattes of these frames (None: all) as they are, or with `locked=False` solve them again."""
        named = self._named(frames, locked)
        return self._set(**with_locks(self.spec.model_dump(mode="json"), named, locked))

    def exists(self, first: Frame | None = None, last: Frame | None = None) -> Object:
        """On which frames it may be there; None: from the plate's first, to its last."""
        return self._set(first=first, last=last)

    def absent(self, frames: Range, absent: bool = True) -> Object:
        """It is not to be seen on these frames (None: all), or with `absent=False` it may be there again: its matte is
        empty on them, and behind them it is looked for. UsageError for frames with prompts or locks."""
        stored = [list(span) for span in self.spec.absent]
        for first, last in spans(self._named(frames, absent)):
            stored = with_span(stored, first, last, absent)

        def change(edits: ShotEdits) -> None:
            fault = edits.set_absent(stored)
            if fault:
                raise Refused(fault)

        return self._edit(change)

    def delete(self) -> None:
        """Remove it from the shot."""
        number = self.spec.id
        self._open.edit(lambda edits: edits.remove_object(number))

    # -- inside -------------------------------------------------------------------------------------------------

    def _set(self, **values: Any) -> Object:
        return self._edit(lambda edits: edits.set_object(self.spec.id, **values))

    def _edit(self, change: Callable[[ShotEdits], Any]) -> Object:
        number = self.spec.id

        def of_this(edits: ShotEdits) -> None:
            edits.active = number
            try:
                change(edits)
            except Refused as error:
                raise UsageError(str(error)) from None

        self._open.edit(of_this)
        return self

    def _named(self, frames: Range, on: bool) -> set[int]:
        """The frames that are named. UsageError where something is to be said of one that is none of the shot's."""
        plate, named = self._open.document.plate, frames_of(frames)
        if on and named is not None:
            plate.check_frames(named)
        return set(range(plate.first, plate.last + 1) if named is None else named)

    def _chosen(self, frames: Range, kind: str | None, number: int | None) -> list[int]:
        """Places among the prompts."""
        wanted = frames_of(frames)
        found = [
            place
            for place, prompt in enumerate(self.prompts)
            if (wanted is None or prompt.frame in wanted) and kind in (None, prompt.kind)
        ]
        if number is not None:
            found = found[number - 1 : number] if number > 0 else []
        if not found:
            raise UsageError(f"'{self.name}' has no such prompt.", hint="See what there is: wisp prompt SHOT list.")
        return found

    def _stored(self) -> list[dict[str, Any]]:
        """The prompts as the document has them."""
        return [prompt.model_dump(mode="json") for prompt in self.prompts]


def _moved(prompt: dict[str, Any], by: Sequence[float]) -> dict[str, Any]:
    dx, dy = by
    if prompt["kind"] == "box":
        x0, y0, x1, y1 = prompt["xyxy"]
        return {**prompt, "xyxy": [x0 + dx, y0 + dy, x1 + dx, y1 + dy]}
    if prompt["kind"] in PAINTED:
        return {**prompt, "xy": [[x + dx, y + dy] for x, y in prompt["xy"]]}
    x, y = prompt["xy"]
    return {**prompt, "xy": [x + dx, y + dy]}
