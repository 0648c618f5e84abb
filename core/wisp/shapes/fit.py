"""The splines of one part that follow its outlines best: one per keyframe, all frames in between counted in.

Least squares along the outlines' normals (squared orthogonal distance, as in Wang, Pottmann, Liu, "Fitting B-Spline
Curves to Point Clouds by Curvature-Based Squared Distance Minimization", ACM TOG 25(2), 2006, with the tangential part
kept small). A frame between two keyframes is the linear mixture of both, so that keyframes are solved for together, by
conjugate gradients: the equations of one segment in one frame know eight numbers only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .contours import Contour
from .knots import Course
from .splines import Splines, bernstein, controls

Floats = NDArray[np.float64]

#: Samples of a segment, and how much of a distance along the outline counts.
_SAMPLES = 12
_ALONG = 0.03
#: How much handles are held to a third of their segment. They are not held to one line: corners stay corners.
_THIRD = 2e-3
#: Conjugate gradients end after so many steps, or when the residual has shrunk to this share.
_STEPS, _ENOUGH = 80, 1e-3
#: By how much the limits of a segment that has crossed itself are tightened.
_HELD = 8.0


@dataclass
class Fit:
    """The normal equations of all frames of a course, for knots at fixed parameters."""

    course: Course
    knots: Floats
    arcs: Floats = field(init=False)
    _held: Floats = field(init=False)
    _where: Floats = field(init=False)
    _left: Floats = field(init=False)
    _right: Floats = field(init=False)
    _start: Splines = field(init=False)

    def __post_init__(self) -> None:
        outlines = self.course.outlines
        self.arcs = self.course.at(self.knots)
        lengths = np.array([outline.length for outline in outlines])
        spans = np.diff(self.arcs, axis=1, append=self.arcs[:, :1] + lengths[:, None])
        self._where = self.arcs[..., None] + spans[..., None] * (np.arange(_SAMPLES) / _SAMPLES)
        xy = np.stack([outline.at(row) for outline, row in zip(outlines, self.arcs, strict=True)])
        chord = (np.roll(xy, -1, axis=1) - xy) / 3
        self._start = np.concatenate([xy, -np.roll(chord, 1, axis=1), chord], axis=2)
        self._held = np.ones(len(self.knots))
        self._assemble()

    @property
    def frames(self) -> int:
        """How many."""
        return len(self.arcs)

    def straight(self, frame: int) -> Splines:
        """The polygon (M x 6) through the places of the points on the outline of a frame."""
        return np.asarray(self._start[frame])

    def part(self, first: int, stop: int) -> Fit:
        """The same for some of its frames, as they stand."""
        made = copy(self)
        made.course = self.course.part(first, stop)
        for name in ("arcs", "_where", "_left", "_right", "_start"):
            setattr(made, name, getattr(self, name)[first:stop].copy())
        made._held = self._held.copy()
        return made

    def solve(
        self,
        keys: Sequence[int],
        start: Splines | None = None,
        weights: Floats | None = None,
        held: Collection[int] = (),
    ) -> Splines:
        """The splines (keys x M x 6) of the keyframes `keys` (indices of frames, ascending, the first and the last
        frame among them), best for all frames. `start`: where to begin; `weights`: how much each frame counts; `held`:
        places in `keys` that stay as they begin."""
        mix = mixture(keys)
        heavy = mix if weights is None else mix * weights[:, None]
        found = self._start[list(keys)] if start is None else start.copy()
        own = _products(heavy * mix, self._left)
        after = _products(heavy[:, :-1] * mix[:, 1:], self._left)
        free = np.ones((len(keys), 1, 1))
        free[list(held)] = 0
        ready = np.linalg.inv(self._whole(own))
        residual = free * (_spread(heavy, self._scattered(self._right)) - self._times(own, after, found))
        way = np.matmul(ready, residual[..., None])[..., 0]
        energy = first = float((residual * way).sum())
        for _ in range(_STEPS):
            if energy <= _ENOUGH**2 * first:
                break
            image = free * self._times(own, after, way)
            step = energy / float((way * image).sum())
            found = found + step * way
            residual = residual - step * image
            ahead = np.matmul(ready, residual[..., None])[..., 0]
            before, energy = energy, float((residual * ahead).sum())
            way = ahead + (energy / before) * way
        return found

    def refine(self, keys: Sequence[int], splines: Splines) -> None:
        """Move what each sample is compared with to the nearest place of the outline, as the splines lie now."""
        drawn = np.matmul(bernstein(_SAMPLES), controls(in_between(keys, splines)))
        for frame, outline in enumerate(self.course.outlines):
            target, ahead = _ahead(outline, self._where[frame])
            step = ((drawn[frame] - target) * ahead).sum(axis=-1)
            limit = 0.4 * outline.length / self._where[frame].size
            moved = (self._where[frame] + np.clip(step, -limit, limit)).ravel()
            self._where[frame] = np.maximum.accumulate(moved).reshape(self._where[frame].shape)
        self._assemble()

    # Of a segment: its first point, that one's out handle, the next point's in handle, the next point.

    def hold(self, segments: Sequence[int]) -> None:
        """Let segments curl and slide less from now on."""
        self._held[segments] *= _HELD

    def _assemble(self) -> None:
        basis = bernstein(_SAMPLES)
        shares = np.stack([basis[:, 0] + basis[:, 1], basis[:, 1], basis[:, 2], basis[:, 2] + basis[:, 3]], axis=1)
        products = np.einsum("tp,tq->tpq", shares, shares).reshape(_SAMPLES, 16)
        frames, count = self.arcs.shape
        self._left = np.empty((frames, count, 8, 8))
        self._right = np.empty((frames, count, 8))
        for frame, outline in enumerate(self.course.outlines):
            target, ahead = _ahead(outline, self._where[frame])
            normal = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)
            spans = np.diff(self.arcs[frame], append=self.arcs[frame, 0] + outline.length)
            weight = normal[..., :, None] * normal[..., None, :] + _ALONG * self._held[:, None, None, None] * np.eye(2)
            weight *= (spans / _SAMPLES)[:, None, None, None]
            local = np.matmul(products.T, weight.reshape(count, _SAMPLES, 4)).reshape(count, 4, 4, 2, 2)
            self._left[frame] = local.transpose(0, 1, 3, 2, 4).reshape(count, 8, 8)
            aimed = np.matmul(weight, target[..., None])[..., 0]
            self._right[frame] = np.matmul(shares.T, aimed).reshape(count, 8)
            third = _THIRD * spans * self._held
            held = third[:, None, None] * np.eye(2)
            handles = {2: self._start[frame, :, 4:], 4: np.roll(self._start[frame, :, 2:4], -1, axis=0)}
            for place, aim in handles.items():
                self._left[frame, :, place : place + 2, place : place + 2] += held
                self._right[frame, :, place : place + 2] += third[:, None] * aim

    def _scattered(self, local: Floats) -> Splines:
        """Sums per point (frames x M x 6) of what segments say (frames x M x 8)."""
        after = np.roll(local[..., 4:], 1, axis=1)
        return np.concatenate([local[..., :2] + after[..., 2:], after[..., :2], local[..., 2:4]], axis=2)

    def _whole(self, own: Floats) -> Floats:
        """The part of the equations (keys x M x 8 x 8) that knows one point only: keys x M x 6 x 6."""
        made = np.zeros((*own.shape[:2], 6, 6))
        first, after = np.array([0, 1, 4, 5]), np.array([2, 3, 0, 1])
        made[:, :, first[:, None], first] += own[:, :, :4, :4]
        made[:, :, after[:, None], after] += np.roll(own[:, :, 4:, 4:], 1, axis=1)
        return made

    def _times(self, own: Floats, after: Floats, splines: Splines) -> Splines:
        """The equations' matrix times splines of the keyframes: what each key says of itself (`own`) and of the next
        one (`after`)."""
        local = _of_segments(splines)[..., None]
        made = np.matmul(own, local)
        made[:-1] += np.matmul(after, local[1:])
        made[1:] += np.matmul(after, local[:-1])
        return self._scattered(made[..., 0])


def _of_segments(splines: Splines) -> Floats:
    """The eight numbers of every segment: .. x M x 8."""
    after = np.roll(splines, -1, axis=-2)
    return np.concatenate([splines[..., :2], splines[..., 4:], after[..., 2:4], after[..., :2]], axis=-1)


def mixture(keys: Sequence[int]) -> Floats:
    """The share of every key in every frame from the first key to the last: frames x keys."""
    at = np.arange(keys[0], keys[-1] + 1)
    return np.stack([np.interp(at, keys, row) for row in np.eye(len(keys))], axis=1)


def in_between(keys: Sequence[int], splines: Splines) -> Splines:
    """The splines of all frames from the first key to the last."""
    return np.asarray(np.tensordot(mixture(keys), splines, 1))


def _products(shares: Floats, left: Floats) -> Floats:
    """Sums over the frames (frames x M x 8 x 8), for every column of shares."""
    return np.asarray(np.tensordot(shares.T, left, 1))


def _spread(mix: Floats, per_frame: Splines) -> Splines:
    return np.asarray(np.tensordot(mix.T, per_frame, 1))


def _ahead(outline: Contour, arcs: Floats, reach: float = 1.5) -> tuple[Floats, Floats]:
    """The places at arc lengths, and the direction of the outline there."""
    ahead = outline.at(arcs + reach) - outline.at(arcs - reach)
    return outline.at(arcs), ahead / np.maximum(np.hypot(ahead[..., 0], ahead[..., 1]), 1e-9)[..., None]
