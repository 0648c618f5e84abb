"""What a predicted alpha is blamed for. Tensors are n x 1 x H x W; alphas 0..1; every loss is a scalar."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def saturated(alpha: Tensor) -> Tensor:
    """`alpha` clipped to 0..1, with the gradient of no clipping: a value far outside still finds its way back."""
    return alpha + (alpha.clamp(0, 1) - alpha).detach()


def laplacian(pred: Tensor, truth: Tensor, levels: int = 4) -> Tensor:
    """Mean over levels of 2^k L1 between band-passed alphas: errors of structure weigh more than of level.

    Pyramid with the 1 4 6 4 1 kernel and reflected borders, as in Hou, Liu, "Context-Aware Image Matting", ICCV
    2019. Sides must be divisible by 2^(levels - 1).
    """
    total = pred.new_zeros(())
    difference = pred - truth  # the pyramid is linear, so one of the difference is the difference of two
    for level in range(levels):
        lower = _blurred(difference)[..., ::2, ::2]
        band = difference - functional.interpolate(lower, difference.shape[-2:], mode="bilinear")
        total = total + 2**level * band.abs().mean()
        difference = lower
    return total / levels


def gradient(pred: Tensor, truth: Tensor) -> Tensor:
    """L1 between the differences of neighbouring pixels, along both axes."""
    error = pred - truth
    return (error[..., 1:] - error[..., :-1]).abs().mean() + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()


def region_truth(alpha: Tensor, cell: int) -> Tensor:
    """1 in cells of `cell` x `cell` pixels near which alpha is neither 0 nor 1, 0 elsewhere: n x 1 x H/c x W/c."""
    soft = ((alpha > 0.02) & (alpha < 0.98)).float()
    return functional.max_pool2d(functional.max_pool2d(soft, cell), 3, stride=1, padding=1)


def focal(logits: Tensor, truth: Tensor, gamma: float = 2.0, balance: float = 0.25) -> Tensor:
    """Binary cross entropy with easy pixels played down (Lin et al., "Focal Loss", ICCV 2017)."""
    probability = logits.sigmoid()
    right = torch.where(truth > 0.5, probability, 1 - probability)
    weight = torch.where(truth > 0.5, balance, 1 - balance) * (1 - right) ** gamma
    return (weight * functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")).mean()


def _blurred(picture: Tensor) -> Tensor:
    row = picture.new_tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    padded = functional.pad(picture, (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(functional.conv2d(padded, row.view(1, 1, 1, 5)), row.view(1, 1, 5, 1))
