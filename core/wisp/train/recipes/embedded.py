"""Training of the embedded head: a correction of the guided filter, learnt from crops around soft edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...contact_sheet import Row
from ...heads.edge_cues import CANDIDATES
from ...heads.edge_features import EdgeFeatures
from ...heads.edge_network import EdgeNetwork
from ...metrics import mad, mse
from ...plates.plate import Window
from ..config import TrainConfig
from ..crops import CropStore, sample_cues
from ..losses import gradient, laplacian, region_truth, saturated
from ..recipe import Batch, Validation
from ..scenes import Sample

_LOSS_WEIGHTS = {"l1": 1.0, "squared": 2.0, "laplacian": 0.3, "gradient": 0.3, "coarse": 0.3, "region": 0.02}
#: Pictures of a validation that are shown.
_SHOWN = 6


def _importance(guided: Tensor, alpha: Tensor) -> Tensor:
    """The weight of each crop, n x 1 x 1 x 1: less for those that simpler methods have very wrong.

    Most of these cannot be told from the picture (a part the mask lost, a stranger of the same colours); with equal
    weights their errors drown those of edges that can be.
    """
    wrong = (guided - alpha).abs().mean(dim=(1, 2, 3), keepdim=True)
    return ((wrong + 0.005) / 0.03) ** -0.5


class EmbeddedRecipe:
    """See `Recipe`. `held_out`: samples to validate on, by name of their kind."""

    def __init__(
        self, config: TrainConfig, store: CropStore, held_out: Mapping[str, Sequence[Sample]], device: torch.device
    ) -> None:
        self._config = config
        self._store = store
        self._held_out = held_out
        self._device = device
        self._weights = _LOSS_WEIGHTS | config.loss_weights

    def network(self) -> nn.Module:
        """See `Recipe.network`."""
        return EdgeNetwork()

    def batch(self, step: int) -> Batch:
        """Crops drawn with their flips, quarter turns and exchanged colour channels, and the pictures they are of."""
        rng = np.random.default_rng((self._config.seed, step))
        drawn = self._store.take(rng.integers(len(self._store), size=self._config.batch))
        size = self._config.crop
        turned: dict[str, list[NDArray[Any]]] = {"planes": [], "alpha": [], "pictures": [], "places": []}
        for planes, alpha, picture, (top, left) in zip(*drawn, strict=True):
            channels, quarters, flipped = rng.permutation(3), int(rng.integers(4)), rng.random() < 0.5
            planes[:3] = planes[channels]
            stacks = [planes, alpha[None], picture.transpose(2, 0, 1)[channels]]
            for _ in range(quarters):  # samples are twice as large as their crops
                top, left = size - left, top
            stacks = [np.rot90(stack, quarters, axes=(1, 2)) for stack in stacks]
            if flipped:
                left = size - left
                stacks = [stack[:, :, ::-1] for stack in stacks]
            for kind, value in zip(turned.values(), (*stacks, np.array([top, left])), strict=True):
                kind.append(value)
        return {name: torch.from_numpy(np.stack(values)).to(self._device) for name, values in turned.items()}

    def losses(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Full size: L1, squared error, Laplacian pyramid, gradient. Coarse steps: L1. Region: cross entropy."""
        alpha = batch["alpha"]
        features = EdgeFeatures.of(batch["pictures"])
        found = network(batch["planes"], features.windows(batch["places"].tolist(), alpha.shape[-1]))
        weight = _importance(batch["planes"][:, CANDIDATES[0], None], alpha)
        # All but the squared error are linear in how far a prediction is from the truth.
        full = saturated(found.full.float())
        error = weight * (full - alpha)
        nothing = torch.zeros_like(alpha)
        coarse = [
            (weight * (saturated(step.float()) - torch.nn.functional.avg_pool2d(alpha, factor))).abs().mean()
            for step, factor in ((found.half, 2), (found.quarter, 4))
        ]
        region = torch.nn.functional.binary_cross_entropy_with_logits(found.roi_logits.float(), region_truth(alpha, 4))
        parts = {
            "l1": error.abs().mean(),
            "squared": (error * (full - alpha)).mean(),
            "laplacian": laplacian(error, nothing),
            "gradient": gradient(error, nothing),
            "coarse": sum(coarse, start=alpha.new_zeros(())),
            "region": region,
        }
        return {name: self._weights[name] * value for name, value in parts.items()}

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> Validation:
        """MAD and MSE of the matte, beside those of the guided filter and of the mask, by kind of mask; of pictures
        that were not looked at in half the size before."""
        scores: dict[str, dict[str, float]] = {"matte": {}, "guided": {}, "mask": {}}
        rows: list[Row] = []
        for kind, samples in self._held_out.items():
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in scores}
            for number, sample in enumerate(samples):
                cues = sample_cues(sample)
                height, width = sample.alpha.shape
                planes = torch.from_numpy(cues.window(Window(0, 0, width, height)))[None].to(self._device)
                picture = torch.from_numpy(sample.image.transpose(2, 0, 1).copy())[None].to(self._device)
                matte = network(planes, EdgeFeatures.of(picture)).full.clamp(0, 1)[0, 0].cpu().numpy()
                mask = sample.mask.astype(np.float32)
                for name, pred in zip(scores, (matte, cues.alpha, mask), strict=True):
                    found[name].append((mad(pred, sample.alpha), mse(pred, sample.alpha)))
                if number < _SHOWN:
                    rows.append(Row(len(rows), sample.image, matte, sample.mask, sample.alpha))
            for name, values in found.items():
                mean = np.mean(values, axis=0)
                scores[name] |= {f"{kind} MAD": float(mean[0]), f"{kind} MSE": float(mean[1])}
        return Validation(scores.pop("matte"), scores, tuple(rows))
