"""The embedded head's network: SAM2Matting's idea on a light encoder, correcting the guided filter.

Find the unknown region, then predict alpha at 1/4, 1/2 and full size, each step starting from the one before (Shen
et al., "SAM2Matting", 2026). What is predicted at a pixel are weights of candidates: alphas that simpler methods
propose, black and white. All weights zero, as at the start of training, gives the guided filter's alpha.

Layers normalise over the channels of each pixel and never over space, so that a tile's result depends on nothing
beyond `CONTEXT` pixels around it and equals that of the whole picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .edge_cues import CANDIDATES, DISTANCE_SCALES, PLANES

#: Sides of pictures and positions of tiles are multiples of this.
GRID = 8
#: Pixels on each side of a tile that its result may depend on: summed over the layers, 62.
CONTEXT = 64

#: Pixels from the mask's edge at which the correction has faded out, and at which it begins to. Further out alpha
#: is the guided filter's, which is the mask.
REACH = 32
_FADE_FROM = 24

_WIDTHS = (24, 48, 96)
_FINE = 16
_BLOCKS = (1, 2, 4)
#: Candidates of a step: the cues', black, white, and the alpha of the step before.
_COARSE_CHOICES = len(CANDIDATES) + 2
_CHOICES = _COARSE_CHOICES + 1


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


class _Block(nn.Module):
    """A residual step that sees one pixel further."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _PixelNorm(channels)
        self.spread = nn.Conv2d(channels, channels, 3, padding=1)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.mix(functional.relu(self.spread(self.norm(x))))
        return x + mixed


class _Chooser(nn.Module):
    """Weights of candidates from features; nothing is chosen before training."""

    def __init__(self, channels: int, choices: int) -> None:
        super().__init__()
        self.weights = nn.Conv2d(channels, choices, 1)
        nn.init.zeros_(self.weights.weight)
        nn.init.zeros_(self.weights.bias)  # type: ignore[arg-type]  # a bias there is

    def forward(self, features: Tensor, start: Tensor, candidates: Tensor) -> Tensor:
        chosen: Tensor = self.weights(features) * (candidates - start)
        return start + chosen.sum(dim=1, keepdim=True)


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(channels) for _ in range(count)))


class EdgeNetwork(nn.Module):
    """`PLANES` planes of `edge_cues`, n x 15 x H x W, H and W multiples of `GRID`, to `EdgePrediction`."""

    def __init__(self) -> None:
        super().__init__()
        fine, mid, deep = _WIDTHS
        self.stem = nn.Conv2d(4 * PLANES, fine, 3, padding=1)
        self.encode_half = _blocks(fine, _BLOCKS[0])
        self.to_quarter = nn.Conv2d(fine, mid, 2, stride=2)
        self.encode_quarter = _blocks(mid, _BLOCKS[1])
        self.to_eighth = nn.Conv2d(mid, deep, 2, stride=2)
        self.encode_eighth = _blocks(deep, _BLOCKS[2])
        self.from_eighth = nn.ConvTranspose2d(deep, mid, 2, stride=2)
        self.decode_quarter = _blocks(mid, _BLOCKS[1])
        self.roi = nn.Conv2d(mid, 1, 1)
        self.choose_quarter = _Chooser(mid, _COARSE_CHOICES)
        self.from_quarter = nn.ConvTranspose2d(mid, fine, 2, stride=2)
        self.join_half = nn.Conv2d(fine + 2, fine, 1)
        self.decode_half = _blocks(fine, _BLOCKS[0])
        self.choose_half = _Chooser(fine, _CHOICES)
        self.from_half = nn.ConvTranspose2d(fine, _FINE, 2, stride=2)
        self.join_full = nn.Conv2d(_FINE + PLANES + 2, 2 * _FINE, 3, padding=1)
        self.choose_full = _Chooser(2 * _FINE, _CHOICES)

    def forward(self, planes: Tensor) -> EdgePrediction:
        """See `EdgePrediction`."""
        planes = planes.contiguous(memory_format=torch.channels_last)
        alphas = planes[:, list(CANDIDATES)]
        half = self.encode_half(self.stem(functional.pixel_unshuffle(planes, 2)))
        quarter = self.encode_quarter(self.to_quarter(half))
        deep = self.encode_eighth(self.to_eighth(quarter))
        quarter = self.decode_quarter(quarter + self.from_eighth(deep))
        roi_logits: Tensor = self.roi(quarter)
        found_quarter = _choose(self.choose_quarter, quarter, functional.avg_pool2d(alphas, 4))

        # The region steers alpha but alpha's errors do not move the region: the two losses stay apart.
        region = roi_logits.detach().sigmoid()
        mask = functional.avg_pool2d(planes[:, 3:4], 4)
        trimap = mask * (1 - region)
        before = functional.interpolate(found_quarter, scale_factor=2, mode="bilinear")
        half = half + self.from_quarter(quarter)
        half = self.decode_half(self.join_half(torch.cat([half, _doubled(trimap), before], dim=1)))
        found_half = _choose(self.choose_half, half, functional.avg_pool2d(alphas, 2), before)

        before = functional.interpolate(found_half, scale_factor=2, mode="bilinear")
        fine = torch.cat([self.from_half(half), planes, _doubled(_doubled(trimap)), before], dim=1)
        found = _choose(self.choose_full, functional.relu(self.join_full(fine)), alphas, before)
        full = torch.lerp(alphas[:, :1], found.float(), _nearness(planes[:, 5:6]))
        return EdgePrediction(roi_logits, found_quarter, found_half, full)


def _choose(chooser: _Chooser, features: Tensor, alphas: Tensor, before: Tensor | None = None) -> Tensor:
    """Alpha as the guided filter's plus a weighted sum of how far the candidates are from it."""
    start = alphas[:, :1]
    candidates = [alphas, torch.zeros_like(start), torch.ones_like(start)]
    if before is not None:
        candidates.append(before)
    found: Tensor = chooser(features, start, torch.cat(candidates, dim=1))
    return found


def _nearness(distance: Tensor) -> Tensor:
    """1 up to `_FADE_FROM` pixels from the mask's edge, 0 from `REACH` on; `distance` is the cues' wider one."""
    end, start = (math.tanh(pixels / DISTANCE_SCALES[1]) for pixels in (REACH, _FADE_FROM))
    return ((end - distance.abs()) / (end - start)).clamp(0, 1)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")
