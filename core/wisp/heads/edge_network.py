"""The embedded head's network: SAM2Matting's idea on a light encoder, correcting the guided filter.

Find the unknown region, then predict alpha at 1/4, 1/2 and full size, each step starting from the one before (Shen
et al., "SAM2Matting", 2026). What is predicted at a pixel are weights of candidates: alphas that simpler methods
propose, black and white. All weights zero, as at the start of training, gives the guided filter's alpha.

Besides the planes of `edge_cues` it is told, at 1/2, 1/4 and 1/8, what a pretrained network sees in the picture.

Only blocks near the mask's edge are worked on, at every size. Layers normalise over the channels of each pixel and
never over space, so that a result depends on nothing of the planes beyond `CONTEXT` pixels around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .edge_blocks import Blocks
from .edge_cues import CANDIDATES, DISTANCE_SCALES, PLANES
from .edge_features import EIGHTH, HALF, QUARTER, EdgeFeatures

#: Side of a block in pixels; sides of pictures are multiples of it.
BLOCK = 32
#: Pixels on each side of a pixel that its alpha may depend on, as a multiple of `BLOCK`: summed over the layers, 62.
CONTEXT = 64

#: Pixels from the mask's edge at which what is found has faded out, and at which it begins to. Further out alpha is
#: that of the smaller picture, or where there is none the guided filter's, which is the mask.
REACH = 28
_FADE_FROM = 20

_WIDTHS = (24, 48, 96)
_FINE = 48
_BLOCKS = (1, 2, 4)
#: Candidates of a step: the cues' besides the guided filter's, black, white.
_CHOICES = len(CANDIDATES) + 1
#: Of the region where nothing was looked for.
_SURELY_KNOWN = -8.0


@dataclass(frozen=True)
class EdgePrediction:
    """`roi_logits` and `quarter` at 1/4, `half` at 1/2, `full` at full size: n x 1 x h x w.

    Alphas may leave 0..1; `full.clamp(0, 1)` is the matte.
    """

    roi_logits: Tensor
    quarter: Tensor
    half: Tensor
    full: Tensor


class _PixelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        # With channels last in memory, as everything here is, the permutations are views.
        last = x.permute(0, 2, 3, 1)
        normal: Tensor = functional.layer_norm(last, last.shape[-1:], self.weight, self.bias)
        return normal.permute(0, 3, 1, 2)


class _Step(nn.Module):
    """A residual step that sees one pixel further."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _PixelNorm(channels)
        self.spread = nn.Conv2d(channels, channels, 3)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, blocks: Blocks) -> Tensor:
        spread = self.spread(blocks.widened(self.norm(x)))
        mixed: Tensor = self.mix(spread.relu_())
        return x + mixed


class _Steps(nn.ModuleList):
    def __init__(self, channels: int, count: int) -> None:
        super().__init__(_Step(channels) for _ in range(count))

    def forward(self, x: Tensor, blocks: Blocks) -> Tensor:
        for step in self:
            x = step(x, blocks)
        return x


class _Seen(nn.Module):
    """Features brought to as many channels as the network has there. Nothing is seen before training."""

    def __init__(self, inputs: Sequence[int], outputs: int) -> None:
        super().__init__()
        self._inputs = list(inputs)
        self.norms = nn.ModuleList(_PixelNorm(channels) for channels in inputs)
        self.mix = _chooser(sum(inputs), outputs)

    def forward(self, features: Tensor) -> Tensor:
        levels = torch.split(features, self._inputs, dim=1)
        mixed: Tensor = self.mix(_joined(*(norm(level) for norm, level in zip(self.norms, levels, strict=True))))
        return mixed


class EdgeNetwork(nn.Module):
    """`PLANES` planes of `edge_cues`, and features, to alphas; see `forward` for whole pictures, `parts` for blocks."""

    def __init__(self) -> None:
        super().__init__()
        fine, mid, deep = _WIDTHS
        self.stem = nn.Conv2d(4 * PLANES, fine, 1)
        self.see_half = _Seen(HALF, fine)
        self.encode_half = _Steps(fine, _BLOCKS[0])
        self.to_quarter = nn.Conv2d(fine, mid, 2, stride=2)
        self.see_quarter = _Seen(QUARTER, mid)
        self.encode_quarter = _Steps(mid, _BLOCKS[1])
        self.to_eighth = nn.Conv2d(mid, deep, 2, stride=2)
        self.see_eighth = _Seen(EIGHTH, deep)
        self.encode_eighth = _Steps(deep, _BLOCKS[2])
        self.from_eighth = nn.ConvTranspose2d(deep, mid, 2, stride=2)
        self.decode_quarter = _Steps(mid, _BLOCKS[1])
        self.roi = nn.Conv2d(mid, 1, 1)
        self.choose_quarter = _chooser(mid, _CHOICES)
        self.from_quarter = nn.ConvTranspose2d(mid, fine, 2, stride=2)
        self.join_half = nn.Conv2d(fine + 2, fine, 1)
        self.decode_half = _Steps(fine, _BLOCKS[0] + 1)
        self.choose_half = _chooser(fine, _CHOICES)
        self.join_full = nn.Conv2d(fine + 1 + 4 * PLANES, _FINE, 1)
        self.choose_full = _chooser(_FINE, 4 * _CHOICES)

    def forward(self, planes: Tensor, features: EdgeFeatures) -> EdgePrediction:
        """See `EdgePrediction`. `planes`: n x `PLANES` x H x W, H and W multiples of `BLOCK`."""
        near = _nearness(planes[:, 5:6])
        blocks = Blocks(functional.max_pool2d(near, BLOCK)[:, 0] > 0)
        found = self.parts(blocks.cut(planes), features.cut(blocks), blocks)
        coarser = planes[:, CANDIDATES[-1], None].float()
        quarter, half = (functional.avg_pool2d(coarser, factor) for factor in (4, 2))
        return EdgePrediction(
            blocks.paste(found.roi_logits, torch.full_like(quarter, _SURELY_KNOWN)),
            blocks.paste(found.quarter, quarter),
            blocks.paste(found.half, half),
            blocks.paste(found.full, coarser),
        )

    def parts(self, planes: Tensor, features: EdgeFeatures, blocks: Blocks) -> EdgePrediction:
        """The same for parts only: `planes` is count x `PLANES` x `BLOCK` x `BLOCK`, features and results likewise."""
        packed = _packed(planes)
        planes = _unflattened(packed, PLANES)
        alphas = planes[:, :, CANDIDATES[0] : CANDIDATES[-1] + 1]
        alphas_half = alphas.mean(dim=1)
        alphas_quarter = functional.avg_pool2d(alphas_half, 2)
        half = self.encode_half(self.stem(packed) + self.see_half(features.half), blocks)
        quarter = self.encode_quarter(self.to_quarter(half) + self.see_quarter(features.quarter), blocks)
        deep = self.encode_eighth(self.to_eighth(quarter) + self.see_eighth(features.eighth), blocks)
        quarter = self.decode_quarter(quarter + self.from_eighth(deep), blocks)
        roi_logits: Tensor = self.roi(quarter)
        found_quarter = _weighed(self.choose_quarter(quarter), alphas_quarter)

        # The region steers alpha but alpha's errors do not move the region: the two losses stay apart.
        mask = functional.avg_pool2d(planes[:, :, 3].mean(dim=1, keepdim=True), 2)
        trimap = mask * (1 - roi_logits.detach().sigmoid())
        half = half + self.from_quarter(quarter)
        half = self.join_half(_joined(half, _doubled(trimap), _doubled(found_quarter)))
        half = self.decode_half(half, blocks)
        found_half = _weighed(self.choose_half(half), alphas_half)

        # The four pixels of a place at 1/2 are told apart by the weights of each, and see all of each other's planes.
        fine = self.join_full(_joined(half, found_half, packed)).relu_()
        found = _weighed(_unflattened(self.choose_full(fine), _CHOICES), alphas)
        full = torch.lerp(alphas[:, :, -1:], found.float(), _nearness(planes[:, :, 5:6]))
        return EdgePrediction(roi_logits, found_quarter, found_half, functional.pixel_shuffle(full[:, :, 0], 2))


def _chooser(channels: int, choices: int) -> nn.Conv2d:
    """Weights from channels, all zero: nothing is chosen before training."""
    weights = nn.Conv2d(channels, choices, 1)
    nn.init.zeros_(weights.weight)
    nn.init.zeros_(weights.bias)  # type: ignore[arg-type]  # a bias there is
    return weights


def _weighed(weights: Tensor, alphas: Tensor) -> Tensor:
    """Alpha as the guided filter's plus a weighted sum of how far the candidates are from it: ... x 1 x h x w."""
    start = alphas[..., :1, :, :]
    proposed = (weights[..., :-2, :, :] * alphas[..., 1:, :, :]).sum(dim=-3, keepdim=True)
    # Black adds nothing but its weight, white its weight alone.
    return start * (1 - weights.sum(dim=-3, keepdim=True)) + proposed + weights[..., -1:, :, :]


def _nearness(distance: Tensor) -> Tensor:
    """1 up to `_FADE_FROM` pixels from the mask's edge, 0 from `REACH` on; `distance` is the cues' wider one."""
    end, start = (math.tanh(pixels / DISTANCE_SCALES[1]) for pixels in (REACH, _FADE_FROM))
    return ((end - distance.abs()) / (end - start)).clamp(0, 1)


def _packed(parts: Tensor) -> Tensor:
    """Each 2 x 2 pixels as one of four times the channels, pixel by pixel: N x C x s x s to N x 4C x s/2 x s/2.

    The same as `pixel_unshuffle` but for the order of channels, which spares it reading single numbers.
    """
    count, channels, side = parts.shape[:3]
    rows = parts.permute(0, 2, 3, 1).reshape(count, side // 2, 2, side // 2, 2 * channels)
    return rows.transpose(2, 3).reshape(count, side // 2, side // 2, 4 * channels).permute(0, 3, 1, 2)


def _unflattened(packed: Tensor, channels: int) -> Tensor:
    """The channels of each of the four pixels: N x 4C x h x w to N x 4 x C x h x w."""
    return packed.view(len(packed), 4, channels, *packed.shape[2:])


def _joined(*parts: Tensor) -> Tensor:
    """Their channels one after the other. `torch.cat` alone would not keep them last in memory."""
    return torch.cat([part.permute(0, 2, 3, 1) for part in parts], dim=-1).permute(0, 3, 1, 2)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")
