"""Subjects with exact alpha: bodies, hair, fur, leaves, nets, text, veils, as premultiplied pictures.

Everything is painted four times too large and without antialiasing, then averaged, so that colour and coverage of a
pixel agree exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .palette import Palette, draw_colours
from .textures import fractal_noise, texture

#: Painted pixels per pixel, along each axis.
SUPERSAMPLING = 4
_FULL = 255

Points = NDArray[np.float64]
Canvas = NDArray[np.uint8]


@dataclass(frozen=True)
class Layer:
    """A subject without its background: `colour` H x W x 3 premultiplied by `alpha` H x W, float32 in 0..1."""

    colour: FloatImage
    alpha: FloatImage


def random_layer(rng: np.random.Generator, size: int, palette: Palette) -> Layer:
    """A subject of a random kind; its body is smooth, furry, haired, leafy, a net, written or full of holes."""
    canvas = np.zeros((size * SUPERSAMPLING,) * 2 + (4,), np.uint8)
    surface = texture(rng, size, palette)
    kind = rng.choice(len(_KINDS), p=_CHANCES)
    _KINDS[kind](rng, canvas, surface, palette)
    layer = _averaged(canvas, size)
    return _veiled(rng, layer) if rng.random() < 0.08 else layer


# --- what subjects are made of: coordinates in painted pixels -------------------------------------------------------


def _outline(rng: np.random.Generator, side: int) -> Points:
    """A closed contour, round, lobed or bony, around a centre near the middle or beyond the border."""
    turn = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    radius = np.ones_like(turn)
    rough = rng.uniform(0.05, 0.45)
    for wave in range(1, 14):
        radius += rough * rng.normal() / wave**1.3 * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    scale = side * rng.uniform(0.14, 0.5)
    squeeze = rng.uniform(0.5, 1.0)
    centre = rng.uniform(0.1, 0.9, 2) * side
    around = np.stack([np.cos(turn), squeeze * np.sin(turn)], axis=1) * np.maximum(radius, 0.15)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(centre + scale * around @ rotation.T)


def _corners(rng: np.random.Generator, side: int) -> Points:
    """A polygon with straight edges."""
    turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
    radius = side * rng.uniform(0.15, 0.5) * rng.uniform(0.5, 1.3, turn.size)
    return np.asarray(rng.uniform(0.2, 0.8, 2) * side + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1))


def _fill(canvas: Canvas, surface: FloatImage, mask: NDArray[np.uint8]) -> None:
    """Paint `surface` (at picture size) where `mask` (at painted size) is set."""
    painted = cv2.resize(surface, canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    inside = mask > 0
    canvas[..., :3][inside] = np.round(_FULL * painted[inside])
    canvas[..., 3][inside] = _FULL


def _body(rng: np.random.Generator, canvas: Canvas, surface: FloatImage) -> list[Points]:
    """One to three contours and perhaps limbs, filled; the contours."""
    side = canvas.shape[0]
    mask = np.zeros((side, side), np.uint8)
    contours = [
        _corners(rng, side) if rng.random() < 0.15 else _outline(rng, side) for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    cv2.fillPoly(mask, [np.round(contour).astype(np.int32) for contour in contours], _FULL)
    for _ in range(rng.choice([0, 0, 1, 3])):
        limb = np.cumsum(np.vstack([rng.uniform(0, side, 2), rng.normal(scale=side / 8, size=(4, 2))]), axis=0)
        thickness = int(SUPERSAMPLING * np.exp(rng.uniform(np.log(1.0), np.log(14))))
        cv2.polylines(mask, [_spline(limb[None], 24)[0].round().astype(np.int32)], False, _FULL, thickness)
    if rng.random() < 0.15:
        mask[fractal_noise(rng, side // 4, rng.uniform(2, 9), 1.8).repeat(4, 0).repeat(4, 1) > 0.8] = 0
    _fill(canvas, surface, mask)
    return contours


def _spline(knots: Points, points: int) -> Points:
    """N x K x 2 knots as smooth N x `points` x 2 curves (uniform Catmull-Rom through all knots)."""
    padded = np.concatenate([2 * knots[:, :1] - knots[:, 1:2], knots, 2 * knots[:, -1:] - knots[:, -2:-1]], axis=1)
    place = np.linspace(0, knots.shape[1] - 1 - 1e-6, points)
    first = place.astype(int)
    t = (place - first)[None, :, None]
    p0, p1, p2, p3 = (padded[:, first + k] for k in range(4))
    return np.asarray(
        0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    )


@dataclass(frozen=True)
class _Strands:
    """N strands: roots N x 2, directions of length 1, lengths, lock numbers of N."""

    root: Points
    direction: Points
    length: NDArray[np.float64]
    lock: NDArray[np.int64]


def _rooted(rng: np.random.Generator, contours: list[Points], count: int, reach: float, depth: float) -> _Strands:
    """Strands that leave the contours outwards, combed together in locks. `reach`, `depth` in painted pixels."""
    contour = contours[rng.integers(len(contours))]
    if rng.random() < 0.5:  # a tuft instead of hair all around
        start, part = rng.integers(len(contour)), rng.uniform(0.15, 0.6)
        contour = np.roll(contour, -start, axis=0)[: max(3, int(part * len(contour)))]
    place = rng.integers(len(contour), size=count)
    tangent = np.roll(contour, -1, axis=0) - np.roll(contour, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    comb = rng.normal(size=2) * rng.uniform(0, 1.5)
    locks = int(rng.integers(6, 60))
    lock = place * locks // len(contour)
    lean = rng.normal(scale=rng.uniform(0.05, 0.6), size=(locks, 2))[lock]
    direction = normal[place] + comb + lean + rng.normal(scale=rng.uniform(0.03, 0.3), size=(count, 2))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
    root = contour[place] - normal[place] * (depth * rng.random(count) ** 1.5)[:, None]
    root = root + rng.normal(scale=SUPERSAMPLING, size=root.shape)
    length = reach * rng.uniform(0.4, 1.2, locks)[lock] * rng.uniform(0.5, 1.2, count)
    return _Strands(root, direction, np.where(rng.random(count) < 0.05, 1.8, 1.0) * length, lock)


def _curves(rng: np.random.Generator, strands: _Strands, points: int = 14) -> Points:
    """N x `points` x 2: each lock waves and droops alike, each strand adds a little of its own."""
    s = np.linspace(0, 1, points)[None, :, None]
    locks = int(strands.lock.max()) + 1
    side = np.stack([-strands.direction[:, 1], strands.direction[:, 0]], axis=1)[:, None]

    def shared(scale: float, own: float) -> Points:
        values = rng.normal(scale=scale, size=locks)[strands.lock] + rng.normal(
            scale=scale * own, size=strands.lock.size
        )
        return np.asarray(values[:, None, None])

    own = rng.uniform(0.05, 1.0)
    curl, bow = shared(rng.gamma(1.2, 0.06), own), shared(rng.uniform(0.0, 0.5), own)
    turns = rng.uniform(0.5, 3.0) + shared(0.2, own)
    phase = shared(1.0, own)
    droop = np.array([0.0, rng.normal(scale=0.3)])
    wave = curl * np.minimum(s * 3, 1) * (np.sin(2 * np.pi * turns * s + phase) - np.sin(phase))
    path = s * strands.direction[:, None] + side * (bow * s**2 + wave) + droop * s**2
    return np.asarray(strands.root[:, None] + strands.length[:, None, None] * path)


def _paint_strands(
    rng: np.random.Generator, canvas: Canvas, curves: Points, widths: NDArray[np.float64], colours: FloatImage
) -> None:
    """Strands as tapering lines in groups of one colour and width, group over group."""
    groups = min(len(colours), len(curves))
    order = rng.permutation(len(curves))
    shine, centre = rng.uniform(0, 0.5), rng.uniform(0.2, 0.8)
    parts = 3
    edges = np.linspace(0, curves.shape[1] - 1, parts + 1).round().astype(int)
    for group in range(groups):
        chosen = curves[order[group::groups]]
        for part in range(parts):
            taper = (1.0, 0.8, 0.5)[part]
            thickness = max(1, round(SUPERSAMPLING * widths[group] * taper))
            light = 1 + shine * (0.5 - abs((part + 0.5) / parts - centre))
            colour = np.clip(_FULL * colours[group] * light, 0, _FULL).round().tolist()
            lines = np.round(chosen[:, edges[part] : edges[part + 1] + 1] * 8).astype(np.int32)
            cv2.polylines(canvas, list(lines), False, (*colour, _FULL), thickness, cv2.LINE_8, 3)


def _strand_colours(rng: np.random.Generator, palette: Palette, surface: FloatImage, groups: int) -> FloatImage:
    """Hair of its own colour, or of the surface it grows from."""
    spread = rng.uniform(0.01, 0.12)
    if rng.random() < 0.5:
        pixels = surface.reshape(-1, 3)
        seen = pixels[rng.integers(len(pixels), size=groups)]
        return np.clip(seen + rng.normal(scale=spread, size=(groups, 1)), 0, 1).astype(np.float32)
    some = palette[rng.integers(len(palette), size=int(rng.integers(1, 3)))]
    return draw_colours(rng, some, groups, spread)


def _widths(rng: np.random.Generator, groups: int) -> NDArray[np.float64]:
    """Widths in pixels, 0.25 to 3, mostly thin: most hairs cover a part of a pixel only."""
    typical = np.exp(rng.uniform(np.log(0.25), np.log(1.8)))
    return np.asarray(np.clip(typical * np.exp(rng.normal(scale=0.3, size=groups)), 0.25, 3.0))


# --- the kinds of subjects ------------------------------------------------------------------------------------------


def _smooth(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:  # noqa: ARG001
    _body(rng, canvas, surface)


def _hair(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Long strands, much longer than any band around a mask."""
    side = canvas.shape[0]
    behind, front = int(rng.integers(30, 500)), int(np.exp(rng.uniform(np.log(80), np.log(4000))))
    contours = [_outline(rng, side) for _ in range(rng.choice([1, 2]))]
    reach = side * rng.uniform(0.12, 0.7)
    for count in (behind, front):
        colours = _strand_colours(rng, palette, surface, 40)
        strands = _rooted(rng, contours, count, reach, side * rng.uniform(0.02, 0.2))
        _paint_strands(rng, canvas, _curves(rng, strands), _widths(rng, 40), colours)
        if count == behind:
            mask = np.zeros((side, side), np.uint8)
            cv2.fillPoly(mask, [np.round(contour).astype(np.int32) for contour in contours], _FULL)
            _fill(canvas, surface, mask)


def _fur(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Short strands in great number all around a body."""
    side = canvas.shape[0]
    contours = _body(rng, canvas, surface)
    count = int(np.exp(rng.uniform(np.log(400), np.log(5000))))
    reach = SUPERSAMPLING * np.exp(rng.uniform(np.log(3), np.log(25)))
    for contour in contours:
        strands = _rooted(rng, [contour], max(60, count // len(contours)), reach, side * rng.uniform(0.02, 0.15))
        colours = _strand_colours(rng, palette, surface, 48)
        _paint_strands(rng, canvas, _curves(rng, strands), _widths(rng, 48), colours)


def _whiskers(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """A few strands, far from each other."""
    side = canvas.shape[0]
    contours = _body(rng, canvas, surface)
    strands = _rooted(rng, contours, int(rng.integers(6, 60)), side * rng.uniform(0.1, 0.6), side * 0.05)
    colours = _strand_colours(rng, palette, surface, 6)
    _paint_strands(rng, canvas, _curves(rng, strands), _widths(rng, 6), colours)


def _foliage(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Leaves on and beside stems, with gaps to see through."""
    side = canvas.shape[0]
    if rng.random() < 0.5:
        _body(rng, canvas, surface)
    painted = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 7))):
        stem = _spline(
            np.cumsum(np.vstack([rng.uniform(0, side, 2), rng.normal(scale=side / 6, size=(3, 2))]), 0)[None], 40
        )
        cv2.polylines(painted, [stem[0].round().astype(np.int32)], False, _FULL, int(rng.integers(2, 14)))
    _fill(canvas, surface, painted)
    count = int(rng.integers(12, 160))
    middle = rng.uniform(0.2, 0.8, 2) * side
    centre = middle + rng.normal(scale=side * rng.uniform(0.12, 0.35), size=(count, 2))
    length = side * rng.uniform(0.02, 0.12) * rng.uniform(0.5, 1.4, count)
    slim, angle = rng.uniform(0.12, 0.6), rng.uniform(0, 2 * np.pi, count)
    s = np.linspace(0, np.pi, 9)
    rim = np.concatenate(
        [np.stack([-np.cos(s), slim * np.sin(s) ** 1.5], 1), np.stack([np.cos(s), -slim * np.sin(s) ** 1.5], 1)]
    )
    colours = draw_colours(rng, palette, count, 0.07)
    for at, size, turn, colour in zip(centre, length, angle, colours, strict=True):
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        leaf = np.round(at + size * rim @ rotation).astype(np.int32)
        cv2.fillPoly(canvas, [leaf], (*(_FULL * colour).round().tolist(), _FULL))
        if size > 6 * SUPERSAMPLING:
            vein = (*(_FULL * colour * 0.8).round().tolist(), _FULL)
            cv2.line(canvas, leaf[0].tolist(), leaf[9].tolist(), vein, max(1, round(size / 20)))


def _net(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:  # noqa: ARG001
    """A warped lattice: fences, mesh, knitwear, chains."""
    side = canvas.shape[0]
    mask = np.zeros((side, side), np.uint8)
    pitch = SUPERSAMPLING * np.exp(rng.uniform(np.log(5), np.log(30)))
    thickness = max(1, round(SUPERSAMPLING * np.exp(rng.uniform(np.log(0.5), np.log(4)))))
    turn, skew = rng.uniform(0, np.pi), rng.uniform(0.6, 1.4) * np.pi / 2
    s = np.linspace(-1, 1, 30) * side
    for angle in (turn, turn + skew):
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        sway, wave = rng.uniform(0, 0.5) * pitch, rng.uniform(1, 5) * np.pi / side
        for offset in np.arange(-side, side, pitch):
            bend = sway * np.sin(wave * s + offset * 0.01)
            line = side / 2 + s[:, None] * along + (offset + bend)[:, None] * across
            cv2.polylines(mask, [np.round(line).astype(np.int32)], False, _FULL, thickness)
    within = np.zeros_like(mask)
    contour = _outline(rng, side)
    cv2.fillPoly(within, [np.round(contour).astype(np.int32)], _FULL)
    _fill(canvas, surface, mask & within)
    if rng.random() < 0.6:
        cv2.fillPoly(within, [np.round(contour.mean(0) + (contour - contour.mean(0)) * 0.5).astype(np.int32)], 0)
        _fill(
            canvas,
            surface,
            cv2.bitwise_and(cv2.bitwise_not(within), cv2.erode(mask | within, np.ones((3, 3)))) & _disc(rng, side),
        )


def _disc(rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    disc = np.zeros((side, side), np.uint8)
    cv2.circle(disc, rng.integers(side // 4, 3 * side // 4, 2).tolist(), int(side * rng.uniform(0.1, 0.3)), _FULL, -1)
    return disc


def _written(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:  # noqa: ARG001
    """Letter-like shapes: straight strokes, corners, counters."""
    side = canvas.shape[0]
    mask = np.zeros((side, side), np.uint8)
    letters = "".join(chr(code) for code in rng.integers(48, 123, 5))
    scale = side / 100 * rng.uniform(0.6, 2.0)
    for line in range(4):
        at = (int(side * rng.uniform(-0.1, 0.2)), int(side * (0.3 * line + rng.uniform(0.1, 0.2))))
        cv2.putText(mask, letters, at, int(rng.integers(0, 8)), scale, _FULL, int(rng.integers(3, 28)))
    _fill(canvas, surface, mask)


def _veiled(rng: np.random.Generator, layer: Layer) -> Layer:
    """Part of the subject made as translucent as glass, a wing or smoke."""
    size = layer.alpha.shape[0]
    if rng.random() < 0.5:
        region = np.clip((fractal_noise(rng, size, rng.uniform(1, 3), 2.0) - 0.5) * 30, 0, 1)
        through = 1 - region * rng.uniform(0.2, 0.8)
    else:
        through = np.clip(fractal_noise(rng, size, rng.uniform(2, 5), 1.6) * 2 - 0.3, 0, 1)
    factor = through.astype(np.float32)
    return Layer(layer.colour * factor[..., None], layer.alpha * factor)


def _averaged(canvas: Canvas, size: int) -> Layer:
    small = cv2.resize(canvas.astype(np.float32) / _FULL, (size, size), interpolation=cv2.INTER_AREA)
    return Layer(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))


_KINDS = (_smooth, _hair, _fur, _whiskers, _foliage, _net, _written)
_CHANCES = np.array([0.20, 0.29, 0.24, 0.07, 0.13, 0.04, 0.03])
