"""What a network that has seen a million photographs sees in a picture: the embedded head is told it beside its cues.

The features are the finer ones of the built-in tracker's pretrained network, of the picture at half its size: a quarter
of the work. The coarser ones tell whole things, and on few subjects are soon learnt by heart.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..features.network import CHANNELS, Features, load_features
from ..plates.clip import FloatImage
from .edge_blocks import Blocks

#: Channels at 1/4 of the picture's size, and of the maps that are told at 1/8.
QUARTER = CHANNELS[0]
EIGHTH = CHANNELS[1:3]


class EdgeFeatures(NamedTuple):
    """Of n pictures: `quarter` n x `QUARTER` x H/4 x W/4, `eighth` n x sum(`EIGHTH`) x H/8 x W/8."""

    quarter: Tensor
    eighth: Tensor

    @classmethod
    def of(cls, halves: Tensor) -> EdgeFeatures:
        """Of n pictures from those at half their size, n x 3 x H/2 x W/2 (multiples of 8), display-referred RGB in
        0..1."""
        with torch.no_grad():
            maps = _network(halves.device)(halves.contiguous(memory_format=torch.channels_last), 1 + len(EIGHTH))
        quarter, finest, *wider = maps
        size = finest.shape[-2:]
        wider = [functional.interpolate(level, size, mode="bilinear", align_corners=False) for level in wider]
        # With channels last in memory, as they are, the permutations are views.
        eighth = torch.cat([level.permute(0, 2, 3, 1) for level in (finest, *wider)], dim=-1).permute(0, 3, 1, 2)
        return cls(quarter, eighth)

    def cut(self, blocks: Blocks) -> EdgeFeatures:
        """The parts of the chosen blocks."""
        return EdgeFeatures(blocks.cut(self.quarter), blocks.cut(self.eighth))

    def rows(self, first: int, last: int, side: int) -> EdgeFeatures:
        """Those of the rows `first` up to but not including `last` of blocks of `side` pixels."""
        quarter, eighth = side // 4, side // 8
        return EdgeFeatures(
            self.quarter[..., first * quarter : last * quarter, :], self.eighth[..., first * eighth : last * eighth, :]
        )

    def windows(self, places: Sequence[tuple[int, int]], side: int) -> EdgeFeatures:
        """One square of `side` pixels of each picture, whose upper left corner is at (y, x), in multiples of 8."""

        def cut(maps: Tensor, cell: int) -> Tensor:
            cells = side // cell
            squares = [
                picture[:, y // cell : y // cell + cells, x // cell : x // cell + cells]
                for picture, (y, x) in zip(maps, places, strict=True)
            ]
            return torch.stack(squares)

        return EdgeFeatures(cut(self.quarter, 4), cut(self.eighth, 8))


def features_of(half: FloatImage, device: torch.device) -> EdgeFeatures:
    """Of one picture from the one at half its size, H/2 x W/2 x 3."""
    with torch.inference_mode():
        return EdgeFeatures.of(torch.from_numpy(np.ascontiguousarray(half.transpose(2, 0, 1)))[None].to(device))


@lru_cache(maxsize=2)
def _network(device: torch.device) -> Features:
    own = load_features()
    return own if device.type == "cpu" else copy.deepcopy(own).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
