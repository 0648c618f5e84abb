"""Which device torch runs on, and what memory it has."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DeviceError, MemoryLimitError

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


@dataclass(frozen=True)
class Memory:
    """Bytes of a device: what nobody uses now, and all there is."""

    free: int
    total: int


def memory_of(device: torch.device) -> Memory:
    """The memory of a GPU; of the machine for the CPU and for Apple's GPU, which shares it."""
    if device.type != "cuda":
        return machine_memory()
    import torch

    free, total = torch.cuda.mem_get_info(device)
    # What torch keeps for later is as good as free.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return Memory(free, total)


def machine_memory() -> Memory:
    """The memory of this machine, or of the container this process is confined to."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**34
    free = total
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass  # not Linux: what is free is not known
    try:
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text("ascii")) for name in ("max", "current"))
    except (OSError, ValueError):
        return Memory(free, total)  # no container, or one without a limit ("max")
    return Memory(max(0, min(free, limit - used)), min(total, limit))


@dataclass(frozen=True)
class MemoryPlan:
    """What a run needs of a device, known before it: bytes of the fastest way, and of the most sparing one."""

    what: str
    device: str
    needs: int
    least: int
    has: Memory

    @property
    def sparing(self) -> bool:
        """Whether the run must take the sparing way from its first frame on."""
        return self.needs > self.has.free and self.least < self.needs

    def check(self, hint: str) -> None:
        """Raises MemoryLimitError, with that hint, where the device is too small even when nothing else is on it."""
        if self.least > self.has.total:
            raise MemoryLimitError(
                f"{self.what} needs about {gigabytes(self.least)} GB, but {self.device} has "
                f"{gigabytes(self.has.total)} GB in all.",
                hint=hint,
            )

    def __str__(self) -> str:
        free, total = gigabytes(self.has.free), gigabytes(self.has.total)
        text = f"{self.what} needs about {gigabytes(self.needs)} of the {total} GB of {self.device}"
        if self.needs <= self.has.free:
            return f"{text}; {free} are free."
        if self.sparing:
            text += f"; only {free} are free, so it goes in tiles: about {gigabytes(self.least)} GB, and slower."
            if self.least <= self.has.free:
                return text
        else:
            text += f"; only {free} are free."
        return f"{text} Close other programs if it stops."


def gigabytes(count: float) -> str:
    """Bytes as a person reads them: 0.7, 7.4, 24."""
    return f"{count / 1e9:.1f}" if count < 10e9 else f"{count / 1e9:.0f}"


def keep_threads() -> None:
    """Fix with how many threads torch computes for this thread, where torch is loaded. While a head's workers compute
    with one each, a thread that uses torch for the first time gets that number, too, and so other last bits."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(torch.get_num_threads())
