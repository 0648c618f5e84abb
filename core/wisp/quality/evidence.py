"""What speaks against a matte, in numbers and in words. Each function compares it with one thing.

Ratios are compared as logarithms to base 2, so that half and double are equally far; 1 is twice or half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from .look import Change, Colors, Look, Mask, overlap
from .verdict import Evidence

#: A lost or suddenly empty matte is worth two alarms, and one where the object may have left the picture.
_CERTAIN, _MAY_HAVE_LEFT = 2.0, 1.0


def against_frame_before(look: Look, before: Look, change: Change | None, where: str) -> list[Evidence]:
    """`where`: how a person calls the frame before, which in a backward pass is the one after."""
    if look.full and not before.full:
        return [Evidence("full", _CERTAIN, f"the matte covers the whole picture, but not {where}")]
    if change is None:
        return []
    percent = 100.0 * (change.area - 1.0)
    verb = "fell" if percent < 0 else "grew"
    return [
        Evidence("area", abs(math.log2(change.area)), f"area {verb} by {abs(percent):.0f} % from {where}"),
        Evidence(
            "centroid",
            change.centroid,
            f"its centre is {100 * change.centroid:.0f} % of its size off where the motion from {where} puts it",
        ),
        Evidence(
            "flicker",
            change.flicker,
            f"{100 * change.flicker:.0f} % of the matte does not follow the motion from {where}",
        ),
        Evidence("pieces", abs(look.pieces - before.pieces), f"in {_pieces(look)}, {before.pieces} on {where}"),
    ]


def when_empty(look: Look, last_seen: Look | None, lost: bool) -> list[Evidence]:
    """`last_seen`: the matte before it became empty, None where it always was."""
    if not look.empty:
        return []
    left = last_seen is not None and last_seen.at_border
    text = "the tracker lost the object" if lost else "the matte is empty"
    hint = " (if it has left the picture, end its life there)" if left else ""
    return [Evidence("empty", _MAY_HAVE_LEFT if left else _CERTAIN, text + hint)]


def against_recent_frames(look: Look, widths: Sequence[float]) -> list[Evidence]:
    """`widths`: of the unknown region, of a few frames before."""
    if look.empty or not look.unknown_width or not widths:
        return []
    ratio = look.unknown_width / median(widths)
    text = f"the unknown region is {ratio:.1f} times as wide as on the frames before"
    return [Evidence("unknown", abs(math.log2(ratio)), text)]


def against_keyframe(look: Look, keyframe: int, key: Look, colors: Colors) -> list[Evidence]:
    """`key`, `colors`: the matte of the nearest keyframe and what it teaches about the object."""
    if look.empty or key.empty:
        return []
    ratio = look.area / key.area
    unlike, spill = 1.0 - colors.likeness(look), colors.spill(look) - colors.spill(key)
    return [
        Evidence("size", abs(math.log2(ratio)), f"area is {100 * ratio:.0f} % of that on keyframe {keyframe}"),
        Evidence("inside", unlike, f"its colours are {100 * unlike:.0f} % unlike those on keyframe {keyframe}"),
        Evidence(
            "outside",
            spill,
            f"the object's colours go on outside the matte ({100 * spill:+.0f} % to keyframe {keyframe})",
        ),
    ]


def against_mask(look: Look, confidence: float, mask: Mask | None) -> list[Evidence]:
    """`confidence`, `mask`: the tracker's own, None where its mask is not stored."""
    if look.empty:
        return []
    evidence = [Evidence("confidence", 1.0 - confidence, f"the tracker's confidence is {confidence:.2f}")]
    if mask is not None:
        apart = 1.0 - overlap(look.mask, mask)
        evidence.append(Evidence("mask", apart, f"matte and tracked mask differ by {100 * apart:.0f} %"))
    return evidence


def between_passes(forward: Mask, backward: Mask, weight: float) -> list[Evidence]:
    """`weight`: the forward mask's share; near a keyframe the pass from the far one matters little."""
    shared = overlap(forward, backward)
    text = f"the passes from the keyframes before and after overlap by {100 * shared:.0f} %"
    return [Evidence("passes", (1.0 - shared) * 2.0 * min(weight, 1.0 - weight), text)]


def along_the_way(drift: float, keyframe: int) -> list[Evidence]:
    """`drift`: what changed without the picture's motion explaining it, summed up since the keyframe."""
    return [Evidence("drift", drift, f"unexplained changes since keyframe {keyframe} add up to {100 * drift:.0f} %")]


def _pieces(look: Look) -> str:
    return "one piece" if look.pieces == 1 else f"{look.pieces} pieces"
