# SPDX-License-Identifier: GPL-3.0-or-later
"""Keyframes on what places a strip in the picture, and how another strip is made to move the same way.

Where a strip is at the present frame needs nothing of this: the host keeps the strip's own values up to date.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from operator import attrgetter
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

#: What else of a plate's picture a cut-out repeats, beside its modifiers.
GRADE: tuple[tuple[str, int], ...] = (("color_saturation", 0), ("color_multiply", 0), ("multiply_alpha", 0))

Key = tuple[str, int]
Curves = dict[Key, Any]
_PLACING = frozenset((*PLACE, *FLIPS))
_transform, _crop = attrgetter(*TRANSFORM), attrgetter(*CROP)
_flips = attrgetter(*(name for name, _ in FLIPS))


def is_grade(key: Key) -> bool:
    """Whether a property is of the picture's colours: one of GRADE, or of a modifier."""
    return key in GRADE or key[0].startswith("modifiers[")


def curves_of(scene: Any) -> dict[str, Curves]:
    """Every curve that places or grades a strip of the scene, by the strip's path."""
    found: dict[str, Curves] = {}
    for curve in compat.fcurves(scene) or ():
        strip, end, path = curve.data_path.partition('"].')
        key = (path, curve.array_index)
        if end and (key in _PLACING or is_grade(key)):
            found.setdefault(f'{strip}"]', {})[key] = curve
    return found


def curves(strip: Any) -> Curves:
    """The curves that place or grade this strip."""
    if not compat.fcurves(strip.id_data):
        return {}
    return curves_of(strip.id_data).get(strip.path_from_id(), {})


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


def place(strip: Any, moving: Curves) -> tuple[Any, ...]:
    """Every property that places the strip: its value, or what its curve is made of where keyframes move it."""
    transform = strip.transform
    values = (*_transform(transform), *transform.origin, *_crop(strip.crop), *_flips(strip))
    if not moving:
        return values
    keys = (*PLACE, *FLIPS)
    return tuple(_made_of(strip, moving[k]) if k in moving else v for k, v in zip(keys, values, strict=True))


def grade(strip: Any, moving: Curves) -> tuple[Any, ...]:
    """What the curves of the strip's grade are made of."""
    return tuple((key, _made_of(strip, curve)) for key, curve in moving.items() if is_grade(key))


def _made_of(strip: Any, curve: Any) -> tuple[Any, ...]:
    """What tells one curve from another: its keyframes, and some of its values, which its modifiers change."""
    points, frames = curve.keyframe_points, frames_of(strip)
    parts = []
    for name in ("co", "handle_left", "handle_right"):
        part = array("f", bytes(8 * len(points)))
        points.foreach_get(name, part)
        parts.append(part.tobytes())
    some = frames[:: max(1, len(frames) // 8)]
    return (*parts, *_sampled(curve, some))


def frames_of(strip: Any) -> range:
    """The scene frames in which a strip is visible."""
    return range(int(strip.frame_final_start), int(strip.frame_final_end))


def _sampled(curve: Any, frames: Iterable[int]) -> tuple[float, ...]:
    return tuple(curve.evaluate(frame) for frame in frames)


def follow(source: Any, target: Any, keys: Iterable[Key]) -> None:
    """Move `target` as `source` moves in these properties, and in no other.

    A key on each frame repeats any curve exactly, its interpolation and modifiers included.
    """
    frames, moving, had = frames_of(source), curves(source), curves(target)
    if not moving and not had:
        return
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
