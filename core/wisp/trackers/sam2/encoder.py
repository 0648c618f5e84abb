"""Image encodings: what SAM 2.1 sees of a frame, computed once and shared by every object, tracker and head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ...plates.clip import Clip, FloatImage

#: Mean and standard deviation of ImageNet's RGB, with which SAM 2 was trained.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

#: Encodings kept. One serves the objects of a frame; a few more serve a user who edits around a keyframe.
CACHED = 4

#: How a frame is brought to the network's square. `video`: 8-bit pictures and Pillow's bicubic filter, as SAM 2's
#: own frame loader does. `still`: float pictures and an antialiased bilinear filter, as its image predictor does.
Mode = Literal["video", "still"]

#: Makes of a picture (height x width x 3, 0..1) and a side what a network takes: 1 x 3 x side x side, normalised.
PictureInput: TypeAlias = Callable[[FloatImage, int], Tensor]


@dataclass(frozen=True)
class FrameEncoding:
    """One frame as the network sees it.

    `image`: 1 x 3 x S x S float32, normalised, the aspect ratio not kept.
    `maps`: the feature pyramid at stride 4, 8 and 16: 1 x 32 x S/4 x S/4, 1 x 64 x S/8 x S/8 and
    1 x 256 x S/16 x S/16; the first two have passed the mask decoder's projections.
    `position`: positional encoding of the coarsest map, 1 x 256 x S/16 x S/16.
    """

    image: Tensor
    maps: tuple[Tensor, Tensor, Tensor]
    position: Tensor


class FrameEncoder:
    """Encodes frames of clips and remembers the last few, whoever asked for them."""

    def __init__(
        self, network: Any, autocast: Callable[[], AbstractContextManager[object]], inputs: Mapping[Mode, PictureInput]
    ) -> None:
        self._network = network
        self._autocast = autocast
        self._inputs = inputs
        # A clip is known by being the same object; holding it keeps its id from being given to another one.
        self._recent: list[tuple[Clip, int, Mode, FrameEncoding]] = []
        self.computed = 0

    @torch.inference_mode()
    def encode(self, clip: Clip, frame: int, mode: Mode = "video") -> FrameEncoding:
        """The encoding of `frame`. Raises FrameReadError as `clip.image` does."""
        for place, (known_clip, known_frame, known_mode, encoding) in enumerate(self._recent):
            if known_clip is clip and (known_frame, known_mode) == (frame, mode):
                self._recent.append(self._recent.pop(place))
                return encoding
        encoding = self._compute(clip.image(frame), mode)
        self._recent = [*self._recent[1 - CACHED :], (clip, frame, mode, encoding)]
        return encoding

    def clear(self) -> None:
        """Forget all encodings, to give their memory back."""
        self._recent.clear()

    def _compute(self, picture: FloatImage, mode: Mode) -> FrameEncoding:
        size = int(self._network.image_size)
        image = self._inputs[mode](picture, size).to(self._network.device)
        with self._autocast():
            features = self._network.forward_image(image)
        fine, mid, coarse = features["backbone_fpn"]
        self.computed += 1
        return FrameEncoding(image, (fine, mid, coarse), features["vision_pos_enc"][-1])


def video_input(picture: FloatImage, size: int) -> Tensor:
    """`picture` (height x width x 3, 0..1) as 1 x 3 x size x size, normalised: quantised to 8 bits, then resized
    by Pillow's default filter for RGB (bicubic, widened when shrinking), which again gives 8 bits."""
    quantised = np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    resized = Image.fromarray(quantised).resize((size, size))
    values = torch.from_numpy((np.asarray(resized) / 255.0).astype(np.float32))
    return _normalise(values.permute(2, 0, 1)[None])


def still_input(picture: FloatImage, size: int) -> Tensor:
    """`picture` (height x width x 3, 0..1) as 1 x 3 x size x size, normalised, by an antialiased bilinear filter."""
    values = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    return _normalise(
        functional.interpolate(values, (size, size), mode="bilinear", align_corners=False, antialias=True)
    )


def _normalise(values: Tensor) -> Tensor:
    shape = (1, 3, 1, 1)
    return (values - torch.tensor(MEAN).view(shape)) / torch.tensor(STD).view(shape)


#: How SAM 2 brings pictures to its square.
INPUTS: Mapping[Mode, PictureInput] = {"video": video_input, "still": still_input}
