"""What benchmarks of SAM 2.1 run on where no weights or plates are at hand: random weights, a drawn clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ..device import autocast_dtype
from ..heads.band import logits_of
from ..heads.progressive import ProgressiveMatting
from ..plates.clip import FloatImage
from ..trackers.sam2.model import VARIANTS, Sam2Model, construct


def write_checkpoint(path: Path, variant: str, seed: int = 0) -> Path:
    """A SAM2Matting checkpoint of random weights: the cost of the real one, mattes without meaning."""
    tracker, heads = _random(variant, seed)
    torch.save({"model": {**tracker.state_dict(), **heads}}, path)
    return path


def random_model(
    variant: str, device: torch.device, precision: str = "auto", *, image_size: int = 1024, seed: int = 0
) -> Sam2Model:
    """What `load_model` would make of such a checkpoint, without the file."""
    tracker, heads = _random(variant, seed, image_size)
    dtype = autocast_dtype(precision, device)
    return Sam2Model(tracker.requires_grad_(False).to(device), heads, Path("random"), device, dtype, "random")


def _random(variant: str, seed: int, image_size: int = 1024) -> tuple[Any, dict[str, torch.Tensor]]:
    """A tracker, and the tensors of heads."""
    torch.manual_seed(seed)
    return construct(variant, image_size=image_size), random_heads()


def random_heads() -> dict[str, torch.Tensor]:
    """The tensors of matting heads.

    Their region detector finds nothing unknown, so that the unknown region is the mask's edge, as wide as a real
    detector's is on a hard outline; a random detector would call everything unknown.
    """
    heads = ProgressiveMatting()
    last = heads.unknown_fusion[6]
    assert isinstance(last, torch.nn.Conv2d) and last.bias is not None
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, -5.0)
    return heads.state_dict()


class DiscClip:
    """A `Clip` of a disc that drifts over a gradient, drawn anew at each call: a shot of any length costs nothing."""

    def __init__(self, count: int, width: int, height: int) -> None:
        self.frames: Sequence[int] = tuple(range(1, count + 1))
        self.width, self.height = width, height

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`."""
        width, height = size or (self.width, self.height)
        inside = self.inside(frame, width, height)[..., None]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        ground = np.stack([x / width, y / height, np.full_like(x, 0.4)], axis=-1)
        picture: FloatImage = np.where(inside, np.array([0.9, 0.8, 0.2], np.float32), ground).astype(np.float32)
        return picture

    def logits(self, frame: int, side: int) -> FloatImage:
        """Mask logits of the disc on a side x side grid."""
        return logits_of(self.inside(frame, side, side))

    def inside(self, frame: int, width: int, height: int) -> NDArray[np.bool_]:
        """The disc as a mask of any size."""
        y, x = np.mgrid[:height, :width].astype(np.float32)
        across = 0.35 + 0.3 * (frame - 1) / len(self.frames)
        aspect = self.width / self.height
        inside: NDArray[np.bool_] = np.hypot((x / width - across) * aspect, y / height - 0.5) < 0.25
        return inside

    def write(self, folder: Path) -> Path:
        """All frames as sam2's own loader wants them; it goes by the suffix, and PNG loses nothing."""
        for frame in self.frames:
            picture = np.rint(self.image(frame) * 255).astype(np.uint8)
            Image.fromarray(picture).save(folder / f"{frame - 1:05d}.jpg", format="PNG")
        return folder


def stock_predictor(model: Sam2Model, variant: str) -> Any:
    """sam2's own video predictor with the weights of `model`, on its device."""
    from hydra import initialize_config_module

    with initialize_config_module("sam2", version_base="1.2"):
        from sam2.build_sam import build_sam2_video_predictor

        predictor = build_sam2_video_predictor(
            f"configs/sam2.1/sam2.1_hiera_{VARIANTS[variant]}.yaml",
            device=str(model.device),
            hydra_overrides_extra=[f"++model.image_size={model.network.image_size}"],
        )
    predictor.load_state_dict(model.network.state_dict())
    predictor.fill_hole_area = 0  # needs sam2's CUDA extension, which its package does not build
    return predictor
