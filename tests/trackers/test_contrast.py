"""Telling what moves with the object from what moves with its surroundings."""

from __future__ import annotations

import numpy as np
from wisp.trackers.flow.contrast import motion_contrast

SHAPE = (90, 120)


def scene(own: tuple[float, float], others: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flow of a disk over a ground, the mask expected of it with a patch of ground wrongly attached, that patch."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]] + 0.5
    disk = np.hypot(x - 50, y - 45) < 22
    patch = (x > 72) & (x < 90) & (y > 35) & (y < 55) & ~disk
    flow = np.where(disk[..., None], own, others).astype(np.float32)
    flow += np.random.default_rng(1).normal(0, 0.2, flow.shape).astype(np.float32)
    return flow, (disk | patch).astype(np.float32), patch


def test_ground_attached_to_a_moving_object_is_told_apart() -> None:
    flow, expected, patch = scene((6, 1), (0, 0))
    contrast = motion_contrast(flow, np.ones(SHAPE, np.float32), expected)
    assert contrast[patch].mean() < -0.7
    assert contrast[(expected > 0) & ~patch].mean() > 0.7


def test_a_moving_camera_changes_nothing_of_it() -> None:
    flow, expected, patch = scene((6, 1), (0, 0))
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    zoom = np.dstack([3 + 0.02 * x, -2 + 0.02 * y])
    contrast = motion_contrast(flow + zoom, np.ones(SHAPE, np.float32), expected)
    assert contrast[patch].mean() < -0.7


def test_where_both_move_alike_nothing_is_said() -> None:
    flow, expected, _ = scene((0.2, 0), (0, 0))
    assert np.abs(motion_contrast(flow, np.ones(SHAPE, np.float32), expected)).max() < 0.1


def test_untrusted_flow_and_too_little_of_it_say_nothing() -> None:
    flow, expected, _ = scene((6, 1), (0, 0))
    assert not motion_contrast(flow, np.zeros(SHAPE, np.float32), expected).any()
    assert not motion_contrast(flow, np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32)).any()
