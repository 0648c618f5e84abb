"""The detector's part of SAM 3's checkpoint, in the names of the `transformers` package.

See `trackers.sam3.checkpoint` for what else the file holds and for how rules work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from ...trackers.sam3.checkpoint import CONSTANTS, NECK, TRUNK, Rules, parts, rename

DETECTOR = "detector."

#: Parts that only other prompts than words need, or that training needed: points, a second set of queries.
UNUSED = re.compile(
    r"backbone\.vision_backbone\.sam2_convs\."
    r"|geometry_encoder\.points_"
    r"|transformer\.decoder\.instance_"
    r"|backbone\.language_backbone\.encoder\.transformer\.attn_mask$"
)

_VISION: Rules = (
    (r"backbone\.vision_backbone\.(trunk|convs)\.", r"\1."),
    *TRUNK,
    (r"convs\.", "vision_encoder.neck.fpn_layers."),
    *NECK,
)

_TEXT: Rules = (
    (r"backbone\.language_backbone\.resizer\.", "text_projection."),
    (r"backbone\.language_backbone\.encoder\.", "text_encoder."),
    (r"(text_encoder\.)token_embedding\.", r"\1text_model.embeddings.token_embedding."),
    (r"(text_encoder\.)positional_embedding$", r"\1text_model.embeddings.position_embedding.weight"),
    (r"(text_encoder\.)ln_final\.", r"\1text_model.final_layer_norm."),
    (r"(text_encoder\.)text_projection$", r"\1text_projection.weight"),
    (r"(text_encoder\.)transformer\.resblocks\.", r"\1text_model.encoder.layers."),
    (r"(text_encoder\..*)\.attn\.", r"\1.self_attn."),
    (r"(text_encoder\..*)\.ln_(\d)\.", r"\1.layer_norm\2."),
    (r"(text_encoder\..*)\.mlp\.c_fc\.", r"\1.mlp.fc1."),
    (r"(text_encoder\..*)\.mlp\.c_proj\.", r"\1.mlp.fc2."),
)

_LAYERS: Rules = (
    (r"(.*layers\.\d+\.)linear(\d)\.", r"\1mlp.fc\2."),
    (r"(.*layers\.\d+\.)cross_attn_image\.", r"\1cross_attn."),
)

_GEOMETRY: Rules = (
    (r"(geometry_encoder\.)img_pre_norm\.", r"\1vision_layer_norm."),
    (r"(geometry_encoder\.)norm\.", r"\1prompt_layer_norm."),
    (r"(geometry_encoder\.)encode_norm\.", r"\1output_layer_norm."),
    (r"(geometry_encoder\.)encode\.", r"\1layers."),
)

_ENCODER: Rules = ((r"transformer\.encoder\.", "detr_encoder."),)

_DECODER: Rules = (
    (r"transformer\.decoder\.", "detr_decoder."),
    (r"(detr_decoder\.)norm\.", r"\1output_layer_norm."),
    (r"(detr_decoder\.)presence_token_out_norm\.", r"\1presence_layer_norm."),
    (r"(detr_decoder\.)presence_token_head\.", r"\1presence_head."),
    (r"(detr_decoder\.)bbox_embed\.", r"\1box_head."),
    (r"(detr_decoder\.)boxRPB_embed_([xy])\.", r"\1box_rpb_embed_\2."),
    (r"(detr_decoder\.layers\.\d+\.)cross_attn\.", r"\1vision_cross_attn."),
    (r"(detr_decoder\.layers\.\d+\.)ca_text\.", r"\1text_cross_attn."),
    (r"(detr_decoder\.layers\.\d+\.)norm1\.", r"\1vision_cross_attn_layer_norm."),
    (r"(detr_decoder\.layers\.\d+\.)catext_norm\.", r"\1text_cross_attn_layer_norm."),
    (r"(detr_decoder\.layers\.\d+\.)norm2\.", r"\1self_attn_layer_norm."),
    (r"(detr_decoder\.layers\.\d+\.)norm3\.", r"\1mlp_layer_norm."),
)

_SCORING: Rules = (
    (r"dot_prod_scoring\.", "dot_product_scoring."),
    (r"(dot_product_scoring\.)prompt_mlp\.out_norm\.", r"\1text_mlp_out_norm."),
    (r"(dot_product_scoring\.)prompt_mlp\.", r"\1text_mlp."),
    (r"(dot_product_scoring\.)prompt_proj\.", r"\1text_proj."),
    (r"(dot_product_scoring\.)hs_proj\.", r"\1query_proj."),
)

#: Small perceptrons whose layers `transformers` counts from 1.
_PERCEPTRONS: Rules = tuple(
    (
        rf"((?:detr_decoder\.(?:\w+_head|box_rpb_embed_[xy])|dot_product_scoring\.text_mlp)\.)layers\.{place}\.",
        rf"\1layer{place + 1}.",
    )
    for place in range(3)
)

_MASKS: Rules = (
    (r"segmentation_head\.", "mask_decoder."),
    (r"(mask_decoder\.)(?:mask_predictor\.)?mask_embed\.", r"\1mask_embedder."),
    (r"(mask_decoder\.)instance_seg_head\.", r"\1instance_projection."),
    (r"(mask_decoder\.)semantic_seg_head\.", r"\1semantic_projection."),
    (r"(mask_decoder\.)cross_attend_prompt\.", r"\1prompt_cross_attn."),
    (r"(mask_decoder\.)cross_attn_norm\.", r"\1prompt_cross_attn_norm."),
)

_COMMON: Rules = (
    (r"((?:geometry_encoder|detr_encoder)\.layers\.\d+\.)norm(\d)\.", r"\1layer_norm\2."),
    (r"((?!text_encoder).*attn\.)out_proj\.", r"\1o_proj."),
)

_RULES: Rules = (
    *_TEXT,
    *_GEOMETRY,
    *_ENCODER,
    *_DECODER,
    *_LAYERS,
    *_SCORING,
    *_PERCEPTRONS,
    *_MASKS,
    *_COMMON,
)


def convert(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The detector's tensors of a published checkpoint, as `Sam3Model` names them. The tracker's are left out."""
    converted: dict[str, Tensor] = {}
    for key, tensor in state.items():
        name = key.removeprefix(DETECTOR)
        if name == key or CONSTANTS.match(key) or UNUSED.match(name):
            continue
        for part, values in parts(_name(name), tensor).items():
            converted |= _unfused(part, values)
    return converted


def _name(key: str) -> str:
    return rename(key, _VISION if key.startswith("backbone.vision_backbone.") else _RULES)


def _unfused(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A fused projection becomes three; the projection of text, which the file keeps transposed, is turned."""
    if ".in_proj_" in name:
        return {
            name.replace("in_proj_", f"{letter}_proj."): part
            for letter, part in zip("qkv", tensor.chunk(3), strict=True)
        }
    return {name: tensor.T if name == "text_encoder.text_projection.weight" else tensor}
