"""Crops with everything the embedded head's network is told, made once and kept on disk."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..heads.edge_cues import CELL, PLANES, EdgeCues
from ..heads.edge_network import EdgeNetwork
from ..heads.edge_spread import likely_spread
from ..heads.embedded import edge_cues, load_network
from ..plates.clip import FloatImage
from ..plates.plate import Window
from .scenes import Sample


class NumberedSource(Protocol):
    """Samples by number; the same number always gives the same sample. `mask_kind` as in `guidance_mask`."""

    def __call__(self, number: int, mask_kind: str | None = None) -> Sample: ...


#: Crops taken from one sample.
PER_SAMPLE = 3
#: How often a sample is not looked at in half the size: it stands for one that is.
_ALONE = 0.35
#: Crops begin at multiples of this many pixels, which are whole cells.
_GRID = 2 * CELL


def sample_cues(sample: Sample, network: EdgeNetwork | None = None) -> EdgeCues:
    """A sample as the embedded head sees it; its sides must be multiples of `CELL`. `network`: the one that looks at
    half the size first."""
    spread = likely_spread(sample.image, sample.mask, sample.mask.shape)
    return edge_cues(network, sample.image, sample.mask, spread)


def crops(
    sample: Sample, size: int, rng: np.random.Generator, network: EdgeNetwork | None = None
) -> NDArray[np.float16]:
    """`PER_SAMPLE` x (`PLANES` + 1) x size x size: the network's planes and the true alpha last.

    Centred on pixels that are soft or that the mask has wrong, where there are any, else on the mask's edge.
    """
    cues = sample_cues(sample, network)
    height, width = sample.alpha.shape
    soft = (sample.alpha > 0.02) & (sample.alpha < 0.98) | (sample.mask != (sample.alpha >= 0.5))
    near = np.abs(cues.distance) <= 24
    places = np.argwhere(soft & near)
    if len(places) < 10:
        places = np.argwhere(near) if near.any() else np.argwhere(np.ones_like(near))
    found = np.empty((PER_SAMPLE, PLANES + 1, size, size), np.float16)
    for number in range(PER_SAMPLE):
        y, x = places[rng.integers(len(places))] - size // 2 + rng.integers(-8, 9, 2)
        top = int(np.clip(y, 0, height - size)) // _GRID * _GRID
        left = int(np.clip(x, 0, width - size)) // _GRID * _GRID
        window = Window(left, top, left + size, top + size)
        found[number, :PLANES] = cues.window(window)
        found[number, PLANES] = sample.alpha[top : top + size, left : left + size]
    return found


_Settings = tuple[Path, NumberedSource, int, int, int, Path | None]


class CropStore:
    """Crops in one file, filled on demand and in any order by as many processes as like to.

    `smaller`: weights of the network that looks at most of the samples at half the size first.
    """

    def __init__(
        self, path: Path, source: NumberedSource, samples: int, size: int, seed: int, smaller: Path | None = None
    ) -> None:
        self.path = path
        self._source = source
        self._seed = seed
        self._smaller = smaller
        self._shape = (samples, PER_SAMPLE, PLANES + 1, size, size)
        if not path.exists():
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.lib.format.open_memmap(file.name, "w+", np.float16, self._shape).flush()
        self._crops = np.lib.format.open_memmap(path, "r+")
        if self._crops.shape != self._shape:
            raise ValueError(f"{path} holds crops of shape {self._crops.shape}, not {self._shape}")

    def __len__(self) -> int:
        return self._shape[0] * PER_SAMPLE

    def fill(self, first: int, last: int) -> None:
        """Make the crops of samples `first` up to but not including `last`, where they are not there yet."""
        cv2.setNumThreads(1)
        for number in range(first, last):
            # The constant plane 3 (-1 or 1) tells a crop from an empty place.
            if not self._crops[number, 0, 3, 0, 0]:
                rng = np.random.default_rng((self._seed, number, 1))
                network = self._network if rng.random() >= _ALONE else None
                self._crops[number] = crops(self._source(number), self._shape[-1], rng, network)

    @cached_property
    def _network(self) -> EdgeNetwork | None:
        return None if self._smaller is None else load_network(self._smaller)

    def prepare(self, workers: int, listen: Callable[[int], None], portion: int = 50) -> None:
        """Make all crops by several processes; `listen` hears how many samples are done."""
        samples = self._shape[0]
        settings = (self.path, self._source, samples, self._shape[-1], self._seed, self._smaller)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            ends = [min(first + portion, samples) for first in range(0, samples, portion)]
            for _, last in zip(pool.map(_fill, [(settings, end - portion, end) for end in ends]), ends, strict=True):
                listen(last)

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> FloatImage:
        """Crops by number, n x (PLANES + 1) x size x size float32; made now if need be."""
        for number in numbers:
            self.fill(int(number) // PER_SAMPLE, int(number) // PER_SAMPLE + 1)
        return np.stack([self._crops[int(n) // PER_SAMPLE, int(n) % PER_SAMPLE] for n in numbers]).astype(np.float32)


def _fill(work: tuple[_Settings, int, int]) -> None:
    """In a process of its own."""
    settings, first, last = work
    CropStore(*settings).fill(max(first, 0), last)
