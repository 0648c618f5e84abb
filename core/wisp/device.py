"""Which device torch runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import DeviceError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str) -> torch.device:
    """The device called `name`: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    `auto` takes the first CUDA device, else Apple's GPU, else the CPU. A named device that this machine does
    not have is an error, never a silent fall-back: a farm must not crawl on a CPU unnoticed.
    Raises DeviceError, listing what exists.
    """
    import torch

    existing = _existing()
    if name == "auto":
        return torch.device(existing[0])
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in existing:
        raise DeviceError(
            f"There is no device {name!r} here; this machine has {', '.join(existing)}.",
            hint="Choose one of these with --device, or use 'auto'.",
        )
    return torch.device(wanted)


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """To which a network is autocast for `precision` (`auto`, `fp32`, `bf16`, `fp16`); None: float32 throughout.

    Half precision pays on CUDA only, so `auto` keeps float32 elsewhere.
    """
    import torch

    if precision == "auto":
        if device.type != "cuda":
            return None
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def _existing() -> list[str]:
    """Names of the devices that torch can use, the preferred one first."""
    import torch

    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]
