"""A solved shot with known faults: mattes are drawn, not computed, and put where the solver would put them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from wisp import shot as documents
from wisp.cache import MatteStamp
from wisp.solve import Solver, solver_of
from wisp.weights.options import RunOptions

WIDTH, HEIGHT = 160, 96
FIRST, LAST = 1001, 1012
_TEXTURE = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (400, 400, 3)).astype(np.float32), (0, 0), 2)
_TEXTURE = np.clip((_TEXTURE - _TEXTURE.mean()) * 3, -60, 60)


def disk(frame: int, radius: float = 20.0, x: float = 50.0, y: float = 48.0) -> NDArray[np.float32]:
    """The true alpha: the object goes right by two pixels a frame."""
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    away = np.hypot(xx - x - 2 * (frame - FIRST), yy - y)
    return np.clip(radius + 0.5 - away, 0, 1).astype(np.float32)


def picture(frame: int) -> NDArray[np.uint8]:
    """A red textured disk over a standing green ground, BGR."""
    shift = 2 * (frame - FIRST)
    ground = _TEXTURE[:HEIGHT, :WIDTH] + np.array([70, 120, 60])
    thing = _TEXTURE[200 : 200 + HEIGHT, 100 - shift : 100 - shift + WIDTH] + np.array([60, 70, 180])
    alpha = disk(frame)[..., None]
    return np.clip(ground * (1 - alpha) + thing * alpha, 0, 255).astype(np.uint8)


@pytest.fixture
def solved(tmp_path: Path) -> Callable[..., Solver]:
    """Make the shot with true mattes, except those given; None leaves a frame unsolved."""

    def make(
        faults: Mapping[int, NDArray[np.float32] | None] | None = None,
        lost: tuple[int, ...] = (),
        keyframe: int = FIRST,
        locks: list[tuple[int, int]] | None = None,
        absent: list[tuple[int, int]] | None = None,
    ) -> Solver:
        (tmp_path / "plates").mkdir()
        for frame in range(FIRST, LAST + 1):
            cv2.imwrite(str(tmp_path / "plates" / f"sh.{frame}.png"), picture(frame))
        shot = documents.parse(
            {
                "wisp": 1,
                "plate": {
                    "path": "plates/sh.%04d.png",
                    "first": FIRST,
                    "last": LAST,
                    "width": WIDTH,
                    "height": HEIGHT,
                },
                "objects": [
                    {
                        "id": 1,
                        "name": "hero",
                        "prompts": [{"frame": keyframe, "kind": "box", "xyxy": [30, 28, 70, 68]}],
                        "locks": locks or [],
                        "absent": absent or [],
                    }
                ],
            }
        )
        documents.save(shot, tmp_path / "sh.wisp")
        solver = solver_of(shot, tmp_path, tmp_path / "wisp-cache", RunOptions())
        (work,) = solver.works
        for frame in solver.plate.frames:
            alpha = (faults or {}).get(frame, disk(frame))
            if alpha is not None:
                state = "lost" if frame in lost else "tracked"
                stamp = MatteStamp("hero", "solved", state, 0.9, "none", "none", "none", work.marks[frame])
                solver.shelf.write_matte(work.path(frame), alpha, solver.plate.header(frame), stamp)
        return solver

    return make
