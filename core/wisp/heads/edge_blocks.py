"""Pictures as square blocks, of which only some are worked on: convolution costs nothing where nothing is to be found.

What lies outside of the blocks counts as zero in every layer, as what lies outside of a picture does. A result
therefore depends on the chosen blocks alone, however they are shared out over computations.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


class Blocks:
    """The chosen blocks of n pictures. `chosen`: n x rows x columns, bool.

    Their contents are parts: count x C x side x side, at any number of pixels to a side, in the order of
    `chosen.nonzero()`.
    """

    def __init__(self, chosen: Tensor) -> None:
        self._shape = chosen.shape
        self._places = chosen.nonzero().unbind(dim=1)
        self.count = len(self._places[0])
        # The number of every chosen block; `count`, which is no block's, everywhere else and around the pictures.
        numbers = functional.pad(torch.full_like(chosen, self.count, dtype=torch.int64), (1, 1, 1, 1), value=self.count)
        picture, row, column = self._places
        numbers[picture, row + 1, column + 1] = torch.arange(self.count, device=chosen.device)
        self._around = torch.stack(
            [numbers[picture, row + down, column + right] for down in range(3) for right in range(3)], dim=1
        ).view(-1, 3, 3)
        self._wide: dict[int, tuple[Tensor, Tensor]] = {}

    def cut(self, pictures: Tensor) -> Tensor:
        """The parts of n x C x H x W pictures, in memory with channels last."""
        picture, row, column = self._places
        return self._divided(pictures)[picture, :, row, :, column].contiguous(memory_format=torch.channels_last)

    def paste(self, parts: Tensor, pictures: Tensor) -> Tensor:
        """A copy of n x C x H x W pictures with the parts in their places."""
        picture, row, column = self._places
        pasted = pictures.contiguous().clone()
        self._divided(pasted)[picture, :, row, :, column] = parts.to(pasted.dtype)
        return pasted

    def widened(self, parts: Tensor) -> Tensor:
        """The parts with one pixel of their neighbours on every side: count x C x (side + 2) x (side + 2)."""
        channels, side = parts.shape[1:3]
        if side not in self._wide:
            self._wide[side] = self._wide_index(side)
        source, outside = self._wide[side]
        # An embedding's gradient is added up many times faster than that of an index.
        wide = functional.embedding(source, parts.permute(0, 2, 3, 1).reshape(-1, channels))
        wide = wide.index_fill_(0, outside, 0)
        return wide.view(-1, side + 2, side + 2, channels).permute(0, 3, 1, 2)

    def _wide_index(self, side: int) -> tuple[Tensor, Tensor]:
        """For each pixel of the widened parts, which pixel of all parts it is; and which of them lie in no part."""
        device = self._around.device
        block = torch.tensor([0, *[1] * side, 2], device=device)
        inner = torch.tensor([side - 1, *range(side), 0], device=device)
        number = self._around[:, block][:, :, block]
        outside = (number == self.count).flatten().nonzero()[:, 0]
        source = (number * side**2 + inner[:, None] * side + inner).flatten()
        return source.index_fill_(0, outside, 0), outside

    def _divided(self, pictures: Tensor) -> Tensor:
        count, rows, columns = self._shape
        height, width = pictures.shape[2:]
        return pictures.view(count, -1, rows, height // rows, columns, width // columns)
