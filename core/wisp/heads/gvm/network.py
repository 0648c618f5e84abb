"""The two networks of generative video matting, by the `diffusers` package: a denoiser and an autoencoder.

The denoiser is Stable Video Diffusion's without the branch that takes frame rate and motion; it turns the latents of a
window's pictures into the latents of its alphas in one step, from zeros instead of noise. So nothing is random.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from torch import Tensor

from ...errors import WeightsError
from ...weights.checkpoints import check_keys, load_state_dict

#: The branch that the published denoiser lacks and diffusers' has. All zeros, it adds nothing.
ABSENT = "add_embedding."

#: The step of the schedule at which the network is asked for the whole way: the last of 1000.
TIMESTEP = 999

#: Frames that the autoencoder's decoder, which looks across frames, is given at once.
DECODED_AT_ONCE = 8


class GvmNetwork:
    """Both networks on a device, ready to run.

    `files`: `unet` and `vae` (weights), `unet_config` and `vae_config` (JSON, as diffusers writes it). The denoiser
    and the decoder run in `dtype`; the encoder, which overflows in half precision, always in float32.
    Raises WeightsError where files are missing, damaged or do not fit.
    """

    def __init__(self, files: Mapping[str, Path], device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self.unet = _load(UNetSpatioTemporalConditionModel, files["unet_config"], files["unet"], dtype).to(device)
        self.vae = _load(AutoencoderKLTemporalDecoder, files["vae_config"], files["vae"], torch.float32).to(device)
        self.vae.decoder.to(dtype)
        channels = (self.unet.config.in_channels, self.unet.config.out_channels)
        latent = self.vae.config.latent_channels
        if channels != (2 * latent, latent):
            raise WeightsError(
                f"{files['unet_config']} describes a network from {channels[0]} to {channels[1]} channels, "
                f"not one from {2 * latent} to {latent}.",
                hint="Check that the file is GVM's; its sister models have other channels.",
                path=files["unet_config"],
            )

    @torch.inference_mode()
    def matte(self, pictures: Tensor) -> Tensor:
        """Alpha n x h x w float32, not limited to 0..1, of n neighbouring frames: n x 3 x h x w float32 RGB in 0..1,
        sides multiples of 32."""
        scale = self.vae.config.scaling_factor
        seen = torch.cat([self._encode(picture) for picture in pictures]) * scale
        joined = torch.cat([torch.zeros_like(seen), seen], dim=1)[None].to(self.dtype)
        found = self.unet(
            joined,
            torch.tensor(TIMESTEP, device=self.device),
            torch.zeros(1, 1, self.unet.config.cross_attention_dim, device=self.device, dtype=self.dtype),
            added_time_ids=torch.zeros(1, self._time_ids, device=self.device, dtype=self.dtype),
        ).sample[0]
        decoded = [
            self.vae.decode(latents / scale, num_frames=len(latents)).sample.float().mean(dim=1)
            for latents in found.split(DECODED_AT_ONCE)
        ]
        return torch.cat(decoded) * 0.5 + 0.5

    def _encode(self, picture: Tensor) -> Tensor:
        """One frame at a time: the encoder does not look across frames, and one needs least memory."""
        latents: Tensor = self.vae.encode(picture[None].to(self.device) * 2 - 1).latent_dist.mode()
        return latents

    @property
    def _time_ids(self) -> int:
        config = self.unet.config
        return int(config.projection_class_embeddings_input_dim // config.addition_time_embed_dim)


def _load(kind: Any, config: Path, weights: Path, dtype: torch.dtype) -> Any:
    """A network of diffusers' class `kind`, its weights as they are mapped from the file where they have `dtype`."""
    state = {key: value.to(dtype) for key, value in load_state_dict(weights).items()}
    network = _construct(kind, config)
    expected = network.state_dict()
    absent = {key: torch.zeros(value.shape, dtype=dtype) for key, value in expected.items() if key.startswith(ABSENT)}
    filled = state | (absent if absent.keys().isdisjoint(state) else {})
    check_keys({key: tuple(value.shape) for key, value in expected.items()}, filled, weights)
    network.load_state_dict(filled, strict=True, assign=True)
    return network.requires_grad_(False).eval()


def _construct(kind: Any, config: Path) -> Any:
    """The network that the configuration describes, without memory for its weights."""
    try:
        described = dict(json.loads(config.read_text("utf-8")))
        with torch.device("meta"):
            return kind.from_config(described)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise WeightsError(
            f"{config} does not describe the network of {kind.__name__}: {error}",
            hint="Fetch the file again from where its weights came from.",
            path=config,
        ) from error
