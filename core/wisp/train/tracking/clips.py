"""Made clips: things move, bend, hide each other and leave a picture that moves too; every pixel's owner is known.

A clip has a key frame, at any distance in time, then consecutive frames; both are seen through square windows around
the thing that is followed, as the tracker sees them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from .things import Picture, Plane, Pool, Still, Thing, any_thing, blob, cut_out, empty_set, patch, relight

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class MadeClip:
    """`pictures` uint8 n x s x s x 3, `masks` bool n x s x s: the key frame, then consecutive frames."""

    pictures: NDArray[np.uint8]
    masks: NDArray[np.bool_]


@dataclass(eq=False)
class _Wave:
    """A number that changes with time: start, speed and a swing."""

    start: float = 0.0
    speed: float = 0.0
    swing: float = 0.0
    rate: float = 0.1
    phase: float = 0.0

    def __call__(self, t: float) -> float:
        return float(self.start + self.speed * t + self.swing * np.sin(self.rate * t + self.phase))


@dataclass(eq=False)
class _Mover:
    """A thing with its way through the world (units: window pixels)."""

    thing: Thing
    size: float
    x: _Wave
    y: _Wave
    turn: _Wave = field(default_factory=_Wave)
    zoom: _Wave = field(default_factory=_Wave)
    squeeze: _Wave = field(default_factory=_Wave)
    bend: list[tuple[NDArray[np.float32], float, float]] = field(default_factory=list)

    def matrix(self, t: float) -> Matrix:
        """From pixels of the thing's picture to the world."""
        height, width = self.thing.alpha.shape
        scale = self.size / max(height, width) * np.exp(self.zoom(t))
        angle = self.turn(t)
        c, s = np.cos(angle), np.sin(angle)
        narrow = np.exp(-abs(self.squeeze(t)))
        linear = scale * np.array([[c, -s], [s, c]]) @ np.diag([narrow, 1.0])
        place = np.array([self.x(t), self.y(t)]) - linear @ np.array([width / 2, height / 2])
        return np.vstack([np.column_stack([linear, place]), [0, 0, 1]])

    def draw(self, t: float, view: Matrix, side: int) -> tuple[Plane, Plane]:
        """Straight colour (float32 0..255) and alpha in the window."""
        inverse = np.linalg.inv(view @ self.matrix(t))
        rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
        mx = (inverse[0, 0] * columns + inverse[0, 1] * rows + inverse[0, 2]).astype(np.float32)
        my = (inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2]).astype(np.float32)
        height, width = self.thing.alpha.shape
        if self.bend:
            field_ = sum(grid * np.float32(np.sin(rate * t + phase)) for grid, rate, phase in self.bend)
            whole = cv2.resize(field_, (width, height), interpolation=cv2.INTER_CUBIC)
            shift = cv2.remap(whole, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            mx, my = mx + shift[..., 0], my + shift[..., 1]
        shrink = float(np.hypot(inverse[0, 0], inverse[1, 0]))
        picture, alpha = self.thing.picture, self.thing.alpha
        if shrink > 1.6:  # an area filter, roughly
            sigma = 0.4 * shrink
            picture, alpha = cv2.GaussianBlur(picture, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
        color = cv2.remap(picture, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return color.astype(np.float32), cv2.remap(alpha, mx, my, cv2.INTER_LINEAR, borderValue=0)


def _bends(rng: np.random.Generator, thing: Thing, strength: float) -> list[tuple[NDArray[np.float32], float, float]]:
    size = max(thing.alpha.shape)
    return [
        (
            (rng.normal(0, strength * size, (k, k, 2))).astype(np.float32),
            float(np.exp(rng.uniform(np.log(0.03), np.log(0.5)))),
            float(rng.uniform(0, 2 * np.pi)),
        )
        for k in (4, 4)
    ]


def _wave(rng: np.random.Generator, start: float, speed: float, swing: float) -> _Wave:
    rate = float(np.exp(rng.uniform(np.log(0.02), np.log(0.35))))
    return _Wave(start, speed, swing, rate, float(rng.uniform(0, 2 * np.pi)))


def _moving(rng: np.random.Generator, thing: Thing, size: float, place: tuple[float, float], lively: float) -> _Mover:
    speed = float(np.exp(rng.uniform(np.log(0.3), np.log(22.0)))) * lively
    heading = rng.uniform(0, 2 * np.pi)
    return _Mover(
        thing,
        size,
        _wave(rng, place[0], speed * np.cos(heading), lively * rng.uniform(0, 12)),
        _wave(rng, place[1], speed * np.sin(heading) * 0.6, lively * rng.uniform(0, 12)),
        _wave(rng, 0.0, 0.0, lively * abs(rng.normal(0, 0.25)) * (4.0 if rng.random() < 0.08 else 1.0)),
        _wave(rng, 0.0, lively * rng.normal(0, 0.004), lively * abs(rng.normal(0, 0.12))),
        _wave(rng, 0.0, 0.0, lively * rng.uniform(0, 0.5) if rng.random() < 0.4 else 0.0),
        _bends(rng, thing, lively * rng.choice([0.01, 0.03, 0.05])),
    )


def _window(mover: _Mover, t: float, side: int, share: float, jitter: NDArray[np.float64]) -> Matrix:
    """World to window: the mover's rectangle takes `share` of the side, off centre by `jitter` (shares of the side)."""
    height, width = mover.thing.alpha.shape
    corners = mover.matrix(t) @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], float)
    low, high = corners[:2].min(axis=1), corners[:2].max(axis=1)
    scale = share * side / max(8.0, float((high - low).max()))
    centre = (low + high) / 2
    place = side * (0.5 + jitter) - scale * centre
    return np.array([[scale, 0, place[0]], [0, scale, place[1]], [0, 0, 1]])


def made_clip(pool: Pool, rng: np.random.Generator, side: int, frames: int) -> MadeClip:
    """A made clip of `side` pixels: a key frame and `frames` consecutive ones."""
    stills = pool.stills
    in_place = bool(stills) and rng.random() < 0.45
    lively = float(rng.uniform(0.15, 0.6)) if in_place else 1.0
    key_picture: tuple[Picture, NDArray[np.bool_]] | None = None
    if in_place:
        still = stills[int(rng.integers(len(stills)))]
        target, ground, ground_matrix = _in_place(rng, still, lively)
        series = [s for s in stills if s.clip == still.clip and s.name == still.name and s is not still]
        if series and rng.random() < 0.6:
            other = series[int(rng.integers(len(series)))]
            key_picture = _seen_still(rng, other, side)
    else:
        target = _moving(rng, any_thing(pool, rng), 160.0, (0.0, 0.0), lively)
        ground = pool.pictures[int(rng.integers(len(pool.pictures)))]
        if rng.random() < 0.15:
            ground = patch(pool, rng, (480, 854))
        zoom = np.exp(rng.uniform(np.log(0.4), np.log(1.6)))
        at = np.array([rng.uniform(0.25, 0.75) * ground.shape[1], rng.uniform(0.25, 0.75) * ground.shape[0]])
        ground_matrix = np.array([[zoom, 0, -zoom * at[0]], [0, zoom, -zoom * at[1]], [0, 0, 1.0]])
        if rng.random() < 0.5:
            ground_matrix = np.diag([-1.0, 1.0, 1.0]) @ ground_matrix

    behind: list[_Mover] = []
    ahead: list[_Mover] = []
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15])):
        alike = rng.random() < 0.2 and not in_place
        thing = target.thing if alike else any_thing(pool, rng)
        if alike:
            thing = Thing(relight(rng, thing.picture[:, ::-1], 0.4), np.ascontiguousarray(thing.alpha[:, ::-1]))
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(60, 200)
        mover = _moving(rng, thing, float(rng.uniform(40, 220)), (far * np.cos(angle), far * np.sin(angle)), 0.8)
        (ahead if rng.random() < 0.4 else behind).append(mover)

    start = float(rng.uniform(0, 60))
    gap = 1.0 if rng.random() < 0.2 else float(rng.uniform(2, 45))
    times = [start - gap, *(start + k for k in range(frames))]
    if rng.random() < 0.3:  # time runs backward
        times = [2 * start - t for t in times]
    hidden = rng.random() < 0.22
    if hidden:  # something large passes in front
        t_hide = times[1 + int(rng.integers(frames))]
        across = _moving(rng, any_thing(pool, rng), float(rng.uniform(120, 420)), (0.0, 0.0), 0.5)
        across.x.start += target.x(t_hide) - across.x(t_hide) + rng.normal(0, 50)
        across.y.start += target.y(t_hide) - across.y(t_hide) + rng.normal(0, 50)
        across.x.speed = float(rng.normal(0, 25))
        across.x.start -= across.x.speed * t_hide
        ahead.append(across)

    follow = float(rng.uniform(0, 1)) if rng.random() < 0.7 else 1.0  # how far the camera follows
    shares = rng.uniform(0.3, 0.85, 2)
    drift = rng.normal(0, 0.05, 2), rng.normal(0, 0.09, 2)
    window_run = _window(target, times[1 + frames // 2], side, shares[1], drift[1])
    window_key = _window(target, times[0], side, shares[0], drift[0])
    light = _wave(rng, 0.0, 0.0, abs(rng.normal(0, 0.08)))
    shadow = rng.random() < 0.3
    blurs = rng.random() < 0.3
    grade = int(rng.integers(1 << 30))
    soft, noise = (rng.uniform(0.4, 1.3) if rng.random() < 0.35 else 0.0), rng.uniform(0, 6) * (rng.random() < 0.6)
    quality = int(rng.integers(40, 96))
    defocus = rng.uniform(1, 4) if rng.random() < 0.2 else 0.0
    if defocus:
        ground = cv2.GaussianBlur(ground, (0, 0), float(defocus))

    pictures, masks = [], []
    for number, t in enumerate(times):
        view = window_key if number == 0 else window_run
        pan = (1 - follow) * np.array([target.x(t) - target.x(start), target.y(t) - target.y(start)])
        # The window stays where it is during the run; what the camera follows does not move in it.
        move = np.eye(3)
        if number:
            move[:2, 2] = -(np.array([target.x(t) - target.x(start), target.y(t) - target.y(start)]) - pan)
        picture = cv2.warpAffine(
            ground,
            (view @ move @ ground_matrix)[:2],
            (side, side),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ).astype(np.float32)
        left = np.ones((side, side), np.float32)
        truth = np.zeros((side, side), np.float32)
        for mover in (*behind, target, *ahead):
            color, alpha = _drawn(mover, t, view @ move, side, blurs)
            if mover is target:
                truth = alpha.copy()
                if shadow:
                    dark = np.roll(cv2.GaussianBlur(alpha, (0, 0), 9), (14, 6), (0, 1))
                    picture *= 1 - 0.45 * dark[..., None]
            elif any(mover is other for other in ahead):
                left *= 1 - alpha
            picture += alpha[..., None] * (color - picture)
        masks.append(truth * left > 0.5)
        pictures.append(recorded(rng, picture * np.exp(light(t)), soft, noise, quality))
    if key_picture is not None:
        pictures[0], masks[0] = recorded(rng, key_picture[0].astype(np.float32), soft, noise, quality), key_picture[1]
    shaded = np.stack([relight(np.random.default_rng(grade), picture, 0.35) for picture in pictures])
    return MadeClip(shaded, np.stack(masks))


def _drawn(mover: _Mover, t: float, view: Matrix, side: int, blurs: bool) -> tuple[Plane, Plane]:
    """One frame of a mover; `blurs`: with an open shutter of half a frame, where it moves fast."""
    speed = np.hypot(mover.x(t + 0.5) - mover.x(t), mover.y(t + 0.5) - mover.y(t)) * view[0, 0]
    if not blurs or speed < 2.5:
        return mover.draw(t, view, side)
    total, cover = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
    for part in np.linspace(-0.25, 0.25, 4):
        color, alpha = mover.draw(t + part, view, side)
        total += 0.25 * alpha[..., None] * color
        cover += 0.25 * alpha
    return np.asarray(total / np.maximum(cover, 1e-3)[..., None], np.float32), cover


def _in_place(rng: np.random.Generator, still: Still, lively: float) -> tuple[_Mover, Picture, Matrix]:
    """A still's own thing, where it is, over its own surroundings with itself painted away."""
    thing = cut_out(still, np.random.default_rng(0))
    rows, columns = np.flatnonzero(still.mask.any(1)), np.flatnonzero(still.mask.any(0))
    y0, x0 = max(0, rows[0] - 4), max(0, columns[0] - 4)
    y1, x1 = min(still.mask.shape[0], rows[-1] + 5), min(still.mask.shape[1], columns[-1] + 5)
    scale = 160.0 / max(y1 - y0, x1 - x0)
    mover = _moving(rng, thing, 160.0, (0.0, 0.0), lively)
    at = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    ground = empty_set(still)
    matrix = np.array([[scale, 0, -scale * at[0]], [0, scale, -scale * at[1]], [0, 0, 1.0]])
    return mover, ground, matrix


def _seen_still(rng: np.random.Generator, still: Still, side: int) -> tuple[Picture, NDArray[np.bool_]]:
    """A still as it is, through a window around its thing."""
    rows, columns = np.flatnonzero(still.mask.any(1)), np.flatnonzero(still.mask.any(0))
    high, wide = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    scale = rng.uniform(0.35, 0.8) * side / max(high, wide)
    centre = np.array([(columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2])
    place = side * (0.5 + rng.normal(0, 0.05, 2)) - scale * centre
    matrix = np.array([[scale, 0, place[0]], [0, scale, place[1]]])
    if rng.random() < 0.5:
        matrix[0] = [-scale, 0, side - place[0]]
    picture = cv2.GaussianBlur(still.picture, (0, 0), max(0.01, 0.35 / scale)) if scale < 0.6 else still.picture
    seen = cv2.warpAffine(
        picture,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(127, 127, 127),
    )
    mask = cv2.warpAffine(still.mask.astype(np.float32), matrix, (side, side), flags=cv2.INTER_LINEAR)
    return seen, mask > 0.5


def seen_still(pool: Pool, rng: np.random.Generator, side: int) -> tuple[Picture, NDArray[np.bool_]]:
    """A real picture with a hand-drawn mask, relit: see `_seen_still`."""
    still = pool.stills[int(rng.integers(len(pool.stills)))]
    picture, mask = _seen_still(rng, still, side)
    return relight(rng, picture, 0.5), mask


def recorded(rng: np.random.Generator, picture: Plane, soft: float, noise: float, quality: int) -> Picture:
    """Out of focus by `soft` pixels, with grain of `noise` levels, and as a JPEG keeps it."""
    if soft:
        picture = cv2.GaussianBlur(picture, (0, 0), soft)
    if noise:
        picture = picture + rng.normal(0, noise, picture.shape).astype(np.float32)
    eight = np.clip(picture, 0, 255).astype(np.uint8)
    _, code = cv2.imencode(".jpg", eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)


def spoilt(rng: np.random.Generator, mask: NDArray[np.bool_]) -> Plane:
    """A mask as a tracker may have left it: moved, grown, eaten, with parts missing or too many; 0..1."""
    side = mask.shape[0]
    values = mask.astype(np.float32)
    if rng.random() < 0.25 or not mask.any():
        return np.asarray(cv2.GaussianBlur(values, (0, 0), 1.0), np.float32)
    size = float(np.sqrt(mask.sum()))
    if rng.random() < 0.5:  # bent outline
        reach = rng.uniform(0.01, 0.08) * size
        grid = cv2.resize(
            rng.normal(0, reach, (7, 7, 2)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC
        )
        rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
        values = cv2.remap(values, columns + grid[..., 0], rows + grid[..., 1], cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        k = 2 * int(rng.uniform(0, 0.06) * size) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (k, k))
        values = cv2.erode(values, kernel) if rng.random() < 0.5 else cv2.dilate(values, kernel)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    for _ in range(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15])):  # parts lost or gained
        h, w = (max(4, int(size * rng.uniform(0.12, 0.6))) for _ in range(2))
        y = int(rng.uniform(rows[0] - h / 2, rows[-1] + h / 2)) - h // 2
        x = int(rng.uniform(columns[0] - w / 2, columns[-1] + w / 2)) - w // 2
        y0, x0, y1, x1 = max(0, y), max(0, x), min(side, y + h), min(side, x + w)
        if y0 < y1 and x0 < x1:
            shape = blob(rng, (h, w), 0.6)[y0 - y : y1 - y, x0 - x : x1 - x]
            if rng.random() < 0.55:
                values[y0:y1, x0:x1] *= 1 - shape
            else:
                values[y0:y1, x0:x1] = np.maximum(values[y0:y1, x0:x1], shape)
    return np.asarray(np.clip(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.7, 2.5)), 0, 1), np.float32)
