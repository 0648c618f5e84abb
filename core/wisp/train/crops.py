"""Crops with everything the embedded head's network is told, made once and kept on disk."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

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


class Crops(NamedTuple):
    """n crops: `planes` n x `PLANES` x size x size (what the network is told), `alpha` n x size x size (the truth), and
    for the features `pictures` n x 2 size x 2 size x 3 (the samples they were taken from, RGB in 0..1) and `places`
    n x 2 (y, x of their upper left corners in the samples)."""

    planes: FloatImage
    alpha: FloatImage
    pictures: FloatImage
    places: NDArray[np.int64]


def crops(sample: Sample, size: int, rng: np.random.Generator, network: EdgeNetwork | None = None) -> Crops:
    """`PER_SAMPLE` crops of a sample of twice their size.

    Centred on pixels that are soft or that the mask has wrong, where there are any, else on the mask's edge.
    """
    cues = sample_cues(sample, network)
    height, width = sample.alpha.shape
    soft = (sample.alpha > 0.02) & (sample.alpha < 0.98) | (sample.mask != (sample.alpha >= 0.5))
    near = np.abs(cues.distance) <= 24
    choice = np.argwhere(soft & near)
    if len(choice) < 10:
        choice = np.argwhere(near) if near.any() else np.argwhere(np.ones_like(near))
    planes, alpha, places = [], [], []
    for _ in range(PER_SAMPLE):
        y, x = choice[rng.integers(len(choice))] - size // 2 + rng.integers(-8, 9, 2)
        top = int(np.clip(y, 0, height - size)) // _GRID * _GRID
        left = int(np.clip(x, 0, width - size)) // _GRID * _GRID
        window = Window(left, top, left + size, top + size)
        planes.append(cues.window(window))
        alpha.append(sample.alpha[top : top + size, left : left + size])
        places.append((top, left))
    pictures = np.repeat(sample.image[None], PER_SAMPLE, axis=0)
    return Crops(np.stack(planes), np.stack(alpha), pictures, np.array(places))


_Settings = tuple[Path, NumberedSource, int, int, int, Path | None]


class CropStore:
    """Crops in one file, with `.pictures.npy` and `.places.npy` beside it, filled on demand and in any order by as many
    processes as like to. Samples are twice as large as crops of `size` pixels.

    `smaller`: weights of the network that looks at most of the samples at half the size first.
    """

    def __init__(
        self, path: Path, source: NumberedSource, samples: int, size: int, seed: int, smaller: Path | None = None
    ) -> None:
        self.path = path
        self._source = source
        self._size = size
        self._seed = seed
        self._smaller = smaller
        # Planes and alpha last; a picture once a sample; places.
        self._crops = _opened(path, np.float16, (samples, PER_SAMPLE, PLANES + 1, size, size))
        self._pictures = _opened(path.with_suffix(".pictures.npy"), np.uint8, (samples, 2 * size, 2 * size, 3))
        self._places = _opened(path.with_suffix(".places.npy"), np.int16, (samples, PER_SAMPLE, 2))

    def __len__(self) -> int:
        return len(self._crops) * PER_SAMPLE

    def fill(self, first: int, last: int) -> None:
        """Make the crops of samples `first` up to but not including `last`, where they are not there yet."""
        cv2.setNumThreads(1)
        for number in range(first, last):
            # The mask's plane 3 (-1 or 1) tells a crop from an empty place; a picture may be lost.
            if not (self._crops[number, 0, 3, 0, 0] and self._pictures[number].any()):
                rng = np.random.default_rng((self._seed, number, 1))
                network = self._network if rng.random() >= _ALONE else None
                made = crops(self._source(number), self._size, rng, network)
                self._pictures[number] = np.rint(255 * np.clip(made.pictures[0], 0, 1))
                self._places[number] = made.places
                self._crops[number] = np.concatenate([made.planes, made.alpha[:, None]], axis=1)

    @cached_property
    def _network(self) -> EdgeNetwork | None:
        return None if self._smaller is None else load_network(self._smaller)

    def prepare(self, workers: int, listen: Callable[[int], None], portion: int = 50) -> None:
        """Make all crops by several processes; `listen` hears how many samples are done."""
        samples = len(self._crops)
        settings = (self.path, self._source, samples, self._size, self._seed, self._smaller)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            ends = [min(first + portion, samples) for first in range(0, samples, portion)]
            for _, last in zip(pool.map(_fill, [(settings, end - portion, end) for end in ends]), ends, strict=True):
                listen(last)

    def take(self, numbers: Sequence[int] | NDArray[np.int64]) -> Crops:
        """Crops by number; made now if need be."""
        places = [divmod(int(number), PER_SAMPLE) for number in numbers]
        for sample, _ in places:
            self.fill(sample, sample + 1)
        taken = np.stack([self._crops[place] for place in places]).astype(np.float32)
        pictures = np.stack([self._pictures[sample] for sample, _ in places]) * np.float32(1 / 255)
        return Crops(taken[:, :PLANES], taken[:, PLANES], pictures, np.stack([self._places[place] for place in places]))


def _opened(path: Path, kind: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    """An array in a file, made of zeros where there is none."""
    if not path.exists():
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.lib.format.open_memmap(file.name, "w+", kind, shape).flush()
    array = np.lib.format.open_memmap(path, "r+")
    if array.shape != shape:
        raise ValueError(f"{path} holds crops of shape {array.shape}, not {shape}")
    return array


def _fill(work: tuple[_Settings, int, int]) -> None:
    """In a process of its own."""
    settings, first, last = work
    CropStore(*settings).fill(max(first, 0), last)
