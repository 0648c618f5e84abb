"""Made clips with all that a frozen network says of them, as files: made once, learnt from many times.

A shard is a folder of arrays: pictures, masks, the features of every picture, and the optical flow between consecutive
frames with the trust in it. Shards are made by any number of processes, each with its own seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ...features import load_features
from ...motion.flow import FlowEstimator, expected_motion
from .borders import bordered
from .clips import made_clip, seen_still
from .things import Pool

SIDE, FRAMES = 192, 4
_PER_SHARD = 24


@dataclass(frozen=True)
class Shard:
    """`pictures` k x n x s x s x 3 uint8, `masks` k x n x s x s bool, `maps`: feature maps k x n x c x h x w half,
    `flows` k x (n - 2) x s/2 x s/2 x 2 half (pixels of s2) and `trusts` (0..1) from each frame to the one before."""

    pictures: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    maps: tuple[NDArray[np.float16], ...]
    flows: NDArray[np.float16]
    trusts: NDArray[np.float16]

    @classmethod
    def load(cls, folder: Path) -> Shard:
        arrays = {file.stem: np.load(file, mmap_mode="r") for file in folder.glob("*.npy")}
        maps = tuple(arrays[f"maps{k}"] for k in range(5))
        return cls(arrays["pictures"], arrays["masks"], maps, arrays["flows"], arrays["trusts"])

    def save(self, folder: Path) -> None:
        part = folder.with_suffix(".part")
        part.mkdir(parents=True, exist_ok=True)
        arrays = {"pictures": self.pictures, "masks": self.masks, "flows": self.flows, "trusts": self.trusts}
        for name, array in {**arrays, **{f"maps{k}": values for k, values in enumerate(self.maps)}}.items():
            np.save(part / f"{name}.npy", array)
        part.rename(folder)


def make_shards(pool: Pool, folder: Path, kind: str, seed: int, count: int) -> Iterator[Path]:
    """Shards number 0 to `count` - 1 of `seed`, those that are there left alone. `kind`: "clips", "stills" or
    "borders"."""
    for number in range(count):
        target = folder / f"{kind}-{seed}-{number:04d}"
        if target.exists():
            continue
        rng = np.random.default_rng((seed, number, len(kind)))
        if kind == "clips":
            clips = [made_clip(pool, rng, SIDE, FRAMES) for _ in range(_PER_SHARD)]
            pictures = np.stack([clip.pictures for clip in clips])
            masks = np.stack([clip.masks for clip in clips])
        else:
            make = seen_still if kind == "stills" else bordered
            seen = [make(pool, rng, SIDE) for _ in range(2 * _PER_SHARD)]
            pictures, masks = np.stack([one[0] for one in seen])[:, None], np.stack([one[1] for one in seen])[:, None]
        flows, trusts = _motion(pictures)
        Shard(pictures, masks, _maps(pictures), flows, trusts).save(target)
        yield target


def _maps(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float16], ...]:
    network = load_features()
    count, frames = pictures.shape[:2]
    found: list[list[NDArray[np.float16]]] = [[] for _ in range(5)]
    flat = pictures.reshape(-1, *pictures.shape[2:])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(flat), 8):
            batch = torch.from_numpy(flat[start : start + 8]).permute(0, 3, 1, 2).float() / 255.0
            for level, values in zip(found, network(batch), strict=True):
                level.append(values.contiguous().half().numpy())
    levels = [np.concatenate(level) for level in found]
    return tuple(level.reshape(count, frames, *level.shape[1:]) for level in levels)


def _motion(pictures: NDArray[np.uint8]) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    estimate = FlowEstimator()
    side = pictures.shape[2] // 2
    flows, trusts = [], []
    for clip in pictures:
        grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in clip[1:]]
        for before, now in pairwise(grey):
            flow, sure = expected_motion(estimate, before, now)
            flows.append(flow)
            trusts.append(sure)
    shape = (len(pictures), max(0, pictures.shape[1] - 2), side, side)
    return (
        np.array(flows, np.float16).reshape(*shape, 2),
        np.array(trusts, np.float16).reshape(shape),
    )
