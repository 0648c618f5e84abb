"""What a matte and the picture under it look like on one frame, and how two frames differ.

The properties are those by which a segmentation can be judged without truth (Erdem, Sankur and Tekalp, "Performance
Measures for Video Object Segmentation and Tracking", IEEE Transactions on Image Processing 13(7), 2004): colours and
motion. Their third, contrast along the outline, did not tell good frames from bad ones here.

All pictures are small ones, height x width: alpha float32 0..1, Lab float32 x 3 (L 0..100).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.flow import Plane, pull
from ..motion.footage import Motion

Lab = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Alpha strictly between these is the unknown region.
_SOFT = (0.05, 0.95)
#: A piece counts if it has this share of the object's area and so many pixels.
_PIECE, _PIECE_PIXELS = 0.02, 12
#: How far outside the outline, in pixels, its colours are looked for.
_OUTSIDE = 8
#: How far around the object its surroundings reach when their colours are learnt.
_SURROUNDINGS = 30


@dataclass(frozen=True, eq=False)
class Look:
    """One object's matte on one frame over the picture."""

    alpha: Plane
    lab: Lab

    @cached_property
    def mask(self) -> Mask:
        return np.asarray(self.alpha > 0.5)

    @cached_property
    def area(self) -> float:
        """In pixels, soft ones by their alpha."""
        return float(self.alpha.sum())

    @property
    def empty(self) -> bool:
        return not self.mask.any()

    @property
    def full(self) -> bool:
        return bool(self.mask.all())

    @property
    def at_border(self) -> bool:
        """Whether it reaches the picture's border."""
        edges = (self.mask[0], self.mask[-1], self.mask[:, 0], self.mask[:, -1])
        return any(edge.any() for edge in edges)

    @cached_property
    def outline(self) -> int:
        """Length in pixels."""
        return int(np.count_nonzero(self.mask & ~_eroded(self.mask, 1)))

    @cached_property
    def unknown_width(self) -> float:
        """Mean width of the unknown region in pixels: its area by the length of the outline. 0 without outline."""
        soft = int(np.count_nonzero((self.alpha > _SOFT[0]) & (self.alpha < _SOFT[1])))
        return soft / self.outline if self.outline else 0.0

    @cached_property
    def pieces(self) -> int:
        """Connected parts worth counting."""
        _, _, stats, _ = cv2.connectedComponentsWithStats(self.mask.astype(np.uint8), connectivity=8)
        areas = stats[1:, cv2.CC_STAT_AREA]
        return int((areas >= max(_PIECE_PIXELS, _PIECE * areas.sum())).sum())

    @cached_property
    def rim(self) -> Mask:
        """The pixels just outside."""
        return _dilated(self.mask, _OUTSIDE) & ~self.mask


@dataclass(frozen=True)
class Change:
    """From a frame nearer the keyframe to the next one on the way; what the picture's motion explains is taken out.

    `area`: the ratio of the areas. `centroid`: how far the centre of gravity is from where the motion puts it, in units
    of the square root of the area. `flicker`: the share 0..1 of matte and moved matte in which they differ.
    """

    area: float
    centroid: float
    flicker: float

    @classmethod
    def between(cls, before: Look, after: Look, motion: Motion) -> Change | None:
        """`motion` leads from `after` to `before`. None where either is empty."""
        moved = pull(before.alpha, motion.flow)
        if before.empty or after.empty or not (moved > 0.5).any():
            return None
        # Where the motion itself is in doubt, a difference says little.
        shared = motion.trust * np.minimum(moved, after.alpha)
        either = motion.trust * np.maximum(moved, after.alpha)
        return cls(
            area=after.area / before.area,
            centroid=float(np.linalg.norm(_centre(after.alpha) - _centre(moved)) / np.sqrt(after.area)),
            flicker=1.0 - float(shared.sum() / max(1e-6, either.sum())),
        )


class Colors:
    """The colours of the object and of its surroundings on a frame that is known to be right."""

    #: Bins per axis, and their width in Lab units.
    _BINS = 24
    _WIDTH = np.array([6.0, 8.0, 8.0], np.float32)
    #: A colour must make up this share of a side to be known there.
    _KNOWN = 2e-4

    def __init__(self, look: Look) -> None:
        around = _dilated(look.mask, _SURROUNDINGS) & ~look.mask
        self._inside = self._histogram(look.lab, look.mask)
        self._outside = self._histogram(look.lab, around)

    def likeness(self, look: Look) -> float:
        """How alike the matte's colours are to the object's: Bhattacharyya coefficient 0..1."""
        return float(np.sqrt(self._histogram(look.lab, look.mask) * self._inside).sum())

    def spill(self, look: Look) -> float:
        """How probably, 0..1, what lies just outside the matte is the object, by its colour. 0 without outside."""
        if not look.rim.any():
            return 0.0
        belief = (self._inside + self._KNOWN) / (self._inside + self._outside + 2 * self._KNOWN)
        return float(belief.reshape(-1)[self._numbers(look.lab[look.rim])].mean())

    def _numbers(self, lab: Lab) -> NDArray[np.int64]:
        offset = np.array([0, self._BINS // 2, self._BINS // 2])
        level = np.clip(np.floor(lab / self._WIDTH).astype(np.int64) + offset, 0, self._BINS - 1)
        return np.asarray((level[..., 0] * self._BINS + level[..., 1]) * self._BINS + level[..., 2])

    def _histogram(self, lab: Lab, where: Mask) -> NDArray[np.float32]:
        """Shares that sum to one (none where nothing is), smoothed so that a small shift of light changes little."""
        counts = np.bincount(self._numbers(lab[where]), minlength=self._BINS**3).astype(np.float32)
        shares = counts.reshape(self._BINS, self._BINS, self._BINS) / max(1.0, float(counts.sum()))
        for axis in range(3):
            padded = np.concatenate([shares.take([0], axis), shares, shares.take([-1], axis)], axis)
            length = self._BINS
            below, above = padded.take(range(length), axis), padded.take(range(2, length + 2), axis)
            shares = 0.5 * shares + 0.25 * (below + above)
        return shares


def overlap(a: Mask, b: Mask) -> float:
    """Intersection over union, 0..1; 1 where both are empty."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0


def _centre(alpha: Plane) -> NDArray[np.float64]:
    moments = cv2.moments(alpha)
    return np.array([moments["m10"], moments["m01"]], np.float64) / float(max(1e-6, moments["m00"]))


def _disc(radius: int) -> NDArray[np.uint8]:
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return disc


def _dilated(mask: Mask, radius: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(radius)) > 0)


def _eroded(mask: Mask, radius: int) -> Mask:
    """The picture's border does not erode."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(radius), borderType=cv2.BORDER_REPLICATE) > 0)
