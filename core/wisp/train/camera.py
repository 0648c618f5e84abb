"""What a lens, a shutter and a recording do: to a layer before compositing, to the picture after it."""

from __future__ import annotations

import cv2
import numpy as np

from ..plates.clip import FloatImage
from .layers import Layer


def blurred_layer(rng: np.random.Generator, layer: Layer) -> Layer:
    """Out of focus, moved while the shutter was open, or as it is; colour and alpha alike."""
    draw = rng.random()
    if draw < 0.40:
        kernel = disc_kernel(float(np.exp(rng.uniform(np.log(1.0), np.log(9)))))
    elif draw < 0.52:
        kernel = motion_kernel(rng, rng.uniform(2, 22))
    elif draw < 0.90:
        kernel = disc_kernel(rng.uniform(0.6, 1.6))
    else:
        return layer
    packed = np.concatenate([layer.colour, layer.alpha[..., None]], axis=2)
    packed = np.clip(cv2.filter2D(packed, -1, kernel, borderType=cv2.BORDER_REFLECT), 0, 1)
    packed[packed < 1e-6] = 0  # large kernels go through a Fourier transform and leave dust
    return Layer(np.ascontiguousarray(packed[..., :3]), np.ascontiguousarray(packed[..., 3]))


def disc_kernel(radius: float) -> FloatImage:
    """A lens's circle of confusion with a soft rim, as weights that sum to 1."""
    reach = int(np.ceil(radius + 0.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(disc / disc.sum(), np.float32)


def motion_kernel(rng: np.random.Generator, length: float) -> FloatImage:
    """A slightly bent path of `length` pixels in a random direction, as weights that sum to 1."""
    reach = int(np.ceil(length / 2)) + 1
    angle, bow = rng.uniform(0, np.pi), rng.normal(scale=0.1) * length
    s = np.linspace(-0.5, 0.5, 64)
    x = length * s * np.cos(angle) - bow * (s**2 - 1 / 12) * np.sin(angle)
    y = length * s * np.sin(angle) + bow * (s**2 - 1 / 12) * np.cos(angle)
    path = np.round(np.stack([x, y], axis=1) * 4 + (reach + 0.5) * 4 - 0.5).astype(int).clip(0, (2 * reach + 1) * 4 - 1)
    fine = np.zeros(((2 * reach + 1) * 4,) * 2, np.float32)
    np.add.at(fine, (path[:, 1], path[:, 0]), 1)
    kernel = cv2.resize(fine, (2 * reach + 1,) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(kernel / kernel.sum(), np.float32)


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
