"""What a pass remembers of one object: its keyframes for ever, other frames only as long as they are read again.

SAM 2.1 attends to the features of every keyframe and of the last 6 other frames, and to the object pointers of every
keyframe and of the last 15 other frames. Whatever is older is dropped, so a shot of any length takes the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class FrameMemory:
    """One frame of one object.

    `pointer`: 1 x 256 float32, the object's token. `features`: 1 x 64 x S/16 x S/16, mask and picture as the
    memory encoder saw them, or None where they will not be read again. `logits`: 1 x 1 x S/4 x S/4 float32 and
    `score`: 1 x 1 (positive: the object is visible), the result on a keyframe that the pass has yet to reach.
    """

    pointer: Tensor
    features: Tensor | None = None
    logits: Tensor | None = None
    score: Tensor | None = None


@dataclass
class ObjectMemory:
    """Frames of one object by index in the shot. `features_read`, `pointers_read`: how many frames back the network
    reads the features and the pointers of frames that are not keyframes."""

    features_read: int
    pointers_read: int
    keyframes: dict[int, FrameMemory] = field(default_factory=dict)
    recent: dict[int, FrameMemory] = field(default_factory=dict)

    def remember(self, index: int, memory: FrameMemory) -> None:
        """Add the frame that the pass is at, and drop what no later frame of the pass reads."""
        self.recent[index] = replace(memory, logits=None, score=None)
        for known in list(self.recent):
            # The next frame lies one further on, so what is `read` frames back from it is `read - 1` from here.
            age = abs(index - known)
            if age >= self.pointers_read:
                del self.recent[known]
            elif age >= self.features_read:
                self.recent[known] = replace(self.recent[known], features=None)

    def to_sam2(self, position: Tensor) -> dict[str, dict[int, dict[str, Any]]]:
        """In the shape in which sam2's `track_step` reads it. `position`: positional encoding of the features."""

        def outputs(memories: Mapping[int, FrameMemory]) -> dict[int, dict[str, Any]]:
            return {
                index: {
                    "maskmem_features": memory.features,
                    "maskmem_pos_enc": [position],
                    "obj_ptr": memory.pointer,
                }
                for index, memory in sorted(memories.items())
            }

        return {"cond_frame_outputs": outputs(self.keyframes), "non_cond_frame_outputs": outputs(self.recent)}

    def pack(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """All tensors as arrays named `<prefix>.<keyframes|recent>.<index>.<field>`."""
        return {
            f"{prefix}.{kind}.{index}.{name}": _to_array(tensor)
            for kind, memories in (("keyframes", self.keyframes), ("recent", self.recent))
            for index, memory in memories.items()
            for name, tensor in _tensors(memory)
        }

    def unpack(self, prefix: str, arrays: Mapping[str, NDArray[np.generic]], device: torch.device) -> None:
        """Replace everything by what `pack` gave."""
        found: dict[str, dict[int, dict[str, Tensor]]] = {"keyframes": {}, "recent": {}}
        for key, array in arrays.items():
            if key.startswith(prefix + "."):
                kind, index, name = key[len(prefix) + 1 :].split(".")
                found[kind].setdefault(int(index), {})[name] = _to_tensor(array, device)
        self.keyframes, self.recent = (
            {index: FrameMemory(**tensors) for index, tensors in found[kind].items()}
            for kind in ("keyframes", "recent")
        )


def _tensors(memory: FrameMemory) -> Iterator[tuple[str, Tensor]]:
    for name in ("pointer", "features", "logits", "score"):
        tensor = getattr(memory, name)
        if tensor is not None:
            yield name, tensor


def _to_array(tensor: Tensor) -> NDArray[np.generic]:
    """Bit for bit; numpy has no bfloat16, so those travel as int16."""
    tensor = tensor.detach().cpu()
    array: NDArray[np.generic] = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return array.copy()


def _to_tensor(array: NDArray[np.generic], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(np.array(array))
    return (tensor.view(torch.bfloat16) if tensor.dtype == torch.int16 else tensor).to(device)
