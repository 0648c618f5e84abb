"""Animated shapes as a document: objects, each with spans of frames in which its closed splines stay the same ones.

`{"wisp_shapes": 1, "plate": {..}, "objects": [{"name", "spans": [{"first", "last", "splines": [{"id", "role",
"keys": [{"frame", "points": [{"xy", "in", "out", "feather"}]}]}]}]}]}`. Splines are closed cubic Beziers; `in` and
`out` are the handles' offsets from their point. Coordinates are plate pixels from the top left, y down. Every number
goes linearly from key to key; before the first key of a span and after its last one it stays. `feather` is the width,
in pixels, over which the edge goes from full to nothing, half of it on either side of the spline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..client.tables import MAX_FRAME, MAX_PIXELS
from ..errors import InputError
from .raster import cuts, fill
from .splines import flatten

VERSION = 1
#: A frame with more splines than this is no roto (and would take hours).
MAX_SPLINES = 2000
MAX_POINTS = 5000
#: Coordinates further off than this, pixels, are beyond all plates.
MAX_COORDINATE = 10 * MAX_PIXELS

#: Between two keys a spline of a reader may be off its true course by so many pixels.
_OFF = 0.25
#: Points times frames between two keys that are looked at for that; more are no roto (and would fill the memory).
_MOST_BETWEEN = 2_000_000

Role = Literal["add", "hole"]


def transformed(points: NDArray[np.float64], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a key (M x 7) after an affine map (2 x 3) in plate pixels; feathers are scaled as the root of areas."""
    linear = affine[:, :2]
    xy, into, out = (points[:, place : place + 2] @ linear.T for place in (0, 2, 4))
    return np.column_stack([xy + affine[:, 2], into, out, points[:, 6] * abs(float(np.linalg.det(linear))) ** 0.5])


@dataclass(frozen=True)
class Key:
    """A spline at one frame. `points`: M x 7, of each x, y, in x, in y, out x, out y, feather."""

    frame: int
    points: NDArray[np.float64]


def keys_along(course: Callable[[int], NDArray[np.float64]], frames: Sequence[int]) -> tuple[Key, ...]:
    """Keys on `frames` (ascending) of points that go by `course` (frame -> M x 7), and between them wherever the
    straight way from key to key leaves it. ValueError where keys are too far apart to look at every frame."""
    keys = [Key(frame, course(frame)) for frame in frames]
    made = keys[:1]
    for one, two in pairwise(keys):
        made += [*_between(course, one, two), two]
    return tuple(made)


def _between(course: Callable[[int], NDArray[np.float64]], one: Key, two: Key) -> list[Key]:
    if (two.frame - one.frame) * len(one.points) > _MOST_BETWEEN:
        raise ValueError(f"its keys {one.frame} and {two.frame} are too far apart for what turns or scales")
    inner = range(one.frame + 1, two.frame)
    points = np.stack([one.points, *map(course, inner), two.points])
    needed: list[int] = []
    ways = [(0, len(points) - 1)]
    while ways:
        start, end = ways.pop()
        if end - start < 2:
            continue
        shares = np.arange(1, end - start)[:, None, None] / (end - start)
        straight = points[start] + shares * (points[end] - points[start])
        off = np.abs(points[start + 1 : end] - straight).max(axis=(1, 2))
        worst = int(off.argmax())
        if off[worst] > _OFF:
            needed.append(start + 1 + worst)
            ways += [(start, start + 1 + worst), (start + 1 + worst, end)]
    return [Key(one.frame + place, points[place]) for place in sorted(needed)]


@dataclass(frozen=True)
class Spline:
    """A closed spline over its span; `id` is the same in every span in which it is the same part of the object."""

    id: int
    role: Role
    keys: tuple[Key, ...]

    def at(self, frame: float) -> NDArray[np.float64]:
        """Its points at a frame: M x 7."""
        frames = [key.frame for key in self.keys]
        after = int(np.searchsorted(frames, frame))
        if after == 0 or after == len(frames):
            return self.keys[min(after, len(frames) - 1)].points
        one, two = self.keys[after - 1], self.keys[after]
        return one.points + (frame - one.frame) / (two.frame - one.frame) * (two.points - one.points)

    def within(self, first: int, last: int) -> Spline:
        """The same with keys on frames from `first` to `last` alone: those it has there, and one at each end at which
        it moves."""
        keys = {key.frame: key for key in self.keys if first <= key.frame <= last}
        for end in (first, last):
            if end not in keys and (not keys or self.keys[0].frame < end < self.keys[-1].frame):
                keys[end] = Key(end, self.at(end))
        return Spline(self.id, self.role, tuple(keys[frame] for frame in sorted(keys)))


@dataclass(frozen=True)
class Span:
    """Frames (both ends included) over which the same splines exist."""

    first: int
    last: int
    splines: tuple[Spline, ...]

    def part(self, first: int, last: int) -> Span | None:
        """The same over some of its frames, with keys at both ends; None where there are none."""
        if last < first:
            return None
        ends = {first, last}
        return Span(
            first,
            last,
            tuple(
                Spline(
                    spline.id,
                    spline.role,
                    tuple(
                        Key(frame, spline.at(frame))
                        for frame in sorted(ends | {key.frame for key in spline.keys if first <= key.frame <= last})
                    ),
                )
                for spline in self.splines
            ),
        )


@dataclass(frozen=True)
class ShapedObject:
    """One object's shapes over the shot. In frames of no span it is empty."""

    name: str
    spans: tuple[Span, ...]

    def splines(self, frame: int) -> tuple[Spline, ...]:
        """The splines that exist on `frame`."""
        return next((span.splines for span in self.spans if span.first <= frame <= span.last), ())

    def key_frames(self) -> tuple[int, ...]:
        """Frames on which any of its splines has a key, ascending."""
        return tuple(sorted({key.frame for span in self.spans for spline in span.splines for key in spline.keys}))

    def mask(self, frame: int, width: int, height: int) -> NDArray[np.bool_]:
        """The pixels whose centres lie inside: bool, height x width. Splines are laid one over the other in their
        order: a hole takes away what came before it."""
        covered = np.zeros((height, width), bool)
        for spline in self.splines(frame):
            inside = fill(cuts(flatten(spline.at(frame)[:, :6])[None], width, height), width, height)
            covered = covered & ~inside if spline.role == "hole" else covered | inside
        return covered


@dataclass(frozen=True)
class Shapes:
    """The whole document; `first`, `last` are the plate's frames. `left_out`: what the file that it was read from has
    beside, in a few words each."""

    width: int
    height: int
    first: int
    last: int
    objects: tuple[ShapedObject, ...]
    left_out: tuple[str, ...] = ()

    def all_splines(self) -> Iterator[tuple[ShapedObject, Span, Spline]]:
        """Every spline of every span of every object."""
        for item in self.objects:
            for span in item.spans:
                for spline in span.splines:
                    yield item, span, spline

    def dump(self) -> str:
        """As JSON text, numbers to a thousandth of a pixel."""
        plate = {"width": self.width, "height": self.height, "first": self.first, "last": self.last}
        objects = [{"name": item.name, "spans": [_span(span) for span in item.spans]} for item in self.objects]
        return json.dumps({"wisp_shapes": VERSION, "plate": plate, "objects": objects}, separators=(",", ":")) + "\n"


def _span(span: Span) -> dict[str, Any]:
    return {
        "first": span.first,
        "last": span.last,
        "splines": [
            {"id": spline.id, "role": spline.role, "keys": [_key(key) for key in spline.keys]}
            for spline in span.splines
        ],
    }


def _key(key: Key) -> dict[str, Any]:
    rows = (np.round(key.points, 3) + 0.0).tolist()
    return {
        "frame": key.frame,
        "points": [{"xy": row[:2], "in": row[2:4], "out": row[4:6], "feather": row[6]} for row in rows],
    }


def parse(text: str, source: str | Path) -> Shapes:
    """The document in `text`, its numbers not checked. InputError, in one sentence, for anything else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source} is no JSON: {error}.", hint="Deliver the shapes again.", path=source) from None
    if not isinstance(data, dict) or "wisp_shapes" not in data:
        raise InputError(f"{source} is no shapes document: it has no 'wisp_shapes'.", path=source)
    if data["wisp_shapes"] != VERSION:
        raise InputError(
            f"{source} is of version {data['wisp_shapes']}, and this Wisp reads version {VERSION}.",
            hint="Update Wisp, or deliver the shapes in another format.",
            path=source,
        )
    try:
        plate = data["plate"]
        size = [_whole(plate[name]) for name in ("width", "height")]
        ends = [_whole(plate[name]) for name in ("first", "last")]
        objects = tuple(ShapedObject(str(item["name"]), _spans(item["spans"])) for item in data["objects"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        what = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{source} is not a complete shapes document: {what}.", path=source) from None
    return Shapes(size[0], size[1], ends[0], ends[1], objects)


def check(shapes: Shapes, source: str | Path) -> None:
    """InputError, in one sentence, where a document, whatever format it was read from, has no closed shape, more than
    anybody draws, or numbers out of all bounds or order."""
    splines = [spline for _, _, spline in shapes.all_splines()]
    if not splines:
        raise InputError(
            f"{source} has no closed shape.", hint="Close the splines, and export them again.", path=source
        )
    crowded = max(len(span.splines) for item in shapes.objects for span in item.spans)
    if crowded > MAX_SPLINES:
        raise InputError(
            f"{source} has {crowded} shapes on one frame; at most {MAX_SPLINES} are read.",
            hint="Leave out the smallest.",
            path=source,
        )
    for item, span, spline in shapes.all_splines():
        fault = _fault(span, spline)
        if fault:
            raise InputError(f"Spline {spline.id} of '{item.name}' in {source} {fault}.", path=source)


def _fault(span: Span, spline: Spline) -> str:
    """What is wrong with a spline in its span; empty where nothing is."""
    frames = [key.frame for key in spline.keys]
    count = len(spline.keys[0].points) if frames else 0
    if count < 2 or count > MAX_POINTS or any(len(key.points) != count for key in spline.keys):
        return f"has not the same 2 to {MAX_POINTS} points on all of its keys"
    if span.last < span.first:
        return f"is there from {span.first} to {span.last}, which ends before it begins"
    if any(two <= one for one, two in pairwise(frames)):
        return "has keys that are not in order"
    if max(map(abs, (*frames, span.first, span.last))) > MAX_FRAME:
        return f"has frame numbers beyond {MAX_FRAME}"
    # Written so that what is no number fails, too.
    if not all((np.abs(key.points) <= MAX_COORDINATE).all() for key in spline.keys):
        return "has a coordinate beyond all plates"
    return ""


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def _spans(spans: Any) -> tuple[Span, ...]:
    return tuple(
        Span(_whole(span["first"]), _whole(span["last"]), tuple(_spline(spline) for spline in span["splines"]))
        for span in spans
    )


def _spline(spline: Any) -> Spline:
    if spline["role"] not in ("add", "hole"):
        raise ValueError(f"the role {spline['role']!r} is neither 'add' nor 'hole'")
    keys = tuple(Key(_whole(key["frame"]), _points(key["points"])) for key in spline["keys"])
    return Spline(_whole(spline["id"]), spline["role"], keys)


def _points(points: Any) -> NDArray[np.float64]:
    rows = [[*point["xy"], *point["in"], *point["out"], point.get("feather", 0.0)] for point in points]
    if any(len(row) != 7 or any(isinstance(value, bool | str) for value in row) for row in rows):
        raise ValueError("a point has not exactly two numbers for xy, in and out")
    return np.array(rows, np.float64).reshape(-1, 7)
