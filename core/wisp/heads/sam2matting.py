"""SAM2Matting (Fudan CVL) behind the Head protocol: a tracker's mask and SAM 2.1's features in, soft alpha out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..plates.clip import Clip, FloatImage
from ..trackers.sam2.encoder import FrameEncoding
from ..trackers.sam2.model import Sam2Model, load
from ..weights.checkpoints import check_keys
from ..weights.options import RunOptions
from ..weights.registry import ModelEntry
from .progressive import Matte, ProgressiveMatting, fold_batch_norm
from .refine import refine_alpha

log = logging.getLogger(__name__)

#: The setting `result` of a head -> (dense, refine), as of `Sam2MattingHead`; the registry says which is the default.
RESULTS = {"dense": (True, True), "exact": (True, False), "fast": (False, True)}


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> Sam2MattingHead:
    """The head of a registry entry; the network is the one that a tracker from the same file uses.

    See `trackers.sam2.model.load` for what entry and files must hold and for errors; WeightsError also where the file
    has no matting heads.
    """
    return with_result(entry, load(entry, files, options))


def with_result(entry: ModelEntry, model: Sam2Model) -> Sam2MattingHead:
    """The head of a registry entry whose setting `result` says which alpha is asked for."""
    dense, refine = RESULTS[entry.parameters["result"]]
    return Sam2MattingHead(entry.id, model, dense=dense, refine=refine)


class Sam2MattingHead:
    """Alpha by the region detector and the progressive predictor of `progressive`, on SAM 2.1's image features.

    Works with masks of any tracker; with the tracker of the same checkpoint a frame is encoded only once. The heads
    always run in float32, also where the encoder runs in half precision: bfloat16 has steps of 1/256 near white.

    `dense`: the network's alpha on every pixel, as published; otherwise only around the unknown region, and the mask
    elsewhere, which is faster. `refine`: bring alpha to plate resolution along the plate's own edges where the plate is
    larger than the network's grid; otherwise, and without it, alpha is resized bilinearly, as published.
    """

    def __init__(self, head_id: str, model: Sam2Model, *, dense: bool = True, refine: bool = True) -> None:
        self.id = head_id
        self.model = model
        self.version = model.version
        self.dense = dense
        self.refine = refine
        #: Take the way that needs least memory; the same alpha, more slowly. Set where memory has run out.
        self.sparing = False
        self._network = _load_network(model)

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """Alpha per object at plate resolution. Raises FrameReadError, MemoryLimitError."""
        return {number: self.finish(clip, frame, self.predict(clip, frame, mask)) for number, mask in logits.items()}

    def predict(self, clip: Clip, frame: int, logits: NDArray[np.float32]) -> Matte | None:
        """All that the heads find for one object at network resolution; None for an empty mask."""
        mask = self._mask(logits, in_shot=len(clip.frames) > 1)
        if not bool(mask.any()):
            return None
        doing = f"matting frame {frame}"
        run = self.model.within_memory(partial(self._run, sparing=self.sparing), doing, self._run_sparing)
        return run(clip, frame, mask)

    def _run_sparing(self, clip: Clip, frame: int, mask: Tensor) -> Matte:
        self.sparing = True
        return self._run(clip, frame, mask, sparing=True)

    @torch.inference_mode()
    def _run(self, clip: Clip, frame: int, mask: Tensor, *, sparing: bool) -> Matte:
        encoding = self._encode(clip, frame)
        matte: Matte = self._network(
            encoding.maps, encoding.image, mask.to(self.model.device), dense=self.dense, sparing=sparing
        )
        return matte

    def _encode(self, clip: Clip, frame: int) -> FrameEncoding:
        """A still is seen as the tracker's network sees pictures, a frame of a shot as it sees video."""
        if len(clip.frames) > 1:
            return self.model.encoder.encode(clip, frame, "video")
        return self.model.without_memory(self.model.encoder.encode(clip, frame, "still"))

    def _mask(self, logits: NDArray[np.float32], *, in_shot: bool = False) -> Tensor:
        """The tracker's logits as the mask of exact 0 and 1 at stride 4.

        Masks of another grid, such as one that was drawn, are resized; one too small to be left over then is kept by
        every cell that it touches. The published result has the heads see a mask that was drawn on a shot's frame as
        the tracker shows it: by way of the network's square, made binary there.
        """
        values = torch.from_numpy(np.array(logits, np.float32))[None, None]
        side = (self.model.mask_side, self.model.mask_side)
        if values.shape[-2:] != side:
            published = self.dense and not self.refine
            if published and in_shot:
                square = self.model.mask_prompt(logits > 0) * 2 - 1
                values = functional.interpolate(square, side, mode="bilinear", align_corners=False, antialias=True)
            else:
                resized = functional.interpolate(values, side, mode="bilinear", align_corners=False)
                values = resized if bool((resized > 0).any()) else functional.adaptive_max_pool2d(values, side)
        return (values > 0).float()

    def finish(self, clip: Clip, frame: int, matte: Matte | None) -> FloatImage:
        """`predict`'s alpha at plate resolution."""
        if matte is None:
            return np.zeros((clip.height, clip.width), np.float32)
        grid = matte.alpha3.shape[-1]
        if self.refine and max(clip.width, clip.height) > grid:
            return refine_alpha(matte.alpha3[0, 0].cpu().numpy(), clip.image(frame))
        size = (clip.height, clip.width)
        alpha = functional.interpolate(matte.alpha3, size, mode="bilinear", align_corners=False)[0, 0]
        resized: FloatImage = alpha.clamp(0.0, 1.0).cpu().numpy()
        return resized


def _load_network(model: Sam2Model) -> ProgressiveMatting:
    """The heads of a model's checkpoint, ready for inference on its device."""
    network = ProgressiveMatting()
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    state = {key: value for key, value in model.head_state.items() if key in expected}
    check_keys(expected, state, model.path)
    unused = sorted(set(model.head_state) - set(expected))
    if unused:
        # The published files could carry more than inference needs (an optimiser's shadow weights, say).
        log.warning("%s has %d tensors that are not used, such as %s.", model.path, len(unused), unused[0])
    network.load_state_dict(state, strict=True)
    fold_batch_norm(network.eval())
    network.requires_grad_(False).to(model.device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch's stubs
    return network
