"""Generative video matting behind the ClipMatter protocol: plates to the network's size, alpha back."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...device import resolve_device
from ...errors import MemoryLimitError
from ...plates.clip import Clip, FloatImage
from ...weights.hashes import remembered_sha256
from ...weights.options import RunOptions
from ...weights.registry import ModelEntry
from ..clip_matter import ClipMatterHead, Windows
from . import memory

if TYPE_CHECKING:
    import torch

    from .network import GvmNetwork

#: The network's sides are multiples of this.
MULTIPLE = 32

#: The longer side is at most this many times `size`, as in the published demonstrations (1920 for 1024).
LONGEST = 1920 / 1024

#: Below and above these, upstream sets alpha to 0 and 1 (25 and 240 of 255). That eats faint hair.
UPSTREAM_CLIP = (25 / 255, 240 / 255)

SMALLER = "Take less at a time (--head gvm:window=4), a smaller picture (gvm:size=720), or another device."


def build(entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> ClipMatterHead:
    """The clip matter of a registry entry as a head. `files`: see `GvmNetwork`; `entry.parameters`: `window`
    and `size` (numbers), `clip` (`none` or `upstream`), `gate` (`mask` or `none`).

    The networks are loaded when first needed. Raises ModuleNotFoundError where diffusers is not installed, DeviceError.
    """
    if importlib.util.find_spec("diffusers") is None:
        raise ModuleNotFoundError("No module named 'diffusers'", name="diffusers")
    return ClipMatterHead(GvmMatter(entry, files, options), gated=entry.parameters["gate"] == "mask")


class GvmMatter:
    """The alpha of a shot's salient subject (Ge et al., "Generative Video Matting", SIGGRAPH 2025).

    Nothing is random: the network starts from zeros, so that the same window always gives the same alpha.
    """

    def __init__(self, entry: ModelEntry, files: Mapping[str, Path], options: RunOptions) -> None:
        chosen = entry.parameters
        self.id = entry.id
        self.version = "+".join(remembered_sha256(path) for path in files.values())
        self.windows = Windows(int(chosen["window"]))
        self._size = int(chosen["size"])
        self._clips = chosen["clip"] == "upstream"
        self._files = files
        self._options = options
        self._half = _is_half(options)

    @cached_property
    def network(self) -> GvmNetwork:
        """The networks, loaded when first needed."""
        from .network import GvmNetwork

        return GvmNetwork(self._files, resolve_device(self._options.device), _dtype(self._options))

    def announce(self, clip: Clip) -> str:
        """See `ClipMatter.announce`."""
        width, height = self._working_size(clip)
        length = min(self.windows.length, len(clip.frames))
        parameters = sum(memory.parameters_in(self._files[name]) for name in ("unet", "vae"))
        plan = memory.plan(self._options.device, length, (width, height), parameters, half=self._half)
        plan.check(SMALLER)
        return f"{self.id} mattes {length} frames at a time at {width}x{height}. {plan}"

    def matte(self, clip: Clip, frames: Sequence[int]) -> Sequence[FloatImage]:
        """See `ClipMatter.matte`; alpha has the size at which the network looks."""
        import torch

        size = self._working_size(clip)
        padded, (top, left) = _padded([clip.image(frame, size) for frame in frames])
        try:
            found = self.network.matte(torch.from_numpy(padded)).clamp(0, 1).cpu().numpy()
        except torch.OutOfMemoryError as error:
            device = resolve_device(self._options.device)
            raise MemoryLimitError(
                f"The memory of {device} was not enough for gvm on frames {frames[0]}-{frames[-1]}.", hint=SMALLER
            ) from error
        alphas = found[:, top : top + size[1], left : left + size[0]]
        return list(_clipped(alphas) if self._clips else alphas)

    def _working_size(self, clip: Clip) -> tuple[int, int]:
        """(width, height) at which the network looks: the shorter side is `size`, the plate is never enlarged."""
        short, long = sorted((clip.width, clip.height))
        scale = min(1.0, self._size / short, self._size * LONGEST / long)
        return max(1, round(clip.width * scale)), max(1, round(clip.height * scale))


def _padded(pictures: Sequence[FloatImage]) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Pictures as n x 3 x h x w, mirrored outwards on all sides to multiples of `MULTIPLE`; and where they begin."""
    stacked = np.stack(pictures).transpose(0, 3, 1, 2)
    missing = [-side % MULTIPLE for side in stacked.shape[2:]]
    (top, bottom), (left, right) = [(gap // 2, gap - gap // 2) for gap in missing]
    padded = np.pad(stacked, ((0, 0), (0, 0), (top, bottom), (left, right)), mode="reflect")
    return np.ascontiguousarray(padded), (top, left)


def _clipped(alphas: NDArray[np.float32]) -> NDArray[np.float32]:
    black, white = UPSTREAM_CLIP
    return np.where(alphas <= black, np.float32(0), np.where(alphas >= white, np.float32(1), alphas))


def _is_half(options: RunOptions) -> bool:
    """Half precision pays on CUDA only, so `auto` keeps float32 elsewhere."""
    if options.precision == "auto":
        return resolve_device(options.device).type == "cuda"
    return options.precision != "fp32"


def _dtype(options: RunOptions) -> torch.dtype:
    import torch

    if not _is_half(options):
        return torch.float32
    return torch.bfloat16 if options.precision == "bf16" else torch.float16
