"""The SAM 3 tracker network: built by `transformers`, filled from the checkpoint that Meta publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ...device import resolve_device
from ...plates.clip import FloatImage
from ...weights.checkpoints import load_state_dict
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..sam2.encoder import FrameEncoding, Mode, PictureInput
from ..sam2.model import Sam2Model
from ..sam2.prompts import CERTAIN
from ..streamed import fill, load_once, move
from .checkpoint import convert, refuse_multiplex

#: Side of the trunk's patches in pixels.
PATCH = 14


@dataclass(frozen=True)
class Sizes:
    """What distinguishes one SAM 3 network from another; the channels that heads see are the same in all.

    `image`: side of the square in pixels. `width`, `inner`, `depth`, `attention_heads`: the trunk's channels, its
    perceptrons' channels, its layers, its attention heads. `window`: side of attention windows in patches; every
    fourth part of the layers ends in one that sees the whole picture. `pretrained`: side of the square at which the
    trunk was pretrained. `memory_layers`: layers of memory attention.
    """

    image: int = 1008
    width: int = 1024
    inner: int = 4736
    depth: int = 32
    attention_heads: int = 16
    window: int = 24
    pretrained: int = 336
    memory_layers: int = 4


#: Our name of each size; Meta publishes one.
VARIANTS = {"sam3": Sizes()}


def video_input(picture: FloatImage, size: int) -> Tensor:
    """`picture` (height x width x 3, 0..1) as 1 x 3 x size x size in -1..1: quantised to 8 bits, then resized by
    Pillow's default filter for RGB (bicubic, widened when shrinking), which again gives 8 bits."""
    resized = Image.fromarray(_quantised(picture)).resize((size, size))
    return _normalised(torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None])


def still_input(picture: FloatImage, size: int) -> Tensor:
    """As `video_input`, by an antialiased bilinear filter, rounded to 8 bits."""
    values = torch.from_numpy(_quantised(picture)).permute(2, 0, 1)[None].float()
    resized = functional.interpolate(values, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return _normalised(resized.round())


def _quantised(picture: FloatImage) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    return levels


def _normalised(levels: Tensor) -> Tensor:
    """0..255 as -1..1: SAM 3 takes mean and standard deviation as 0.5."""
    return levels.float() / 127.5 - 1.0


@dataclass(eq=False)
class Sam3Model(Sam2Model):
    """SAM 3's tracker as a `Sam2Model`: the same calls, other sizes, pictures and masks."""

    inputs: ClassVar[Mapping[Mode, PictureInput]] = {"video": video_input, "still": still_input}
    corrections_are_kept: ClassVar[bool] = True

    @property
    def mask_side(self) -> int:
        """Side of the square of the mask logits: four per patch, not a quarter of the picture's square."""
        return int(self.network.mask_side)

    def mask_prompt(self, mask: NDArray[np.bool_]) -> Tensor:
        """1 x 1 x side x side of 0 and 1 on the grid of the mask logits; the network enlarges it without threshold."""
        logits = torch.from_numpy(np.where(mask, np.float32(CERTAIN), np.float32(-CERTAIN)))[None, None]
        side = (self.mask_side, self.mask_side)
        return (functional.interpolate(logits, side, mode="bilinear", align_corners=False) > 0).float()

    def memory_position(self) -> Tensor:
        """See `Sam2Model.memory_position`."""
        position: Tensor = self.network.memory_position()
        return position

    def without_memory(self, encoding: FrameEncoding) -> FrameEncoding:
        """A still's encoding as heads see it: with SAM 3 nothing is added."""
        return encoding


#: Models in use, so that a tracker and a head from one file share it; forgotten with their last user.
_loaded: WeakValueDictionary[tuple[object, ...], Sam3Model] = WeakValueDictionary()


def load(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam3Model:
    """The model of a registry entry: `entry.parameters["variant"]` is a key of `VARIANTS`, `files["checkpoint"]` a
    `.pt` or `.safetensors` file. Asked again for the same file, device and precision, gives the same object.

    Raises WeightsError (missing, damaged or not this model), DeviceError, MemoryLimitError.
    """
    sizes = VARIANTS[entry.parameters["variant"]]
    return load_model(files["checkpoint"], sizes, resolve_device(options.device), options.precision)


def load_model(path: Path, sizes: Sizes, device: torch.device, precision: str = "auto") -> Sam3Model:
    """As `load`."""
    return load_once(_loaded, path, sizes, device, precision, _load)


def _load(path: Path, sizes: Sizes, device: torch.device, dtype: torch.dtype | None, version: str) -> Sam3Model:
    from .network import Sam3Network

    state = load_state_dict(path)
    refuse_multiplex(state, path)
    checkpoint = convert(state)
    network = construct(sizes)
    fill(network, checkpoint.network, path)
    move(network, device, path)
    return Sam3Model(Sam3Network(network), checkpoint.heads, path, device, dtype, version)


def construct(sizes: Sizes) -> torch.nn.Module:
    """An untrained `Sam3TrackerVideoModel` in evaluation mode, with `transformers`' settings for the published one."""
    from transformers import Sam3TrackerVideoConfig, Sam3TrackerVideoModel

    config = Sam3TrackerVideoConfig(
        vision_config=vision_config(sizes),
        image_size=sizes.image,
        memory_attention_num_layers=sizes.memory_layers,
    )
    network: torch.nn.Module = Sam3TrackerVideoModel(config).eval()
    return network


def vision_config(sizes: Sizes) -> Any:
    """`transformers`' description of the trunk and one of its necks."""
    from transformers import Sam3VisionConfig, Sam3ViTConfig

    trunk = Sam3ViTConfig(
        hidden_size=sizes.width,
        intermediate_size=sizes.inner,
        num_hidden_layers=sizes.depth,
        num_attention_heads=sizes.attention_heads,
        image_size=sizes.image,
        patch_size=PATCH,
        window_size=sizes.window,
        global_attn_indexes=[sizes.depth * part // 4 - 1 for part in range(1, 5)],
        pretrain_image_size=sizes.pretrained,
    )
    side = sizes.image // PATCH
    return Sam3VisionConfig(backbone_config=trunk, backbone_feature_sizes=[[4 * side] * 2, [2 * side] * 2, [side] * 2])
