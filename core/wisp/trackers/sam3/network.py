"""SAM 3's tracker by the `transformers` package (Carion et al., "SAM 3: Segment Anything with Concepts", 2025).

This is the only module that calls into `transformers`' SAM 3 tracker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from transformers import Sam3TrackerVideoModel
from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import Sam3TrackerVideoInferenceSession

from ..streamed import StreamedNetwork, to_map, to_tokens


class Sam3Network(StreamedNetwork):
    """`model`: a `Sam3TrackerVideoModel` with patches of 14. Memories are maps of 1 x 64 x S/P x S/P."""

    session: ClassVar[Callable[..., Any]] = Sam3TrackerVideoInferenceSession

    def __init__(self, model: Sam3TrackerVideoModel) -> None:
        super().__init__(model, int(model.config.max_cond_frame_num))

    def memory_position(self) -> Tensor:
        """The positional encoding of memory features, 1 x 64 x S/P x S/P."""
        height, width = self.model.backbone_feature_sizes[-1]
        shape = torch.Size((1, self.model.mem_dim, height, width))
        encoding: Tensor = self.model.memory_encoder.position_encoding(shape, self.device, torch.float32)
        return encoding

    def memory_tokens(self, memory: Tensor) -> Tensor:
        """See `StreamedNetwork.memory_tokens`."""
        return to_tokens(memory)

    def remembered(self, memory: Tensor, size: tuple[int, int]) -> Tensor:
        """See `StreamedNetwork.remembered`."""
        return to_map(memory, size)
