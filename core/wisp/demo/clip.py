"""A made clip with exact truth: a furred creature drifts through a wood at dusk, its crest blown, wings beating.

Composited in scene-linear light with sRGB (Rec.709) primaries, OCIO name `lin_rec709`.
The same seed gives the same pixels.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.exr_writer import write_exr
from ..plates.plate import Window
from . import backdrop, creature
from .pose import Pose

FloatImage = NDArray[np.float32]
Box = tuple[float, float, float, float]

#: The OCIO colour space of the plate: linear light, sRGB primaries, D65.
COLORSPACE = "lin_rec709"
FIRST = 1001
OBJECT = "wisp"
_FPS = 24.0
_SHUTTER = 0.5
_INSTANTS = 8
_ATTRIBUTES = {"comments": "Made by wisp.demo. Scene-linear light, sRGB primaries (lin_rec709)."}


@dataclass(frozen=True)
class DemoFrame:
    """One frame, float32: `rgb_linear` = `foreground` + (1 - `alpha`) * `background`, exactly.

    `alpha` height x width, 0..1; the others height x width x 3, scene-linear; `foreground` is premultiplied.
    """

    rgb_linear: FloatImage
    alpha: FloatImage
    foreground: FloatImage
    background: FloatImage


@dataclass(frozen=True)
class DemoClip:
    """What `write_clip` left on disk. `plate` and `truth` are `%04d` patterns.

    `boxes`: what an artist would draw around all of the creature on the first, middle and last frame, by frame
    number; left, top, right, bottom.
    """

    plate: Path
    truth: Path
    first: int
    last: int
    size: tuple[int, int]
    object_name: str
    boxes: dict[int, Box]

    @property
    def box(self) -> Box:
        """The one on the first frame."""
        return self.boxes[self.first]


def flight(time: float, size: tuple[int, int]) -> Pose:
    """The creature's flight; `time` in seconds, 0 in the middle of the clip."""
    width, height = size
    swing = 1.25 * time
    return Pose(
        centre=(
            width * 0.5 + height * 0.34 * np.sin(swing),
            height * (0.585 + 0.035 * np.sin(5.2 * time + 0.6)),
        ),
        radius=0.190 * height,
        yaw=0.46 * np.sin(1.9 * time + 0.25),
        pitch=0.07 * np.sin(3.1 * time),
        roll=0.10 * np.cos(swing) + 0.05 * np.sin(4.0 * time),
        flap=2 * np.pi * 1.6 * time,
        time=time,
        wind=float(np.cos(swing)),
    )


def render_frame(index: int, count: int, size: tuple[int, int] = (640, 360), seed: int = 1) -> DemoFrame:
    """Frame `index` (0-based) of a clip of `count` frames at `size` (width, height).

    24 frames a second, shutter open for half of each; any `index` may be asked for, in any order.
    """
    width, height = size
    time = (index - (count - 1) / 2) / _FPS
    total = np.zeros((height, width, 4), np.float64)
    for instant in range(_INSTANTS):
        offset = ((instant + 0.5) / _INSTANTS - 0.5) * _SHUTTER / _FPS
        picture, corner = creature.draw(flight(time + offset, size), seed)
        _add(total, picture, corner)
    rgba = (total / _INSTANTS).astype(np.float32)
    alpha, foreground = np.clip(rgba[..., 3], 0, 1), np.ascontiguousarray(rgba[..., :3])
    background = backdrop.draw(size, 0.5 + 0.35 * float(np.sin(0.55 * time)), seed)
    return DemoFrame(foreground + (1 - alpha[..., None]) * background, alpha, foreground, background)


def _add(total: NDArray[np.float64], picture: FloatImage, corner: tuple[int, int]) -> None:
    """Add a picture whose top-left lies at `corner` (x, y), cut at the border."""
    height, width = total.shape[:2]
    x0, y0 = max(0, corner[0]), max(0, corner[1])
    x1, y1 = min(width, corner[0] + picture.shape[1]), min(height, corner[1] + picture.shape[0])
    if x0 < x1 and y0 < y1:
        total[y0:y1, x0:x1] += picture[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]]


def write_clip(folder: str | Path, frames: int = 24, size: tuple[int, int] = (640, 360), seed: int = 1) -> DemoClip:
    """Render the clip into `folder`: `plates/wisp_demo.%04d.exr` (half, R G B) and the true mattes beside it in
    `truth/wisp_demo_alpha.%04d.exr` (half, R = G = B = alpha), numbered from 1001. Existing files are replaced.
    """
    folder = Path(folder)
    plate, truth = folder / "plates/wisp_demo.%04d.exr", folder / "truth/wisp_demo_alpha.%04d.exr"

    def make(index: int) -> FloatImage:
        frame = render_frame(index, frames, size, seed)
        number = FIRST + index
        r, g, b = np.moveaxis(frame.rgb_linear, -1, 0)
        display = Window(0, 0, *size)
        write_exr(str(plate) % number, {"R": r, "G": g, "B": b}, display=display, attributes=_ATTRIBUTES)
        write_exr(str(truth) % number, dict.fromkeys("RGB", frame.alpha), display=display)
        return frame.alpha

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one frame per core; OpenCV's own threads would only get in the way of that
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            alphas = list(pool.map(make, range(frames)))
    finally:
        cv2.setNumThreads(threads)
    boxes = {FIRST + index: _box(alphas[index]) for index in (0, frames // 2, frames - 1)}
    return DemoClip(plate, truth, FIRST, FIRST + frames - 1, size, OBJECT, boxes)


def _box(alpha: FloatImage) -> Box:
    """Around everything that is visibly there, with a little air."""
    height, width = alpha.shape
    rows, columns = np.flatnonzero((alpha > 0.1).any(axis=1)), np.flatnonzero((alpha > 0.1).any(axis=0))
    air = height // 90
    return (
        float(max(0, columns[0] - air)),
        float(max(0, rows[0] - air)),
        float(min(width, columns[-1] + 1 + air)),
        float(min(height, rows[-1] + 1 + air)),
    )
