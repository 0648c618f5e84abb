"""Training of SAM2Matting's heads on the features of a frozen SAM 2.1, from images alone.

Shen, Jie, Liu, Ding, "SAM2Matting", 2026. Its training code is not published: what the paper leaves open (the
perturbation of masks, the width of the region's truth, the schedule) is Wisp's own choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...contact_sheet import Row
from ...heads.progressive import ProgressiveMatting
from ...metrics import mad, mse
from ...plates.clip import FloatImage
from ...trackers.sam2.model import Sam2Model
from ..config import TrainConfig
from ..losses import focal, laplacian, region_truth
from ..recipe import Batch, Validation
from ..scenes import Sample

#: Of the alpha steps, coarse to fine (section 3.4 of the paper).
_STEP_WEIGHTS = (0.3, 0.6, 1.2)
_LOSS_WEIGHTS = {"region": 1.0, "staircase": 0.5, "l1": 1.0, "laplacian": 1.0, "consistency": 0.1}
_PYRAMID = 3
_SHOWN = 6


class Source(Protocol):
    """Samples by number."""

    def __call__(self, number: int) -> Sample: ...


class Sam2MattingRecipe:
    """See `Recipe`. The encoder of `model` never learns; samples are brought to the size that it works at."""

    def __init__(self, config: TrainConfig, model: Sam2Model, source: Source, held_out: Sequence[Sample]) -> None:
        self._config = config
        self._model = model
        self._source = source
        self._held_out = held_out
        self._weights = _LOSS_WEIGHTS | config.loss_weights

    def network(self) -> nn.Module:
        """See `Recipe.network`."""
        return ProgressiveMatting()

    def batch(self, step: int) -> Batch:
        """See `Recipe.batch`."""
        rng = np.random.default_rng((self._config.seed, step))
        numbers = rng.integers(self._config.samples, size=self._config.batch)
        parts = [self._encoded(self._source(int(number))) for number in numbers]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Region: focal loss and smooth L1. Each alpha step: L1 and Laplacian. Last step: overlap with the mask."""
        alpha, mask = batch["alpha"], batch["mask"]
        found = network([batch["fine"], batch["mid"], batch["coarse"]], batch["image"], mask)
        region = region_truth(alpha, 4)
        l1 = laplace = alpha.new_zeros(())
        for weight, step in zip(_STEP_WEIGHTS, (found.alpha1, found.alpha2, found.alpha3), strict=True):
            truth = functional.interpolate(alpha, step.shape[-2:], mode="area")
            l1 = l1 + weight * (step - truth).abs().mean()
            laplace = laplace + weight * laplacian(step, truth, _PYRAMID)
        parts = {
            "region": focal(found.roi_logits, region),
            "staircase": functional.smooth_l1_loss(found.roi_logits.sigmoid(), region),
            "l1": l1,
            "laplacian": laplace,
            "consistency": _overlap_loss(functional.avg_pool2d(found.alpha3, 2), mask),
        }
        return {name: self._weights[name] * value for name, value in parts.items()}

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> Validation:
        """MAD and MSE of the matte at the network's own size, beside those of the mask."""
        scores, rows = [], []
        for number, sample in enumerate(self._held_out):
            batch = self._encoded(sample)
            found = network([batch["fine"], batch["mid"], batch["coarse"]], batch["image"], batch["mask"])
            truth = functional.interpolate(batch["alpha"], found.alpha3.shape[-2:], mode="area")[0, 0].cpu().numpy()
            mask = functional.interpolate(batch["mask"], found.alpha3.shape[-2:])[0, 0].cpu().numpy()
            matte = found.alpha3[0, 0].cpu().numpy()
            scores.append((mad(matte, truth), mse(matte, truth), mad(mask, truth), mse(mask, truth)))
            if number < _SHOWN:
                whole = functional.interpolate(found.alpha3, sample.alpha.shape, mode="bilinear")[0, 0].cpu().numpy()
                rows.append(Row(number, sample.image, whole, sample.mask, sample.alpha))
        mean = np.mean(scores, axis=0)
        own, mask_only = ({"MAD": float(a), "MSE": float(b)} for a, b in (mean[:2], mean[2:]))
        return Validation(own, {"mask": mask_only}, tuple(rows))

    def _encoded(self, sample: Sample) -> dict[str, Tensor]:
        """Features, picture, mask at stride 4 and full alpha of a sample, 1 x c x h x w each."""
        encoding = self._model.encoder.encode(_SampleClip(sample.image), 1)
        self._model.encoder.clear()
        device = encoding.image.device
        side = encoding.image.shape[-1]

        def plane(values: FloatImage, to: int) -> Tensor:
            tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None].to(device)
            return functional.interpolate(tensor, (to, to), mode="area")

        mask = (plane(sample.mask.astype(np.float32), side // 4) >= 0.5).float()
        fine, mid, coarse = (level.float().clone() for level in encoding.maps)
        image = encoding.image.clone()
        return {
            "image": image,
            "fine": fine,
            "mid": mid,
            "coarse": coarse,
            "mask": mask,
            "alpha": plane(sample.alpha, side),
        }


class _SampleClip:
    """One picture as a `Clip`."""

    frames = (1,)

    def __init__(self, picture: FloatImage) -> None:
        self.height, self.width = picture.shape[:2]
        self._picture = picture

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:  # noqa: ARG002
        """See `Clip.image`; only ever asked for as it is."""
        return self._picture


def _overlap_loss(alpha: Tensor, mask: Tensor) -> Tensor:
    """1 - dice coefficient: holes in the subject cost something even where the pixels around are dull."""
    both = (alpha * mask).sum(dim=(1, 2, 3))
    dice = (2 * both + 1) / (alpha.sum(dim=(1, 2, 3)) + mask.sum(dim=(1, 2, 3)) + 1)
    return (1 - dice).mean()
