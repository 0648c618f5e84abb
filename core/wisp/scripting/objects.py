"""An object of a shot that is open in a script: its prompts, its edge and its frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from .. import shot as documents
from ..arguments import Frame, Line, Numbers, Range, all_checked, frames_of
from ..client.locks import with_locks
from ..client.tables import EDGE, PAINTED, STROKE_RADIUS, UNKNOWN_RADIUS
from ..client.wording import counted
from ..errors import UsageError
from ..panel.shot_edits import Refused, ShotEdits

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
        return f"<object {self.name!r} with {counted(len(self.spec.prompts), 'prompt')}>"

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
        """A prompt as the document has it."""
        return self._edit(lambda edits: edits.add_prompt(prompt))

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
        """Keep the mattes of these frames as they are, or with `locked=False` solve them again."""
        named = set(frames_of(frames) or ())
        if locked:
            self._open.document.plate.check_frames(named)
        return self._set(**with_locks(self.spec.model_dump(mode="json"), named, locked))

    def exists(self, first: Frame | None = None, last: Frame | None = None) -> Object:
        """On which frames it may be there; None: from the plate's first, to its last."""
        return self._set(first=first, last=last)

    def absent(self, frames: Range) -> Object:
        """It is not there on these frames, which begin or end the shot. UsageError for frames in the midst of it."""
        gone, plate = sorted(set(frames_of(frames) or ())), self._open.document.plate
        spec = self.spec
        first = plate.first if spec.first is None else spec.first
        last = plate.last if spec.last is None else spec.last
        left = [frame for frame in range(first, last + 1) if frame not in set(gone)]
        if not left or left != list(range(left[0], left[-1] + 1)):
            raise UsageError(
                f"'{self.name}' can be absent only before it appears or after it has left.",
                hint="For what goes and comes back, make a second object from the frame where it is back.",
            )
        return self.exists(left[0] if left[0] > plate.first else None, left[-1] if left[-1] < plate.last else None)

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

    def _chosen(self, frames: Range, kind: str | None, number: int | None) -> list[int]:
        """Places among the prompts."""
        wanted = None if frames is None else set(frames_of(frames) or ())
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
