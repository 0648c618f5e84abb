"""How the camera has moved, told by a wall behind something that moves otherwise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from wisp.motion.camera import camera_motion

SIZE = 240, 160
CORNERS = np.array([[[0, 0], [239, 0], [0, 159], [239, 159]]], np.float64)


def wall() -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = sum(
        side * cv2.resize(rng.random((320 // side, 480 // side)).astype(np.float32), (480, 320)) for side in (4, 16, 64)
    )
    return np.uint8(255 * (noise - noise.min()) / np.ptp(noise))


def seen(placed: np.ndarray, at: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The wall as a camera sees it, whose pixels lie there by `placed`, with something striped before it; and where
    that does not stand."""
    middle = np.array([[1, 0, 120], [0, 1, 80], [0, 0, 1]], np.float64)
    picture = cv2.warpPerspective(wall(), middle @ placed, SIZE, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    thing = np.zeros(SIZE[::-1], np.uint8)
    cv2.circle(thing, at, 36, 1, -1)
    picture[thing > 0] = (np.indices(thing.shape).sum(0) % 9 * 28)[thing > 0]
    return picture, cv2.dilate(thing, np.ones((9, 9))) == 0


@pytest.mark.parametrize(
    ("moved", "turned", "known"), [((7.3, -4.1), 0.0, False), ((-3.2, 2.6), 1.5, False), ((45.0, 20.0), 0.5, True)]
)
def test_what_stands_still_tells_the_motion(moved: tuple[float, float], turned: float, known: bool) -> None:
    turn = np.vstack([cv2.getRotationMatrix2D((120, 80), turned, 1.0), [0, 0, 1]])
    turn[:2, 2] += moved
    first, second = seen(np.eye(3), (120, 90)), seen(turn, (110, 70))
    start = np.array([[1, 0, -moved[0] + 3], [0, 1, -moved[1] - 2], [0, 0, 1]], np.float64) if known else None
    found = camera_motion(first[0], second[0], first[1], second[1], start)
    assert found is not None
    off = cv2.perspectiveTransform(CORNERS, found) - cv2.perspectiveTransform(CORNERS, np.linalg.inv(turn))
    assert np.abs(off).max() < 0.3


def test_nothing_is_told_by_what_is_flat_or_another_place() -> None:
    picture, free = seen(np.eye(3), (120, 90))
    flat = np.full_like(picture, 90)
    other = cv2.flip(picture, -1)
    assert camera_motion(flat, flat, free, free) is None
    assert camera_motion(picture, other, free, free) is None
    assert camera_motion(picture, picture, np.zeros_like(free), free) is None
