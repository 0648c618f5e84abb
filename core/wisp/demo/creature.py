"""The demo's subject: a small furred creature with a blown crest of hair and two pairs of clear wings.

All geometry is made from a seed. Lengths are in body radii; the axes are x right, y down, z towards the camera;
angles are radians. Colours are scene-linear. A creature is drawn at one instant; motion blur comes from averaging
instants within the shutter (`clip.render_frame`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from . import wings
from .hair import SEGMENTS, Strands, bent, strands
from .pose import Pose

FloatImage = NDArray[np.float32]

#: Half the side of the square that surely holds the creature.
REACH = 2.7
#: The picture is drawn this many times larger, without anti-aliasing, and averaged down: coverage is counted.
OVERSAMPLING = 3
_SHADES = 12
_SUBPIXEL_BITS = 4

#: Fur colours from dark to pale; a strand names its root's and its tip's place on this ramp.
_RAMP = np.array(
    [
        [0.050, 0.020, 0.008],
        [0.130, 0.045, 0.012],
        [0.300, 0.110, 0.025],
        [0.520, 0.230, 0.060],
        [0.700, 0.400, 0.150],
        [0.820, 0.600, 0.340],
        [0.900, 0.780, 0.590],
        [0.950, 0.900, 0.820],
    ],
    np.float32,
)
_TONES = 15


def _ink(linear: Sequence[float] | FloatImage) -> tuple[int, int, int, int]:
    """The canvas's code for a colour: a square root spends its 8 bits evenly enough. Last comes full coverage."""
    r, g, b = np.round(255 * np.sqrt(np.clip(linear, 0, 1))).astype(int).tolist()
    return r, g, b, 255


#: What a code of the canvas means.
_DECODE = ((np.arange(256) / 255.0) ** 2).astype(np.float32)
_INKS = [
    [_ink([np.interp(tone / (_TONES - 1), np.linspace(0, 1, len(_RAMP)), c) * 1.2 * b / (_SHADES - 1) for c in _RAMP.T])
     for b in range(_SHADES)]
    for tone in range(_TONES)
]  # fmt: skip

_EYES = ((-0.39, -0.05), (0.39, -0.05))
_EYE_RADIUS = 0.235


def _paint_strands(
    canvas: NDArray[np.uint8],
    points: NDArray[np.float64],
    hair: Strands,
    chosen: NDArray[np.bool_],
    scale: float,
    offset: NDArray[np.float64],
) -> None:
    """Draw the chosen strands, far ones first and root to tip, batched by colour."""
    index = np.flatnonzero(chosen)
    pixels = np.round((points[index, :, :2] * scale + offset) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    lines = np.stack([pixels[:, :-1], pixels[:, 1:]], axis=2)  # strand, segment, end, xy
    s = (np.arange(SEGMENTS) + 0.5) / SEGMENTS
    tint = hair.tint_root[index, None] * (1 - s) + hair.tint_tip[index, None] * s
    # Deep fur gets little light: the root segments are dark.
    shade = hair.shade[index, None] * (0.42 + 0.58 * np.minimum(1, s * 1.7))
    level = np.clip(np.round(shade / 1.2 * (_SHADES - 1)), 0, _SHADES - 1).astype(np.int64)
    tone = np.clip(np.round(tint * _TONES / len(_RAMP)), 0, _TONES - 1).astype(np.int64)
    depth = np.digitize(points[index, 0, 2], np.linspace(-0.6, 0.9, 11))
    segment = np.broadcast_to(np.arange(SEGMENTS), level.shape)
    key = ((depth[:, None] * SEGMENTS + segment) * _SHADES + level) * _TONES + tone
    order = np.argsort(key, axis=None, kind="stable")
    keys, lines = key.reshape(-1)[order], lines.reshape(-1, 2, 2)[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    for first, last in zip(starts, np.r_[starts[1:], len(keys)], strict=True):
        rest, colour = divmod(int(keys[first]), _TONES)
        rest, brightness = divmod(rest, _SHADES)
        taper = 1 - (rest % SEGMENTS) / SEGMENTS
        width = max(1, round(scale * 0.0125 * taper))
        ink = _INKS[colour][brightness]
        cv2.polylines(canvas, list(lines[first:last]), False, ink, width, cv2.LINE_8, _SUBPIXEL_BITS)


def _paint_face(canvas: NDArray[np.uint8], pose: Pose, scale: float, offset: NDArray[np.float64]) -> None:
    """Eyes and nose: flat discs that lie on the ball and turn with it."""

    def disc(x: float, y: float, wide: float, high: float, colour: Sequence[float]) -> None:
        normal = np.array([x, y, np.sqrt(1 - x * x - y * y)])
        right = np.cross([0.0, 1.0, 0.0], normal)
        right /= np.linalg.norm(right)
        down = np.cross(normal, right)
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)[:, None]
        outline = (normal + wide * np.cos(turn) * right + high * np.sin(turn) * down) @ pose.rotation.T
        pixels = np.round((outline[:, :2] * scale + offset) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        cv2.fillPoly(canvas, [pixels], _ink(colour), cv2.LINE_8, _SUBPIXEL_BITS)

    r = _EYE_RADIUS
    for x, y in _EYES:
        disc(x, y, 1.10 * r, 1.10 * r, (0.020, 0.009, 0.005))
        for t in np.linspace(0, 1, 8):  # the iris, brighter towards its middle
            ring = (0.97 - 0.32 * t) * r
            disc(x, y + 0.012 * t, ring, ring, (0.05 + 0.62 * t**2, 0.02 + 0.26 * t**2, 0.006 + 0.03 * t))
        disc(x, y, 0.60 * r, 0.60 * r, (0.004, 0.003, 0.004))
        disc(x + 0.065, y - 0.085, 0.24 * r, 0.24 * r, (1.0, 1.0, 1.0))
        disc(x - 0.070, y + 0.090, 0.12 * r, 0.12 * r, (0.35, 0.50, 0.55))
    disc(0.0, 0.19, 0.085, 0.058, (0.030, 0.010, 0.009))
    disc(0.02, 0.165, 0.028, 0.014, (0.42, 0.36, 0.34))


def _light(pose: Pose, half: int) -> FloatImage:
    """What falls on the creature, 2 half x 2 half x 3: a warm lamp from the right, cool sky, a cool rim from behind."""
    axis = (np.arange(2 * half, dtype=np.float32) + 0.5 - half) / pose.radius
    x, y = np.meshgrid(axis, axis)
    r = np.maximum(np.hypot(x, y), 1e-6)
    inside = np.minimum(r, 1.0) / r
    # A little short of the true normal: fur has no hard horizon.
    nx, ny = 0.86 * x * inside, 0.86 * y * inside
    nz = np.sqrt(np.maximum(0.0, 1 - nx**2 - ny**2))
    lamp = np.maximum(0.0, (0.58 * nx - 0.45 * ny + 0.68 * nz + 0.18) / 1.18)
    rim = np.maximum(0.0, (-0.75 * nx - 0.50 * ny - 0.42 * nz + 0.22) / 1.22) ** 1.2
    sky = 0.5 - 0.5 * ny
    light = lamp[..., None] * np.array([1.50, 1.08, 0.70], np.float32)
    light = light + rim[..., None] * np.array([0.9, 1.35, 1.6], np.float32)
    light = light + sky[..., None] * np.array([0.16, 0.24, 0.30], np.float32) + 0.05
    return np.asarray(light, np.float32)


def draw(pose: Pose, seed: int) -> tuple[FloatImage, tuple[int, int]]:
    """The creature at one instant: premultiplied linear RGBA (float32, square, plate pixels) and its top-left pixel."""
    half = int(np.ceil(REACH * pose.radius)) + 2
    corner = (int(np.floor(pose.centre[0])) - half, int(np.floor(pose.centre[1])) - half)
    fraction = np.array([pose.centre[0] % 1, pose.centre[1] % 1])
    hair = strands(seed)
    points = bent(hair, pose)
    size = 2 * half * OVERSAMPLING
    scale = pose.radius * OVERSAMPLING
    # OpenCV draws around pixel centres: -0.5 puts coordinate 0 on the first pixel's edge.
    offset = (half + fraction) * OVERSAMPLING - 0.5
    canvas = np.zeros((size, size, 4), np.uint8)

    depth = points[:, 0, 2]
    one = 1 << _SUBPIXEL_BITS
    _paint_strands(canvas, points, hair, (depth > -0.75) & (depth < 0.0), scale, offset)
    middle = np.round(offset * one).astype(int).tolist()
    cv2.circle(canvas, middle, round(0.95 * scale * one), _ink(0.6 * _RAMP[1]), -1, cv2.LINE_8, _SUBPIXEL_BITS)
    _paint_strands(canvas, points, hair, (depth >= 0.0) & ~hair.over_face, scale, offset)
    _paint_face(canvas, pose, scale, offset)
    _paint_strands(canvas, points, hair, (depth >= 0.0) & hair.over_face, scale, offset)

    rgba = np.dstack([_DECODE[canvas[..., :3]], canvas[..., 3] / np.float32(255)])
    small = cv2.resize(rgba, (2 * half, 2 * half), interpolation=cv2.INTER_AREA)
    small[..., :3] *= _light(pose, half)
    back = wings.draw(pose, 2 * half, fraction, seed)
    return small + (1 - small[..., 3:]) * back, corner
