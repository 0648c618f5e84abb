"""RepViT, the picture trunk of EdgeTAM, as it is after training: every normalisation and parallel branch merged.

Wang et al., "RepViT: Revisiting Mobile CNN From ViT Perspective" (2024), its model M1. Names are those of the package
`timm`, shortened where layers were merged (`checkpoint.merge`). The package itself is not used: it needs a build of
torchvision that matches the installed PyTorch exactly, and runs the unmerged layers.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput


class RepVitConfig(PreTrainedConfig):  # type: ignore[misc]  # transformers has no types
    """`widths`: channels of the maps at stride 4, 8, 16, ...; `depths`: blocks at each."""

    model_type = "wisp_repvit"

    widths: list[int] | None = None
    depths: list[int] | None = None


def squeezed(width: int) -> int:
    """Channels inside a squeeze-and-excitation layer: a quarter, in whole eights."""
    return max(8, (width // 4 + 4) // 8 * 8)


class _Excite(nn.Module):
    """Weighs channels by what the whole picture holds of them (Hu et al., "Squeeze-and-Excitation Networks", 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, squeezed(width), 1)
        self.fc2 = nn.Conv2d(squeezed(width), width, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()
        return x * weights


class _Mixer(nn.Module):
    """Mixes channels at each pixel, beside the signal itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, 2 * width, 1)
        self.conv2 = nn.Conv2d(2 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.conv2(nn.functional.gelu(self.conv1(x)))
        return x + mixed


class _Block(nn.Module):
    """Mixes places within each channel, then channels."""

    def __init__(self, width: int, excite: bool) -> None:
        super().__init__()
        self.token_mixer = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.se = _Excite(width) if excite else nn.Identity()
        self.channel_mixer = _Mixer(width)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.channel_mixer(self.se(self.token_mixer(x)))
        return found


class _Downsample(nn.Module):
    """Half the resolution, more channels."""

    def __init__(self, width: int, wider: int) -> None:
        super().__init__()
        self.pre_block = _Block(width, excite=False)
        self.spatial_downsample = nn.Conv2d(width, width, 3, stride=2, padding=1, groups=width)
        self.channel_downsample = nn.Conv2d(width, wider, 1)
        self.ffn = _Mixer(wider)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.ffn(self.channel_downsample(self.spatial_downsample(self.pre_block(x))))
        return found


class _Stage(nn.Module):
    def __init__(self, width: int, wider: int, depth: int) -> None:
        super().__init__()
        self.downsample = _Downsample(width, wider) if width != wider else nn.Identity()
        self.blocks = nn.Sequential(*(_Block(wider, excite=place % 2 == 0) for place in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.blocks(self.downsample(x))
        return found


class _Stem(nn.Module):
    """3 channels to `width`, at a quarter of the resolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width // 2, width, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv2(nn.functional.gelu(self.conv1(x)))
        return found


class RepVit(PreTrainedModel):  # type: ignore[misc]  # transformers has no types
    """A picture 1 x 3 x S x S to its feature maps, finest first: 1 x `widths[i]` x S/4/2^i x S/4/2^i."""

    config_class = RepVitConfig
    main_input_name = "pixel_values"

    def __init__(self, config: RepVitConfig) -> None:
        super().__init__(config)
        widths, depths = config.widths, config.depths
        assert widths is not None and depths is not None
        self.stem = _Stem(widths[0])
        for place, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            self.add_module(f"stages_{place}", _Stage(widths[max(place - 1, 0)], width, depth))
        self.stages = len(widths)
        self.post_init()

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutput:
        """All maps as `last_hidden_state`, as EdgeTAM's neck reads them."""
        x = self.stem(pixel_values)
        maps = []
        for place in range(self.stages):
            x = self.get_submodule(f"stages_{place}")(x)
            maps.append(x)
        return BaseModelOutput(last_hidden_state=maps)


AutoConfig.register(RepVitConfig.model_type, RepVitConfig, exist_ok=True)
AutoModel.register(RepVitConfig, RepVit, exist_ok=True)
