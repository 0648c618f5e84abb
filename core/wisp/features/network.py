"""EfficientNet-Lite0 (Tan and Le, ICML 2019; the "lite" variant without squeeze-and-excite), cut after stage 6.

Batch normalisation is folded into the convolutions (`convert` does that), so the network is convolutions and ReLU6
alone. The side of the padding alternates from stride to stride. Measured by where a change of the picture changes the
maps, that leaves strides 2 and 4 in place and moves stride 8 by a third and stride 16 by half a cell to the right and
below; Wisp's networks were taught on these maps and know them so. The original's padding, always on the right and
below, leaves all of them in place: take it (`_SIDES` all 1) with the next teaching, not without one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch.nn.functional as F  # noqa: N812 - the usual name
from torch import Tensor, nn

from ..weights.checkpoints import check_keys, load_state_dict

WEIGHTS = Path(__file__).with_name("efficientnet_lite0.safetensors")

#: Stages after the stem: expansion, kernel, stride, channels, repeats (paper table 1 without its last stage).
_STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4))
_STEM = 32
#: Which stages' outputs are features, their strides and channels.
_TAKEN = (0, 1, 2, 4, 5)
STRIDES = (2, 4, 8, 16, 32)
CHANNELS = (16, 24, 40, 112, 192)
#: On which side each of the five halvings pads more: 1 right and below (as trained), 0 left and above.
_SIDES = (1, 0, 1, 0, 1)


class _Conv(nn.Module):
    """A convolution with bias, "same" padding and, if asked, ReLU6."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int, act: bool, side: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, 0 if stride > 1 else kernel // 2, groups=groups)
        self.act = act
        more, less = (kernel - stride + 1) // 2, (kernel - stride) // 2
        self.pad = ((less, more) * 2 if side else (more, less) * 2) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.pad(x, self.pad) if self.pad else x)
        return F.relu6(x, inplace=True) if self.act else x


class _Block(nn.Module):
    """Inverted residual block: widen, filter each channel, narrow."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int, side: int) -> None:
        super().__init__()
        inner = inputs * expansion
        layers = [_Conv(inputs, inner, 1, 1, 1, True, 1)] if expansion > 1 else []
        layers += [_Conv(inner, inner, kernel, stride, inner, True, side), _Conv(inner, outputs, 1, 1, 1, False, 1)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class Features(nn.Module):
    """Feature maps of a picture at strides 2, 4, 8, 16 and 32 with 16, 24, 40, 112 and 192 channels."""

    def __init__(self) -> None:
        super().__init__()
        sides = iter(_SIDES)
        self.stem = _Conv(3, _STEM, 3, 2, 1, True, next(sides))
        stages, inputs = [], _STEM
        for expansion, kernel, stride, outputs, repeats in _STAGES:
            side = next(sides) if stride > 1 else 1
            blocks = [_Block(inputs, outputs, expansion, kernel, stride, side)]
            blocks += [_Block(outputs, outputs, expansion, kernel, 1, 1) for _ in range(repeats - 1)]
            stages.append(nn.Sequential(*blocks))
            inputs = outputs
        self.stages = nn.ModuleList(stages)

    def forward(self, picture: Tensor, count: int = len(STRIDES)) -> tuple[Tensor, ...]:
        """`picture`: n x 3 x h x w, sRGB-encoded 0..1. The first `count` maps, finest first; sides are multiples of the
        last one's stride."""
        x = self.stem((255.0 * picture - 127.0) / 128.0)
        maps = []
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in _TAKEN:
                maps.append(x)
            if len(maps) == count:
                break
        return tuple(maps)


@lru_cache(maxsize=1)
def load_features() -> Features:
    """The pretrained network, frozen, on the CPU; one for the process. Raises WeightsError."""
    network = Features()
    state = load_state_dict(WEIGHTS)
    check_keys({name: tuple(value.shape) for name, value in network.state_dict().items()}, state, WEIGHTS)
    network.load_state_dict({name: value.float() for name, value in state.items()})
    network.requires_grad_(False)
    return network.eval()
