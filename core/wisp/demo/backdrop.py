"""The demo's background: a wood at dusk far out of focus, lamps as discs of light. Scene-linear, made from a seed."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

#: Lamp colours; the first three are the creature's own hues, so that colour alone cannot tell them apart.
_LAMPS = np.array(
    [[1.0, 0.40, 0.09], [1.0, 0.58, 0.20], [0.85, 0.24, 0.05], [0.08, 0.55, 0.60], [0.07, 0.27, 0.55]], np.float32
)


def _noise(rng: np.random.Generator, size: tuple[int, int], cells: int, octaves: int) -> FloatImage:
    """Fractal value noise 0..1; `cells` over the picture's height in the coarsest octave."""
    width, height = size
    total: FloatImage = np.zeros((height, width), np.float32)
    weight = 0.0
    for octave in range(octaves):
        rows = cells * 2**octave + 3
        columns = round(rows * width / height) + 3
        grid = rng.random((rows, columns), np.float32)
        total += cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC) / 1.7**octave
        weight += 1 / 1.7**octave
    return np.asarray(np.clip(total / weight, 0, 1), np.float32)


def _defocus(picture: FloatImage, radius: float) -> FloatImage:
    """A lens's blur: the mean over a disc, not a Gaussian."""
    r = max(1, round(radius))
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    disc = np.clip(r + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101))


@lru_cache(maxsize=2)
def wood(size: tuple[int, int], seed: int) -> FloatImage:
    """The whole background, a quarter wider than the plate's `size` (width, height), for the camera to pan over."""
    width, height = round(size[0] * 1.25), size[1]
    rng = np.random.default_rng([seed, 3])
    u = ((np.arange(width, dtype=np.float32) + 0.5) / height)[None, :, None]
    v = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None, None]

    def colour(r: float, g: float, b: float) -> FloatImage:
        return np.array([r, g, b], np.float32)

    glow = np.exp(-(((u - 1.45) / 0.75) ** 2) - ((v - 0.42) / 0.30) ** 2)
    picture: NDArray[np.floating] = colour(0.010, 0.040, 0.058) * (1.15 - 0.5 * v) + glow * colour(0.055, 0.160, 0.190)
    picture = picture + np.exp(-(((u - 0.35) / 0.5) ** 2) - ((v - 0.35) / 0.35) ** 2) * colour(0.01, 0.050, 0.110)

    leaves = _noise(rng, (width, height), 9, 4)[..., None]
    lit = _noise(rng, (width, height), 5, 3)[..., None]
    cover = np.clip((leaves - 0.47) * 9, 0, 1) * np.clip(1.25 - 1.1 * v, 0.15, 1)
    foliage = lit * colour(0.030, 0.085, 0.040) + np.clip(lit - 0.5, 0, 1) * (0.3 + glow) * colour(0.22, 0.46, 0.16)
    picture = picture * (1 - cover) + foliage * cover
    for _ in range(9):
        x, wide, lean = rng.uniform(0, width / height), rng.uniform(0.018, 0.055), rng.normal(0, 0.05)
        bark = np.clip((wide - np.abs(u - x - lean * (v - 0.5))) / 0.012 + 0.5, 0, 1) * rng.uniform(0.55, 0.95)
        edge = np.clip((u - x) / wide, -1, 1) * 0.5 + 0.5
        picture = picture * (1 - bark) + bark * (colour(0.012, 0.016, 0.016) + edge * glow * colour(0.09, 0.13, 0.13))
    ferns = _noise(rng, (width, height), 7, 4)[..., None]
    bank = np.clip((v - 0.80 + 0.30 * (ferns - 0.5)) * 14, 0, 1)
    picture = picture * (1 - bank) + bank * (ferns * colour(0.045, 0.075, 0.020) + glow * colour(0.04, 0.07, 0.04))
    picture = _defocus(picture.astype(np.float32), height / 90)

    light = np.zeros_like(picture)
    for _ in range(46):
        x, y = rng.uniform(0, width), height * np.clip(rng.normal(0.42, 0.20), 0.02, 0.9)
        radius = height * rng.uniform(0.014, 0.060)
        _add_lamp(
            light, (x, y), radius, _LAMPS[rng.choice(5, p=[0.3, 0.2, 0.12, 0.25, 0.13])] * 0.04 * 18 ** rng.random()
        )
    return np.asarray(picture + light, np.float32)


def _add_lamp(light: FloatImage, at: tuple[float, float], radius: float, colour: FloatImage) -> None:
    """One out-of-focus point of light: a disc with a brighter rim, as real lenses draw it."""
    x0, y0 = max(0, int(at[0] - radius - 2)), max(0, int(at[1] - radius - 2))
    window = light[y0 : int(at[1] + radius + 3), x0 : int(at[0] + radius + 3)]
    y, x = np.mgrid[: window.shape[0], : window.shape[1]]
    r = np.hypot(x + x0 + 0.5 - at[0], y + y0 + 0.5 - at[1])
    profile = np.clip((radius - r) / max(1.0, 0.10 * radius) + 0.5, 0, 1) * (0.75 + 0.45 * (r / radius) ** 6)
    window += (profile[..., None] * colour).astype(np.float32)


def draw(size: tuple[int, int], pan: float, seed: int) -> FloatImage:
    """The background behind one frame: height x width x 3. `pan` 0..1 moves the camera from left to right."""
    whole = wood(size, seed)
    shift = pan * (whole.shape[1] - size[0])
    matrix = np.array([[1.0, 0.0, -shift], [0.0, 1.0, 0.0]])
    return np.asarray(cv2.warpAffine(whole, matrix, size, flags=cv2.INTER_LINEAR), np.float32)
