"""SAM 3 with tiny widths and deterministic stand-in weights, written as Meta's checkpoint is.

The weights are noise, so masks are meaningless, but every operation of the network shows in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from wisp.heads.progressive import ProgressiveMatting
from wisp.trackers.sam3.model import Sam3Model, Sizes, construct, load_model

TINY = Sizes(image=56, width=64, inner=96, depth=4, attention_heads=1, window=2, pretrained=28, memory_layers=1)


def published(network: dict[str, Tensor]) -> dict[str, Tensor]:
    """A network's tensors under the names of Meta's checkpoint: the converter's work undone, written independently."""
    state: dict[str, Tensor] = {}
    for name, tensor in network.items():
        if re.search(r"attention\.[kv]_proj", name) or name == "shared_image_embedding.positional_embedding":
            continue
        if ".attention.q_proj." in name:
            parts = [network[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            state[_published_name(name.replace("q_proj", "qkv"))] = torch.cat(parts)
        elif name.endswith("position_embeddings"):
            pretraining_token = torch.zeros_like(tensor[:, :1])
            state[_published_name(name)] = torch.cat([pretraining_token, tensor], dim=1)
        elif name == "prompt_encoder.point_embed.weight":
            for row in range(4):
                state[f"tracker.sam_prompt_encoder.point_embeddings.{row}.weight"] = tensor[row : row + 1].clone()
        else:
            state[_published_name(name)] = tensor
    return state


_NAMES = {
    "vision_encoder.backbone.embeddings.patch_embeddings.projection": "trunk.patch_embed.proj",
    "vision_encoder.backbone.embeddings.position_embeddings": "trunk.pos_embed",
    "vision_encoder.backbone.layer_norm.": "trunk.ln_pre.",
    "vision_encoder.backbone.layers.": "trunk.blocks.",
    "vision_encoder.neck.fpn_layers.": "sam2_convs.",
    "attention.o_proj": "attn.proj",
    "attention.qkv": "attn.qkv",
    "proj1": "conv_1x1",
    "proj2": "conv_3x3",
    "memory_encoder.mask_downsampler.final_conv": "maskmem_backbone.mask_downsampler.encoder.12",
    "memory_encoder.memory_fuser": "maskmem_backbone.fuser",
    "memory_encoder.projection": "maskmem_backbone.out_proj",
    "memory_encoder.feature_projection": "maskmem_backbone.pix_feat_proj",
    "memory_encoder": "maskmem_backbone",
    "depthwise_conv": "dwconv",
    "pointwise_conv": "pwconv",
    "memory_attention.layer_norm": "transformer.encoder.norm",
    "memory_attention": "transformer.encoder",
    "object_pointer_proj": "obj_ptr_proj",
    "temporal_positional_encoding_projection_layer": "obj_ptr_tpos_proj",
    "memory_temporal_positional_encoding": "maskmem_tpos_enc",
    "no_memory_embedding": "no_mem_embed",
    "no_memory_positional_encoding": "no_mem_pos_enc",
    "occlusion_spatial_embedding_parameter": "no_obj_embed_spatial",
    "no_object_pointer": "no_obj_ptr",
    "upscale_conv1": "output_upscaling.0",
    "upscale_layer_norm": "output_upscaling.1",
    "upscale_conv2": "output_upscaling.3",
    "layer_norm_final_attn": "norm_final_attn",
    "mlp.proj_in": "mlp.lin1",
    "mlp.proj_out": "mlp.lin2",
    "mask_embed.conv1": "mask_downscaling.0",
    "mask_embed.layer_norm1": "mask_downscaling.1",
    "mask_embed.conv2": "mask_downscaling.3",
    "mask_embed.layer_norm2": "mask_downscaling.4",
    "mask_embed.conv3": "mask_downscaling.6",
    "shared_embedding.positional_embedding": "pe_layer.positional_encoding_gaussian_matrix",
    "mask_decoder.": "sam_mask_decoder.",
    "prompt_encoder.": "sam_prompt_encoder.",
    "layer_norm": "norm",
}


def _published_name(name: str) -> str:
    vision = name.startswith("vision_encoder.")
    name = re.sub(r"(fpn_layers\.0\.)scale_layers\.0", r"\1dconv_2x2_0", name)
    name = re.sub(r"(fpn_layers\.0\.)scale_layers\.2", r"\1dconv_2x2_1", name)
    name = re.sub(r"(fpn_layers\.1\.)scale_layers\.0", r"\1dconv_2x2", name)
    name = re.sub(r"mask_downsampler\.layers\.(\d)\.conv", lambda m: f"mask_downsampler.encoder.{3 * int(m[1])}", name)
    name = re.sub(
        r"mask_downsampler\.layers\.(\d)\.layer_norm", lambda m: f"mask_downsampler.encoder.{3 * int(m[1]) + 1}", name
    )
    name = re.sub(r"(memory_fuser\.layers\.\d\.)scale$", r"\1gamma", name)
    perceptron = re.search(r"object_pointer_proj|iou_prediction_head|obj_score_head|hypernetworks_mlps", name)
    if perceptron:
        name = name.replace(".layers.0.", ".layers.1.").replace("proj_in", "layers.0").replace("proj_out", "layers.2")
    for ours, theirs in _NAMES.items():
        name = name.replace(ours, theirs)
    if not vision:
        name = re.sub(r"(attn.*\.)o_proj", r"\1out_proj", name)
    return ("detector.backbone.vision_backbone." if vision else "tracker.") + name


def noise(shapes: dict[str, Tensor], seed: int = 3) -> dict[str, Tensor]:
    """Deterministic tensors of those shapes, of a size that keeps signals alive."""
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


def write_checkpoint(path: Path, heads: bool = True) -> Path:
    """Tracker, heads and some of the detector's tensors, as in SAM2Matting's file."""
    network = construct(TINY).state_dict()
    stand_in = noise(network)
    stand_in["mask_decoder.pred_obj_score_head.proj_out.bias"] += 4  # the object is there: masks are worth comparing
    state = published(stand_in)
    if heads:
        matting = ProgressiveMatting()
        torch.manual_seed(5)
        for module in matting.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                torch.nn.init.kaiming_normal_(module.weight)
        state |= {f"tracker.{name}": value for name, value in matting.state_dict().items()}
    state["detector.backbone.vision_backbone.convs.0.conv_1x1.weight"] = torch.zeros(2, 2, 1, 1)
    state["detector.transformer.encoder.layers.0.norm1.weight"] = torch.zeros(2)
    state["detector.backbone.vision_backbone.trunk.blocks.0.attn.freqs_cis"] = torch.zeros(4, 2)
    torch.save({"model": state}, path)
    return path


@pytest.fixture(scope="session")
def sam3_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SAM2Matting checkpoint on SAM 3."""
    return write_checkpoint(tmp_path_factory.mktemp("sam3") / "SAM2Matting-SAM3.pt")


@pytest.fixture(scope="session")
def tiny_sam3(sam3_checkpoint: Path) -> Iterator[Sam3Model]:
    """The tiny network, loaded as the product loads it."""
    yield load_model(sam3_checkpoint, TINY, torch.device("cpu"))
