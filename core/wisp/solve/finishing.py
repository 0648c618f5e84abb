"""From solved alpha, as a head has left it in the cache, to the finished matte that hosts read.

Everything that a person adjusts after a head has run happens here, on cached alpha: the stabiliser, holes and specks,
painted strokes, the edge, core and garbage mattes. No setting of these computes an alpha again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError, UsageError
from ..fingerprint import fingerprint
from ..finish.matte import mend, shape
from ..finish.stabilise import FLOW_SIZE, REACH, View, stabilise
from ..plates.clip import Clip, FloatImage
from ..plates.identity import file_identity
from ..plates.plate import Plate
from ..plates.sequences import MOVIE_SUFFIXES, Files, find
from ..plates.stills import read_coverage
from ..shot import ObjectSpec
from ..trackers.prompts import working_size
from .paint import obey_strokes, paint_content

#: Raise when the same settings finish the same alpha differently.
FINISH_SCHEMA = 1


class Finishing:
    """How the solved alphas of one object are finished."""

    def __init__(
        self,
        item: ObjectSpec,
        plate: Plate,
        life: Sequence[int],
        frozen: Collection[int],
        locate: Callable[[str], Path],
    ) -> None:
        """`life`: frames in which the object may exist, ascending; `frozen`: those of them whose mattes are approved
        and stay as they are. `locate` resolves stored paths. InputError where a core or garbage matte is not there.
        """
        self._item = item
        self._plate = plate
        self._life = tuple(life)
        self._places = {frame: place for place, frame in enumerate(life)}
        self._frozen = frozenset(frozen)
        self._core = _Holdout(item.core, f"core matte of '{item.name}'", locate) if item.core else None
        self._garbage = _Holdout(item.garbage, f"garbage matte of '{item.name}'", locate) if item.garbage else None

    def window(self, frame: int) -> tuple[int, ...]:
        """The frames whose solved alphas the finished matte of `frame` is made of, itself included, ascending."""
        return (frame,) if frame in self._frozen else self.reach(frame)

    def reach(self, frame: int) -> tuple[int, ...]:
        """The frames whose finished mattes the solved alpha of `frame` may be part of, itself included, ascending."""
        if not self._item.edge.stabilise or frame not in self._places:
            return (frame,)
        place = self._places[frame]
        return self._life[max(0, place - REACH) : place + REACH + 1]

    def mark(self, frame: int, solved: Mapping[int, str]) -> str:
        """Fingerprint of the finished matte of `frame`, of the solved alphas' ones; the same where nothing is done."""
        content = {} if frame in self._frozen or frame not in self._places else self._content(frame)
        if not content:
            return solved[frame]
        window = [(solved[near], self._plate.identity(near)) for near in self.window(frame)]
        return fingerprint("finished", FINISH_SCHEMA, content, window)

    def _content(self, frame: int) -> dict[str, Any]:
        """What is done to `frame`, as JSON-able values; empty where nothing is."""
        paint = paint_content(self._item, frame, self._plate.frames)
        content = {
            "edge": self._item.edge.model_dump(mode="json", exclude_defaults=True),
            "paint": [[*layer, self._plate.identity(layer[0])] for layer in paint],
            "core": self._core and file_identity(self._core.path(frame)),
            "garbage": self._garbage and file_identity(self._garbage.path(frame)),
        }
        return {name: value for name, value in content.items() if value}

    def apply(self, frame: int, solved: Callable[[int], FloatImage], clip: Clip) -> FloatImage:
        """The finished matte of `frame`: float32, plate height x width, 0..1.

        `solved` gives the alpha of a frame of its window; one at a time is held. `clip`: the plate as models see it.
        """
        edge = self._item.edge
        size = working_size(clip.width, clip.height, FLOW_SIZE)
        alpha = solved(frame)
        if edge.stabilise:
            others = (View(solved(near), clip.image(near, size)) for near in self.window(frame) if near != frame)
            alpha = stabilise(View(alpha, clip.image(frame, size)), others, edge.stabilise)
        alpha = obey_strokes(mend(alpha, edge), clip, self._item, frame)
        core, garbage = (
            None if holdout is None else holdout.read(frame, clip.width, clip.height)
            for holdout in (self._core, self._garbage)
        )
        return shape(alpha, edge, core, garbage)


class _Holdout:
    """A core or garbage matte: a sequence with the plate's frame numbers, or one picture for all frames."""

    def __init__(self, stored: str, what: str, locate: Callable[[str], Path]) -> None:
        self._what = what
        self._found: Files = find(locate(stored))
        if next(iter(self._found.files.values())).suffix.lower() in MOVIE_SUFFIXES:
            raise UsageError(f"The {what} is a movie, {stored}.", hint="Give a picture or a sequence of pictures.")

    def path(self, frame: int) -> Path:
        """The file for `frame`; InputError where the sequence has none."""
        files = self._found.files
        still = len(files) == 1 and Path(self._found.path) in files.values()
        path = next(iter(files.values())) if still else files.get(frame)
        if path is None:
            raise InputError(
                f"The {self._what} has no frame {frame} ({self._found.path}).",
                hint="Render it for every frame of the shot, or give one picture for all.",
                path=self._found.path,
            )
        return path

    def read(self, frame: int, width: int, height: int) -> FloatImage:
        """Its values on `frame`, 0..1. FrameReadError; UsageError for another size than the plate's."""
        return read_coverage(self.path(frame), width, height)
