"""Made pictures with a known alpha, shared by the tests of the heads."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from wisp.bench.stills import PictureClip

Scene = tuple[np.ndarray, np.ndarray, np.ndarray]


def _scene(blur: float, seed: int = 1, height: int = 300, width: int = 400) -> Scene:
    rng = np.random.default_rng(seed)

    def texture(colour: tuple[float, float, float]) -> np.ndarray:
        grain = cv2.GaussianBlur(rng.standard_normal((height, width, 3)), (0, 0), 3)
        return np.asarray(colour) + 0.04 * grain / grain.std()

    blob = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 35)
    mask = blob > 0.2 * blob.std()
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), blur)
    cover = alpha[..., None]
    image = cover * texture((0.75, 0.5, 0.3)) + (1 - cover) * texture((0.2, 0.35, 0.55))
    return np.clip(image, 0, 1).astype(np.float32), alpha, mask


@pytest.fixture(scope="session")
def scene() -> Callable[..., Scene]:
    """scene(blur, seed=1): picture H x W x 3, true alpha, mask (alpha >= 0.5) of a blob with a blurred outline."""
    return _scene


@pytest.fixture
def clip_of() -> Callable[[np.ndarray], PictureClip]:
    """A clip of one picture, frame 1."""
    return PictureClip
