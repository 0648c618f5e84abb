"""SAM 2.1 with deterministic stand-in weights, and clips to run it on.

The weights are noise, so masks are meaningless, but every operation of the network shows in them. The fixtures are
imported by the tests that need them; files and models behind them are made once per session.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from wisp.plates.clip import FloatImage
from wisp.trackers.sam2.model import Sam2Model, load_model
from wisp.trackers.tracker import FramePrompts

#: Side of the network's square in quick tests: the weights fit any, and the cost falls with the area.
SMALL = 128


class ArrayClip:
    """A clip of 8-bit pictures in memory, frames numbered from 1001."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = pictures
        self.frames: Sequence[int] = tuple(range(1001, 1001 + len(pictures)))
        self.height, self.width = pictures.shape[1:3]

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        assert size is None, "the models resize by their own filters"
        return self.pictures[frame - 1001].astype(np.float32) / np.float32(255)


def moving_clip(count: int, width: int = 96, height: int = 72) -> ArrayClip:
    """A bright disc that moves over a gradient, with a little fixed noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    noise = rng.integers(0, 24, (height, width, 3))
    pictures = []
    for index in range(count):
        disc = (x - 30 - 1.5 * index) ** 2 + (y - 36) ** 2 < 14**2
        base = np.stack([x * 255 / width, y * 255 / height, np.full_like(x, 90)], axis=-1) * 0.6
        pictures.append(np.where(disc[..., None], (230, 200, 60), base + noise).astype(np.uint8))
    return ArrayClip(np.stack(pictures))


def prompts(
    points: Sequence[tuple[float, float]] = (),
    labels: Sequence[int] = (),
    **others: object,
) -> FramePrompts:
    """Frame prompts from plain values."""
    return FramePrompts(
        np.asarray(points, np.float32).reshape(-1, 2),
        np.asarray(labels, np.int32),
        **others,  # type: ignore[arg-type]
    )


def write_checkpoint(shared: Path, keys: str, target: Path) -> Path:
    """Stand-in weights for a key list, by the recipe that made the golden vectors."""
    recipe = shared / "golden" / "make_weights.py"
    subprocess.run([sys.executable, recipe, shared / "spec" / keys, target], check=True, timeout=120)
    return target


@pytest.fixture(scope="session")
def matting_checkpoint(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SAM2Matting checkpoint of the tiny size: tracker and heads."""
    target = tmp_path_factory.getbasetemp() / "sam2matting-tiny.pt"
    return target if target.exists() else write_checkpoint(shared, "keys-sam2matting-sam2.1tiny.json", target)


@pytest.fixture(scope="session")
def small_model(matting_checkpoint: Path) -> Sam2Model:
    """The tiny network on small pictures."""
    return load_model(matting_checkpoint, "tiny", torch.device("cpu"), image_size=SMALL)
