"""SAM2Matting's heads: find the unknown region, then predict alpha in three steps of doubling resolution.

Everything here is convolution, so any square works; shapes below are for the network's usual 1024 pixels. The key
names are the published checkpoints'. Beware: within `unknown_region_predictor` the name `scale_64` is the finest
level, within `unknown_alpha_predictor` it is the coarsest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

#: A pixel is unknown where the detector gives it more than this probability.
UNKNOWN_ABOVE = 0.65

#: How far beyond the unknown region, in pixels of its 256 x 256 grid, alpha is still the network's.
MARGIN = 4

#: Side of a tile of the last stage, in pixels of its input (the 256 x 256 grid).
TILE = 32

#: Input pixels beyond a tile that its output depends on: three 3x3 convolutions at double resolution reach 3 output
#: pixels, the transposed one (kernel 4, stride 2) one more, together 4 output pixels or 2 input pixels.
HALO = 2

#: Tiles computed at once on a GPU; one at a time keeps a CPU's caches warm and any device's memory low.
TILES_AT_ONCE = 16


@dataclass(frozen=True)
class Matte:
    """What the heads find on one frame, all 1 x 1 x side x side float32.

    `roi_logits`: unknown-region logits at stride 4. `alpha1`, `alpha2`, `alpha3`: alpha 0..1 at stride 8, 4 and 2.
    `tiles`: part of the last stage's area that was computed.
    """

    roi_logits: Tensor
    alpha1: Tensor
    alpha2: Tensor
    alpha3: Tensor
    tiles: float = 1.0


def _blocks(first: nn.Conv2d | nn.ConvTranspose2d, *widths: int) -> list[nn.Module]:
    """`first` and 3x3 convolutions to `widths`, each with batch normalisation and ReLU."""
    layers: list[nn.Module] = [first, nn.BatchNorm2d(first.out_channels), nn.ReLU(inplace=True)]
    channels = first.out_channels
    for width in widths:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    return layers


def _detector(channels: int, *widths: int) -> nn.Sequential:
    return nn.Sequential(*_blocks(nn.Conv2d(channels, widths[0], 3, padding=1), *widths[1:]))


def _doubling(channels: int, *widths: int) -> nn.Sequential:
    return nn.Sequential(*_blocks(nn.ConvTranspose2d(channels, widths[0], 4, stride=2, padding=1), *widths[1:]))


def _to_one(channels: int, *widths: int) -> nn.Sequential:
    return nn.Sequential(*_detector(channels, *widths), nn.Conv2d(widths[-1], 1, 1))


class ProgressiveMatting(nn.Module):
    """The region detector and the progressive alpha predictor (141 tensors, 4.9 million parameters).

    Inputs of every method: `maps`, the feature pyramid at stride 4, 8 and 16 (1 x 32, 64 and 256 channels), `image`
    1 x 3 x S x S normalised, `mask` 1 x 1 x S/4 x S/4 of exact 0 and 1. All resizing is bilinear without antialias.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unknown_region_predictor = nn.ModuleDict(
            {
                "scale_64": _detector(32 + 1 + 3, 128, 64),
                "scale_128": _detector(64 + 1 + 3, 128, 64),
                "scale_256": _detector(256 + 1 + 3, 256, 64),
            }
        )
        self.unknown_fusion = _to_one(3 * 64, 64, 32)
        self.unknown_alpha_predictor = nn.ModuleDict(
            {
                "scale_64": _doubling(256 + 1 + 3, 512, 128, 64),
                "scale_128": _doubling(64 + 1 + 3 + 1, 256, 64),
                "scale_256": _doubling(32 + 1 + 3 + 1, 256, 128, 64),
            }
        )
        self.alpha_pred1 = _to_one(64, 32)
        self.alpha_pred2 = _to_one(64, 32)
        self.alpha_pred3 = _to_one(64, 32)

    def forward(
        self,
        maps: Sequence[Tensor],
        image: Tensor,
        mask: Tensor,
        *,
        dense: bool = True,
        sparing: bool = False,
    ) -> Matte:
        """Alpha of one object.

        `dense`: every pixel of alpha3 is the network's, as published. Otherwise it is so in the unknown region, at
        the mask's edge and `MARGIN` around them, where it is the same number; elsewhere the mask itself is the alpha,
        and the last stage, two thirds of the cost, runs only where needed. `sparing`: tile by tile, for least memory.
        """
        levels = [level.float() for level in maps]
        roi_logits = self.detect(levels, image, mask)
        # Strict, and at the sigmoid rather than at its inverse's threshold, so that rounding agrees with training.
        unknown = roi_logits.sigmoid() > UNKNOWN_ABOVE
        trimap = torch.where(unknown, 0.5, mask)
        alpha1 = self.alpha_pred1(self.unknown_alpha_predictor["scale_64"](_joined(levels[2], trimap, image))).sigmoid()
        mid = _joined(levels[1], trimap, image, alpha1)
        alpha2 = self.alpha_pred2(self.unknown_alpha_predictor["scale_128"](mid)).sigmoid()
        last = _joined(levels[0], trimap, image, alpha2)
        if dense and not sparing:
            return Matte(roi_logits, alpha1, alpha2, self.finest(last))
        region = torch.ones_like(unknown) if dense else reach(unknown, mask)
        alpha3, share = self._tiled(last, region, 1 if sparing or last.device.type == "cpu" else TILES_AT_ONCE)
        known = functional.interpolate(mask, alpha3.shape[-2:], mode="nearest")
        inside = functional.interpolate(region.float(), alpha3.shape[-2:], mode="nearest") > 0
        return Matte(roi_logits, alpha1, alpha2, torch.where(inside, alpha3, known), share)

    def detect(self, maps: Sequence[Tensor], image: Tensor, mask: Tensor) -> Tensor:
        """Logits of the unknown region, 1 x 1 x S/4 x S/4."""
        found = [
            self.unknown_region_predictor[name](_joined(level, mask, image))
            for name, level in zip(("scale_64", "scale_128", "scale_256"), maps, strict=True)
        ]
        size = found[0].shape[-2:]
        logits: Tensor = self.unknown_fusion(torch.cat([_resized(level, size) for level in found], dim=1))
        return logits

    def finest(self, joined: Tensor) -> Tensor:
        """The last stage: n x 37 x h x w (features, trimap, image, alpha2) to alpha n x 1 x 2h x 2w."""
        alpha: Tensor = self.alpha_pred3(self.unknown_alpha_predictor["scale_256"](joined)).sigmoid()
        return alpha

    def _tiled(self, joined: Tensor, region: Tensor, at_once: int) -> tuple[Tensor, float]:
        """`finest` where a tile touches `region` (1 x 1 x h x w bool), zeros elsewhere; and the share computed."""
        height, width = joined.shape[-2:]
        alpha = joined.new_zeros(1, 1, 2 * height, 2 * width)
        tiles = _tiles(region)
        for start in range(0, len(tiles), at_once):
            chosen = tiles[start : start + at_once]
            # Windows keep one size by moving inwards at the picture's border, so that the border's zero padding
            # stays where it is in the whole picture.
            windows = [(_window(y, height), _window(x, width)) for y, x in chosen]
            found = self.finest(torch.cat([joined[..., wy, wx] for wy, wx in windows]))
            for (y, x), (wy, wx), piece in zip(chosen, windows, found, strict=True):
                top, left = 2 * (y - wy.start), 2 * (x - wx.start)
                target = alpha[0, :, 2 * y : 2 * (y + TILE), 2 * x : 2 * (x + TILE)]
                target.copy_(piece[:, top : top + target.shape[1], left : left + target.shape[2]])
        return alpha, len(tiles) * TILE * TILE / (height * width)


def _joined(features: Tensor, *others: Tensor) -> Tensor:
    """Features and the others, resized to them, on channels; these vary fastest in memory, which halves the time of
    the convolutions on a CPU."""
    joined = torch.cat([features, *(_resized(other, features.shape[-2:]) for other in others)], dim=1)
    return joined.contiguous(memory_format=torch.channels_last)


def _resized(tensor: Tensor, size: Sequence[int]) -> Tensor:
    if tensor.shape[-2:] == tuple(size):
        return tensor
    return functional.interpolate(tensor, tuple(size), mode="bilinear", align_corners=False)


def reach(unknown: Tensor, mask: Tensor) -> Tensor:
    """Where alpha is left to the network: the unknown region and the mask's edge, grown by `MARGIN` pixels.

    `unknown`: 1 x 1 x h x w bool; `mask` likewise of 0 and 1. The edge belongs to it in case the detector misses it.
    """
    seeds = torch.maximum(unknown.float(), _edge(mask))
    return functional.max_pool2d(seeds, 2 * MARGIN + 1, stride=1, padding=MARGIN) > 0


def _edge(mask: Tensor) -> Tensor:
    """1 at pixels of which a neighbour differs."""
    return functional.max_pool2d(mask, 3, stride=1, padding=1) + functional.max_pool2d(-mask, 3, stride=1, padding=1)


def _tiles(region: Tensor) -> list[tuple[int, int]]:
    """Top left corners of the tiles that `region` touches."""
    touched = functional.max_pool2d(region.float(), TILE, stride=TILE, ceil_mode=True)[0, 0]
    return [(int(y) * TILE, int(x) * TILE) for y, x in touched.nonzero().tolist()]


def _window(start: int, extent: int) -> slice:
    """A tile's input along one axis: with a halo on both sides, moved or cut to lie within the picture."""
    length = min(TILE + 2 * HALO, extent)
    first = min(max(start - HALO, 0), extent - length)
    return slice(first, first + length)


def fold_batch_norm(network: nn.Module) -> None:
    """Put every batch normalisation of the evaluated network into the convolution before it.

    Changes outputs by rounding only (3e-6 measured). Afterwards the network has other keys: load weights first.
    """
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for place, (first, second) in enumerate(zip(list(module), list(module)[1:], strict=False)):
                if isinstance(second, nn.BatchNorm2d):
                    assert isinstance(first, nn.Conv2d | nn.ConvTranspose2d)
                    transposed = isinstance(first, nn.ConvTranspose2d)
                    module[place] = fuse_conv_bn_eval(first, second, transpose=transposed)
                    module[place + 1] = nn.Identity()
