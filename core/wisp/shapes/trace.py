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

from .check import near_share
from .contours import Contour, FloatImage, contours
from .fit import Fit
from .keys import animate, goes_straight, untangled
from .knots import FEWEST, MOST, Budget, Course, choose, smoothed
from .model import Key, ShapedObject, Span, Spline
from .raster import areas, cuts
from .softness import feathers
from .splines import Splines, crossing_sides, flatten
from .tracks import Track, follow

#: Of the object's area: how much the shapes and the binarised matte may differ at a tolerance of 1.5 pixels, so that
#: their intersection over union is 0.98 and a little more.
ROOM = 0.0188
TOLERANCE = 1.5
#: The share of the outline that may count as farther off than the tolerance; pixels beside the outline's own count
#: among them, so that of the boundary less than 5 % are.
FAR = 0.07
#: A frame below this intersection over union, or with less of its boundary near, gets splines of its own; where curves
#: do not do, polygons, of chords at most so many pixels off the outline.
_FLOOR, _NEAR, _CHORD = 0.98, 0.95, 0.4
#: Points are added so many times where they do not do.
_MORE = 7
#: As many points an object may have as it likes.
_PLENTY = 40
#: Within that plenty points follow the outline to this share of what they must: what they spare, keys can use up.
_FINER = 0.65
#: Sigma by which the stairs and the pinched diagonals of a binary matte are smoothed.
_STAIRS = 0.6
#: What is thinner than this (slits, hairs, ropes) is left out on frames where it is at most this share of the room and
#: the outline is shorter by this share without it.
_THIN = np.ones((3, 3), np.uint8)
_THIN_SHARE, _THIN_RIM = 0.75, 0.75
#: Together the parts and holes that are left out of a frame are at most this share of the object's area.
_LEFT_OUT = 0.008
#: No outline gets more points than one each so many pixels of its length.
_SPACING = 4.0


@dataclass(frozen=True)
class _Means:
    """How points are dealt out. Of what a frame may be off: `still` is the share that segments may use up which are
    each fitted on their own, between points on the outline; `full` the share that the splines may use up which follow
    each frame best. A new span begins where that saves the share `saved` of points times frames, or where there are
    more than `spare` times as many points as the worst frame needs."""

    still: float
    full: float
    saved: float
    spare: float


#: Where an outline can be met between two keys, points leave room for it; elsewhere they are as few as can be.
_CALM, _RESTLESS = _Means(0.7, 0.8, 0.5, 3.0), _Means(0.85, 0.95, 0.3, 1.5)
#: Every so many frames it is tried whether a frame can be met between its neighbours.
_TRIED = 2


@dataclass(frozen=True)
class Options:
    """`tolerance`: pixels within which 95 % of the outline lie. `points`: at most so many per object, whatever that
    does to the rest; None: as many as are needed. `every`: a key each so many frames; None: as few as will do."""

    tolerance: float = TOLERANCE
    points: int | None = None
    every: int | None = None

    @property
    def by_match(self) -> bool:
        """Whether as many points and keys are taken as the match asks for."""
        return self.points is None and self.every is None


@dataclass
class _Frame:
    """What is kept of a frame: its outlines, its area, how much of that they leave out as too thin, and
    the distance of all pixels to the nearest outline."""

    outlines: list[Contour]
    area: float
    thin: float
    distance: NDArray[np.uint8]
    corner: tuple[int, int]


#: Distances are kept in steps of this part of a pixel.
_STEPS = 16
#: Boundaries that are compared lie on pixels: what is two pixels off is 1.5 off the line between pixels, and too far.
_HALF_STEP = 0.25
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
        spare = [min(_LEFT_OUT * made.area, max(0.0, 0.9 * ROOM * made.area - made.thin)) for made in self._frames]
        return follow([frame.outlines for frame in self._frames], self._size, spare)

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
            room * frame.area - frame.thin - sum(abs(made.area) for made in frame.outlines if id(made) not in kept)
            for frame in self._frames
        ]
        areas_ = np.array([frame.area for frame in self._frames])
        return np.maximum(left, 0.3 * room * areas_) / np.maximum(self._length, 1.0)

    def shaped(self) -> ShapedObject:
        """All of it."""
        ends = sorted({end for track in self._tracks for end in (track.first, track.last + 1)})
        runs = [run for number, track in enumerate(self._tracks, 1) for run in self._runs(number, track, ends)]
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
        """The object with splines of their own on frames that it misses, or on which one of it crosses itself: each
        such frame a span of its own."""
        spans = list(item.spans)
        for index, number in enumerate(self._numbers):
            if self._is_fine(item, number):
                continue
            around = next((span for span in spans if span.first <= number <= span.last), None)
            if around is None:  # specks only
                continue
            place = spans.index(around)
            sides = [around.part(around.first, number - 1), around.part(number + 1, around.last)]
            spans[place : place + 1] = [
                span for span in (sides[0], self._single(index, number), sides[1]) if span is not None
            ]
        return ShapedObject(item.name, tuple(spans))

    def _is_fine(self, item: ShapedObject, number: int) -> bool:
        if any(crossing_sides(flatten(spline.at(number)[:, :6])) is not None for spline in item.splines(number)):
            return False
        truth = self._matte(number) >= 0.5
        if not self._options.by_match or not truth.any():
            return True
        made = item.mask(number, *self._size)
        floor = 1.0 - (1.0 - _FLOOR) * self._options.tolerance / TOLERANCE
        return bool(
            (truth & made).sum() >= floor * (truth | made).sum()
            and near_share(made, truth, self._options.tolerance) >= _NEAR
        )

    def _single(self, index: int, number: int) -> Span:
        """The splines of one frame that follow its outlines closely enough: with more points from turn to turn, and
        polygons at last."""
        alive = [(n, track) for n, track in enumerate(self._tracks, 1) if index in track.outlines]
        alive.sort(key=lambda one: -abs(one[1].outlines[index].area))
        for turn in range(_MORE + 1):
            splines = []
            for n, track in alive:
                outline = track.outlines[index]
                points = self._curves(outline, index, turn) if turn < _MORE else _polygon(outline)
                if len(points) >= 3:
                    splines.append(Spline(n, "hole" if track.hole else "add", (Key(number, points),)))
            span = Span(number, number, tuple(splines))
            if self._is_fine(ShapedObject(self._name, (span,)), number):
                break
        return span

    def _curves(self, outline: Contour, index: int, turn: int) -> NDArray[np.float64]:
        course = Course.of([smoothed(outline)])
        length = course.outlines[0].length * np.ones(1) / 2 ** (turn / 2)
        budget = Budget(_RESTLESS.still * self._allowed[index] * length, FAR * length, 0.85 * self._options.tolerance)
        fit = Fit(course, choose(course, budget, _most(course)))
        points = untangled(fit, [0], best_alone(fit))[0]
        return np.column_stack([points, feathers(self._matte(self._numbers[index]), points)])

    def _runs(self, number: int, track: Track, ends: list[int]) -> list[_Run]:
        """A track, cut where a new span begins in any case, at `ends`, and where one set of points cannot serve all
        frames."""
        smooth = [smoothed(track.outlines[index]) for index in range(track.first, track.last + 1)]
        course = Course.of(smooth)
        lengths = np.array([outline.length for outline in smooth])
        where = np.arange(track.first, track.last + 1)
        allowed = self._allowed[where] * lengths
        budgets = {
            means: Budget(means.still * allowed, FAR * lengths, 0.85 * self._options.tolerance)
            for means in (_CALM, _RESTLESS)
        }
        means = _CALM if self._is_calm(number, track, course, budgets[_CALM]) else _RESTLESS
        budget = budgets[means]
        share = float((lengths / np.maximum(self._length[where], 1.0)).max())
        single = [(course.part(at, at + 1), budget.part(at, at + 1)) for at in range(len(smooth))]
        needs = np.array([len(choose(*one, _most(one[0]))) if self._options.by_match else 0 for one in single])
        found: list[_Run] = []
        inside = [0, *(end - track.first for end in ends if track.first < end <= track.last), len(smooth)]
        waiting = list(pairwise(inside))
        while waiting:
            first, stop = waiting.pop()
            part = course.part(first, stop), budget.part(first, stop)
            knots = self._knots(*part, needs[first:stop], share, means)
            if knots is None:
                middle = first + _cut(needs[first:stop])[0]
                waiting += [(middle, stop), (first, middle)]
                continue
            exact = [track.outlines[track.first + index] for index in range(first, stop)]
            found.append(self._fitted(number, track, track.first + first, exact, *part, knots, means.full))
        return found

    def _is_calm(self, number: int, track: Track, course: Course, budget: Budget) -> bool:
        """Whether any of the frames that are tried can be met between its neighbours."""
        for at in range(0, len(course.outlines) - 2, _TRIED):
            part = course.part(at, at + 3)
            exact = [track.outlines[track.first + index] for index in range(at, at + 3)]
            knots = choose(part, budget.part(at, at + 3), _most(part))
            if _Run(self, number, track, track.first + at, exact, Fit(part, knots)).goes_straight():
                return True
        return False

    def _fitted(
        self,
        number: int,
        track: Track,
        first: int,
        exact: list[Contour],
        course: Course,
        budget: Budget,
        knots: NDArray[np.float64],
        full: float,
    ) -> _Run:
        """A run with its points; where they do not do even with a key on every frame, with more of them."""
        most = _most(course)
        for _ in range(_MORE):
            run = _Run(self, number, track, first, exact, Fit(course, knots))
            if not self._options.by_match:
                break
            off = self.judge(run, np.arange(len(exact)), run.alone)
            if off.max() <= full or len(knots) >= most:
                break
            budget = budget.scaled(np.minimum(1.0, 0.8 * full / np.maximum(off, 1e-9)))
            more = choose(course, budget, most)
            if len(more) <= len(knots) and 2 * len(knots) > most:
                break
            knots = more if len(more) > len(knots) else np.sort(np.concatenate([knots, _between(knots)]))
        return run

    def _knots(
        self, course: Course, budget: Budget, needs: NDArray[np.int64], share: float, means: _Means
    ) -> NDArray[np.float64] | None:
        """The knots for a course whose frames alone need so many; None where it had better be cut."""
        if not self._options.by_match:
            most = _most(course) if self._options.points is None else int(self._options.points * share)
            return choose(course, budget, max(FEWEST, most))
        if len(needs) > 3 and _cut(needs)[1] > means.saved:
            return None
        knots = choose(course, budget, _most(course))
        plenty = _PLENTY * share
        if len(needs) > 2 and len(knots) < plenty:
            finer = choose(course, budget.scaled(np.full(len(needs), _FINER)), _most(course))
            knots = finer if len(finer) <= plenty else knots
        spare = len(needs) < 4 or len(knots) <= max(plenty, means.spare * needs.max())
        return knots if spare else None

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
        away = (frame.distance[at[:, 1], at[:, 0]] > (self._options.tolerance - _HALF_STEP) * _STEPS) | outside
        return float((steps * away * seen).sum() / max(float((steps * seen).sum()), 1e-9))

    def _spline(self, run: _Run, first: int, stop: int) -> Spline:
        keys = []
        for index in run.key_indices(first, stop):
            points = run.at(index)
            number = self._numbers[index]
            keys.append(Key(number, np.column_stack([points, feathers(self._matte(number), points)])))
        return Spline(run.number, "hole" if run.hole else "add", tuple(keys))


def _most(course: Course) -> int:
    """Points that an outline may have."""
    longest = max(outline.length for outline in course.outlines)
    return int(np.clip(longest / _SPACING, FEWEST, MOST))


def _costs(needs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Points times frames with a cut before each frame from the second on, as far as single frames tell."""
    count = np.arange(1, len(needs))
    left = np.maximum.accumulate(needs)[:-1]
    right = np.maximum.accumulate(needs[::-1])[::-1][1:]
    return np.asarray(left * count + right * (len(needs) - count), np.float64)


def _cut(needs: NDArray[np.int64]) -> tuple[int, float]:
    """Where to cut frames that need so many points each by itself; what share of points times frames that saves."""
    costs = _costs(needs)
    at = np.flatnonzero(costs <= 1.02 * costs.min()) + 1
    middle = np.abs(at - len(needs) / 2).argmin()
    return int(at[middle]), float(1 - costs.min() / (needs.max() * len(needs)))


def _between(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """The middles between knots, around."""
    return (knots + np.diff(knots, append=knots[0] + 1) / 2) % 1.0


def best_alone(fit: Fit) -> Splines:
    """The splines that each follow their own frame best."""
    frames = range(fit.frames)
    splines = fit.solve(frames)
    for _ in range(2):
        fit.refine(frames, splines)
        splines = fit.solve(frames, splines)
    return splines


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
        self.alone = best_alone(fit)
        self._keys: list[int] = []
        self._splines: Splines = np.zeros((0, 0, 6))

    def animate(self, starts: Collection[int], every: int | None) -> None:
        """Choose its keys; where spans begin and end there is one in any case."""
        ends = {at - self.first for at in starts} | {at - self.first - 1 for at in starts}
        needed = {at for at in ends if 0 <= at < self.fit.frames}

        self._keys, self._splines = animate(self.fit, self.alone, self._judge, needed, every)

    def goes_straight(self) -> bool:
        """Whether keys at both ends do."""
        return goes_straight(self.fit, self.alone, self._judge)

    def _judge(self, frames: NDArray[np.int64], splines: Splines) -> NDArray[np.float64]:
        return self._tracing.judge(self, frames, splines)

    def key_indices(self, first: int, stop: int) -> list[int]:
        """Its keys within a span: at both ends of it, and between."""
        inside = {self.first + key for key in self._keys if first <= self.first + key < stop}
        return sorted(inside | {first, stop - 1})

    def at(self, index: int) -> Splines:
        """Its points (M x 6) on a frame that has a key."""
        return np.asarray(self._splines[self._keys.index(index - self.first)])


def _polygon(outline: Contour) -> NDArray[np.float64]:
    chords = cv2.approxPolyDP(outline.xy.astype(np.float32)[:, None], _CHORD, True)[:, 0]
    return np.column_stack([chords, np.zeros((len(chords), 5))])


def _rim(alpha: FloatImage) -> int:
    """Sides of pixels between inside and outside."""
    inside = alpha >= 0.5
    return int((inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum())


def _look(alpha: FloatImage) -> _Frame:
    """What is to be kept of a matte."""
    inside = alpha >= 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return _Frame([], 0.0, 0.0, np.zeros((0, 0), np.uint8), (0, 0))
    top, left = max(0, int(rows[0]) - _AROUND), max(0, int(columns[0]) - _AROUND)
    part = np.ascontiguousarray(alpha[top : int(rows[-1]) + _AROUND, left : int(columns[-1]) + _AROUND])
    filled = cv2.morphologyEx(cv2.morphologyEx(part, cv2.MORPH_CLOSE, _THIN), cv2.MORPH_OPEN, _THIN)
    thin = float(((filled >= 0.5) != (part >= 0.5)).sum())
    if thin > _THIN_SHARE * ROOM * inside.sum() or _rim(filled) > _THIN_RIM * _rim(part):
        filled, thin = part, 0.0
    mask = np.pad((part >= 0.5).astype(np.uint8), 1, mode="edge")
    distance = np.maximum(cv2.distanceTransform(mask, cv2.DIST_L2, 5), cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5))[
        1:-1, 1:-1
    ]
    # Clipped first: where there is no edge at all, the distance is as large as can be.
    near = (np.clip(distance - 0.5, 0, 255 / _STEPS) * _STEPS).astype(np.uint8)
    whole = np.zeros_like(alpha)
    whole[top : top + part.shape[0], left : left + part.shape[1]] = cv2.GaussianBlur(
        filled, (0, 0), _STAIRS, borderType=cv2.BORDER_REPLICATE
    )
    return _Frame(contours(whole), float(inside.sum()), thin, near, (left, top))
