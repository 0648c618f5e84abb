"""What generative video matting needs of a device, before anything is loaded."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from ...device import resolve_device
from ...errors import MemoryLimitError, WeightsError

#: Bytes that the networks take beside their weights, per frame and pixel of a window in half precision. Users of the
#: published weights report 7, 10, 14 and 20 GB for windows of 4, 8, 12 and 16 frames at about 960 x 720; this fits
#: the largest, so that it rather asks too much.
ACTIVATIONS = 1500


@dataclass(frozen=True)
class MemoryPlan:
    """`needs`, `has`: bytes. `device`: its name, as torch says it."""

    needs: int
    has: int
    device: str

    def check(self, hint: str) -> None:
        """Raises MemoryLimitError, with that hint, where the device is too small even when nothing else is on it."""
        if self.needs > self.has:
            raise MemoryLimitError(
                f"gvm needs about {_gigabytes(self.needs)} GB, but {self.device} has {_gigabytes(self.has)} GB in all.",
                hint=hint,
            )

    def __str__(self) -> str:
        return f"needs about {_gigabytes(self.needs)} GB; {self.device} has {_gigabytes(self.has)} GB in all"


def plan(device: str, frames: int, size: tuple[int, int], parameters: int, *, half: bool) -> MemoryPlan:
    """For windows of `frames` at `size` (width, height) in networks of so many parameters.

    `device` as `--device` has it; `half`: 16-bit arithmetic. Raises DeviceError.
    """
    chosen = resolve_device(device)
    width, height = size
    bytes_per_number = 2 if half else 4
    activations = ACTIVATIONS * bytes_per_number // 2 * frames * width * height
    return MemoryPlan(parameters * bytes_per_number + activations, _total(chosen.type, chosen.index), str(chosen))


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


def _total(kind: str, index: int | None) -> int:
    """The device's whole memory in bytes; Apple's GPU shares the machine's."""
    if kind == "cuda":
        import torch

        return int(torch.cuda.mem_get_info(index)[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f}" if count < 10e9 else f"{count / 1e9:.0f}"
