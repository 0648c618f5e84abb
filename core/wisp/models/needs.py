"""What a tracker and a head need of a device's memory, before either is loaded."""

from __future__ import annotations

import importlib.resources

from ..device import MemoryPlan, autocast_dtype, memory_of, resolve_device
from ..weights import search
from ..weights.options import RunOptions
from ..weights.registry import ModelEntry, entry_as

#: Bytes of a process that has loaded torch, OpenCV and the readers of pictures; on a GPU, what the driver keeps.
_PROGRAM = {"cpu": 420e6, "cuda": 500e6}
_MEGA = 1e6


def memory_plan(tracker: str, head: str, options: RunOptions, size: tuple[int, int]) -> MemoryPlan | None:
    """For plates of `size` (width, height); None where one of the two has never been measured.

    Both keep their weights, shared ones once; what they work in they use in turn. Raises UsageError, DeviceError.
    """
    device = resolve_device(options.device)
    half = autocast_dtype(options.precision, device) is not None
    models = entry_as(tracker, "tracker"), entry_as(head, "head")
    if not all(model.memory for model in models):
        return None
    weights = sum({name: count for model in models for name, count in _weights(model, options).items()}.values())
    always = weights + _PROGRAM.get(device.type, _PROGRAM["cpu"])
    if device.type == "cpu":
        # A model that is both has work at the plate's size as a head alone.
        always += _MEGA * models[1].memory.get("plate", (0,))[0] * size[0] * size[1] / 1e6
    ways = [_working(model, half) for model in models]
    whole, least = (max(way[step] for way in ways) for step in (0, 1))
    what = tracker if tracker == head.split(":")[0] else f"{tracker} with {head}"
    return MemoryPlan(what, str(device), int(always + whole), int(always + least), memory_of(device))


def _working(model: ModelEntry, half: bool) -> tuple[float, float]:
    """Bytes of the fastest and of the most sparing way."""
    known = model.memory.get("half") if half else None
    known = known or model.memory.get("float32", (0,))
    return known[0] * _MEGA, known[-1] * _MEGA


def _weights(model: ModelEntry, options: RunOptions) -> dict[str, int]:
    """Bytes of its files, by name."""
    sizes = {}
    if model.bundled:
        sizes[model.bundled] = len(importlib.resources.files("wisp").joinpath(model.bundled).read_bytes())
    for file in model.files.values():
        path = search.find(file, search.folders(options.weights))
        sizes[file.name] = file.size or (path.stat().st_size if path is not None else 0)
    return sizes
