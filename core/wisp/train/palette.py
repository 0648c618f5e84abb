"""Colours as photographs have them: mostly muted, a few related hues, wide in brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

#: N x 3 display-referred RGB in 0..1.
Palette = NDArray[np.float32]

# Two opponent directions in RGB, of equal length and without brightness.
_OPPONENT = np.array([[0.82, -0.41, -0.41], [0.0, 0.71, -0.71]], np.float32)


def random_palette(rng: np.random.Generator, colours: int = 6) -> Palette:
    """Colours around one or two hues; saturation is low as a rule."""
    hue = rng.uniform(0, 2 * np.pi) + rng.normal(scale=0.5, size=colours)
    hue = np.where(rng.random(colours) < 0.25, hue + np.pi, hue)
    chroma = rng.gamma(1.5, 0.045) * rng.uniform(0.3, 1.5, colours)
    low, high = np.sort(rng.uniform(0.02, 0.98, 2))
    light = rng.uniform(low, max(high, low + 0.08), colours)
    return _colours(light, chroma, hue)


def related_palette(rng: np.random.Generator, palette: Palette, distance: float) -> Palette:
    """A palette that differs from `palette` by about `distance` in every channel: a hard background."""
    shift = rng.normal(scale=distance, size=3) + rng.normal(scale=distance / 2, size=palette.shape)
    return np.clip(palette + shift, 0, 1).astype(np.float32)


def draw_colours(rng: np.random.Generator, palette: Palette, count: int, spread: float = 0.04) -> Palette:
    """`count` colours: those of `palette` with a variation mostly of brightness."""
    chosen = palette[rng.integers(len(palette), size=count)]
    light = rng.normal(scale=spread, size=(count, 1))
    tint = rng.normal(scale=spread / 3, size=(count, 3))
    return np.clip(chosen + light + tint, 0, 1).astype(np.float32)


def along(palette: Palette, position: FloatImage) -> FloatImage:
    """The palette as a ramp: H x W values 0..1 become H x W x 3 colours."""
    place = np.clip(position, 0, 1) * (len(palette) - 1)
    lower = np.minimum(place.astype(np.int32), len(palette) - 2)
    part = (place - lower)[..., None]
    return np.asarray(palette[lower] * (1 - part) + palette[lower + 1] * part, np.float32)


def _colours(light: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]) -> Palette:
    tint = chroma[:, None] * (np.cos(hue)[:, None] * _OPPONENT[0] + np.sin(hue)[:, None] * _OPPONENT[1])
    return np.asarray(np.clip(light[:, None] + tint, 0, 1), np.float32)
