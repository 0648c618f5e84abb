"""What the parts of `wisp bench gpu` run on, and how they are timed."""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..heads.band import logits_of
from ..heads.mam.sam import SamSize
from ..plates.clip import FloatImage, resize
from ..trackers.edgetam.model import Sizes as EdgeTamSizes
from ..trackers.sam3.model import Sizes as Sam3Sizes
from ..trackers.tracker import FramePrompts
from .sam2_stand_in import DiscClip

#: One line of a table; a part's rows have the same names.
Row = dict[str, Any]

#: Frames before the first that is timed: memories are full then, and every kernel has been loaded.
WARM_UP = 8
#: Frames of a clip: more than any run walks through, and SAM 2's numbers depend on it only by a scale.
_LENGTH = 400


@dataclass(frozen=True)
class Setting:
    """What the parts run on. The defaults are full size; quick runs make everything small."""

    device: torch.device
    #: How long one configuration is timed.
    seconds: float
    #: A folder with `golden` and `spec`.
    golden: Path | None = None
    #: Side of SAM 2.1's square.
    image_size: int = 1024
    #: Width and height of plates by what they are called.
    plates: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {"1080p": (1920, 1080), "4K": (3840, 2160)})
    objects: Sequence[int] = (1, 3, 10)
    #: SAM 2.1's sizes with mattes, by what SAM2Matting calls them, and others without.
    variants: Mapping[str, str] = field(default_factory=lambda: {"T": "tiny", "B+": "base-plus"})
    others: Sequence[str] = ("small", "large")
    edgetam: EdgeTamSizes = field(default_factory=EdgeTamSizes)
    sam3: Sam3Sizes = field(default_factory=Sam3Sizes)
    mam: SamSize = field(default_factory=SamSize)
    #: Side of the matrices that are multiplied.
    matrix: int = 8192
    #: Samples of a training step.
    batch: int = 16
    warm_up: int = WARM_UP
    #: How many families and cases of golden vectors, the first ones.
    golden_parts: int | None = None
    #: What `torch.compile` compiles with.
    backend: str = "inductor"


def small(device: torch.device, golden: Path | None = None) -> Setting:
    """Everything so small that a CPU runs all parts in a minute: it tells whether they run, and nothing else."""
    return Setting(
        device,
        seconds=0.01,
        golden=golden,
        image_size=128,
        plates={"tiny": (160, 96)},
        objects=(2,),
        variants={"T": "tiny"},
        others=(),
        edgetam=EdgeTamSizes(image=128, widths=(8, 16, 24, 32), depths=(1, 1, 2, 1), latents=2),
        sam3=Sam3Sizes(
            image=56, width=64, inner=96, depth=4, attention_heads=1, window=2, pretrained=28, memory_layers=1
        ),
        mam=SamSize(image=128, width=32, depth=2, heads=2, whole=(1,), window=5),
        matrix=64,
        batch=2,
        warm_up=1,
        golden_parts=1,
        backend="eager",
    )


class LoopClip:
    """A clip whose four pictures come again and again, ready in memory: reading and colour cost nothing here."""

    def __init__(self, width: int, height: int) -> None:
        self.frames: Sequence[int] = range(1, _LENGTH + 1)
        self.width, self.height = width, height
        self._disc = DiscClip(4, width, height)
        self._pictures = [self._disc.image(frame) for frame in self._disc.frames]

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`."""
        return resize(self._pictures[frame % 4], size or (self.width, self.height))

    def logits(self, width: int, height: int) -> NDArray[np.float32]:
        """The disc on the first frame, as a tracker would give it."""
        return logits_of(self._disc.inside(1, width, height))

    def boxes(self, count: int) -> dict[int, dict[int, FramePrompts]]:
        """`count` objects, each with a box on the first frame."""
        points, labels = np.zeros((0, 2), np.float32), np.zeros(0, np.int32)
        width, height = self.width, self.height
        return {
            number: {1: FramePrompts(points, labels, box=(width * 0.1, 0.1 * height, width * 0.6, height * 0.9))}
            for number in range(1, count + 1)
        }

    def click(self, count: int = 1) -> FramePrompts:
        """The first `count` clicks on the disc."""
        middle = np.array([0.35 * self.width, 0.5 * self.height], np.float32)
        xy = np.stack([middle + 0.02 * self.width * number for number in range(count)])
        return FramePrompts(xy.astype(np.float32), np.ones(count, np.int32))


@lru_cache(maxsize=2)
def loop_clip(size: tuple[int, int]) -> LoopClip:
    """One of that width and height, kept for the next part."""
    return LoopClip(*size)


def forget(device: torch.device) -> None:
    """Give back what a part left behind."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def now(device: torch.device) -> float:
    """Seconds on a clock, after all that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def timed(device: torch.device, call: Callable[[], object], seconds: float, warm_up: int = 1) -> float:
    """Median seconds of one call, of as many as fit into `seconds`, at least three."""
    for _ in range(warm_up):
        call()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        start = now(device)
        call()
        times.append(now(device) - start)
    return statistics.median(times)


@contextlib.contextmanager
def peak(device: torch.device) -> Iterator[Callable[[], float | None]]:
    """Gives a function that says the most memory that tensors took since, in GB; None without a GPU."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    yield lambda: torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None


@contextlib.contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Whether convolutions and products in float32 may round their inputs to 10 bits on the way."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
