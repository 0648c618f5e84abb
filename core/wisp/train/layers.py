"""Subjects with exact alpha: bodies, hair, fur, leaves, nets, text, veils, as premultiplied pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .painting import FULL, SUPERSAMPLING, Canvas, Points, corners, fill, outline, spline
from .palette import Palette, draw_colours
from .strands import curves, paint_strands, rooted, strand_colours, widths
from .textures import fractal_noise, texture


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
    return veiled(rng, layer) if rng.random() < 0.12 else layer


def _body(rng: np.random.Generator, canvas: Canvas, surface: FloatImage) -> list[Points]:
    """One to three contours and perhaps limbs, filled; the contours."""
    side = canvas.shape[0]
    mask = np.zeros((side, side), np.uint8)
    contours = [
        corners(rng, side) if rng.random() < 0.15 else outline(rng, side) for _ in range(rng.choice([1, 1, 2, 3]))
    ]
    cv2.fillPoly(mask, [np.round(contour).astype(np.int32) for contour in contours], FULL)
    for _ in range(rng.choice([0, 0, 1, 3])):
        limb = np.cumsum(np.vstack([rng.uniform(0, side, 2), rng.normal(scale=side / 8, size=(4, 2))]), axis=0)
        thickness = int(SUPERSAMPLING * np.exp(rng.uniform(np.log(1.0), np.log(14))))
        cv2.polylines(mask, [spline(limb[None], 24)[0].round().astype(np.int32)], False, FULL, thickness)
    if rng.random() < 0.15:
        mask[fractal_noise(rng, side // 4, rng.uniform(2, 9), 1.8).repeat(4, 0).repeat(4, 1) > 0.8] = 0
    fill(canvas, surface, mask)
    return contours


def _smooth(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:  # noqa: ARG001
    _body(rng, canvas, surface)


def _hair(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Long strands, much longer than any band around a mask."""
    side = canvas.shape[0]
    behind, front = int(rng.integers(30, 500)), int(np.exp(rng.uniform(np.log(80), np.log(4000))))
    contours = [outline(rng, side) for _ in range(rng.choice([1, 2]))]
    reach = side * rng.uniform(0.12, 0.7)
    for count in (behind, front):
        colours = strand_colours(rng, palette, surface, 40)
        strands = rooted(rng, contours, count, reach, side * rng.uniform(0.02, 0.2))
        paint_strands(rng, canvas, curves(rng, strands), widths(rng, 40), colours)
        if count == behind:
            mask = np.zeros((side, side), np.uint8)
            cv2.fillPoly(mask, [np.round(contour).astype(np.int32) for contour in contours], FULL)
            fill(canvas, surface, mask)


def _fur(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Short strands in great number all around a body."""
    side = canvas.shape[0]
    contours = _body(rng, canvas, surface)
    count = int(np.exp(rng.uniform(np.log(400), np.log(5000))))
    reach = SUPERSAMPLING * np.exp(rng.uniform(np.log(3), np.log(25)))
    for contour in contours:
        strands = rooted(rng, [contour], max(60, count // len(contours)), reach, side * rng.uniform(0.02, 0.15))
        colours = strand_colours(rng, palette, surface, 48)
        paint_strands(rng, canvas, curves(rng, strands), widths(rng, 48), colours)


def _whiskers(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """A few strands, far from each other."""
    side = canvas.shape[0]
    contours = _body(rng, canvas, surface)
    strands = rooted(rng, contours, int(rng.integers(6, 60)), side * rng.uniform(0.1, 0.6), side * 0.05)
    colours = strand_colours(rng, palette, surface, 6)
    paint_strands(rng, canvas, curves(rng, strands), widths(rng, 6), colours)


def _foliage(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:
    """Leaves on and beside stems, with gaps to see through."""
    side = canvas.shape[0]
    if rng.random() < 0.5:
        _body(rng, canvas, surface)
    painted = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 7))):
        stem = spline(
            np.cumsum(np.vstack([rng.uniform(0, side, 2), rng.normal(scale=side / 6, size=(3, 2))]), 0)[None], 40
        )
        cv2.polylines(painted, [stem[0].round().astype(np.int32)], False, FULL, int(rng.integers(2, 14)))
    fill(canvas, surface, painted)
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
        cv2.fillPoly(canvas, [leaf], (*(FULL * colour).round().tolist(), FULL))
        if size > 6 * SUPERSAMPLING:
            vein = (*(FULL * colour * 0.8).round().tolist(), FULL)
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
            cv2.polylines(mask, [np.round(line).astype(np.int32)], False, FULL, thickness)
    within = np.zeros_like(mask)
    contour = outline(rng, side)
    cv2.fillPoly(within, [np.round(contour).astype(np.int32)], FULL)
    fill(canvas, surface, mask & within)
    if rng.random() < 0.6:  # a disc of thinner threads, in the middle of it or beside it
        middle = contour.mean(axis=0)
        cv2.fillPoly(within, [np.round(middle + (contour - middle) / 2).astype(np.int32)], 0)
        thinner = cv2.erode(mask | within, np.ones((3, 3), np.uint8))
        fill(canvas, surface, thinner & ~within & _disc(rng, side))


def _disc(rng: np.random.Generator, side: int) -> NDArray[np.uint8]:
    disc = np.zeros((side, side), np.uint8)
    cv2.circle(disc, rng.integers(side // 4, 3 * side // 4, 2).tolist(), int(side * rng.uniform(0.1, 0.3)), FULL, -1)
    return disc


def _written(rng: np.random.Generator, canvas: Canvas, surface: FloatImage, palette: Palette) -> None:  # noqa: ARG001
    """Letter-like shapes: straight strokes, corners, counters."""
    side = canvas.shape[0]
    mask = np.zeros((side, side), np.uint8)
    letters = "".join(chr(code) for code in rng.integers(48, 123, 5))
    scale = side / 100 * rng.uniform(0.6, 2.0)
    for line in range(4):
        at = (int(side * rng.uniform(-0.1, 0.2)), int(side * (0.3 * line + rng.uniform(0.1, 0.2))))
        cv2.putText(mask, letters, at, int(rng.integers(0, 8)), scale, FULL, int(rng.integers(3, 28)))
    fill(canvas, surface, mask)


def whiskered(rng: np.random.Generator, layer: Layer) -> Layer:
    """A few fine strands more, which leave the subject's outline for long: whiskers, flyaway hair."""
    side = layer.alpha.shape[0]
    solid = cv2.resize(layer.alpha, (side * SUPERSAMPLING,) * 2, interpolation=cv2.INTER_LINEAR) >= 0.5
    rims, _ = cv2.findContours(solid.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # OpenCV goes around the other way than `outline`; `rooted` has strands grow to the left of a contour's way.
    contours = [rim[::-1, 0].astype(np.float64) for rim in rims if len(rim) >= side]
    if not contours:
        return layer
    canvas = np.zeros((side * SUPERSAMPLING,) * 2 + (4,), np.uint8)
    count = int(np.exp(rng.uniform(np.log(8), np.log(300))))
    strands = rooted(rng, contours, count, canvas.shape[0] * rng.uniform(0.08, 0.5), canvas.shape[0] * 0.04)
    draw = rng.random()
    if draw < 0.5:  # of the subject's colours
        seen = layer.colour[layer.alpha > 0.9]
        base = seen[rng.integers(len(seen), size=6)] if len(seen) else np.full((6, 3), 0.5)
        colours = np.clip(base * rng.uniform(0.6, 1.7) + rng.normal(scale=0.05, size=(6, 1)), 0, 1)
    else:  # light or dark ones
        tone = rng.uniform(0.6, 1.0) if draw < 0.85 else rng.uniform(0.0, 0.25)
        colours = np.clip(tone + rng.normal(scale=0.05, size=(6, 1)) + rng.normal(scale=0.03, size=3), 0, 1)
    paint_strands(rng, canvas, curves(rng, strands, 28), widths(rng, 6), colours.astype(np.float32))
    over, under = _averaged(canvas, side), layer
    if rng.random() < 0.5:
        over, under = under, over
    rest = 1 - over.alpha
    return Layer(over.colour + rest[..., None] * under.colour, over.alpha + rest * under.alpha)


def veiled(rng: np.random.Generator, layer: Layer) -> Layer:
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
    small = cv2.resize(canvas.astype(np.float32) / FULL, (size, size), interpolation=cv2.INTER_AREA)
    return Layer(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))


_KINDS = (_smooth, _hair, _fur, _whiskers, _foliage, _net, _written)
_CHANCES = np.array([0.20, 0.29, 0.24, 0.07, 0.13, 0.04, 0.03])
