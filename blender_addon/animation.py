# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyframes on what places a strip in the picture, and how another strip is made to move the same way.

Where a strip is at the present frame needs nothing of this: the host keeps the strip's own values up to date.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import compat

TRANSFORM = ("offset_x", "offset_y", "scale_x", "scale_y", "rotation")
CROP = ("min_x", "max_x", "min_y", "max_y")
#: What places a strip: the path of a property below the strip, and the index where it is an array.
PLACE: tuple[tuple[str, int], ...] = (
    *((f"transform.{name}", 0) for name in TRANSFORM),
    *(("transform.origin", index) for index in (0, 1)),
    *((f"crop.{name}", 0) for name in CROP),
)
FLIPS: tuple[tuple[str, int], ...] = (("use_flip_x", 0), ("use_flip_y", 0))
#: The interpolation of a keyframe as the host's bulk access counts it.
_LINEAR = 1

Key = tuple[str, int]


def curves(strip: Any) -> dict[Key, Any]:
    """The curves that move the strip."""
    found = compat.fcurves(strip.id_data)
    if not found:
        return {}
    prefix = strip.path_from_id() + "."
    return {
        key: curve
        for curve in found
        if curve.data_path.startswith(prefix)
        and (key := (curve.data_path[len(prefix) :], curve.array_index)) in (*PLACE, *FLIPS)
    }


def _still(strip: Any, path: str, index: int) -> float:
    value = strip.path_resolve(path)
    return float(value[index] if hasattr(value, "__len__") else value)


def otherwise_moved(strip: Any) -> str:
    """What moves the strip beside curves of its own, whose values cannot be told: `A driver`, `An NLA track` or
    nothing."""
    data = strip.id_data.animation_data
    if data is None:
        return ""
    prefix = strip.path_from_id() + "."
    paths = {prefix + path for path, _ in (*PLACE, *FLIPS)}
    if any(curve.data_path in paths for curve in data.drivers):
        return "A driver"
    actions = [clip.action for track in data.nla_tracks for clip in track.strips if clip.action is not None]
    moved = any(curve.data_path in paths for action in actions for curve in compat.curves_of_action(action))
    return "An NLA track" if moved else ""


def samples(strip: Any) -> tuple[tuple[Key, tuple[float, ...]], ...]:
    """Every property that places the strip: its value, or its values on each frame where keyframes move it."""
    moving = curves(strip)
    return tuple(
        (key, _sampled(moving[key], _frames(strip)) if key in moving else (_still(strip, *key),))
        for key in (*PLACE, *FLIPS)
    )


def _frames(strip: Any) -> range:
    return range(int(strip.frame_final_start), int(strip.frame_final_end))


def _sampled(curve: Any, frames: Iterable[int]) -> tuple[float, ...]:
    return tuple(curve.evaluate(frame) for frame in frames)


def follow(source: Any, target: Any, keys: Iterable[Key]) -> None:
    """Move `target` as `source` moves in these properties, and in no other.

    A key on each frame repeats any curve exactly, its interpolation and modifiers included.
    """
    frames, moving, had = _frames(source), curves(source), curves(target)
    wanted = {key: _sampled(moving[key], frames) for key in keys if key in moving}
    for key, curve in had.items():
        if wanted.get(key) == _sampled(curve, frames):
            del wanted[key]
        else:
            compat.fcurves(target.id_data).remove(curve)
    for key, values in wanted.items():
        curve = compat.fcurves(target.id_data).new(f"{target.path_from_id()}.{key[0]}", index=key[1])
        points = [number for pair in zip(frames, values, strict=True) for number in pair]
        curve.keyframe_points.add(len(values))
        curve.keyframe_points.foreach_set("co", points)
        curve.keyframe_points.foreach_set("interpolation", [_LINEAR] * len(values))
        curve.update()
