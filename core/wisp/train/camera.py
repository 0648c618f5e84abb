"""What a lens, a shutter and a recording do: to a layer before compositing, to the picture after it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..plates.clip import FloatImage
from .layers import Layer

#: How often a subject moves while the shutter is open, how far on the picture in pixels, and how often it also turns.
_MOVED, _WAYS, _TURNED = 0.16, (2.0, 40.0), 0.4


@dataclass(frozen=True)
class Exposed:
    """What a camera makes of a subject. `outline`: H x W in 0..1, one half or more where a tracker sees the subject:
    its alpha, or the alpha that it had in the middle of the exposure."""

    layer: Layer
    outline: FloatImage


def exposed(rng: np.random.Generator, layer: Layer, *, focused: bool = False) -> Exposed:
    """Out of focus (unless `focused`), moved while the shutter was open, or as it is."""
    still = layer if focused else defocused(rng, layer)
    if rng.random() >= _MOVED:
        return Exposed(still, still.alpha)
    way, angle = np.exp(rng.uniform(*np.log(_WAYS))), rng.uniform(0, 2 * np.pi)
    turn = rng.normal(scale=0.7) * 2 * way / max(still.alpha.shape) if rng.random() < _TURNED else 0.0
    moved = smeared(still, (way * np.cos(angle), way * np.sin(angle)), turn)
    return Exposed(moved, moved.alpha if rng.random() < 0.5 else still.alpha)


def defocused(rng: np.random.Generator, layer: Layer) -> Layer:
    """Out of focus, or as it is; colour and alpha alike."""
    draw = rng.random()
    if draw < 0.45:
        kernel = disc_kernel(float(np.exp(rng.uniform(np.log(1.0), np.log(9)))))
    elif draw < 0.89:
        kernel = disc_kernel(rng.uniform(0.6, 1.6))
    else:
        return layer
    packed = np.clip(cv2.filter2D(_packed(layer), -1, kernel, borderType=cv2.BORDER_REFLECT), 0, 1)
    packed[packed < 1e-6] = 0  # large kernels go through a Fourier transform and leave dust
    return _unpacked(packed)


def smeared(layer: Layer, shift: tuple[float, float], turn: float = 0.0) -> Layer:
    """The mean of `layer` over an exposure in which it moves by `shift` (x, y) pixels and turns by `turn` radians
    around the picture's middle; in the middle of the exposure it is where it was given."""
    height, width = layer.alpha.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    farthest = np.hypot(*shift) + abs(turn) * np.hypot(*centre)
    moments = int(np.ceil(farthest)) + 1  # nothing jumps by more than a pixel
    packed, total = _packed(layer), np.zeros((height, width, 4), np.float32)
    for moment in (np.arange(moments) + 0.5) / moments - 0.5:
        cos, sin = np.cos(moment * turn), np.sin(moment * turn)
        rotation = np.array([[cos, -sin], [sin, cos]])
        offset = centre - rotation @ centre + moment * np.array(shift)
        matrix = np.concatenate([rotation, offset[:, None]], axis=1)
        total += cv2.warpAffine(packed, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return _unpacked(np.clip(total / np.float32(moments), 0, 1))


def _packed(layer: Layer) -> FloatImage:
    return np.concatenate([layer.colour, layer.alpha[..., None]], axis=2)


def _unpacked(packed: FloatImage) -> Layer:
    return Layer(np.ascontiguousarray(packed[..., :3]), np.ascontiguousarray(packed[..., 3]))


def disc_kernel(radius: float) -> FloatImage:
    """A lens's circle of confusion with a soft rim, as weights that sum to 1."""
    reach = int(np.ceil(radius + 0.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(disc / disc.sum(), np.float32)


def composite(layer: Layer, background: FloatImage, *, linear: bool) -> FloatImage:
    """The layer over the background: mixed in linear light as a camera does, or in encoded values."""
    rest = (1 - layer.alpha)[..., None]
    if not linear:
        return np.asarray(layer.colour + rest * background, np.float32)
    colour = straight_colour(layer)
    light = layer.alpha[..., None] * colour**2.2 + rest * background**2.2
    return np.asarray(np.clip(light, 0, 1) ** (1 / 2.2), np.float32)


def straight_colour(layer: Layer) -> FloatImage:
    """The un-premultiplied colour; black where there is nothing."""
    return np.asarray(np.clip(layer.colour / np.maximum(layer.alpha, 1e-4)[..., None], 0, 1), np.float32)


def recorded(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Exposure, softness, grain and compression, in that order; alpha is not touched."""
    gain, gamma = np.exp(rng.normal(scale=0.15)), np.exp(rng.normal(scale=0.2))
    picture = np.clip(picture * gain, 0, 1) ** np.float32(gamma)
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.9))
    if rng.random() < 0.15:  # sharpened by a camera
        picture = picture + rng.uniform(0.2, 0.8) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0))
    if rng.random() < 0.6:
        grain = rng.normal(size=picture.shape).astype(np.float32)
        if rng.random() < 0.5:
            grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.4, 1.0)) * 1.8
        shadows = 0.5 + np.sqrt(np.clip(picture, 0, 1))
        picture = picture + np.exp(rng.uniform(np.log(0.002), np.log(0.04))) * shadows * grain
    eight_bit = np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    if rng.random() < 0.4:
        _, data = cv2.imencode(".jpg", eight_bit, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
        eight_bit = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(eight_bit / np.float32(255), np.float32)
