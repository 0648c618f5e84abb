"""Which outline of one frame goes on as which of the next: parts and holes as tracks with an identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .contours import Contour
from .raster import areas, cuts

#: Outlines of less than so many pixels are never looked at.
_SPECK = 3.0
#: Two outlines are the same one where they cover at least this share of both together, moved onto each other.
_SAME = 0.5
#: At most so many outlines of a frame are looked at: the largest.
MAX_OUTLINES = 400


@dataclass
class Track:
    """One part (or hole) over consecutive frames. `outlines`: frame index -> its contour."""

    hole: bool
    outlines: dict[int, Contour] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """Index of its first frame."""
        return min(self.outlines)

    @property
    def last(self) -> int:
        """Index of its last frame."""
        return max(self.outlines)


def follow(frames: Sequence[Sequence[Contour]], size: tuple[int, int], spare: Sequence[float]) -> list[Track]:
    """The tracks of an object's outlines, in the order in which they begin; `size`: width, height of the plate;
    `spare`: square pixels of each frame.

    What is small and short-lived is left out, as long as the rest covers all but what can be spared of every frame:
    each part that comes or goes begins a new span of all of them.
    """
    tracks: list[Track] = []
    living: list[Track] = []
    totals = []
    for index, outlines in enumerate(frames):
        totals.append(sum(outline.area for outline in outlines))
        worth = [made for made in outlines[:MAX_OUTLINES] if abs(made.area) >= max(_SPECK, 1e-4 * totals[-1])]
        living = _continue(living, worth, index, size)
        tracks += [track for track in living if track.first == index]
    return _without_trifles(tracks, list(spare))


def _continue(living: list[Track], outlines: list[Contour], index: int, size: tuple[int, int]) -> list[Track]:
    """The tracks that live at `index`, of those that lived before it."""
    pairs = []
    shift = _shift(living, outlines, index)
    for old, track in enumerate(living):
        before = track.outlines[index - 1]
        for new, outline in enumerate(outlines):
            if (outline.area < 0) == track.hole:
                same = max(_overlap(before, outline, moved, size) for moved in (shift, np.zeros(2)))
                if same > _SAME:
                    pairs.append((same, old, new))
    taken: dict[int, int] = {}
    for _, old, new in sorted(pairs, reverse=True):
        if new not in taken and old not in taken.values():
            taken[new] = old
    result = []
    for new, outline in enumerate(outlines):
        track = living[taken[new]] if new in taken else Track(outline.area < 0)
        track.outlines[index] = outline
        result.append(track)
    return result


def _shift(living: list[Track], outlines: list[Contour], index: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How far the largest part has moved."""
    if not living or not outlines:
        return np.zeros(2)
    before = max((track.outlines[index - 1] for track in living), key=lambda made: made.area)
    return np.asarray(outlines[0].xy.mean(axis=0) - before.xy.mean(axis=0))


def _overlap(
    before: Contour, after: Contour, shift: np.ndarray[tuple[int], np.dtype[np.float64]], size: tuple[int, int]
) -> float:
    """Intersection over union of two outlines, the first moved by `shift`."""
    moved = before.xy + shift
    low, high = np.maximum(moved.min(0), after.xy.min(0)), np.minimum(moved.max(0), after.xy.max(0))
    if (high <= low).any() or not 0.4 < before.area / after.area < 2.5:
        return 0.0
    width, height = size
    own = [cuts(xy[None], width, height) for xy in (moved, after.xy)]
    first, second = (areas(made, width, height, 1)[0] for made in own)
    differing = areas(np.concatenate(own), width, height, 1)[0]
    return float((first + second - differing) / max(1.0, first + second + differing))


def _without_trifles(tracks: list[Track], spare: list[float]) -> list[Track]:
    """All tracks but the least that can be spared: never the largest part of a frame."""
    largest: dict[int, Track] = {}
    for track in tracks:
        for index, outline in track.outlines.items():
            if not track.hole and (index not in largest or outline.area > largest[index].outlines[index].area):
                largest[index] = track
    kept = list(tracks)
    needed = {id(track) for track in largest.values()}
    for track in sorted(tracks, key=lambda made: sum(abs(outline.area) for outline in made.outlines.values())):
        affordable = all(abs(outline.area) <= spare[index] for index, outline in track.outlines.items())
        if id(track) not in needed and affordable:
            kept = [other for other in kept if other is not track]
            for index, outline in track.outlines.items():
                spare[index] -= abs(outline.area)
    return kept
