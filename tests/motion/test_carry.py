"""Carrying a place along with an object from one frame to another, however far away."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.motion.carry import Sight, object_motion
from wisp.motion.flow import FlowEstimator, pixel_grid

WIDTH, HEIGHT = 320, 200
#: The object's middle on the frame that was painted.
MIDDLE = (90, 110)


def moved(shift: tuple[float, float], turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """2 x 3, about the object's middle."""
    matrix = cv2.getRotationMatrix2D(MIDDLE, turn, scale)
    matrix[:, 2] += shift
    return matrix


def placed(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT))


def noise(seed: int, blur: float) -> np.ndarray:
    values = cv2.GaussianBlur(np.random.default_rng(seed).random((HEIGHT, WIDTH)).astype(np.float32), (0, 0), blur)
    return cv2.normalize(values, None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


def sight(matrix: np.ndarray, *, plain: bool = False) -> Sight:
    """A speckled (or `plain`) egg before a speckled wall that stands still."""
    egg = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(egg, MIDDLE, (30, 45), 10, 0, 360, 1, -1)
    surface = np.full_like(egg, 230) if plain else noise(1, 2.0)
    mask = placed(egg, matrix) > 0
    return Sight(np.where(mask, placed(surface, matrix), noise(2, 2.5)), mask)


def halo() -> np.ndarray:
    """What was painted: a cap on top of the egg, mostly beside it."""
    painted = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.ellipse(painted, (MIDDLE[0] - 8, MIDDLE[1] - 45), (28, 16), 0, 0, 360, 1, -1)
    return painted


def carried(matrix: np.ndarray, *, plain: bool = False) -> float:
    """Intersection over union of what was carried and where it belongs."""
    then, now = sight(moved((0, 0)), plain=plain), sight(matrix, plain=plain)
    place = pixel_grid(HEIGHT, WIDTH) + object_motion(FlowEstimator(), now, then)
    found = cv2.remap(halo(), place, None, cv2.INTER_LINEAR) > 0.5
    truth = placed(halo(), matrix) > 0.5
    return float((found & truth).sum() / (found | truth).sum())


@pytest.mark.parametrize(
    ("matrix", "least"),
    [
        (moved((0, 0)), 0.98),
        (moved((4, -3)), 0.9),
        (moved((130, -20)), 0.9),
        (moved((90, 10), turn=-14), 0.85),
        (moved((60, -10), turn=25, scale=1.3), 0.85),
        (moved((100, 20), scale=0.6), 0.8),
    ],
)
def test_what_was_painted_goes_with_the_object_and_not_with_the_wall(matrix: np.ndarray, least: float) -> None:
    assert carried(matrix) > least


def test_without_texture_the_masks_alone_carry_it() -> None:
    assert carried(moved((130, -20)), plain=True) > 0.85


def test_without_an_object_on_either_frame_nothing_moves() -> None:
    seen = sight(moved((10, 5)))
    empty = Sight(seen.grey, np.zeros_like(seen.mask))
    for now, then in ((seen, empty), (empty, seen)):
        assert not object_motion(FlowEstimator(), now, then).any()
