"""Pictures of things that go on beyond the picture's border: busts, half a horse, a branch from outside.

A subject that was photographed so keeps its cut sides at the border; of others a part is left out. Clothes, coats and
lower parts get surfaces of their own, as such things are rarely of one colour.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .clips import recorded
from .things import Picture, Pool, Still, Thing, assembled, blob, cut_out, patch, relight

#: Share of a side that must be inside for the subject to count as cut there.
_CUT = 0.04
#: Least and most of the window that the thing's rectangle takes along its longer side.
_SHARES = (0.55, 1.15)
#: Least part of the thing that is still to be seen, and least part of the window that it takes.
_LEFT, _LEAST = 0.3, 0.03


def bordered(pool: Pool, rng: np.random.Generator, side: int) -> tuple[Picture, NDArray[np.bool_]]:
    """A picture of `side` pixels, uint8 RGB, and the mask of a thing that its border mostly cuts."""
    while True:
        if pool.stills and rng.random() < 0.35:
            picture, alpha = _zoomed(pool.stills[int(rng.integers(len(pool.stills)))], rng, side)
        else:
            picture, alpha = _composed(pool, rng, side)
        mask = alpha > 0.5
        if mask.mean() > _LEAST:
            break
    noise = rng.uniform(0, 6) * (rng.random() < 0.6)
    soft = rng.uniform(0.3, 1.0) if rng.random() < 0.3 else 0.0
    told = recorded(rng, picture.astype(np.float32), soft, noise, int(rng.integers(40, 96)))
    if rng.random() < 0.5:
        told, mask = told[:, ::-1], mask[:, ::-1]
    return relight(rng, np.ascontiguousarray(told), 0.4), np.ascontiguousarray(mask)


def _zoomed(still: Still, rng: np.random.Generator, side: int) -> tuple[Picture, NDArray[np.float32]]:
    """A square of a real picture that cuts the thing in it, or at whose border it is cut already."""
    height, width = still.mask.shape
    rows, columns = np.flatnonzero(still.mask.any(1)), np.flatnonzero(still.mask.any(0))
    high, wide = float(np.ptp(rows) + 1), float(np.ptp(columns) + 1)
    for _ in range(12):
        square = min(max(24.0, max(high, wide) * rng.uniform(0.55, 1.3)), float(min(height, width)))
        ways = ((columns, width), (rows, height))
        x, y = (
            float(np.clip(rng.uniform(*sorted((ends[0] - 0.2 * square, ends[-1] - 0.5 * square))), 0, length - square))
            for ends, length in ways
        )
        at = (slice(int(y), int(y + square)), slice(int(x), int(x + square)))
        if still.mask[at].sum() > _LEFT * still.mask.sum():
            break
    way = cv2.INTER_AREA if square > side else cv2.INTER_LINEAR
    picture = cv2.resize(still.picture[at], (side, side), interpolation=way)
    alpha = cv2.resize(still.mask[at].astype(np.float32), (side, side), interpolation=way)
    return np.asarray(picture, np.uint8), np.asarray(alpha, np.float32)


def _composed(pool: Pool, rng: np.random.Generator, side: int) -> tuple[Picture, NDArray[np.float32]]:
    """A thing over another picture, with one or two of its sides at the border or beyond it."""
    kind = rng.random()
    if kind < 0.6:
        thing = pool.subjects[int(rng.integers(len(pool.subjects)))]
        cuts = _cut_sides(thing)
    elif kind < 0.75 and pool.stills:
        thing, cuts = cut_out(pool.stills[int(rng.integers(len(pool.stills)))], rng), set[str]()
    else:
        thing, cuts = assembled(pool, rng), set[str]()
    if not cuts or rng.random() < 0.3:
        thing, cuts = _shortened(thing, cuts, rng)
    thing = _clad(pool, Thing(relight(rng, thing.picture, 0.7), thing.alpha), rng)
    high, wide = thing.alpha.shape
    scale = side * rng.uniform(*_SHARES) / max(high, wide)
    if {"left", "right"} <= cuts:
        scale = max(scale, side / wide)
    if {"top", "bottom"} <= cuts:
        scale = max(scale, side / high)
    x = _place(rng, side, scale * wide, "left" in cuts, "right" in cuts)
    y = _place(rng, side, scale * high, "top" in cuts, "bottom" in cuts)
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    blurred = max(0.01, 0.35 / scale)
    sharp = scale >= 0.8
    color, alpha = (v if sharp else cv2.GaussianBlur(v, (0, 0), blurred) for v in (thing.picture, thing.alpha))
    # Beyond the picture that it was cut out of the thing goes on.
    color = cv2.warpAffine(color, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha, matrix, (side, side), flags=cv2.INTER_LINEAR)
    ground = _ground(pool, rng, side)
    picture = ground + alpha[..., None] * (color.astype(np.float32) - ground)
    return np.asarray(np.clip(picture, 0, 255), np.uint8), np.asarray(alpha, np.float32)


def _cut_sides(thing: Thing) -> set[str]:
    """The sides of its picture at which the thing is cut off."""
    inside = thing.alpha > 0.5
    ends = {"top": inside[1], "bottom": inside[-2], "left": inside[:, 1], "right": inside[:, -2]}
    return {name for name, end in ends.items() if end.mean() > _CUT}


def _shortened(thing: Thing, cuts: set[str], rng: np.random.Generator) -> tuple[Thing, set[str]]:
    """Without a part of it, mostly of its lower end."""
    height, width = thing.alpha.shape
    end = str(rng.choice(["bottom", "left", "right", "top"], p=[0.55, 0.17, 0.17, 0.11]))
    left = rng.uniform(0.35, 0.85)
    rows = {"bottom": slice(0, int(left * height)), "top": slice(int((1 - left) * height), height)}
    columns = {"right": slice(0, int(left * width)), "left": slice(int((1 - left) * width), width)}
    at = (rows.get(end, slice(None)), columns.get(end, slice(None)))
    part = Thing(np.ascontiguousarray(thing.picture[at]), np.ascontiguousarray(thing.alpha[at]))
    if min(part.alpha.shape) < 16 or part.alpha.sum() < 0.2 * thing.alpha.sum():
        return thing, cuts
    return part, cuts | {end}


def _clad(pool: Pool, thing: Thing, rng: np.random.Generator) -> Thing:
    """With another surface from some height on, or in a blob of it, its own light kept."""
    if rng.random() < 0.4:
        return thing
    height, width = thing.alpha.shape
    if rng.random() < 0.7:
        y = np.arange(height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        line = height * (rng.uniform(0.3, 0.8) + rng.normal(0, 0.12) * x + rng.normal(0, 0.15) * x * x)
        share = np.clip((y - line) / 2 + 0.5, 0, 1)
    else:
        share = np.zeros((height, width), np.float32)
        h, w = max(8, int(height * rng.uniform(0.2, 0.6))), max(8, int(width * rng.uniform(0.2, 0.6)))
        top, left = int(rng.integers(max(1, height - h))), int(rng.integers(max(1, width - w)))
        share[top : top + h, left : left + w] = blob(rng, (h, w), 0.8)[: height - top, : width - left]
    surface = patch(pool, rng, (height, width)).astype(np.float32)
    if rng.random() < 0.5:
        surface = rng.uniform(0, 255, 3) + 0.3 * (surface - surface.mean((0, 1)))
    light = cv2.GaussianBlur(cv2.cvtColor(thing.picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.0)
    light = (light + 25.0) / (float(light.mean()) + 25.0)
    clad = np.clip(surface * light[..., None] ** rng.uniform(0.2, 0.8), 0, 255)
    return Thing(np.asarray(thing.picture + share[..., None] * (clad - thing.picture), np.uint8), thing.alpha)


def _place(rng: np.random.Generator, side: int, length: float, low: bool, high: bool) -> float:
    """Where the thing begins along one side of the picture: at or beyond the borders where it is cut."""
    if low and high:
        return float(rng.uniform(side - length, 0)) if length > side else (side - length) / 2
    beyond = rng.uniform(0, 0.15) * length * (rng.random() < 0.5)
    if low:
        return float(-beyond)
    if high:
        return float(side - length + beyond)
    low_end, high_end = sorted((-0.15 * length, side - 0.85 * length))
    return float(rng.uniform(low_end, high_end))


def _ground(pool: Pool, rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    """A square of a picture of the pool, relit, now and then out of focus."""
    picture = pool.pictures[int(rng.integers(len(pool.pictures)))]
    height, width = picture.shape[:2]
    square = int(min(height, width) * rng.uniform(0.35, 1.0))
    y, x = int(rng.integers(height - square + 1)), int(rng.integers(width - square + 1))
    way = cv2.INTER_AREA if square > side else cv2.INTER_LINEAR
    ground = relight(rng, cv2.resize(picture[y : y + square, x : x + square], (side, side), interpolation=way), 0.5)
    if rng.random() < 0.35:
        ground = cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.8, 4.0))
    return ground.astype(np.float32)
