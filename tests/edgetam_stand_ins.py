"""EdgeTAM with a short trunk and deterministic stand-in weights, written as Meta's checkpoint is.

The weights are noise, so masks are meaningless, but every operation of the network shows in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from wisp.trackers.edgetam.model import EdgeTamModel, Sizes, construct, load_model

TINY = Sizes(image=128, widths=(8, 16, 24, 32), depths=(1, 1, 2, 1), latents=2)
#: Where the trunk's tensors are in Meta's file.
TRUNK = "image_encoder.trunk.body."

_NAMES = {
    "vision_encoder.neck": "image_encoder.neck",
    "memory_fuser": "fuser",
    "memory_encoder.projection": "memory_encoder.out_proj",
    "memory_encoder.feature_projection": "memory_encoder.pix_feat_proj",
    "mask_downsampler.final_conv": "mask_downsampler.encoder.12",
    "depthwise_conv": "dwconv",
    "pointwise_conv": "pwconv",
    "object_pointer_proj": "obj_ptr_proj",
    "memory_temporal_positional_encoding": "maskmem_tpos_enc",
    "no_memory_embedding": "no_mem_embed",
    "no_memory_positional_encoding": "no_mem_pos_enc",
    "no_object_pointer": "no_obj_ptr",
    "upscale_conv1": "output_upscaling.0",
    "upscale_layer_norm": "output_upscaling.1",
    "upscale_conv2": "output_upscaling.3",
    "mask_embed.conv1": "mask_downscaling.0",
    "mask_embed.layer_norm1": "mask_downscaling.1",
    "mask_embed.conv2": "mask_downscaling.3",
    "mask_embed.layer_norm2": "mask_downscaling.4",
    "mask_embed.conv3": "mask_downscaling.6",
    "shared_embedding.positional_embedding": "pe_layer.positional_encoding_gaussian_matrix",
    "mask_decoder.": "sam_mask_decoder.",
    "prompt_encoder.": "sam_prompt_encoder.",
    "latents_1d": "latents",
    "layer_norm_self": "self_attn.norm",
    "layer_norm_input": "attn.norm_x",
    "layer_norm_latents": "attn.norm_latents",
    "self_attention": "self_attn",
    "cross_attention": "attn",
    "layer_norm": "norm",
    "o_proj": "out_proj",
}


def trunk_shapes(merged: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the unmerged trunk, as `timm` has them, for those of the merged one."""
    shapes: dict[str, tuple[int, ...]] = {}

    def normalised(place: str, shape: Iterable[int]) -> None:
        shape = tuple(shape)
        shapes[f"{place}.c.weight"] = shape
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{place}.bn.{part}"] = shape[:1]
        shapes[f"{place}.bn.num_batches_tracked"] = ()

    for name, tensor in merged.items():
        place, _, part = name.rpartition(".")
        if ".se." in name:
            shapes[name] = tuple(tensor.shape)
        elif place.endswith("token_mixer") and part == "weight":
            normalised(f"{place}.conv", tensor.shape)
            normalised(f"{place}.conv1", (*tensor.shape[:2], 1, 1))
        elif part == "weight":
            normalised(place, tensor.shape)
    return shapes


def trunk_noise(shapes: dict[str, tuple[int, ...]], seed: int = 7) -> dict[str, Tensor]:
    """Deterministic values, in the order of names, that keep signals alive."""
    rng = np.random.default_rng(seed)
    values = {}
    for name in sorted(shapes):
        value = rng.standard_normal(shapes[name])
        if name.endswith(("bn.weight", "running_var")):
            branch = "token_mixer" in name or "conv2.bn.weight" in name  # added to the signal itself
            value = (0.2 if branch and name.endswith("weight") else 1.0) + 0.2 * np.abs(value)
        elif name.endswith(("bias", "running_mean")):
            value = 0.1 * value
        else:
            value = value / max(1, np.prod(shapes[name][1:])) ** 0.5
        values[name] = torch.tensor(0) if name.endswith("tracked") else torch.from_numpy(np.asarray(value, np.float32))
    return values


def published(network: dict[str, Tensor]) -> dict[str, Tensor]:
    """A network's tensors, the trunk's left out, under the names of Meta's checkpoint: written independently of the
    converter."""
    state: dict[str, Tensor] = {}
    for name, tensor in network.items():
        if ".backbone." in name or name == "shared_image_embedding.positional_embedding":
            continue
        if re.search(r"spatial_perceiver.*\.v_proj", name):
            continue
        if re.search(r"spatial_perceiver.*\.k_proj", name):
            tensor = torch.cat([tensor, network[name.replace("k_proj", "v_proj")]])
        if name == "prompt_encoder.point_embed.weight":
            for row in range(4):
                state[f"sam_prompt_encoder.point_embeddings.{row}.weight"] = tensor[row : row + 1].clone()
        else:
            state[_published_name(name)] = tensor
    return state


def _published_name(name: str) -> str:
    if name.startswith("spatial_perceiver"):
        for ours, theirs in (("q_proj", "to_q"), ("k_proj", "to_kv"), ("o_proj", "to_out")):
            name = name.replace(ours, theirs)
        for ours, theirs in (("mlp.layer_norm", "ff.0"), ("mlp.up_proj", "ff.1"), ("mlp.down_proj", "ff.3")):
            name = name.replace(ours, theirs)
    name = name.replace("mlp.up_proj", "linear1").replace("mlp.down_proj", "linear2")
    name = re.sub(r"(neck\.convs\.\d)\.", r"\1.conv.", name)
    name = re.sub(r"mask_downsampler\.layers\.(\d)\.conv", lambda m: f"mask_downsampler.encoder.{3 * int(m[1])}", name)
    name = re.sub(
        r"mask_downsampler\.layers\.(\d)\.layer_norm", lambda m: f"mask_downsampler.encoder.{3 * int(m[1]) + 1}", name
    )
    name = re.sub(r"(memory_fuser\.layers\.\d\.)scale$", r"\1gamma", name)
    if re.search(r"object_pointer_proj|iou_prediction_head|obj_score_head|hypernetworks_mlps", name):
        name = name.replace(".layers.0.", ".layers.1.").replace("proj_in", "layers.0").replace("proj_out", "layers.2")
    name = name.replace("mlp.proj_in", "mlp.layers.0").replace("mlp.proj_out", "mlp.layers.1")
    for ours, theirs in _NAMES.items():
        name = name.replace(ours, theirs)
    return name


def noise(shapes: dict[str, Tensor], seed: int = 3) -> dict[str, Tensor]:
    """Deterministic tensors for all but the trunk."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, like in shapes.items():
        fan_in = like[0].numel() if like.dim() > 1 else 1
        value = torch.randn(like.shape, generator=generator) / max(1.0, fan_in) ** 0.5
        if "norm" in name and name.endswith("weight"):
            value = 1 + 0.1 * value
        elif like.dim() == 1:
            value = 0.1 * value
        tensors[name] = value
    return tensors


def checkpoint(sizes: Sizes = TINY) -> dict[str, Tensor]:
    """Meta's file for a network of these sizes, with noise for weights."""
    network = construct(sizes).state_dict()
    backbone = "vision_encoder.backbone."
    trunk = {name.removeprefix(backbone): value for name, value in network.items() if name.startswith(backbone)}
    rest = noise({name: value for name, value in network.items() if not name.startswith(backbone)})
    rest["mask_decoder.pred_obj_score_head.proj_out.bias"] += 4  # the object is there: masks are worth comparing
    state = published(rest)
    return state | {TRUNK + name: value for name, value in trunk_noise(trunk_shapes(trunk)).items()}


@pytest.fixture(scope="session")
def edgetam_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny `edgetam.pt`."""
    path = tmp_path_factory.mktemp("edgetam") / "edgetam.pt"
    torch.save({"model": checkpoint()}, path)
    return path


@pytest.fixture(scope="session")
def tiny_edgetam(edgetam_checkpoint: Path) -> Iterator[EdgeTamModel]:
    """The tiny network, loaded as the product loads it."""
    yield load_model(edgetam_checkpoint, TINY, torch.device("cpu"))
