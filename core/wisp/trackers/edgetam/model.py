"""The EdgeTAM network: built by `transformers`, filled from the checkpoint that Meta publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from weakref import WeakValueDictionary

import torch

from ...device import resolve_device
from ...weights.checkpoints import load_state_dict
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..sam2.model import Sam2Model
from ..streamed import fill, load_once, move
from .checkpoint import convert

#: Side in network pixels of what one place of the coarsest map stands for.
PATCH = 16


@dataclass(frozen=True)
class Sizes:
    """What distinguishes one EdgeTAM network from another.

    `image`: side of the square in pixels. `widths`, `depths`: the trunk's channels and blocks at stride 4, 8, 16 and
    32. `latents`: side of the grid of placed memory tokens, a divisor of `image / 16`; as many again are placeless.
    """

    image: int = 1024
    widths: tuple[int, ...] = (48, 96, 192, 384)
    depths: tuple[int, ...] = (2, 2, 14, 2)
    latents: int = 16


#: Our name of each size; Meta publishes one.
VARIANTS = {"edgetam": Sizes()}


@dataclass(eq=False)
class EdgeTamModel(Sam2Model):
    """EdgeTAM as a `Sam2Model`: the same calls and pictures. Memories are so small that they stay in float32, and a
    correction is applied as `transformers` does it."""

    corrections_see_the_mask: ClassVar[bool] = False
    memory_dtype: ClassVar[torch.dtype] = torch.float32

    def memory_position(self) -> torch.Tensor:
        """See `Sam2Model.memory_position`."""
        position: torch.Tensor = self.network.memory_position()
        return position


#: Models in use, shared by all who load the same file; forgotten with their last user.
_loaded: WeakValueDictionary[tuple[object, ...], EdgeTamModel] = WeakValueDictionary()


def load(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> EdgeTamModel:
    """The model of a registry entry: `entry.parameters["variant"]` is a key of `VARIANTS`, `files["checkpoint"]` a
    `.pt` or `.safetensors` file. Asked again for the same file, device and precision, gives the same object.

    Raises WeightsError (missing, damaged or not this model), DeviceError, MemoryLimitError.
    """
    sizes = VARIANTS[entry.parameters["variant"]]
    return load_model(files["checkpoint"], sizes, resolve_device(options.device), options.precision)


def load_model(path: Path, sizes: Sizes, device: torch.device, precision: str = "auto") -> EdgeTamModel:
    """As `load`."""
    return load_once(_loaded, path, sizes, device, precision, _load)


def _load(path: Path, sizes: Sizes, device: torch.device, dtype: torch.dtype | None, version: str) -> EdgeTamModel:
    from .network import EdgeTamNetwork

    state = convert(load_state_dict(path))
    network = construct(sizes)
    fill(network, state, path)
    # Convolutions on a CPU want channels to vary fastest in memory.
    network.get_submodule("vision_encoder.backbone").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    move(network, device, path)
    return EdgeTamModel(EdgeTamNetwork(network), {}, path, device, dtype, version)


def construct(sizes: Sizes) -> torch.nn.Module:
    """An untrained `EdgeTamVideoModel` in evaluation mode, with `transformers`' settings for the published one and the
    merged trunk."""
    from transformers import EdgeTamVideoConfig, EdgeTamVideoModel, EdgeTamVisionConfig

    from .repvit import RepVitConfig

    side = sizes.image // PATCH
    config = EdgeTamVideoConfig(
        vision_config=EdgeTamVisionConfig(
            backbone_config=RepVitConfig(widths=list(sizes.widths), depths=list(sizes.depths)),
            backbone_channel_list=list(sizes.widths[::-1]),
            backbone_feature_sizes=[[4 * side] * 2, [2 * side] * 2, [side] * 2],
        ),
        prompt_encoder_config={"image_size": sizes.image},
        image_size=sizes.image,
        memory_attention_rope_feat_sizes=[side, side],
        memory_attention_rope_k_sizes=[sizes.latents, sizes.latents],
        perceiver_resampler_num_latents=sizes.latents**2,
        perceiver_resampler_num_latents_2d=sizes.latents**2,
        enable_temporal_pos_encoding_for_object_pointers=False,
        enable_occlusion_spatial_embedding=False,
    )
    network: torch.nn.Module = EdgeTamVideoModel(config).eval()
    return network
