"""SAM 3's checkpoint as Meta publishes it, in the names of the `transformers` package.

One file holds three things: the picture trunk with two necks, one for the detector and one for the tracker
(`detector.backbone.vision_backbone.*`), the tracker (`tracker.*`), and the detector of what text describes (all other
`detector.*`). SAM2Matting's file keeps its heads among the tracker's tensors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from ...errors import WeightsError
from ..sam2.model import HEAD_PREFIXES

#: A pattern at the start of a key and what takes its place; tried in order, each at most once.
Rules: TypeAlias = tuple[tuple[str, str], ...]

VISION = "detector.backbone.vision_backbone."
TRACKER = "tracker."

#: What only SAM 3.1's files have, with or without `detector.` before it.
MULTIPLEX = ("backbone.vision_backbone.propagation_convs.", "backbone.vision_backbone.interactive_convs.")

#: Tables of rotary angles that the network computes by itself.
CONSTANTS = re.compile(r".*\.attn\.freqs_cis$")

TRUNK: Rules = (
    (r"trunk\.", "vision_encoder.backbone."),
    (r"(.*backbone\.)blocks\.", r"\1layers."),
    (r"(.*)attn\.proj\.", r"\1attention.o_proj."),
    (r"(.*)attn\.qkv\.", r"\1attention.qkv."),
    (r"(.*layers\.\d+\.)norm(\d)\.", r"\1layer_norm\2."),
    (r"(.*backbone\.)ln_pre\.", r"\1layer_norm."),
    (r"(.*backbone\.)patch_embed\.proj\.", r"\1embeddings.patch_embeddings.projection."),
    (r"(.*backbone\.)pos_embed$", r"\1embeddings.position_embeddings"),
)

#: Both necks have these layers.
NECK: Rules = (
    (r"(.*)conv_1x1\.", r"\1proj1."),
    (r"(.*)conv_3x3\.", r"\1proj2."),
    (r"(.*)dconv_2x2_1\.", r"\1scale_layers.2."),
    (r"(.*)dconv_2x2(?:_0)?\.", r"\1scale_layers.0."),
)
_TRACKER_NECK: Rules = ((r"sam2_convs\.", "vision_encoder.neck.fpn_layers."), *NECK)

MEMORY_ENCODER: Rules = (
    (r"maskmem_backbone\.", "memory_encoder."),
    (r"(memory_encoder\.)out_proj\.", r"\1projection."),
    (r"(memory_encoder\.)pix_feat_proj\.", r"\1feature_projection."),
    (r"(memory_encoder\.)fuser\.", r"\1memory_fuser."),
    (r"(.*)\.dwconv\.", r"\1.depthwise_conv."),
    (r"(.*)\.pwconv(\d)\.", r"\1.pointwise_conv\2."),
    (r"(.*memory_fuser\..*)\.gamma$", r"\1.scale"),
    (r"(.*memory_fuser\..*)\.norm\.", r"\1.layer_norm."),
    # A flat list: convolution, normalisation and activation four times, then the last convolution.
    *(
        (rf"(.*mask_downsampler\.)encoder\.{3 * stage + place}\.", rf"\1layers.{stage}.{name}.")
        for stage in range(4)
        for place, name in enumerate(("conv", "layer_norm"))
    ),
    (r"(.*mask_downsampler\.)encoder\.12\.", r"\1final_conv."),
)

#: Perceptrons of three layers that are called by place in the file and by role in `transformers`.
_PERCEPTRONS = r"obj_ptr_proj|iou_prediction_head|pred_obj_score_head|output_hypernetworks_mlps\.\d+"

SAM: Rules = (
    (rf"(.*(?:{_PERCEPTRONS})\.)layers\.0\.", r"\1proj_in."),
    (rf"(.*(?:{_PERCEPTRONS})\.)layers\.1\.", r"\1layers.0."),
    (rf"(.*(?:{_PERCEPTRONS})\.)layers\.2\.", r"\1proj_out."),
    (r"obj_ptr_proj\.", "object_pointer_proj."),
    (r"obj_ptr_tpos_proj\.", "temporal_positional_encoding_projection_layer."),
    (r"maskmem_tpos_enc$", "memory_temporal_positional_encoding"),
    (r"no_mem_embed$", "no_memory_embedding"),
    (r"no_mem_pos_enc$", "no_memory_positional_encoding"),
    (r"no_obj_embed_spatial$", "occlusion_spatial_embedding_parameter"),
    (r"no_obj_ptr$", "no_object_pointer"),
    (r"sam_mask_decoder\.", "mask_decoder."),
    (r"(mask_decoder\.)output_upscaling\.0\.", r"\1upscale_conv1."),
    (r"(mask_decoder\.)output_upscaling\.1\.", r"\1upscale_layer_norm."),
    (r"(mask_decoder\.)output_upscaling\.3\.", r"\1upscale_conv2."),
    (r"(mask_decoder\.transformer\.)norm_final_attn\.", r"\1layer_norm_final_attn."),
    (r"(mask_decoder\.transformer\..*)mlp\.lin1\.", r"\1mlp.proj_in."),
    (r"(mask_decoder\.transformer\..*)mlp\.lin2\.", r"\1mlp.proj_out."),
    (r"sam_prompt_encoder\.", "prompt_encoder."),
    (r"(prompt_encoder\.)mask_downscaling\.0\.", r"\1mask_embed.conv1."),
    (r"(prompt_encoder\.)mask_downscaling\.1\.", r"\1mask_embed.layer_norm1."),
    (r"(prompt_encoder\.)mask_downscaling\.3\.", r"\1mask_embed.conv2."),
    (r"(prompt_encoder\.)mask_downscaling\.4\.", r"\1mask_embed.layer_norm2."),
    (r"(prompt_encoder\.)mask_downscaling\.6\.", r"\1mask_embed.conv3."),
    (
        r"(prompt_encoder\.)pe_layer\.positional_encoding_gaussian_matrix$",
        r"\1shared_embedding.positional_embedding",
    ),
    (r"transformer\.encoder\.norm\.", "memory_attention.layer_norm."),
    (r"transformer\.encoder\.", "memory_attention."),
    (r"(.*attn.*\.)out_proj\.", r"\1o_proj."),
    (r"((?:mask_decoder|memory_attention)\..*layers\.\d+\.)norm(\d)\.", r"\1layer_norm\2."),
)


@dataclass(frozen=True)
class Checkpoint:
    """`network`: the tracker with its trunk, as `Sam3TrackerVideoModel` names its tensors. `heads`: those of matting
    heads. Tensors that belong to neither keep their names, so that whoever checks the keys sees them."""

    network: dict[str, Tensor]
    heads: dict[str, Tensor]


def refuse_multiplex(state: Iterable[str], path: Path) -> None:
    """WeightsError for a file of SAM 3.1 (`sam3.1_multiplex.pt`): of one neck it makes two, and its tracker carries up
    to 16 objects through one memory, which neither this package nor `transformers` builds."""
    if any(key.removeprefix("detector.").startswith(MULTIPLEX) for key in state):
        raise WeightsError(
            f"{path} is SAM 3.1, whose tracker is another network than SAM 3's and is not supported.",
            hint="Take the file sam3.pt of SAM 3.",
            path=path,
        )


def convert(state: Mapping[str, Tensor]) -> Checkpoint:
    """The tracker's part of a published checkpoint; tensors are views of the given ones where that is possible.

    The detector of text and its neck are left out, as are constants.
    """
    network: dict[str, Tensor] = {}
    heads: dict[str, Tensor] = {}
    for key, tensor in state.items():
        if key.startswith(TRACKER) and key[len(TRACKER) :].startswith(HEAD_PREFIXES):
            heads[key[len(TRACKER) :]] = tensor
        elif CONSTANTS.match(key) or is_detectors(key):
            continue
        else:
            network |= parts(_tracker_name(key), tensor)
    stack(network, r"(prompt_encoder\.)point_embeddings\.(\d+)\.weight", r"\1point_embed.weight")
    shared = network.get("prompt_encoder.shared_embedding.positional_embedding")
    if shared is not None:
        network["shared_image_embedding.positional_embedding"] = shared
    return Checkpoint(network, heads)


def is_detectors(key: str) -> bool:
    """Whether only the detector of text needs this tensor."""
    if key.startswith(VISION):
        return key.startswith(VISION + "convs.")
    return key.startswith("detector.")


def _tracker_name(key: str) -> str:
    if key.startswith(VISION):
        return rename(key[len(VISION) :], (*TRUNK, *_TRACKER_NECK))
    if key.startswith(TRACKER):
        return rename(key[len(TRACKER) :], (*MEMORY_ENCODER, *SAM))
    return key


def rename(key: str, rules: Iterable[tuple[str, str]]) -> str:
    """`key` after every rule that fits its beginning."""
    for pattern, replacement in rules:
        key = re.sub("^" + pattern, replacement, key, count=1)
    return key


def parts(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """The tensors that one of the file's becomes: a fused projection three, the embedding of positions without the
    token that only its pretraining had."""
    if ".attention.qkv." in name:
        return {
            name.replace("qkv", f"{letter}_proj"): part for letter, part in zip("qkv", tensor.chunk(3), strict=True)
        }
    if name.endswith("embeddings.position_embeddings"):
        return {name: tensor[:, 1:]}
    return {name: tensor}


def stack(tensors: dict[str, Tensor], pattern: str, replacement: str) -> None:
    """Rows that the file keeps one by one become one tensor, in the order of their numbers."""
    rows: dict[str, dict[int, str]] = {}
    for name in tensors:
        if match := re.fullmatch(pattern, name):
            rows.setdefault(match.expand(replacement), {})[int(match[2])] = name
    for whole, numbered in rows.items():
        tensors[whole] = torch.cat([tensors.pop(numbered[number]) for number in sorted(numbered)])
