"""Where the points of a spline sit on the outlines of its frames: as few as all of the frames allow.

Places are kept as parameters 0..1 around the first outline; `Course` says where each is on every other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .contours import Contour, Points
from .matching import carried
from .splines import bernstein

Floats = NDArray[np.float64]

#: Samples of an outline per segment between two points.
SAMPLES = 16
#: Points at the least, and at the very most where no other limit is given.
FEWEST, MOST = 4, 400
#: Two points are at least so many pixels apart along the outline.
_APART = 1.0
#: Sigma, in pixels, by which the stairs of a binary matte are smoothed.
_STAIRS = 0.6
#: Places in which the course of an outline through the frames is kept.
_GRID = 512
#: An outline has a corner where it turns by more, in radians, between so many pixels before and behind.
_CORNER, _CORNER_REACH = 1.2, 6.0
#: A corner is looked for so many pixels around the place that it is carried to.
_SNAP = 8


def smoothed(contour: Contour) -> Contour:
    """The outline without the stairs of its pixels, a point per pixel."""
    count = max(12, round(contour.length))
    xy = contour.at(np.arange(count) * contour.length / count)
    reach = np.arange(-4, 5)
    weights = np.exp(-0.5 * (reach / _STAIRS) ** 2)
    weights /= weights.sum()
    return Contour(np.asarray(sum(w * np.roll(xy, k, axis=0) for w, k in zip(weights, reach, strict=True))))


@dataclass(frozen=True)
class Course:
    """One part's outlines over consecutive frames, and where the places of the first are on the others (arc lengths,
    frames x places, each row ascending). `steps`: from each frame to the next, for places evenly around."""

    outlines: tuple[Contour, ...]
    steps: tuple[Floats, ...]
    grid: Floats

    @classmethod
    def of(cls, outlines: Sequence[Contour]) -> Course:
        """The course of the outlines of consecutive frames, smoothed before."""
        even = np.arange(_GRID) / _GRID
        pairs = pairwise(outlines)
        steps = [_snapped(one, two, even * one.length, carried(one, two, even * one.length)) for one, two in pairs]
        return cls._joined(tuple(outlines), tuple(steps))

    def part(self, first: int, stop: int) -> Course:
        """The course of some of its frames."""
        return Course._joined(self.outlines[first:stop], self.steps[first : stop - 1])

    @classmethod
    def _joined(cls, outlines: tuple[Contour, ...], steps: tuple[Floats, ...]) -> Course:
        even = np.arange(_GRID + 1) / _GRID
        grid = [even[:-1] * outlines[0].length]
        for (before, after), step in zip(pairwise(outlines), steps, strict=True):
            rounds, within = np.divmod(grid[-1], before.length)
            arcs = np.interp(within, even * before.length, np.append(step, step[0] + after.length))
            arcs += rounds * after.length
            grid.append(arcs - after.length * np.floor(arcs[0] / after.length))
        return cls(outlines, steps, np.stack(grid))

    def at(self, knots: Floats) -> Floats:
        """Arc lengths (frames x knots) of the parameters `knots` (ascending, 0..1), at least a pixel apart."""
        places = np.arange(_GRID + 1) / _GRID
        found = []
        for outline, row in zip(self.outlines, self.grid, strict=True):
            arcs = np.interp(knots, places, np.append(row, row[0] + outline.length))
            found.append(_spread(arcs, outline.length))
        return np.stack(found)

    def parameter(self, frame: int, arc: float) -> float:
        """The parameter of a place on the outline of `frame` (its index in the course)."""
        row, length = self.grid[frame], self.outlines[frame].length
        arc = row[0] + (arc - row[0]) % length
        places = np.append(row, row[0] + length) + np.arange(_GRID + 1) * 1e-7
        return float(np.interp(arc, places, np.arange(_GRID + 1) / _GRID) % 1.0)


def _spread(arcs: Floats, length: float) -> Floats:
    """Ascending places around an outline, pushed apart where they are too near."""
    apart = min(_APART, 0.5 * length / len(arcs))
    steps = np.arange(len(arcs)) * apart
    pushed = np.maximum.accumulate(arcs - steps) + steps
    over = pushed[-1] - (pushed[0] + length - apart)
    if over > 0:  # the last ones are pressed back from the end
        limit = pushed[-1] - over
        pushed = np.minimum(pushed, limit - (len(arcs) - 1 - np.arange(len(arcs))) * apart)
    return np.asarray(pushed, np.float64)


@dataclass(frozen=True)
class Segments:
    """How well cubics between the knots follow an outline. Per segment: `area` between both in square pixels,
    `far` the part of its length (pixels) that is farther off than allowed, `worst` the arc length of the worst."""

    area: Floats
    far: Floats
    worst: Floats


def follow_outline(outline: Contour, arcs: Floats, tolerance: float) -> Segments:
    """The segments between the places `arcs` (ascending), each fitted by least squares on its own."""
    spans = np.diff(arcs, append=arcs[0] + outline.length)
    where = arcs[:, None] + spans[:, None] * np.linspace(0, 1, SAMPLES + 1)[None]
    target = outline.at(where)
    fitted, normal = _cubics(target)
    off = np.abs(((fitted - target) * normal).sum(axis=2))
    each = spans / SAMPLES
    area = off[:, :-1].sum(axis=1) * each
    far = (off[:, :-1] > tolerance).sum(axis=1) * each
    worst = np.take_along_axis(where, off[:, 1:-1].argmax(axis=1)[:, None] + 1, axis=1)[:, 0]
    return Segments(area, far, worst)


def _cubics(target: Points) -> tuple[Points, Points]:
    """Cubics through the ends of runs of points (n x samples x 2), and the normals of the runs."""
    basis = bernstein(SAMPLES + 1, ends=True)
    ahead = np.gradient(target, axis=1)
    ahead /= np.maximum(np.hypot(ahead[..., 0], ahead[..., 1]), 1e-9)[..., None]
    normal = np.stack([-ahead[..., 1], ahead[..., 0]], axis=2)
    ends = basis[:, :1] * target[:, :1] + basis[:, 3:] * target[:, -1:]
    inner = basis[:, 1:3] + 0.0
    # Residuals count along the normals; along the outline only as much as keeps the problem well-posed.
    weights = normal[..., :, None] * normal[..., None, :] + 0.02 * np.eye(2)
    count = len(target)
    products = (inner[:, :, None] * inner[:, None, :]).reshape(-1, 4)
    left = np.matmul(products.T, weights.reshape(count, -1, 4)).reshape(count, 2, 2, 2, 2)
    left = left.transpose(0, 1, 3, 2, 4).reshape(count, 4, 4)
    right = np.matmul(inner.T, np.matmul(weights, (target - ends)[..., None])[..., 0]).reshape(count, 4)
    handles = np.linalg.solve(left + 1e-6 * np.eye(4), right[..., None])[..., 0].reshape(-1, 2, 2)
    return ends + np.matmul(inner, handles), normal


@dataclass(frozen=True)
class Budget:
    """What a spline may be off: `area` of each frame, in square pixels, `far` the length of each frame's outline that
    may be farther off than `tolerance` pixels."""

    area: Floats
    far: Floats
    tolerance: float

    def part(self, first: int, stop: int) -> Budget:
        """That of some of the frames."""
        return Budget(self.area[first:stop], self.far[first:stop], self.tolerance)

    def scaled(self, shares: Floats) -> Budget:
        """That times a share of each frame."""
        return Budget(self.area * shares, self.far * shares, self.tolerance)


def choose(course: Course, budget: Budget, most: int = MOST) -> Floats:
    """Parameters of the fewest knots found with which every frame keeps to the budget; at most `most`."""
    corners = _corners(course)[:most]
    knots = np.unique(np.append(corners, np.arange(FEWEST) / FEWEST + 1e-3 if len(corners) < FEWEST else []))
    for _ in range(12):
        added = _wanted(course, knots, budget)
        if not added or len(knots) >= most:
            break
        knots = np.unique(np.round(np.concatenate([knots, added[: most - len(knots)]]), 6))
    return _without_spare(course, knots, budget, corners)


def _corners(course: Course) -> Floats:
    """Parameters of the corners that the outlines keep through the frames."""
    frames = range(0, len(course.outlines), max(1, len(course.outlines) // 8))
    places = np.arange(_GRID) / _GRID
    turns = np.abs([_turns(course.outlines[frame], course.grid[frame]) for frame in frames])
    typical = np.median(turns, axis=0)
    reach = max(1, round(_GRID * _CORNER_REACH / course.outlines[0].length))
    peak = np.max([np.roll(typical, step) for step in range(-reach, reach + 1)], axis=0)
    found = np.flatnonzero((typical >= peak) & (typical > _CORNER))
    return places[found[np.diff(found, prepend=-_GRID) > reach]]


def _snapped(before: Contour, after: Contour, places: Floats, arcs: Floats) -> Floats:
    """The course `arcs` from one outline to the next, corrected so that corners go to corners near by."""
    fine = np.arange(max(8, round(after.length)), dtype=np.float64)
    turns, later = _turns(before, places), _turns(after, fine)
    reach = max(1, round(len(places) * _CORNER_REACH / before.length))
    peak = np.max([np.roll(np.abs(turns), step) for step in range(-reach, reach + 1)], axis=0)
    corners = np.flatnonzero((np.abs(turns) >= peak) & (np.abs(turns) > _CORNER))
    around = np.arange(-_SNAP, _SNAP + 1)
    at, shift = [], []
    for corner in corners:
        near = np.round(arcs[corner] + around).astype(np.int64) % len(fine)
        likeness = np.sign(turns[corner]) * later[near] - 0.03 * np.abs(around)
        best = int(likeness.argmax())
        if likeness[best] > 0.6 * abs(turns[corner]):
            at.append(places[corner])
            # The exact place of a corner is the middle of where the outline turns most.
            top = np.abs(later[near] - later[near[best]]) < 0.08
            shift.append(float(around[top & (np.abs(around - around[best]) <= 2)].mean()))
    if not at:
        return arcs
    middles = [
        place for place in places[:: max(1, len(places) // 64)] if _distance(place, at, before.length) > 3 * _SNAP
    ]
    known = np.concatenate([at, middles])
    wanted = np.concatenate([shift, np.zeros(len(middles))])
    moved = arcs + np.interp(places, known, wanted, period=before.length)
    rising = np.maximum.accumulate(moved)
    return np.asarray(np.minimum(rising, rising[0] + after.length))


def _distance(place: float, others: list[float], length: float) -> float:
    """To the nearest of others around an outline."""
    gap = np.abs(np.array(others) - place) % length
    return float(np.minimum(gap, length - gap).min())


def _turns(outline: Contour, arcs: Floats) -> Floats:
    """By how much the outline turns around each place, in radians."""
    here = outline.at(arcs)
    before, after = here - outline.at(arcs - _CORNER_REACH), outline.at(arcs + _CORNER_REACH) - here
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.asarray(np.arctan2(cross, (before * after).sum(axis=1)))


def _wanted(course: Course, knots: Floats, budget: Budget) -> list[float]:
    """Where more knots are needed, the most urgent first: in the segments that take most of an overdrawn budget."""
    arcs = course.at(knots)
    urgent: dict[int, tuple[float, float]] = {}
    for frame, outline in enumerate(course.outlines):
        fit = follow_outline(outline, arcs[frame], budget.tolerance)
        for spent, limit in ((fit.area, budget.area[frame]), (fit.far, budget.far[frame])):
            over = spent.sum() - limit
            if over <= 0:
                continue
            order = np.argsort(-spent)
            taken = int(np.searchsorted(np.cumsum(spent[order]), over)) + 1
            for segment in order[: min(taken, max(2, len(order) // 3))]:
                need = float(spent[segment] / max(limit, 1e-9))
                if need > urgent.get(int(segment), (0.0, 0.0))[0]:
                    urgent[int(segment)] = (need, course.parameter(frame, float(fit.worst[segment])))
    return [place for _, place in sorted(urgent.values(), reverse=True)]


def _without_spare(course: Course, knots: Floats, budget: Budget, corners: Floats) -> Floats:
    """The knots without those that all frames can do without, corners aside."""
    for _ in range(6):
        if len(knots) <= FEWEST:
            break
        arcs = course.at(knots)
        harm = np.zeros(len(knots))
        overdrawn = np.zeros(len(knots), bool)
        for frame, outline in enumerate(course.outlines):
            now = follow_outline(outline, arcs[frame], budget.tolerance)
            without = [_removed(outline, arcs[frame], parity, budget.tolerance) for parity in (0, 1)]
            for name, limit in (("area", budget.area[frame]), ("far", budget.far[frame])):
                spent = getattr(now, name)
                joined = np.empty(len(knots))
                for parity in (0, 1):
                    joined[parity::2] = getattr(without[parity], name)
                more = joined - spent - np.roll(spent, 1)
                harm = np.maximum(harm, more / max(limit, 1e-9))
                overdrawn |= spent.sum() + more > limit
        candidates = [int(k) for k in np.argsort(harm) if not overdrawn[k] and knots[k] not in corners]
        going: list[int] = []
        total = 0.0
        for knot in candidates:
            beside = {(knot - 1) % len(knots), (knot + 1) % len(knots)}
            if beside.isdisjoint(going) and total + max(harm[knot], 0.0) < 0.25 and len(knots) - len(going) > FEWEST:
                going.append(knot)
                total += max(float(harm[knot]), 0.0)
        if not going:
            break
        knots = np.delete(knots, going)
        if _wanted(course, knots, budget):
            knots = np.sort(np.append(knots, _wanted(course, knots, budget)))
            break
    return knots


def _removed(outline: Contour, arcs: Floats, parity: int, tolerance: float) -> Segments:
    """The segments across each knot of one parity, as if it were not there (for odd counts the seam is kept)."""
    index = np.arange(parity, len(arcs), 2)
    before, after = arcs[index - 1], arcs[(index + 1) % len(arcs)]
    before = np.where(index == 0, before - outline.length, before)
    after = np.where(index == len(arcs) - 1, after + outline.length, after)
    where = before[:, None] + (after - before)[:, None] * np.linspace(0, 1, SAMPLES + 1)[None]
    target = outline.at(where)
    fitted, normal = _cubics(target)
    off = np.abs(((fitted - target) * normal).sum(axis=2))
    each = (after - before) / SAMPLES
    return Segments(off[:, :-1].sum(axis=1) * each, (off[:, :-1] > tolerance).sum(axis=1) * each, before)
