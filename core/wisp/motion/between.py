"""Where things of one picture are in another that is not its neighbour: the other eye's, or another take's.

Flow alone finds only what has moved little. So it starts from several places: nothing has moved; all has moved as the
features of both pictures say; the object lies where its patch is found again. The start whose flow is believed most,
over the object, is taken, and improved once by what it has found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .carry import applied, brought_over, fitted, spread
from .flow import Flow, FlowEstimator, Grey, Plane, pixel_grid, pull, trust

#: Features of a picture, how much better than the next a match must be, how far off it may be in grid pixels, and how
#: many make a similarity believed.
_FEATURES, _BETTER, _OFF, _ENOUGH = 1500, 0.8, 4.0, 12
#: The patch is looked for in pictures of this longer side.
_SMALL = 320
#: Grey levels, once brightness and contrast are alike, by which a thing may look different in the other picture.
_SAME = 25.0
#: What lies nearer than about half of that to the outline may already be what is behind.
_RIM = 5
Similar = NDArray[np.float64]


@dataclass(frozen=True)
class Between:
    """`there`: from each pixel of the one grid to its place in the other, h x w x 2; `sure`: 0..1, h x w, how far that
    is to be believed; `similar`: 2 x 3, how the object has moved on the whole; `area`: where it is in the one, h x w.
    """

    there: Flow
    sure: Plane
    similar: Similar
    area: Plane

    @cached_property
    def rest(self) -> Flow:
        """How far what moves with the object is off `similar`, in pixels of the other grid, also around the object:
        its outline is seen less surely than what lies inside."""
        grid = pixel_grid(*self.area.shape)
        inside = cv2.erode(np.asarray(self.area * self.sure, np.float32), np.ones((_RIM, _RIM)))
        return spread(grid + self.there - applied(self.similar, grid), np.asarray(inside, np.float32))

    def moved(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points (n x 2) that belong to the object are in the other picture."""
        at = np.asarray(points, np.float32).reshape(-1, 1, 2)
        rest = cv2.remap(self.rest, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1, 2)
        return np.asarray(points @ self.similar[:, :2].T + self.similar[:, 2] + rest, np.float64)

    def source(self) -> Flow:
        """From where in the one picture the object's pixels in the other one are: places, h x w x 2."""
        inverse = cv2.invertAffineTransform(self.similar)
        grid = pixel_grid(*self.area.shape)
        rough = applied(inverse, grid)
        rest = cv2.remap(self.rest, rough, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return applied(inverse, np.asarray(grid - rest, np.float32))


def between(one: Grey, other: Grey, area: Plane) -> Between:
    """From `one` picture to the `other`, both h x w. `area`: where the object is in the one, 0..1."""
    estimate = FlowEstimator()
    weight = area if area.any() else np.ones_like(area)
    found: Between | None = None
    for similar in _starts(one, other, weight):
        found = _better(found, _from(estimate, one, other, weight, similar), weight)
    assert found is not None
    seen = np.asarray(found.sure * weight, np.float32)
    if seen.sum() > 0:
        similar = fitted(pixel_grid(*one.shape), pixel_grid(*one.shape) + found.there, seen)
        found = _better(found, _from(estimate, one, other, weight, similar), weight)
    return found


def _better(one: Between | None, other: Between, weight: Plane) -> Between:
    return other if one is None or (other.sure * weight).sum() > (one.sure * weight).sum() else one


def _from(estimate: FlowEstimator, one: Grey, other: Grey, weight: Plane, similar: Similar) -> Between:
    """What flow finds where the other picture is first brought over this one by `similar`."""
    grid = pixel_grid(*one.shape)
    near = _alike(brought_over(other, similar, cv2.INTER_LINEAR), one, weight)
    rest, home = estimate(one, near), estimate(near, one)
    difference = cv2.blur(np.abs(one.astype(np.float32) - pull(near, rest).astype(np.float32)), (5, 5))
    place = applied(similar, grid + rest)
    height, width = one.shape
    inside = ((place >= 0) & (place <= (width - 1, height - 1))).all(axis=2)
    sure = np.asarray(trust(rest, home) * np.exp(-((difference / _SAME) ** 2)) * inside, np.float32)
    return Between(place - grid, sure, similar, weight)


def _alike(picture: Grey, like: Grey, weight: Plane) -> Grey:
    """The picture with the brightness and contrast of another, as they are where `weight` is."""
    (mean, spread), (wanted, wide) = (_statistics(each, weight) for each in (picture, like))
    gain = float(np.clip(wide / max(spread, 1.0), 0.5, 2.0))
    return np.asarray(np.clip((picture.astype(np.float32) - mean) * gain + wanted, 0, 255), np.uint8)


def _statistics(picture: Grey, weight: Plane) -> tuple[float, float]:
    values, total = picture.astype(np.float32), max(float(weight.sum()), 1e-6)
    mean = float((values * weight).sum() / total)
    return mean, float(np.sqrt((((values - mean) ** 2) * weight).sum() / total))


def _starts(one: Grey, other: Grey, weight: Plane) -> list[Similar]:
    still = np.eye(2, 3)
    return [
        still,
        *(similar for similar in (_by_features(one, other), _by_patch(one, other, weight)) if similar is not None),
    ]


def _by_features(one: Grey, other: Grey) -> Similar | None:
    """How the whole picture has moved, by oriented features (Rublee et al., ICCV 2011); None: too few agree."""
    finder = cv2.ORB.create(_FEATURES)
    (places, said), (there, heard) = (finder.detectAndCompute(picture, None) for picture in (one, other))
    if said is None or heard is None or len(there) < 2:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(said, heard, 2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _BETTER * pair[1].distance]
    if len(good) < _ENOUGH:
        return None
    before, after = (
        np.array([points[index].pt for index in indices], np.float32)
        for points, indices in ((places, [m.queryIdx for m in good]), (there, [m.trainIdx for m in good]))
    )
    similar, kept = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=_OFF)
    if similar is None or kept.sum() < _ENOUGH:
        return None
    scale = float(np.hypot(similar[0, 0], similar[1, 0]))
    return np.asarray(similar, np.float64) if 0.25 < scale < 4.0 else None


def _by_patch(one: Grey, other: Grey, weight: Plane) -> Similar | None:
    """How far the object has moved, by where its patch is found again."""
    rows, columns = np.flatnonzero((weight > 0.5).any(axis=1)), np.flatnonzero((weight > 0.5).any(axis=0))
    if not rows.size:
        return None
    scale = min(1.0, _SMALL / max(one.shape))
    small, wide = (cv2.resize(each, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for each in (one, other))
    top, bottom, left, right = (round(float(v) * scale) for v in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    patch = small[top:bottom, left:right]
    if min(patch.shape) < 6 or patch.std() < 2.0 or patch.shape == small.shape:
        return None
    answer = cv2.matchTemplate(wide, patch, cv2.TM_CCOEFF_NORMED)
    row, column = np.unravel_index(int(answer.argmax()), answer.shape)
    return np.array([[1.0, 0.0, (int(column) - left) / scale], [0.0, 1.0, (int(row) - top) / scale]])
