"""Generative video matting's two networks with tiny widths and stand-in weights, in files as they are published."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from safetensors.torch import save_file


def write_networks(folder: Path, seed: int = 11) -> dict[str, Path]:
    """The files by the builder's names for them. The denoiser lacks the branch that the published one lacks."""
    torch.manual_seed(seed)
    unet = UNetSpatioTemporalConditionModel(
        in_channels=8,
        out_channels=4,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        layers_per_block=1,
        cross_attention_dim=16,
        num_attention_heads=(2, 4),
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
    )
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32),
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
    )
    with torch.no_grad():  # alphas from 0 to 1, not all about a half
        vae.decoder.time_conv_out.weight.mul_(12)
    files = {}
    for name, network in (("unet", unet), ("vae", vae)):
        made = folder / f"made-{name}"
        network.save_config(made)
        files[f"{name}_config"] = folder / f"gvm-{name}.json"
        (made / "config.json").replace(files[f"{name}_config"])
        files[name] = folder / f"gvm-{name}.safetensors"
        state = {key: value for key, value in network.state_dict().items() if not key.startswith("add_embedding.")}
        save_file(state, files[name])
    return files
