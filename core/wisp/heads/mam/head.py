"""Matting Anything behind the Head protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast, get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...errors import MemoryLimitError
from ...plates.clip import Clip, FloatImage
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..band import Mask, mask_from_logits
from .cascade import Guidance, merge
from .m2m import Alphas
from .model import Encoding, MamModel, load

#: Whose mask guides the decoder: the tracker's as it is, or the one that Segment Anything finds in the box around it.
MaskSource = Literal["tracker", "sam"]

#: Encodings kept: one serves the objects of a frame, the other a user who compares two frames.
_CACHED = 2


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> MamHead:
    """The head of a registry entry, whose parameters may give `guidance` and `masks` (see `MamHead`).

    `files`: see `model.load`, also for errors.
    """
    guidance, masks = entry.parameters.get("guidance", "mask"), entry.parameters.get("masks", "tracker")
    assert guidance in get_args(Guidance) and masks in get_args(MaskSource)
    return MamHead(entry.id, load(files, options), guidance=cast(Guidance, guidance), masks=cast(MaskSource, masks))


class MamHead:
    """A matte per frame from a mask of any tracker; the picture is encoded once for all objects on it.

    `guidance`: see `cascade.Guidance`. `masks`: see `MaskSource`.
    """

    def __init__(
        self, head_id: str, model: MamModel, *, guidance: Guidance = "mask", masks: MaskSource = "tracker"
    ) -> None:
        self.id = head_id
        self.model = model
        self.version = model.version
        self.guidance = guidance
        self.masks = masks
        # A clip is known by being the same object; holding it keeps its id from being given to another one.
        self._recent: list[tuple[Clip, int, Encoding]] = []
        self.encoded = 0

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """Alpha per object at plate resolution. Raises FrameReadError, MemoryLimitError."""
        alphas = {}
        for number, mask_logits in logits.items():
            mask = mask_from_logits(mask_logits, clip.width, clip.height)
            if not mask.any():
                alphas[number] = np.zeros(mask.shape, np.float32)
                continue
            encoding = self.encode(clip, frame)
            if self.masks == "sam":
                found = self.segment(encoding, self.box_tokens(encoding, _bounds(mask)))
                guide, mask = found > 0, self.plate_mask(encoding, found)
            else:
                guide = _guide(mask_logits, encoding)
            alphas[number] = self.merged(encoding, self.predict(encoding, guide), mask)
        return alphas

    def encode(self, clip: Clip, frame: int) -> Encoding:
        """The encoding of `frame`, computed unless it is one of the last."""
        for known_clip, known_frame, encoding in self._recent:
            if known_clip is clip and known_frame == frame:
                return encoding
        encoding = self.model.encode(clip, frame)
        self.encoded += 1
        self._recent = [*self._recent[1 - _CACHED :], (clip, frame, encoding)]
        return encoding

    # Masks of Segment Anything -----------------------------------------------------------------------------

    @torch.inference_mode()
    def box_tokens(self, encoding: Encoding, xyxy: tuple[float, float, float, float]) -> Tensor:
        """A box in plate pixels as Segment Anything's tokens."""
        corners = _in_square(np.array(xyxy, np.float32).reshape(2, 2), encoding).to(self.model.device)
        return self.model.sam.prompt_encoder.box(corners)

    @torch.inference_mode()
    def point_tokens(self, encoding: Encoding, xy: NDArray[np.float32], labels: NDArray[np.int32]) -> Tensor:
        """Points n x 2 in plate pixels (labels 1: on the object, 0: not) as Segment Anything's tokens."""
        return self.model.sam.prompt_encoder.points(_in_square(xy, encoding).to(self.model.device), labels.tolist())

    @torch.inference_mode()
    def segment(self, encoding: Encoding, tokens: Tensor) -> Tensor:
        """Segment Anything's best mask for the tokens: logits 1 x 1 x S/4 x S/4, the filled-up part included."""
        return self.model.sam.best_mask(encoding.features, tokens)

    def plate_mask(self, encoding: Encoding, logits: Tensor) -> Mask:
        """`segment`'s result at plate size: bool, height x width."""
        side = self.model.sam.size.image
        square = functional.interpolate(logits, (side, side), mode="bilinear", align_corners=False)
        return np.asarray(_at_plate(square, encoding) > 0)

    # Alpha -------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def predict(self, encoding: Encoding, guide: Tensor) -> Alphas:
        """The decoder's three alphas over the square. `guide`: 1 x 1 x S/4 x S/4 bool. Raises MemoryLimitError."""
        try:
            alphas: Alphas = self.model.decoder(
                encoding.features, encoding.image, guide.float().to(encoding.features.device)
            )
        except torch.OutOfMemoryError as error:
            raise MemoryLimitError(
                f"The memory of {self.model.device} was not enough for Matting Anything's decoder.",
                hint="Close other programs that use the GPU, or use --device cpu.",
            ) from error
        return alphas

    def merged(self, encoding: Encoding, alphas: Alphas, mask: Mask) -> FloatImage:
        """One alpha at plate size from the decoder's three. `mask`: bool at plate size."""
        os8, os4, os1 = (_at_plate(alpha, encoding) for alpha in (alphas.os8, alphas.os4, alphas.os1))
        return merge(mask, os8, os4, os1, self.guidance)


def _at_plate(square: Tensor, encoding: Encoding) -> NDArray[np.float32]:
    """The picture's part of 1 x 1 x S x S at plate size."""
    height, width = encoding.shown
    shown = square[..., :height, :width]
    resized = functional.interpolate(shown, encoding.picture, mode="bilinear", align_corners=False)
    return resized[0, 0].cpu().numpy()


def _in_square(xy: NDArray[np.float32], encoding: Encoding) -> Tensor:
    """Plate pixels (x, y), n x 2, in pixels of the network's square."""
    (shown_height, shown_width), (height, width) = encoding.shown, encoding.picture
    scale = np.array([shown_width / width, shown_height / height], np.float32)
    return torch.from_numpy(np.asarray(xy, np.float32) * scale)


def _bounds(mask: Mask) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _guide(logits: NDArray[np.float32], encoding: Encoding) -> Tensor:
    """A tracker's logits as the decoder's guide: 1 x 1 x S/4 x S/4 bool over the square, False outside the picture."""
    height, width = encoding.shown
    side = encoding.image.shape[-1]
    square = np.zeros((side, side), np.float32)
    square[:height, :width] = mask_from_logits(logits, width, height)
    share = cv2.resize(square, (side // 4, side // 4), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(share > 0.5)[None, None]
