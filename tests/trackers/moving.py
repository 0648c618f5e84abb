"""Small made clips with truth: a textured disk that moves over a textured ground, sometimes behind a post."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = (240, 136)

Place = Callable[[int], tuple[float, float]]


def texture(seed: int, low: tuple[float, float, float], high: tuple[float, float, float]) -> NDArray[np.float32]:
    """Smooth noise between two colours over the whole picture."""
    noise = np.random.default_rng(seed).random((SIZE[1], SIZE[0]), np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.0)
    noise = np.clip((noise - noise.mean()) / (4.0 * noise.std()) + 0.5, 0.0, 1.0)[..., None]
    return (np.array(low, np.float32) * (1 - noise) + np.array(high, np.float32) * noise).astype(np.float32)


def disk(centre: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    x, y = np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1])[:, None] + 0.5
    covered: NDArray[np.bool_] = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    return covered


class MovingDisk:
    """A clip and its truth. `post`: columns hidden by something in front of everything."""

    def __init__(
        self, place: Place, length: int, *, radius: float = 18.0, post: tuple[int, int] | None = None, first: int = 1
    ) -> None:
        self.frames: Sequence[int] = tuple(range(first, first + length))
        self.width, self.height = SIZE
        self._first = first
        self._place, self._radius, self._post = place, radius, post
        self._ground = texture(1, (0.15, 0.25, 0.2), (0.45, 0.5, 0.4))
        self._skin = texture(2, (0.7, 0.25, 0.1), (0.95, 0.6, 0.3))
        self._wood = texture(3, (0.1, 0.1, 0.35), (0.25, 0.25, 0.6))
        self.reads = 0

    def truth(self, frame: int) -> NDArray[np.bool_]:
        mask = disk(self._place(frame - self._first), self._radius)
        if self._post is not None:
            mask[:, self._post[0] : self._post[1]] = False
        return mask

    def image(self, frame: int, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        self.reads += 1
        x, y = self._place(frame - self._first)
        x0, y0 = self._place(0)
        move = np.array([[1, 0, x - x0], [0, 1, y - y0]], np.float32)
        skin = cv2.warpAffine(self._skin, move, SIZE, borderMode=cv2.BORDER_WRAP)
        picture = np.where(disk((x, y), self._radius)[..., None], skin, self._ground)
        if self._post is not None:
            picture[:, self._post[0] : self._post[1]] = self._wood[:, self._post[0] : self._post[1]]
        return picture if size in (None, SIZE) else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
