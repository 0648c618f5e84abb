"""EdgeTAM's checkpoint as Meta publishes it (`edgetam.pt`), in the names of the `transformers` package.

Files in that package's own names are read too, as its models are passed around.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..sam3.checkpoint import MEMORY_ENCODER, SAM, Rules, rename, stack

#: What changes in files of the package's own names.
_TIMM: Rules = ((r"vision_encoder\.backbone\.timm_model\.", "vision_encoder.backbone."),)

_TRUNK: Rules = (
    (r"image_encoder\.trunk\.body\.", "vision_encoder.backbone."),
    (r"image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
)

_MEMORY: Rules = (
    (r"memory_attention\.norm\.", "memory_attention.layer_norm."),
    (r"(memory_attention\..*)linear1\.", r"\1mlp.up_proj."),
    (r"(memory_attention\..*)linear2\.", r"\1mlp.down_proj."),
    (r"(mask_decoder\.transformer\..*mlp\.)layers\.0\.", r"\1proj_in."),
    (r"(mask_decoder\.transformer\..*mlp\.)layers\.1\.", r"\1proj_out."),
)

_PERCEIVER: Rules = (
    (r"(spatial_perceiver\.)latents$", r"\1latents_1d"),
    (r"(spatial_perceiver\.)norm\.", r"\1layer_norm."),
    (r"(spatial_perceiver\..*)\.self_attn\.norm\.", r"\1.layer_norm_self."),
    (r"(spatial_perceiver\..*)\.attn\.norm_x\.", r"\1.layer_norm_input."),
    (r"(spatial_perceiver\..*)\.attn\.norm_latents\.", r"\1.layer_norm_latents."),
    (r"(spatial_perceiver\..*)\.self_attn\.", r"\1.self_attention."),
    (r"(spatial_perceiver\..*)\.attn\.", r"\1.cross_attention."),
    (r"(spatial_perceiver\..*)\.to_q\.", r"\1.q_proj."),
    (r"(spatial_perceiver\..*)\.to_out\.", r"\1.o_proj."),
    (r"(spatial_perceiver\..*)\.(self_)?ff\.0\.", r"\1.\2mlp.layer_norm."),
    (r"(spatial_perceiver\..*)\.(self_)?ff\.1\.", r"\1.\2mlp.up_proj."),
    (r"(spatial_perceiver\..*)\.(self_)?ff\.3\.", r"\1.\2mlp.down_proj."),
)

#: Stability of the trunk's batch normalisation.
_EPS = 1e-5


def convert(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A published checkpoint as `model.construct`'s network names its tensors.

    Tensors of no place in it keep their names, so that whoever checks the keys sees them.
    """
    renamed = any(key.startswith("vision_encoder.") for key in state)
    rules = _TIMM if renamed else (*_TRUNK, *MEMORY_ENCODER, *SAM, *_MEMORY, *_PERCEIVER)
    network: dict[str, Tensor] = {}
    for key, tensor in state.items():
        name = rename(key, rules)
        if ".to_kv." in name:
            for letter, part in zip("kv", tensor.chunk(2), strict=True):
                network[name.replace("to_kv", f"{letter}_proj")] = part
        elif not name.endswith(".bn.num_batches_tracked"):  # counts training steps
            network[name] = tensor
    stack(network, r"(prompt_encoder\.)point_embeddings\.(\d+)\.weight", r"\1point_embed.weight")
    shared = network.get("prompt_encoder.shared_embedding.positional_embedding")
    if shared is not None:
        network["shared_image_embedding.positional_embedding"] = shared
    return merge(network)


def merge(network: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The trunk's batch normalisations put into the convolutions before them, and the three branches of each
    `token_mixer` (3 x 3, 1 x 1 and the signal itself) into one. Incomplete groups stay as they are."""
    merged = dict(network)
    for key in network:
        if key.endswith(".c.weight"):
            _merge_norm(merged, key.removesuffix(".c.weight"))
    for key in network:
        if key.endswith(".token_mixer.conv.c.weight"):
            _merge_branches(merged, key.removesuffix(".conv.c.weight"))
    return merged


def _merge_norm(tensors: dict[str, Tensor], place: str) -> None:
    parts = ("c.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
    names = [f"{place}.{part}" for part in parts]
    if not all(name in tensors for name in names):
        return
    weight, scale, bias, mean, variance = (tensors.pop(name) for name in names)
    gain = scale / (variance + _EPS).sqrt()
    tensors[f"{place}.weight"] = weight * gain[:, None, None, None]
    tensors[f"{place}.bias"] = bias - mean * gain


def _merge_branches(tensors: dict[str, Tensor], place: str) -> None:
    names = [f"{place}.{branch}.{part}" for part in ("weight", "bias") for branch in ("conv", "conv1")]
    if not all(name in tensors for name in names):
        return
    wide, narrow, bias, other = (tensors.pop(name) for name in names)
    weight = wide.clone()
    weight[:, :, 1, 1] += narrow[:, :, 0, 0] + 1
    tensors[f"{place}.weight"] = weight
    tensors[f"{place}.bias"] = torch.add(bias, other)
