"""What surfaces and backgrounds look like: H x W x 3 float32 pictures in 0..1 from a palette and a random generator."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage
from .palette import Palette, along, draw_colours

_SHIFT = 3  # sub-pixel bits of OpenCV's drawing functions


def texture(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    """A picture of a random kind, often two kinds joined along a ragged border, often out of focus."""
    picture = _plain(rng, size, palette)
    if rng.random() < 0.45:
        other = _plain(rng, size, palette)
        border = fractal_noise(rng, size, rng.uniform(1, 5), 1.6)
        sharp = rng.uniform(1.5, 40)
        weight = np.clip((border - rng.uniform(0.35, 0.65)) * sharp + 0.5, 0, 1)[..., None]
        picture = picture + weight * (other - picture)
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), float(np.exp(rng.uniform(np.log(0.4), np.log(8)))))
    if rng.random() < 0.4:
        picture = picture * (0.6 + 0.8 * fractal_noise(rng, size, rng.uniform(0.5, 2), 2.0)[..., None])
    return np.clip(picture, 0, 1).astype(np.float32)


def fractal_noise(rng: np.random.Generator, size: int, cells: float, falloff: float, octaves: int = 6) -> FloatImage:
    """Value noise with mean 0.5 and most values in 0..1, H x W.

    `cells` per side in the coarsest octave, each next one doubled and divided by `falloff` in strength: 2 gives
    the spectrum of photographs, 1 that of sand.
    """
    total: FloatImage = np.zeros((size, size), np.float32)
    power = 0.0
    for octave in range(octaves):
        grid = int(np.ceil(cells * 2**octave)) + 2
        if grid >= 1.5 * size:
            break
        noise = rng.random((grid, grid), np.float32) - 0.5
        total += cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC) / falloff**octave
        power += falloff ** (-2.0 * octave)
    return np.asarray(0.5 + 0.9 * total / np.sqrt(power), np.float32)


def _plain(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    kind = rng.choice(_KINDS, p=_CHANCES)
    return np.asarray(kind(rng, size, palette), np.float32)


def _dead_leaves(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    """Overlapping shapes with a power law of sizes, each one lit and worn a little: the edges of photographs.

    Lee, Mumford, Huang, "Occlusion Models for Natural Images", IJCV 2001.
    """
    count = int(rng.integers(40, 260))
    least = rng.uniform(1.0, 5.0)
    largest = size * rng.uniform(0.1, 0.5)
    # Inverse of the cumulative distribution of r^-3 between the two radii.
    u = rng.random(count)
    radii = (least**-2 + u * (largest**-2 - least**-2)) ** -0.5
    radii[: count // 12] = rng.uniform(0.3, 1, count // 12) * largest
    centres = rng.uniform(-0.1, 1.1, (count, 2)) * size
    colours = draw_colours(rng, palette, count, 0.06)
    canvas = np.full((size, size, 3), colours[0], np.float32)
    polygons = rng.random() < 0.4
    for centre, radius, colour in zip(centres, radii, colours, strict=True):
        if polygons:
            corners = int(rng.integers(3, 8))
            angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
            points = centre + radius * rng.uniform(0.6, 1.2, (corners, 1)) * np.stack(
                [np.cos(angle), np.sin(angle)], axis=1
            )
            cv2.fillPoly(canvas, [_fixed(points)], colour.tolist(), cv2.LINE_AA, _SHIFT)
        else:
            axes = _fixed(np.array([radius, radius * rng.uniform(0.25, 1)]))
            cv2.ellipse(
                canvas, _fixed(centre).tolist(), axes.tolist(), rng.uniform(0, 360), 0, 360, colour.tolist(), -1,
                cv2.LINE_8, _SHIFT,
            )  # fmt: skip
    wear = fractal_noise(rng, size, rng.uniform(4, 30), rng.uniform(1, 2))[..., None] - 0.5
    return np.asarray(canvas + rng.uniform(0, 0.3) * wear, np.float32)


def _cloud(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    noise = fractal_noise(rng, size, rng.uniform(1, 6), rng.uniform(1.1, 2.2))
    return along(palette, noise) + 0.1 * (fractal_noise(rng, size, 8, 1.2)[..., None] - 0.5)


def _gradient(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:size, :size].astype(np.float32) / size - 0.5
    ramp = 0.5 + rng.uniform(0.3, 1.2) * (np.cos(angle) * x + np.sin(angle) * y)
    return along(palette[:3], np.asarray(ramp, np.float32))


def _stripes(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    """Bent stripes, planks, grass or cloth, by the ratio of their period to their bending."""
    angle, period = rng.uniform(0, np.pi), float(np.exp(rng.uniform(np.log(2.5), np.log(40))))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    bend = fractal_noise(rng, size, rng.uniform(1, 5), 2.0) * rng.uniform(0, 3) * period
    phase = (np.cos(angle) * x + np.sin(angle) * y + bend) / period
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * phase)
    wave = np.clip((wave - 0.5) * rng.uniform(0.6, 5) + 0.5, 0, 1)
    worn = 0.7 * wave + 0.5 * (fractal_noise(rng, size, 5, 1.4) - 0.5)
    return along(palette[:3], np.asarray(worn, np.float32))


def _bokeh(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    """Lights far out of focus on a dark cloud: discs that look like parts of a subject."""
    picture = cv2.GaussianBlur(_cloud(rng, size, palette * 0.5), (0, 0), size / 20)
    for colour in draw_colours(rng, palette, int(rng.integers(6, 40)), 0.1):
        disc = np.zeros((size, size), np.float32)
        centre = _fixed(rng.uniform(0, size, 2)).tolist()
        cv2.circle(disc, centre, int(_fixed(np.array(size * rng.uniform(0.02, 0.1)))), 1.0, -1, cv2.LINE_8, _SHIFT)
        picture += rng.uniform(0.2, 0.9) * colour * cv2.GaussianBlur(disc, (0, 0), 0.8)[..., None]
    return np.asarray(picture, np.float32)


def _grass(rng: np.random.Generator, size: int, palette: Palette) -> FloatImage:
    """A thicket of strokes that share a direction: a background that looks like fur."""
    canvas = _cloud(rng, size, palette)
    count = int(rng.integers(300, 1500))
    root = rng.uniform(-0.1, 1.1, (count, 2)) * size
    angle = rng.uniform(0, 2 * np.pi) + rng.normal(scale=0.35, size=count)
    length = rng.uniform(0.03, 0.2) * size * rng.uniform(0.5, 1.5, count)
    step = np.stack([np.cos(angle), np.sin(angle)], axis=1) * length[:, None]
    bend = rng.normal(scale=0.2, size=count)[:, None] * step[:, ::-1] * [1, -1]
    strokes = _fixed(np.stack([root, root + step / 2 + bend, root + step], axis=1))
    groups = 24
    colours = draw_colours(rng, palette, groups, 0.08)
    for group in range(groups):
        thickness = 1 if rng.random() < 0.7 else 2
        cv2.polylines(
            canvas, list(strokes[group::groups]), False, colours[group].tolist(), thickness, cv2.LINE_8, _SHIFT
        )
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 0.9)), np.float32)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(np.round(points * 2**_SHIFT), np.int32)


_KINDS = np.array([_dead_leaves, _cloud, _gradient, _stripes, _bokeh, _grass], dtype=object)
_CHANCES = np.array([0.38, 0.20, 0.12, 0.10, 0.08, 0.12])
