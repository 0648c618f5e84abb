"""What is told of an object beside its tracked mask: where alpha may be anything, core and garbage, what was
filmed beside the plate or is uncovered in other frames.

Core and garbage correct the mask that the head begins with. Unknown strokes travel with the object: on a frame without
any, those of the nearest painted frames before and behind speak, carried there by the object's own motion.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ..heads.band import Mask, logits_of, mask_from_logits
from ..heads.unknown import matted_unknown
from ..motion.carry import Sight, object_motion
from ..motion.flow import FlowEstimator, pixel_grid
from ..motion.footage import LONG_SIDE, grey_picture, working_size
from ..plates.clip import Clip, FloatImage, resize
from ..plates.plate import Window
from ..shot import ObjectSpec, Unknown
from ..trackers.prompts import stroke_mask
from .beside import BESIDE_SCHEMA, Behind, backed
from .source import Source
from .uncover import UNCOVER_SCHEMA, MaskOf, Uncovering

#: Raise when the same hints make another alpha.
HINT_SCHEMA = 2

_Scalar = TypeVar("_Scalar", np.float32, np.bool_)


class Hints:
    """Of one object. Everything is in the coordinates of the whole plate."""

    def __init__(self, item: ObjectSpec, source: Source, life: Sequence[int], uncover: bool = False) -> None:
        """`life`: the frames, ascending, in which the object may exist. `uncover`: whether the background is.
        InputError where a core or garbage matte is not there."""
        self._source = source
        self._region = Window(*item.region) if item.region else None
        self._core = source.holdout(item.core, f"core matte of '{item.name}'") if item.core else None
        self._garbage = source.holdout(item.garbage, f"garbage matte of '{item.name}'") if item.garbage else None
        self._strokes: dict[int, list[Unknown]] = {}
        for prompt in item.prompts:
            if isinstance(prompt, Unknown):
                place = bisect_left(life, prompt.frame)
                if place < len(life) and life[place] == prompt.frame:
                    self._strokes.setdefault(prompt.frame, []).append(prompt)
        self._painted = sorted(self._strokes)
        self._estimate = FlowEstimator()
        #: A set that is known needs no uncovering.
        self._uncovering = Uncovering(source.plate.frames, life) if uncover and not source.spec.beside else None

    def leans_on(self, frame: int) -> tuple[int, ...]:
        """The frames whose masks the alpha of `frame` depends on."""
        near = () if self._uncovering is None else self._uncovering.frames(frame)
        return tuple(dict.fromkeys((*self._speaking(frame), *near)))

    def leaning_on(self, frame: int, frames: Collection[int]) -> set[int]:
        """Those of `frames` whose alpha depends on the mask of `frame`."""
        found = {near for near in frames if frame in self._speaking(near)} if self._painted else set()
        near = () if self._uncovering is None else self._uncovering.seen_from(frame)
        return found.union(near).intersection(frames)

    def _speaking(self, frame: int) -> tuple[int, ...]:
        """The frames whose unknown strokes are heard on `frame`."""
        if frame in self._strokes:
            return (frame,)
        place = bisect_right(self._painted, frame)
        return tuple(self._painted[max(place - 1, 0) : place + 1])

    def content(self, frame: int, mask_mark: Callable[[int], str]) -> list[Any]:
        """What the hints on `frame` are made of, as JSON-able values; empty where there are none. `mask_mark`: the
        fingerprint of the object's mask on a frame."""
        unknown = [
            [k, self._spoken(k), None if k == frame else [self._source.identity(k), mask_mark(k)]]
            for k in self._speaking(frame)
        ]
        files: list[Any] = [None if one is None else one.identity(frame) for one in (self._core, self._garbage)]
        beside = [[key, one.identity(frame)] for key, one in self._source.beside.items()]
        files += [*beside, "backlit"] if self._source.spec.backlit else beside
        files += [BESIDE_SCHEMA] if beside else []
        told = [HINT_SCHEMA, unknown, files] if unknown or any(files) else []
        if self._uncovering is None:
            return told
        near = [
            [k, self._uncovering.looks_behind(k), self._source.identity(k), mask_mark(k)]
            for k in self._uncovering.frames(frame)
        ]
        return [*told, "uncovered", UNCOVER_SCHEMA, near]

    def request(self) -> list[Any]:
        """All that was asked for, as JSON-able values, before any file is read; empty where nothing was."""
        states: list[Any] = [None if one is None else one.state for one in (self._core, self._garbage)]
        states += self._source.beside_state
        told = [self.strokes, states] if self.strokes or any(states) else []
        return told if self._uncovering is None else [*told, "uncovered"]

    @property
    def strokes(self) -> list[Any]:
        """Every painted frame and its unknown strokes, as JSON-able values."""
        return [[k, self._spoken(k)] for k in self._painted]

    def _spoken(self, frame: int) -> list[Any]:
        return [stroke.model_dump(mode="json", exclude={"frame"}) for stroke in self._strokes[frame]]

    def guided(self, logits: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
        """The mask that the head begins with, of the object's region: core and garbage are so. At the plate's
        resolution where they say anything, or the head would get them through a tracker's grid."""
        core, garbage = self._holdouts(frame)
        for known, belongs in ((core, True), (garbage, False)):
            inside = None if known is None else _cut(known, self._region) > 0.5
            if inside is not None and inside.any():
                mask = mask_from_logits(logits, inside.shape[1], inside.shape[0])
                mask[inside] = belongs
                logits = logits_of(mask)
        return logits

    def heard(self, alpha: FloatImage, frame: int, clip: Clip, mask_of: MaskOf) -> tuple[FloatImage, Behind | None]:
        """The head's alpha (plate height x width, 0..1) with the unknown pixels worked out from what is around
        them, and all of it by what was filmed beside the plate, and how that lies there. InputError where it is of
        something else."""
        unknown = self.unknown(frame, clip, mask_of)
        if not unknown.any() and not self._source.beside and self._uncovering is None:
            return alpha, None
        core, garbage = self._holdouts(frame)
        if core is not None:
            alpha, unknown = np.maximum(alpha, core), unknown & (core <= 0.5)
        if garbage is not None:
            alpha, unknown = np.minimum(alpha, 1 - garbage), unknown & (garbage <= 0.5)
        image = clip.image(frame)
        alpha = matted_unknown(image, alpha, unknown) if unknown.any() else alpha
        behind = None
        if (alpha > 0.5).any():
            if self._source.beside:
                backlit = self._source.spec.backlit
                alpha, behind = backed(self._source.beside, image, alpha, frame, unknown, backlit=backlit)
            elif self._uncovering is not None:
                alpha = self._uncovering.told(alpha, frame, clip, mask_of)
        return alpha if self._region is None else _within(alpha, self._region), behind

    def unknown(self, frame: int, clip: Clip, mask_of: MaskOf) -> Mask:
        """Where alpha may be anything on `frame`: plate height x width."""
        size = (clip.width, clip.height)
        found = np.zeros((clip.height, clip.width), bool)
        for k in self._speaking(frame):
            painted = self._stroked(k, size)
            found |= painted if k == frame else self._carried(painted, k, frame, clip, mask_of)
        return found if self._region is None else _within(found, self._region)

    def _stroked(self, frame: int, size: tuple[int, int]) -> Mask:
        masks = [stroke_mask(np.asarray(one.xy, np.float32), one.radius, size, size) for one in self._strokes[frame]]
        return np.asarray(np.logical_or.reduce(masks))

    def _carried(self, painted: Mask, source: int, frame: int, clip: Clip, mask_of: MaskOf) -> Mask:
        """What was painted on `source`, where the object has taken it on `frame`."""
        now, then = (self._sight(k, clip, mask_of) for k in (frame, source))
        if not now.mask.any():
            return np.zeros_like(painted)
        motion = object_motion(self._estimate, now, then)
        height, width = motion.shape[:2]
        scale = np.array([clip.width / width, clip.height / height], np.float32)
        flow = cv2.resize(motion, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR) * scale
        place = pixel_grid(clip.height, clip.width) + flow
        share = cv2.remap(painted.astype(np.float32), place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(share > 0.5)

    def _sight(self, frame: int, clip: Clip, mask_of: MaskOf) -> Sight:
        grid = working_size(clip.width, clip.height, LONG_SIDE)
        return Sight(grey_picture(clip, frame, grid), resize(mask_of(frame), grid) > 0)

    def _holdouts(self, frame: int) -> tuple[FloatImage | None, FloatImage | None]:
        plate = self._source.plate
        core, garbage = (
            None if one is None else one.read(frame, plate.width, plate.height) for one in (self._core, self._garbage)
        )
        return core, garbage


def _cut(picture: NDArray[_Scalar], region: Window | None) -> NDArray[_Scalar]:
    """The part of it that lies in the region: a view."""
    return picture if region is None else picture[region.y0 : region.y1, region.x0 : region.x1]


def _within(picture: NDArray[_Scalar], region: Window) -> NDArray[_Scalar]:
    """The picture, empty outside the region."""
    kept = np.zeros_like(picture)
    _cut(kept, region)[:] = _cut(picture, region)
    return kept
