"""EdgeTAM's tracker by the `transformers` package.

Zhou et al., "EdgeTAM: On-Device Track Anything Model" (2025). A memory is not a map but a few hundred tokens that a
perceiver draws from it: half of them without a place, half on a coarse grid. This is the only module that calls into
`transformers`' EdgeTAM tracker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from transformers import EdgeTamVideoInferenceSession, EdgeTamVideoModel

from ..sam2.model import MAX_CONDITIONING_FRAMES
from ..streamed import StreamedNetwork


class EdgeTamNetwork(StreamedNetwork):
    """`model`: an `EdgeTamVideoModel` with patches of 16. Memories are 1 x tokens x 64."""

    session: ClassVar[Callable[..., Any]] = EdgeTamVideoInferenceSession

    def __init__(self, model: EdgeTamVideoModel) -> None:
        super().__init__(model, MAX_CONDITIONING_FRAMES)

    def memory_position(self) -> Tensor:
        """The positional encoding of memory tokens, 1 x tokens x 64: zeros, then that of the coarse grid."""
        perceiver = self.model.spatial_perceiver
        side = round(perceiver.num_latents_2d**0.5)
        shape = torch.Size((1, self.model.mem_dim, side, side))
        grid: Tensor = perceiver.positional_encoding(shape, self.device, torch.float32)
        placeless = grid.new_zeros(1, perceiver.num_latents_1d, self.model.mem_dim)
        return torch.cat([placeless, grid.flatten(2).transpose(1, 2)], dim=1)

    def memory_tokens(self, memory: Tensor) -> Tensor:
        """See `StreamedNetwork.memory_tokens`: they are kept as they are."""
        return memory

    def remembered(self, memory: Tensor, size: tuple[int, int]) -> Tensor:  # noqa: ARG002
        """See `StreamedNetwork.remembered`."""
        return memory

    def predict(self, *args: Any, **kwargs: Any) -> Mapping[str, Any]:
        """See `StreamedNetwork.predict`."""
        return super().predict(*args, run_mem_encoder=False, **kwargs)

    def high_resolution(self, found: Mapping[str, Any]) -> Tensor:
        """The mask logits at the size of the network's square; the package makes them likewise and keeps them."""
        size = (self.image_size, self.image_size)
        return functional.interpolate(found["pred_masks"].float(), size, mode="bilinear", align_corners=False)
