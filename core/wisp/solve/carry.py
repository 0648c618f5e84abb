"""Prompts of one shot find their places in the pictures of another: the other eye's, or another take's.

Both pictures are looked at together, object by object: what moves with it goes with it, also the corners of its box,
which lie on what is behind. A frame that is solved is carried as a mask, so that the mattes of both shots agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..cache import read_matte
from ..client.ends import Carried
from ..client.events import Progress, PromptsCarried
from ..client.requests import Carry
from ..client.tables import OVERSCAN, PAINTED
from ..errors import CancelledError, UsageError
from ..fingerprint import fingerprint
from ..frames import parse_frames
from ..motion.between import Between, between
from ..motion.flow import Flow, Plane, pixel_grid
from ..motion.footage import grey_picture, working_size
from ..plates.clip import FloatImage
from ..plates.stills import read_coverage
from ..shot import MaskPrompt, ObjectSpec, Prompt, load
from .progress import Listener, ignore, never
from .solver import Solver

#: Pictures are compared with this longer side.
LONG_SIDE = 854
#: From this on the place of a prompt is believed. Pictures that show other things stay below 0.2, a made scene seen by
#: two eyes above 0.9.
SURE = 0.5
#: How far around a point is looked, as a share of the longer side.
_AROUND = 0.03
Points = NDArray[np.float64]
Box = tuple[float, float, float, float]


def carry(
    solver: Solver, asked: Carry, on_event: Listener = ignore, should_stop: Callable[[], bool] = never
) -> Carried:
    """Tell what each object of the other shot gets here, frame by frame.

    Raises UsageError for objects and frames that are not there, or where there is nothing to carry; InputError,
    OutputError, CancelledError, and what reading frames raises.
    """
    other = solver.beside(load(asked.source), Path(asked.source).resolve().parent, asked.cache)
    shot = other.shot
    items = [item for item in shot.objects if item.enabled]
    if asked.names is not None:
        items = [shot.object_named(name) for name in asked.names]
    work = [(item, frame) for item in items for frame in _frames(other, item, asked)]
    if not work:
        raise UsageError(f"{asked.source} has no prompts to carry.", hint="Draw some there, or name other frames.")
    solver.frames_of(sorted({frame + asked.shift for _, frame in work}))
    doubtful = 0
    for number, (item, frame) in enumerate(sorted(work, key=lambda each: each[1]), 1):
        told = _Pair(other, solver, frame, frame + asked.shift, Path(asked.folder)).carried(item)
        doubtful += told.doubtful
        on_event(told)
        on_event(Progress("carry", told.frame, number, len(work), None))
        if should_stop():
            raise CancelledError("Stopped; the shot is as it was.")
    return Carried(len(work), doubtful)


def _frames(other: Solver, item: ObjectSpec, asked: Carry) -> list[int]:
    """Those of an object that are carried: with prompts, and of a range that is named also those that are solved."""
    drawn = {prompt.frame for prompt in item.prompts if prompt.kind != "text"}
    if asked.frames is None:
        return sorted(drawn)
    wanted = other.frames_of(parse_frames(asked.frames))
    return [frame for frame in wanted if frame in drawn or _alpha(other, item, frame) is not None]


def _alpha(other: Solver, item: ObjectSpec, frame: int) -> FloatImage | None:
    """The matte of an object, where it is solved and shows something."""
    path = other.work(item.name).matte(frame) if item.prompts else None
    alpha = None if path is None else read_matte(path)[0]
    return alpha if alpha is not None and (alpha > 0.5).any() else None


class _Pair:
    """A frame of the other shot (`then`) and one of this shot (`now`)."""

    def __init__(self, other: Solver, here: Solver, then: int, now: int, folder: Path) -> None:
        self._other, self._then, self._now, self._folder = other, then, now, folder
        before, after = other.clip_of(None), here.clip_of(None)
        self._grid = working_size(before.width, before.height, LONG_SIDE)
        self._size = (other.plate.width, other.plate.height)
        self._target = (here.plate.width, here.plate.height)
        self._pictures = grey_picture(before, then, self._grid), grey_picture(after, now, self._grid)
        self._padding = here.plate.padding

    def carried(self, item: ObjectSpec) -> PromptsCarried:
        """What an object gets."""
        prompts = [prompt for prompt in item.prompts if prompt.frame == self._then and prompt.kind != "text"]
        alpha = _alpha(self._other, item, self._then)
        area = self._on_grid(alpha) if alpha is not None else self._area(prompts)
        found = between(*self._pictures, area)
        if alpha is not None:
            made = [self._mask(item.name, alpha, found)]
        else:
            made = [one for one in (self._prompt(prompt, item.name, found) for prompt in prompts) if one is not None]
        kept = [prompt for prompt, _ in made if prompt]
        sure = min([sure for _, sure in made], default=0.0)
        parts = {"color": item.color, "edge": item.edge.model_dump(mode="json")}
        return PromptsCarried(item.name, self._now, kept, round(sure, 3), sure < SURE, parts)

    # -- places -----------------------------------------------------------------------------------------------------

    def _to_grid(self, points: Any) -> Points:
        """Pixels of the other plate to pixels of the grid, whose centres are whole numbers."""
        scale = np.array(self._grid) / np.array(self._size)
        return np.asarray(np.asarray(points, np.float64).reshape(-1, 2) * scale - 0.5, np.float64)

    def _to_plate(self, points: Points) -> list[list[float]]:
        """Pixels of the grid to pixels of this plate."""
        places = (points + 0.5) * (np.array(self._target) / np.array(self._grid))
        return [[round(float(x), 2), round(float(y), 2)] for x, y in places]

    def _on_grid(self, plane: FloatImage) -> Plane:
        return np.asarray(cv2.resize(plane, self._grid, interpolation=cv2.INTER_AREA), np.float32)

    def _area(self, prompts: Sequence[Prompt]) -> Plane:
        """Where the object is, as far as its prompts say: in its masks, else in the middle of its box and around what
        was clicked and painted."""
        area = np.zeros(self._grid[::-1], np.float32)
        for prompt in prompts:
            if isinstance(prompt, MaskPrompt):
                np.maximum(area, self._on_grid(self._read(prompt)), out=area)
            elif prompt.kind == "box":
                (x0, y0), (x1, y1) = self._to_grid(prompt.xyxy)
                middle = round((x0 + x1) / 2), round((y0 + y1) / 2)
                half = max(1, round(0.4 * (x1 - x0))), max(1, round(0.4 * (y1 - y0)))
                cv2.ellipse(area, middle, half, 0, 0, 360, 1.0, -1)
            elif getattr(prompt, "include", True):
                np.maximum(area, self._around(prompt), out=area)
        return area

    def _around(self, prompt: Prompt) -> Plane:
        """What lies around the points of a prompt."""
        area = np.zeros(self._grid[::-1], np.float32)
        reach = max(2, round(_AROUND * max(self._grid)))
        for x, y in np.rint(self._to_grid(prompt.xy)).astype(int):  # type: ignore[union-attr]
            cv2.circle(area, (int(x), int(y)), reach, 1.0, -1)
        return area

    # -- prompts ----------------------------------------------------------------------------------------------------

    def _prompt(self, prompt: Prompt, name: str, found: Between) -> tuple[dict[str, Any] | None, float] | None:
        """A prompt as it is here, and how sure its place is; nothing where that is beyond the picture."""
        if isinstance(prompt, MaskPrompt):
            return self._mask(name, self._read(prompt), found)
        said = {**prompt.model_dump(mode="json"), "frame": self._now}
        if prompt.kind == "box":
            x0, y0, x1, y1 = prompt.xyxy
            corners = self._to_plate(found.moved(self._to_grid([(x0, y0), (x1, y0), (x0, y1), (x1, y1)])))
            (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
            said["xyxy"] = [float(value) for value in (left, top, right, bottom)]
            return self._inside(said, corners, 0.0), self._overall(found)
        places = self._to_grid(prompt.xy)  # type: ignore[union-attr]
        if not getattr(prompt, "include", True):  # what is not the object goes its own way
            found = between(*self._pictures, self._around(prompt))
        line = self._to_plate(found.moved(places))
        said["xy"] = line if prompt.kind in PAINTED else line[0]
        if prompt.kind in PAINTED:
            wide = np.hypot(*found.similar[:, 0]) * self._target[0] / self._size[0]
            said["radius"] = round(float(said["radius"] * wide), 2)
        return self._inside(said, line, OVERSCAN if prompt.kind == "point" else 0.0), self._overall(found)

    def _inside(self, said: dict[str, Any], line: list[list[float]], beyond: float) -> dict[str, Any] | None:
        """The prompt, where a document may have it."""
        (x0, y0), (x1, y1) = np.min(line, axis=0), np.max(line, axis=0)
        width, height = self._target
        outside = (
            x1 <= -beyond * width or y1 <= -beyond * height or x0 >= (1 + beyond) * width or y0 >= (1 + beyond) * height
        )
        return None if outside else said

    @staticmethod
    def _overall(found: Between) -> float:
        return float((found.sure * found.area).sum() / max(found.area.sum(), 1e-6))

    def _read(self, prompt: MaskPrompt) -> FloatImage:
        return read_coverage(self._other.locate(prompt.path), *self._size)

    def _mask(self, name: str, alpha: FloatImage, found: Between) -> tuple[dict[str, Any] | None, float]:
        """The matte or mask as it lies over this picture, written as a mask."""
        places = enlarged(found.source(), self._size, self._target)
        moved = cv2.remap(alpha, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0)
        if not (moved >= 0.5).any():
            return None, 0.0
        code = cv2.imencode(".png", np.rint(moved * 255.0).astype(np.uint8))[1].tobytes()
        path = self._folder / f"{name}.{fingerprint(code.hex())[:8]}.{self._now:0{self._padding}d}.png"
        if not path.exists():
            with replacing(path) as temporary:
                temporary.write_bytes(code)
        return {"frame": self._now, "kind": "mask", "path": path.as_posix()}, self._overall(found)


def enlarged(source: Flow, size: tuple[int, int], target: tuple[int, int]) -> Flow:
    """The places of one picture that are seen in another, for every pixel of that: `source` has them on a coarser grid
    of both (h x w x 2). `size`, `target`: width and height of the one and of the other.

    How far they are moved is enlarged, and not where they are: that would stop half a cell before the borders.
    """
    grid = np.array(source.shape[1::-1], np.float32)
    moves = np.asarray(source - pixel_grid(*source.shape[:2]), np.float32)
    way = cv2.resize(moves, target, interpolation=cv2.INTER_LINEAR) / grid
    here = (pixel_grid(target[1], target[0]) + 0.5) / np.array(target, np.float32)
    return np.asarray((here + way) * np.array(size) - 0.5, np.float32)
