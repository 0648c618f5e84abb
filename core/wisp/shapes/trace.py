"""From an object's mattes to its animated shapes.

Outlines of every frame (`contours`), which of them go on (`tracks`), where each place of them goes (`matching`), where
points are needed (`knots`), the splines there (`fit`), and the frames on which they get keys (`keys`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .contours import Contour, FloatImage, contours
from .fit import Fit
from .keys import animate
from .knots import FEWEST, MOST, Budget, Course, choose, smoothed
from .model import Key, ShapedObject, Span, Spline
from .raster import areas, cuts
from .softness import feathers
from .splines import Splines, flatten
from .tracks import Track, follow

#: Of the object's area: how much the shapes and the binarised matte may differ at a tolerance of 1.5 pixels, so that
#: their intersection over union is 0.98 and a little more.
ROOM = 0.0188
TOLERANCE = 1.5
#: The share of the outline that may be farther off than the tolerance; less than the 5 % that are promised.
FAR = 0.04
#: How much of it all points together use up even where every frame has a key.
_STILL = 0.6
#: A frame below this intersection over union gets polygons, of chords at most so many pixels off the outline.
_FLOOR, _CHORD = 0.98, 0.4
#: Points are added so many times where they do not do.
_MORE = 4
#: As many points an object may have as it likes. More than one and a half as many as its worst frame needs: a new span.
_PLENTY, _SPARE = 40, 1.5
#: Sigma by which the stairs and the pinched diagonals of a binary matte are smoothed.
_STAIRS = 0.6


@dataclass(frozen=True)
class Options:
    """`tolerance`: pixels within which 95 % of the outline lie. `points`: at most so many per object, whatever that
    does to the rest; None: as many as are needed. `every`: a key each so many frames; None: as few as will do."""

    tolerance: float = TOLERANCE
    points: int | None = None
    every: int | None = None


@dataclass
class _Frame:
    """What is kept of a frame: its outlines, its area, and the distance of all pixels to the nearest outline."""

    outlines: list[Contour]
    area: float
    distance: NDArray[np.uint8]
    corner: tuple[int, int]


#: Distances are kept in steps of this part of a pixel.
_STEPS = 16
_AROUND = 14


def trace(
    name: str,
    frames: Sequence[int],
    matte: Callable[[int], FloatImage],
    options: Options | None = None,
    step: Callable[[int], None] = lambda _: None,
) -> ShapedObject:
    """The shapes of the object whose matte on each of `frames` (consecutive, ascending) `matte` gives: float32 height x
    width, 0..1. `step` is called after every frame that was read."""
    return _Tracing(name, frames, matte, options or Options(), step).shaped()


class _Tracing:
    def __init__(
        self,
        name: str,
        frames: Sequence[int],
        matte: Callable[[int], FloatImage],
        options: Options,
        step: Callable[[int], None],
    ) -> None:
        self._name, self._numbers, self._matte, self._options = name, frames, matte, options
        self._frames: list[_Frame] = []
        self._size = (0, 0)
        for number in frames:
            alpha = matte(number)
            self._size = (alpha.shape[1], alpha.shape[0])
            self._frames.append(_look(alpha))
            step(number)

    @cached_property
    def _tracks(self) -> list[Track]:
        return follow([frame.outlines for frame in self._frames], self._size)

    @cached_property
    def _length(self) -> NDArray[np.float64]:
        """Of all outlines together, per frame."""
        total = np.zeros(len(self._frames))
        for track in self._tracks:
            for index, outline in track.outlines.items():
                total[index] += outline.length
        return total

    @cached_property
    def _allowed(self) -> NDArray[np.float64]:
        """Square pixels per frame and pixel of outline by which shapes may be off."""
        kept = {id(outline) for track in self._tracks for outline in track.outlines.values()}
        room = ROOM * self._options.tolerance / TOLERANCE
        left = [
            room * frame.area - sum(abs(made.area) for made in frame.outlines if id(made) not in kept)
            for frame in self._frames
        ]
        areas_ = np.array([frame.area for frame in self._frames])
        return np.maximum(left, 0.3 * room * areas_) / np.maximum(self._length, 1.0)

    def shaped(self) -> ShapedObject:
        """All of it."""
        runs = [run for number, track in enumerate(self._tracks, 1) for run in self._runs(number, track)]
        starts = sorted({run.first for run in runs} | {run.stop for run in runs})
        for run in runs:
            run.animate(starts, self._options.every)
        spans = []
        for first, stop in pairwise(starts):
            alive = [run for run in runs if run.first <= first < run.stop]
            if alive:
                # The larger ones first: a hole lies over its part, and what is in the hole over that.
                alive.sort(key=lambda run: -abs(run.exact[first - run.first].area))
                splines = tuple(self._spline(run, first, stop) for run in alive)
                spans.append(Span(self._numbers[first], self._numbers[stop - 1], splines))
        return self._repaired(ShapedObject(self._name, tuple(spans)))

    def _repaired(self, item: ShapedObject) -> ShapedObject:
        """The object with plain polygons on frames that its curves miss, each such frame a span of its own."""
        if self._options.points is not None or self._options.every is not None:
            return item
        floor = 1.0 - (1.0 - _FLOOR) * self._options.tolerance / TOLERANCE
        spans = list(item.spans)
        for index, number in enumerate(self._numbers):
            truth = self._matte(number) >= 0.5
            made = item.mask(number, *self._size)
            if not truth.any() or (truth & made).sum() >= floor * (truth | made).sum():
                continue
            alive = [(n, track) for n, track in enumerate(self._tracks, 1) if index in track.outlines]
            alive.sort(key=lambda one: -abs(one[1].outlines[index].area))
            splines = []
            for n, track in alive:
                polygon = cv2.approxPolyDP(track.outlines[index].xy.astype(np.float32)[:, None], _CHORD, True)[:, 0]
                if len(polygon) >= 3:
                    points = np.column_stack([polygon, np.zeros((len(polygon), 5))])
                    splines.append(Spline(n, "hole" if track.hole else "add", (Key(number, points),)))
            around = next(span for span in spans if span.first <= number <= span.last)
            place = spans.index(around)
            sides = [around.part(around.first, number - 1), around.part(number + 1, around.last)]
            middle = Span(number, number, tuple(splines))
            spans[place : place + 1] = [span for span in (sides[0], middle, sides[1]) if span is not None]
        return ShapedObject(item.name, tuple(spans))

    def _runs(self, number: int, track: Track) -> list[_Run]:
        """A track, cut where one set of points cannot serve all of its frames."""
        smooth = [smoothed(track.outlines[index]) for index in range(track.first, track.last + 1)]
        course = Course.of(smooth)
        lengths = np.array([outline.length for outline in smooth])
        where = np.arange(track.first, track.last + 1)
        allowed = self._allowed[where] * lengths
        budget = Budget(_STILL * allowed, FAR * lengths, 0.85 * self._options.tolerance)
        share = float((lengths / np.maximum(self._length[where], 1.0)).max())
        found: list[_Run] = []
        waiting = [(0, len(smooth))]
        while waiting:
            first, stop = waiting.pop()
            knots = self._knots(course, budget, first, stop, share)
            if knots is None:
                middle = (first + stop) // 2
                waiting += [(middle, stop), (first, middle)]
                continue
            exact = [track.outlines[track.first + index] for index in range(first, stop)]
            found.append(
                self._fitted(
                    number, track, track.first + first, exact, course.part(first, stop), knots, budget.part(first, stop)
                )
            )
        return found

    def _fitted(
        self,
        number: int,
        track: Track,
        first: int,
        exact: list[Contour],
        course: Course,
        knots: NDArray[np.float64],
        budget: Budget,
    ) -> _Run:
        """A run with its points; where they do not do even with a key on every frame, with more of them."""
        for _ in range(_MORE):
            run = _Run(self, number, track, first, exact, Fit(course, knots))
            if self._options.points is not None:
                break
            off = self.judge(run, np.arange(len(exact)), run.alone)
            if off.max() <= 1 or len(knots) >= MOST:
                break
            budget = budget.scaled(0.75 / np.maximum(off, 0.75))
            more = choose(course, budget, MOST)
            knots = more if len(more) > len(knots) else np.sort(np.concatenate([knots, _between(knots)]))
        return run

    def _knots(self, course: Course, budget: Budget, first: int, stop: int, share: float) -> NDArray[np.float64] | None:
        """The knots for a part of a course; None where it had better be cut."""
        if self._options.points is not None:
            most = max(FEWEST, int(self._options.points * share))
            return choose(course.part(first, stop), budget.part(first, stop), most)
        knots = choose(course.part(first, stop), budget.part(first, stop), MOST)
        if stop - first < 4 or len(knots) <= _PLENTY * share:
            return knots
        ask = range(first, stop, max(1, (stop - first) // 5))
        single = max(len(choose(course.part(at, at + 1), budget.part(at, at + 1), MOST)) for at in ask)
        return knots if len(knots) <= _SPARE * single else None

    def judge(self, run: _Run, frames: NDArray[np.int64], splines: Splines) -> NDArray[np.float64]:
        """What each spline is off on its frame (indices in the run), in shares of what it may be."""
        width, height = self._size
        polygons = flatten(splines)
        number = np.arange(len(frames))
        per_picture = (width + 1) * height
        exact = [run.cuts[frame] + place * per_picture for place, frame in enumerate(frames)]
        off = areas(np.concatenate([cuts(polygons, width, height, number), *exact]), width, height, len(frames))
        result = np.empty(len(frames))
        for place, frame in enumerate(frames):
            index = run.first + int(frame)
            length = run.exact[frame].length
            far = self._far(index, polygons[place])
            result[place] = max(off[place] / (self._allowed[index] * length), far / FAR)
        return result

    def _far(self, index: int, polygon: NDArray[np.float64]) -> float:
        """The share of a polygon inside the picture that is farther from the object's outlines than the tolerance."""
        frame = self._frames[index]
        if not frame.distance.size:
            return 1.0
        steps = np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T)
        width, height = self._size
        seen = (polygon > 0).all(axis=1) & (polygon < (width, height)).all(axis=1)
        at = np.floor(polygon).astype(np.int64) - frame.corner
        limits = np.array(frame.distance.shape[::-1])
        outside = (at < 0).any(axis=1) | (at >= limits).any(axis=1)
        at = np.clip(at, 0, limits - 1)
        away = (frame.distance[at[:, 1], at[:, 0]] > self._options.tolerance * _STEPS) | outside
        return float((steps * away * seen).sum() / max(float((steps * seen).sum()), 1e-9))

    def _spline(self, run: _Run, first: int, stop: int) -> Spline:
        keys = []
        for index in run.key_indices(first, stop):
            points = run.at(index)
            number = self._numbers[index]
            keys.append(Key(number, np.column_stack([points, feathers(self._matte(number), points)])))
        return Spline(run.number, "hole" if run.hole else "add", tuple(keys))


def _between(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middles between knots, around."""
    return (knots + np.diff(knots, append=knots[0] + 1) / 2) % 1.0


class _Run:
    """Consecutive frames of a track that share one set of points."""

    def __init__(
        self, tracing: _Tracing, number: int, track: Track, first: int, exact: list[Contour], fit: Fit
    ) -> None:
        self.number, self.hole, self.first, self.exact, self.fit = number, track.hole, first, exact, fit
        self.stop = first + len(exact)
        self._tracing = tracing
        width, height = tracing._size
        self.cuts = [cuts(outline.xy[None], width, height) for outline in exact]
        self.alone = self._alone()
        self._keys: list[int] = []
        self._splines: Splines = np.zeros((0, 0, 6))

    def _alone(self) -> Splines:
        """The splines that each follow their own frame best."""
        frames = range(self.fit.frames)
        splines = self.fit.solve(frames)
        for _ in range(2):
            self.fit.refine(frames, splines)
            splines = self.fit.solve(frames, splines)
        return splines

    def animate(self, starts: Collection[int], every: int | None) -> None:
        """Choose its keys; where spans begin and end there is one in any case."""
        ends = {at - self.first for at in starts} | {at - self.first - 1 for at in starts}
        needed = {at for at in ends if 0 <= at < self.fit.frames}

        def judge(frames: NDArray[np.int64], splines: Splines) -> NDArray[np.float64]:
            return self._tracing.judge(self, frames, splines)

        self._keys, self._splines = animate(self.fit, self.alone, judge, needed, every)

    def key_indices(self, first: int, stop: int) -> list[int]:
        """Its keys within a span: at both ends of it, and between."""
        inside = {self.first + key for key in self._keys if first <= self.first + key < stop}
        return sorted(inside | {first, stop - 1})

    def at(self, index: int) -> Splines:
        """Its points (M x 6) on a frame that has a key."""
        return np.asarray(self._splines[self._keys.index(index - self.first)])


def _look(alpha: FloatImage) -> _Frame:
    """What is to be kept of a matte."""
    inside = alpha >= 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return _Frame([], 0.0, np.zeros((0, 0), np.uint8), (0, 0))
    top, left = max(0, int(rows[0]) - _AROUND), max(0, int(columns[0]) - _AROUND)
    part = np.ascontiguousarray(alpha[top : int(rows[-1]) + _AROUND, left : int(columns[-1]) + _AROUND])
    mask = np.pad((part >= 0.5).astype(np.uint8), 1, mode="edge")
    distance = np.maximum(cv2.distanceTransform(mask, cv2.DIST_L2, 5), cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5))[
        1:-1, 1:-1
    ]
    near = np.clip((distance - 0.5) * _STEPS, 0, 255).astype(np.uint8)
    whole = np.zeros_like(alpha)
    whole[top : top + part.shape[0], left : left + part.shape[1]] = cv2.GaussianBlur(
        part, (0, 0), _STAIRS, borderType=cv2.BORDER_REPLICATE
    )
    return _Frame(contours(whole), float(inside.sum()), near, (left, top))
