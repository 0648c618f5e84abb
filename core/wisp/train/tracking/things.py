"""What moves in made clips: cut-outs of real pictures, soft subjects, and shapes of several patches with limbs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

#: Things in pictures of the pool, drawn by hand for this training: PICTURE.THING.png, the same THING in all of a clip.
MASKS = Path(__file__).with_name("masks")
#: Longer side of a thing's picture, pixels: more is never seen in a crop.
_SIDE = 288


@dataclass(frozen=True)
class Thing:
    """A picture (uint8 RGB h x w x 3) with its alpha (0..1, h x w): something that can be laid over another picture."""

    picture: Picture
    alpha: Plane


@dataclass(frozen=True)
class Still:
    """A real picture with the mask of one thing in it (bool h x w), and the names of its clip and of the thing."""

    picture: Picture
    mask: NDArray[np.bool_]
    clip: str
    name: str


class Pool:
    """Real material: `pictures` as backgrounds and textures, `stills` drawn by hand, `subjects` with soft mattes."""

    def __init__(self, pictures: Path, masks: Path, subjects: Path, long_side: int = 854) -> None:
        files = sorted(pictures.glob("*.jpg"))
        self._long = long_side
        self.names = [file.stem for file in files]
        self.pictures = [_read(file, long_side) for file in files]
        of = dict(zip(self.names, self.pictures, strict=True))
        self.stills = []
        for file in sorted(masks.glob("*.png")):
            picture, name = file.stem.rsplit(".", 1)
            if picture not in of:
                continue
            mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            here = of[picture]
            mask = cv2.resize(mask, here.shape[1::-1], interpolation=cv2.INTER_AREA) > 127
            if mask.sum() > 150:
                self.stills.append(Still(here, mask, picture.rsplit("_", 1)[0], name))
        self.subjects = []
        for file in sorted(subjects.glob("*.jpg")):
            subject = _read(file, 640)
            alpha = cv2.imread(str(file.with_suffix(".alpha.png")), cv2.IMREAD_GRAYSCALE)
            alpha = cv2.resize(alpha, subject.shape[1::-1], interpolation=cv2.INTER_AREA)
            self.subjects.append(Thing(subject, alpha.astype(np.float32) / 255.0))

    def series(self) -> list[list[Still]]:
        """The stills of one thing in several frames of its clip."""
        groups: dict[tuple[str, str], list[Still]] = {}
        for still in self.stills:
            groups.setdefault((still.clip, still.name), []).append(still)
        return [group for group in groups.values() if len(group) > 1]


def _read(file: Path, long_side: int) -> Picture:
    picture = np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR))
    scale = min(1.0, long_side / max(picture.shape[:2]))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture[..., ::-1])


def cut_out(still: Still, rng: np.random.Generator) -> Thing:
    """The thing of a still, with an edge of one to two pixels."""
    rows, columns = np.flatnonzero(still.mask.any(1)), np.flatnonzero(still.mask.any(0))
    height, width = still.mask.shape
    y0, y1 = max(0, rows[0] - 4), min(height, rows[-1] + 5)
    x0, x1 = max(0, columns[0] - 4), min(width, columns[-1] + 5)
    mask = still.mask[y0:y1, x0:x1].astype(np.uint8)
    if rng.random() < 0.7:  # without the rim, which may be of the old background
        mask = cv2.erode(mask, np.ones((3, 3), np.uint8))
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), rng.uniform(0.4, 1.0))
    return _fit(Thing(still.picture[y0:y1, x0:x1], alpha))


def subject(pool: Pool, rng: np.random.Generator) -> Thing:
    """A soft subject, or a part of one with a straight cut (as at a picture's border)."""
    thing = pool.subjects[rng.integers(len(pool.subjects))]
    picture, alpha = thing.picture, thing.alpha
    if rng.random() < 0.4:
        height, width = alpha.shape
        h, w = int(height * rng.uniform(0.45, 0.9)), int(width * rng.uniform(0.45, 0.9))
        y, x = rng.integers(height - h + 1), rng.integers(width - w + 1)
        if alpha[y : y + h, x : x + w].mean() > 0.15:
            picture, alpha = picture[y : y + h, x : x + w], alpha[y : y + h, x : x + w].copy()
            shape = blob(rng, (h, w), rng.uniform(0.5, 1.0))
            alpha *= shape
    return _fit(Thing(picture, alpha))


def _fit(thing: Thing) -> Thing:
    scale = min(1.0, _SIDE / max(thing.alpha.shape))
    if scale == 1.0:
        return thing
    size = (max(8, round(thing.alpha.shape[1] * scale)), max(8, round(thing.alpha.shape[0] * scale)))
    return Thing(
        cv2.resize(thing.picture, size, interpolation=cv2.INTER_AREA),
        cv2.resize(thing.alpha, size, interpolation=cv2.INTER_AREA),
    )


def blob(rng: np.random.Generator, shape: tuple[int, int], roughness: float) -> Plane:
    """A closed outline of random waves that nearly fills the rectangle; 0..1."""
    height, width = shape
    turns = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    radius = np.ones_like(turns)
    for wave in range(2, 9):
        radius += rng.normal(0, 0.35 * roughness / wave) * np.cos(wave * turns + rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.3:  # corners instead of curves
        picks = np.sort(rng.choice(96, rng.integers(3, 9), replace=False))
        turns, radius = turns[picks], radius[picks]
    radius = np.clip(radius, 0.25, None)
    radius /= radius.max()
    points = np.stack(
        [width / 2 + width / 2 * radius * np.cos(turns), height / 2 + height / 2 * radius * np.sin(turns)], 1
    )
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [np.round(points * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    return canvas.astype(np.float32) / 255.0


def patch(pool: Pool, rng: np.random.Generator, shape: tuple[int, int]) -> Picture:
    """A piece of a pool picture at a random size, turned, with another light."""
    picture = pool.pictures[rng.integers(len(pool.pictures))]
    height, width = picture.shape[:2]
    zoom = np.exp(rng.uniform(np.log(0.7), np.log(3.0)))
    h, w = min(height - 1, int(shape[0] / zoom) + 2), min(width - 1, int(shape[1] / zoom) + 2)
    y, x = rng.integers(height - h), rng.integers(width - w)
    piece = picture[y : y + h, x : x + w]
    if rng.random() < 0.5:
        piece = np.rot90(piece, int(rng.integers(4)))
    return relight(rng, cv2.resize(piece, shape[::-1], interpolation=cv2.INTER_LINEAR), 0.5)


def relight(rng: np.random.Generator, picture: Picture, strength: float) -> Picture:
    """Another exposure, contrast, saturation and tint."""
    values = picture.astype(np.float32)
    mean = values.mean(axis=(0, 1), keepdims=True)
    grey = values.mean(axis=2, keepdims=True)
    values = grey + (values - grey) * (1 + strength * rng.uniform(-0.9, 0.6))
    values = mean + (values - mean) * (1 + strength * rng.uniform(-0.5, 0.6))
    values = values * np.exp(strength * rng.normal(0, 0.35)) + strength * rng.normal(0, 22, (1, 1, 3))
    if rng.random() < 0.15 * strength:
        values = values[..., rng.permutation(3)]
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def assembled(pool: Pool, rng: np.random.Generator) -> Thing:
    """A body with up to six further parts (limbs, head, things worn), each of its own surface, perhaps with holes."""
    side = _SIDE
    canvas = np.zeros((side, side, 3), np.uint8)
    alpha = np.zeros((side, side), np.float32)
    centre = np.array([side / 2, side / 2])
    related = rng.random() < 0.4  # parts of one surface with other light
    common = patch(pool, rng, (side, side))
    body = np.array([rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5)]) * side
    for number in range(1 + rng.integers(0, 7)):
        if number == 0:
            size, place, turn = body, centre, rng.uniform(0, 180)
        else:
            long = rng.uniform(0.12, 0.45) * side
            size = np.array([long, long * rng.uniform(0.15, 0.9)])
            angle = rng.uniform(0, 2 * np.pi)
            place = (
                centre
                + 0.5 * body * [np.cos(angle), np.sin(angle)]
                + 0.35 * long * np.array([np.cos(angle), np.sin(angle)])
            )
            turn = np.degrees(angle) + rng.normal(0, 35)
        w, h = (max(6, int(v)) for v in size)
        shape = blob(rng, (h, w), rng.uniform(0, 1.0))
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), float(turn), 1.0)
        matrix[:, 2] += place - np.array([w / 2, h / 2])
        part = cv2.warpAffine(shape, matrix, (side, side), flags=cv2.INTER_LINEAR)
        surface = relight(rng, common, 0.6) if related else patch(pool, rng, (side, side))
        if rng.random() < 0.25:  # a plain surface, shaded
            tone = rng.uniform(0, 255, 3)
            surface = np.clip(tone + 0.25 * (surface.astype(np.float32) - surface.mean()), 0, 255).astype(np.uint8)
        over = rng.random() < 0.6
        weight = part if over else part * (1 - alpha)
        canvas = (canvas + weight[..., None] * (surface.astype(np.float32) - canvas)).astype(np.uint8)
        alpha = np.maximum(alpha, part)
    if rng.random() < 0.12:
        h, w = int(side * rng.uniform(0.05, 0.2)), int(side * rng.uniform(0.05, 0.2))
        y, x = (int(v) for v in centre - [h / 2, w / 2] + rng.normal(0, 20, 2))
        if y > 0 and x > 0:
            alpha[y : y + h, x : x + w] *= (
                1 - blob(rng, (h, w), 0.5)[: alpha[y : y + h].shape[0], : alpha[:, x : x + w].shape[1]]
            )
    rows, columns = np.flatnonzero((alpha > 0.2).any(1)), np.flatnonzero((alpha > 0.2).any(0))
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return Thing(np.ascontiguousarray(canvas[inside]), np.ascontiguousarray(alpha[inside]))


def any_thing(pool: Pool, rng: np.random.Generator) -> Thing:
    """A thing of any kind, perhaps mirrored and relit."""
    kind = rng.random()
    if pool.stills and kind < 0.45:
        thing = cut_out(pool.stills[rng.integers(len(pool.stills))], rng)
    elif kind < 0.65:
        thing = subject(pool, rng)
    else:
        thing = assembled(pool, rng)
    picture, alpha = thing.picture, thing.alpha
    if rng.random() < 0.5:
        picture, alpha = picture[:, ::-1], alpha[:, ::-1]
    if rng.random() < 0.15:
        picture, alpha = np.rot90(picture), np.rot90(alpha)
    return Thing(relight(rng, picture, rng.uniform(0, 0.7)), np.ascontiguousarray(alpha))


def empty_set(still: Still) -> Picture:
    """The still's picture with its thing painted away: what lies around it, carried inwards."""
    height, width = still.mask.shape
    mask = still.mask.astype(np.uint8)
    size = (width // 4, height // 4)
    hole = cv2.resize(cv2.dilate(mask, np.ones((9, 9), np.uint8)), size, interpolation=cv2.INTER_LINEAR)
    small = cv2.resize(still.picture, size, interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    filled = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    soft = cv2.dilate(mask, np.ones((7, 7), np.uint8)).astype(np.float32)
    soft = cv2.GaussianBlur(soft, (0, 0), 1.5)[..., None]
    return np.asarray(still.picture * (1 - soft) + filled * soft, np.uint8)
