"""What generative video matting needs of a device, before anything is loaded."""

from __future__ import annotations

import json
import math
from pathlib import Path

from ...device import MemoryPlan, memory_of, resolve_device
from ...errors import WeightsError

#: Bytes that the networks take beside their weights, per frame and pixel of a window in half precision. Users of the
#: published weights report 7, 10, 14 and 20 GB for windows of 4, 8, 12 and 16 frames at about 960 x 720; this fits
#: the largest, so that it rather asks too much.
ACTIVATIONS = 1500


def plan(device: str, frames: int, size: tuple[int, int], parameters: int, *, half: bool) -> MemoryPlan:
    """For windows of `frames` at `size` (width, height) in networks of so many parameters.

    `device` as `--device` has it; `half`: 16-bit arithmetic. Raises DeviceError.
    """
    chosen = resolve_device(device)
    width, height = size
    bytes_per_number = 2 if half else 4
    activations = ACTIVATIONS * bytes_per_number // 2 * frames * width * height
    needs = parameters * bytes_per_number + activations
    return MemoryPlan("gvm", str(chosen), needs, needs, memory_of(chosen))


def parameters_in(path: Path) -> int:
    """How many numbers a `.safetensors` file holds, from its header (8 bytes of length, then JSON).

    Raises WeightsError for any other file.
    """
    try:
        with path.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MemoryError, OverflowError) as error:
        raise WeightsError(
            f"{path} is no safetensors file: {type(error).__name__} in its header.",
            hint="Fetch it again, or check it with 'wisp models verify'.",
            path=path,
        ) from error
