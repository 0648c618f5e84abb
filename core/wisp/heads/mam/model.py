"""The two networks of Matting Anything with their weights on a device, and the picture as they see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from ...device import autocast_dtype, resolve_device
from ...errors import MemoryLimitError
from ...plates.clip import Clip, FloatImage
from ...weights.checkpoints import check_keys, load_state_dict
from ...weights.hashes import remembered_sha256
from ...weights.options import RunOptions
from .m2m import MaskToMatte, fold_spectral_norm
from .sam import Sam, SamSize

#: Mean and standard deviation of ImageNet's RGB in 8-bit values, with which Segment Anything was trained.
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)

#: How the published decoder's keys begin: it was saved as it was trained, on several GPUs.
_PREFIX = "module."


@dataclass(frozen=True)
class Encoding:
    """A frame as the networks see it.

    `image`: 1 x 3 x S x S, normalised, the picture in its upper left part and zeros elsewhere. `features`:
    1 x 256 x S/16 x S/16. `shown`: height, width of the picture within the square; `picture`: those of the plate.
    """

    image: Tensor
    features: Tensor
    shown: tuple[int, int]
    picture: tuple[int, int]


@dataclass(eq=False)
class MamModel:
    """`dtype`: to which Segment Anything is autocast, or None for float32; the decoder is always float32.
    `version`: SHA-256 of both files."""

    sam: Sam
    decoder: MaskToMatte
    device: torch.device
    dtype: torch.dtype | None
    version: str

    @torch.inference_mode()
    def encode(self, clip: Clip, frame: int) -> Encoding:
        """Raises FrameReadError, MemoryLimitError."""
        image, shown = sam_input(clip.image(frame), self.sam.size.image)
        image = image.to(self.device)
        try:
            with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype is not None):
                features = self.sam.image_encoder(image)
        except torch.OutOfMemoryError as error:
            raise MemoryLimitError(
                f"The memory of {self.device} was not enough to encode frame {frame}.",
                hint="Close other programs that use the GPU, or use --device cpu.",
            ) from error
        return Encoding(image, features.float(), shown, (clip.height, clip.width))


def sam_input(picture: FloatImage, side: int) -> tuple[Tensor, tuple[int, int]]:
    """`picture` (height x width x 3, 0..1) as 1 x 3 x side x side and the part of it that is filled (height, width).

    As Segment Anything does: 8 bits, Pillow's bilinear filter (widened when shrinking) to a longest side of `side`,
    normalised, filled up with zeros on the right and below.
    """
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    shown = (int(height * scale + 0.5), int(width * scale + 0.5))
    quantised = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    resized = Image.fromarray(quantised).resize(shown[::-1], Image.Resampling.BILINEAR)
    values = torch.from_numpy(np.asarray(resized, np.float32)).permute(2, 0, 1)[None]
    shape = (1, 3, 1, 1)
    values = (values - torch.tensor(MEAN).view(shape)) / torch.tensor(STD).view(shape)
    return functional.pad(values, (0, side - shown[1], 0, side - shown[0])), shown


def load(files: Mapping[str, Path], options: RunOptions, size: SamSize | None = None) -> MamModel:
    """`files["sam"]`: Segment Anything's weights; `files["decoder"]`: Matting Anything's.

    Raises WeightsError (missing, damaged or not these models), DeviceError, MemoryLimitError.
    """
    device = resolve_device(options.device)
    sam, decoder = Sam(size), MaskToMatte()
    _fill(sam, load_state_dict(files["sam"]), files["sam"])
    published = {key.removeprefix(_PREFIX): value.float() for key, value in load_state_dict(files["decoder"]).items()}
    _fill(decoder, fold_spectral_norm(published, files["decoder"]), files["decoder"])
    try:
        sam.to(device)
        # The layout in which its convolutions are fastest: nearly half the time on a CPU.
        decoder.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    except torch.OutOfMemoryError as error:
        raise MemoryLimitError(f"Matting Anything does not fit into the memory of {device}.") from error
    version = "+".join(remembered_sha256(files[role]) for role in ("sam", "decoder"))
    return MamModel(sam, decoder, device, autocast_dtype(options.precision, device), version)


def _fill(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    check_keys({key: tuple(value.shape) for key, value in network.state_dict().items()}, state, path)
    network.load_state_dict(state, strict=True)
    network.eval().requires_grad_(False)
