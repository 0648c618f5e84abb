"""The mask-to-matte decoder of Matting Anything: features, picture and mask in, alpha at three strides out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import WeightsError

#: What joins the features before each layer: the picture's three channels and the mask.
_EXTRA = 4
_REFINED = 32


@dataclass(frozen=True)
class Alphas:
    """Alpha as seen at stride 8, 4 and 1, each 1 x 1 x S x S in 0..1."""

    os8: Tensor
    os4: Tensor
    os1: Tensor


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


class _Doubling(nn.Module):
    """A residual block that doubles the size."""

    def __init__(self, inside: int, out: int) -> None:
        super().__init__()
        self.conv1: nn.Module = nn.ConvTranspose2d(inside, inside, 4, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inside)
        self.conv2 = nn.Conv2d(inside, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        # Enlarging by nearest neighbours comes last, where it is cheapest: it commutes with what works per pixel.
        self.upsample = nn.Sequential(nn.Identity(), nn.Conv2d(inside, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        main = self.bn2(self.conv2(_leaky(self.bn1(self.conv1(x)))))
        return _leaky(main + functional.interpolate(self.upsample(x), scale_factor=2, mode="nearest"))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return _leaky(self.bn2(self.conv2(_leaky(self.bn1(self.conv1(x))))) + x)


def _layer(inside: int, out: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(_Doubling(inside + _EXTRA, out), *(_Residual(out) for _ in range(blocks - 1)))


def _refine(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, _REFINED, 3, padding=1, bias=False),
        nn.BatchNorm2d(_REFINED),
        nn.LeakyReLU(0.2),
        nn.Conv2d(_REFINED, 1, 3, padding=1),
    )


class MaskToMatte(nn.Module):
    """Li, Jain, Shi, "Matting Anything", 2023, section 3.2. 2.7 million parameters, most of its work at full size."""

    def __init__(self) -> None:
        super().__init__()
        self.layer2 = _layer(256, 128, 3)
        self.layer3 = _layer(128, 64, 3)
        self.layer4 = _layer(64, 32, 2)
        self.conv1 = nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.refine_OS8 = _refine(128)
        self.refine_OS4 = _refine(64)
        self.refine_OS1 = _refine(32)

    def forward(self, features: Tensor, image: Tensor, guide: Tensor) -> Alphas:
        """`features`: 1 x 256 x S/16 x S/16. `image`: 1 x 3 x S x S, normalised. `guide`: 1 x 1, any size, 0 or 1."""

        def joined(x: Tensor) -> Tensor:
            size = x.shape[-2:]
            more = [functional.interpolate(y, size, mode="bilinear", align_corners=False) for y in (image, guide)]
            return torch.cat([x, *more], dim=1)

        eighth = self.layer2(joined(features))
        quarter = self.layer3(joined(eighth))
        half = self.layer4(joined(quarter))
        full = _leaky(self.bn1(self.conv1(half)))
        return Alphas(
            _alpha(self.refine_OS8(eighth), 8), _alpha(self.refine_OS4(quarter), 4), _alpha(self.refine_OS1(full), 1)
        )


def _alpha(logits: Tensor, scale: int) -> Tensor:
    if scale > 1:
        logits = functional.interpolate(logits, scale_factor=scale, mode="bilinear", align_corners=False)
    return (logits.tanh() + 1) / 2


def fold_spectral_norm(state: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """A published state dict with every spectrally normalised weight as the plain one that inference uses.

    Stored are the raw weight and the two vectors of the power iteration (Miyato et al., 2018); in evaluation the
    weight is divided by u . W v. Raises WeightsError where a vector is missing or does not fit.
    """
    folded = {}
    for key, value in state.items():
        name, _, kind = key.rpartition(".module.weight_")
        if kind == "bar":
            try:
                u, v = state[f"{name}.module.weight_u"], state[f"{name}.module.weight_v"]
                folded[f"{name}.weight"] = value / torch.dot(u, value.view(len(u), -1) @ v)
            except (KeyError, RuntimeError) as error:
                raise WeightsError(
                    f"The spectral norm of {name} in {path} is not complete.",
                    hint="Check that the file is MAM's decoder.",
                    path=path,
                ) from error
        elif kind not in ("u", "v"):
            folded[key] = value
    return folded
