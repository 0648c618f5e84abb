"""What a network that has seen a million photographs sees in a picture: the embedded head is told it beside its cues.

The features are the finer ones of the built-in tracker's pretrained network, of the picture and of it at half its size.
The coarser ones tell whole things, and on few subjects are soon learnt by heart.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..features.network import CHANNELS, STRIDES, Features, load_features
from ..plates.clip import FloatImage
from .band import Mask
from .edge_blocks import Blocks

#: How many of the network's maps are told, the finest ones.
_TOLD = 3
#: Channels at 1/2, 1/4 and 1/8 of the picture's size: those of the picture first, then those of it at half its size.
HALF = CHANNELS[:1]
QUARTER = (CHANNELS[1], CHANNELS[0])
EIGHTH = (CHANNELS[2], CHANNELS[1], CHANNELS[2])
#: Blocks to a side of a tile, and pixels around it that are looked at with it: of what is further, little is seen.
_TILE, _MARGIN = 4, 16


class EdgeFeatures(NamedTuple):
    """Of n pictures or parts, H x W each: `half` n x sum(`HALF`) x H/2 x W/2, `quarter` n x sum(`QUARTER`) x H/4 x W/4,
    `eighth` n x sum(`EIGHTH`) x H/8 x W/8."""

    half: Tensor
    quarter: Tensor
    eighth: Tensor

    @classmethod
    def of(cls, pictures: Tensor) -> EdgeFeatures:
        """Of whole pictures, n x 3 x H x W (multiples of 16), display-referred RGB in 0..1."""
        network = _network(pictures.device)
        with torch.no_grad():
            own, wider = (
                network(one.contiguous(memory_format=torch.channels_last), _TOLD)
                for one in (pictures, functional.avg_pool2d(pictures, 2))
            )
        return cls._of_maps(own, wider)

    @classmethod
    def at(cls, chosen: Mask, own: PictureMaps, wider: PictureMaps) -> EdgeFeatures:
        """The parts of the chosen blocks of one picture, by its maps and those of it at half its size."""
        own_maps, wider_maps = own.made(chosen), wider.made(paired(chosen))
        blocks = Blocks(torch.from_numpy(chosen)[None].to(own_maps[0].device))
        height, width = (count * own.side // 2 for count in chosen.shape)
        return cls._of_maps(
            [blocks.cut(level) for level in own_maps],
            [
                blocks.cut(level[..., : height // stride, : width // stride])
                for level, stride in zip(wider_maps, STRIDES, strict=False)
            ],
        )

    @classmethod
    def _of_maps(cls, own: Sequence[Tensor], wider: Sequence[Tensor]) -> EdgeFeatures:
        doubled = functional.interpolate(wider[2], scale_factor=2, mode="nearest")
        return cls(own[0], _joined(own[1], wider[0]), _joined(own[2], wider[1], doubled))

    def cut(self, blocks: Blocks) -> EdgeFeatures:
        """The parts of the chosen blocks of whole pictures."""
        return EdgeFeatures(*(blocks.cut(maps) for maps in self))

    def parts(self, first: int, last: int) -> EdgeFeatures:
        """Those of the parts `first` up to but not including `last`."""
        return EdgeFeatures(*(maps[first:last] for maps in self))

    def windows(self, places: Sequence[tuple[int, int]], side: int) -> EdgeFeatures:
        """One square of `side` pixels of each picture, whose upper left corner is at (y, x), in multiples of 8."""

        def cut(maps: Tensor, cell: int) -> Tensor:
            cells = side // cell
            squares = [
                picture[:, y // cell : y // cell + cells, x // cell : x // cell + cells]
                for picture, (y, x) in zip(maps, places, strict=True)
            ]
            return torch.stack(squares)

        return EdgeFeatures(*(cut(maps, cell) for maps, cell in zip(self, STRIDES, strict=False)))


def paired(chosen: Mask) -> Mask:
    """The blocks of a picture at half the size that show any of the chosen ones."""
    rows, columns = chosen.shape
    even = np.pad(chosen, ((0, rows % 2), (0, columns % 2)))
    return np.asarray(even.reshape((rows + 1) // 2, 2, (columns + 1) // 2, 2).any(axis=(1, 3)))


class PictureMaps:
    """The maps of a picture, H x W x 3, display-referred RGB in 0..1, in whole blocks of `side` pixels, made by
    `workers` where they are first asked for: in tiles of a fixed grid, so that what is asked for together changes no
    number."""

    def __init__(self, image: FloatImage, side: int, device: torch.device, workers: Executor) -> None:
        self.side = side
        self._image, self._device, self._workers = image, device, workers
        self._tiles: dict[tuple[int, int], Future[None]] = {}
        height, width = image.shape[:2]
        # Channels last in memory, and no memory where nothing is made.
        self._maps = [
            torch.zeros(1, height // stride, width // stride, channels, device=device).permute(0, 3, 1, 2)
            for stride, channels in zip(STRIDES[:_TOLD], CHANNELS, strict=False)
        ]

    def begin(self, chosen: Mask) -> list[Future[None]]:
        """Have those of the chosen blocks made, rows x columns."""
        asked = dict.fromkeys((row, column) for row, column in (np.argwhere(chosen) // _TILE).tolist())
        for tile in asked:
            if tile not in self._tiles:
                self._tiles[tile] = self._workers.submit(self._make, tile)
        return [self._tiles[tile] for tile in asked]

    def made(self, chosen: Mask) -> Sequence[Tensor]:
        """1 x channels x H/stride x W/stride each, right in the chosen blocks, rows x columns."""
        for tile in self.begin(chosen):
            tile.result()
        return self._maps

    @torch.inference_mode()
    def _make(self, tile: tuple[int, int]) -> None:
        size = _TILE * self.side
        rows, columns = (
            np.clip(np.arange(place * size - _MARGIN, (place + 1) * size + _MARGIN), 0, length - 1)
            for place, length in zip(tile, self._image.shape, strict=False)
        )
        around: NDArray[np.float32] = self._image[rows][:, columns]
        picture = torch.from_numpy(around)[None].to(self._device).permute(0, 3, 1, 2)
        for found, kept, stride in zip(_network(self._device)(picture, _TOLD), self._maps, STRIDES, strict=False):
            cells, margin = size // stride, _MARGIN // stride
            y, x = tile[0] * cells, tile[1] * cells
            place = kept[..., y : y + cells, x : x + cells]
            place.copy_(found[..., margin : margin + place.shape[-2], margin : margin + place.shape[-1]])


def _joined(*maps: Tensor) -> Tensor:
    """Their channels one after the other, last in memory; with those so, the permutations are views."""
    return torch.cat([one.permute(0, 2, 3, 1) for one in maps], dim=-1).permute(0, 3, 1, 2)


@lru_cache(maxsize=2)
def _network(device: torch.device) -> Features:
    own = load_features()
    return own if device.type == "cpu" else copy.deepcopy(own).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
