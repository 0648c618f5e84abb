"""One object, carried from frame to frame.

Five things speak about a frame: the mask of the frame before and the keyframe's mask, both brought here by optical
flow and heard as far as that flow can be trusted; the colours of both, near and far; whether a pixel moves with the
object or with its surroundings; and the picture's own edges.
A cut turns them into a mask. The keyframe's flow is chained over the frames and refined on every frame against
the keyframe's picture, which keeps errors from adding up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Flow, Plane, chain, pull, trust
from ...motion.footage import Footage, View
from ..tracker import MaskState, TrackedMask
from .appearance import Exemplar, Palette, color_probability
from .contrast import motion_contrast
from .cut import relaxed_cut, stiffness_from
from .outline import FAR, Region, keep_components, region_around, signed_distance
from .search import find_again

#: The cut is looked for in the expected mask's rectangle, grown by this share of it and at least so many pixels.
_MARGIN, _MARGIN_PIXELS = 0.3, 24
#: How loud the frame before, the keyframe, colour and a pixel's own motion speak, in logits.
_PREVIOUS, _KEY, _COLOR, _MOTION = 0.6, 0.35, 1.0, 2.0
#: The frame before is heard at least this much where flow is not trusted at all.
_HEARSAY = 0.1
#: A warped outline speaks up to this distance (grid pixels); distances shrink by 1 + _DOUBT where flow is not trusted.
_REACH, _DOUBT = 4.0, 3.0
#: Colour difference (Lab) at which a pixel no longer shows what flow says it shows.
_SAME = 15.0
#: The weight of all that evidence against the price of an outline.
_EVIDENCE = 0.5
#: A part of the mask stays if at least this share of it was expected there.
_EXPECTED = 0.3
#: Lost below this share of its usual area, or below so many grid pixels. The usual area follows by this share per
#: frame: slower than an occluder hides things, fast enough for things that walk away.
_TOO_SMALL, _TOO_FEW, _AREA_PACE = 0.2, 12, 0.05
#: Lost where its colours are less alike to the keyframe's than this, or more alike to the keyframe's surroundings.
_UNLIKE = 0.45


@dataclass(frozen=True)
class Anchor:
    """The frame from which the object is known for certain: a keyframe as prompted or corrected."""

    frame: int
    inside: Plane
    distance: Plane
    palette: Palette

    @classmethod
    def at(cls, frame: int, view: View, inside: Plane) -> Anchor:
        """`inside`: 0..1 on the working grid."""
        region = region_around(inside > 0.5, 1.0, _MARGIN_PIXELS)
        around = np.zeros(inside.shape, bool)
        if region is not None:
            around[region] = True
        return cls(frame, inside, signed_distance(inside), Palette(view.lab, inside, around))


class Target:
    """The state of one object within a pass: where it is now and what it looked like for certain."""

    def __init__(self, footage: Footage, frame: int, inside: Plane) -> None:
        """Start on `frame` with the mask `inside` (0..1, working grid)."""
        self._footage = footage
        self.restart(frame, inside)

    def restart(self, frame: int, inside: Plane) -> None:
        """Take `inside` on `frame` for certain from here on."""
        self._anchor = Anchor.at(frame, self._footage.view(frame), inside)
        self._frame = frame
        self._inside = inside
        self._flow: Flow = np.zeros((*inside.shape, 2), np.float32)
        self._confidence = 1.0
        self._area = float((inside > 0.5).sum())
        self._lost = False

    @property
    def inside(self) -> Plane:
        """The present mask, 0..1 on the working grid; empty where lost."""
        return self._inside

    @property
    def lost(self) -> bool:
        return self._lost

    def result(self, state: MaskState = "tracked") -> TrackedMask:
        """The present mask as logits: signed distance to the outline in grid pixels."""
        if self.lost:
            return TrackedMask(np.full(self._inside.shape, -FAR, np.float32), 0.0, "lost")
        return TrackedMask(signed_distance(self._inside), self._confidence, state)

    def advance(self, frame: int) -> None:
        """Move on to `frame`."""
        if self.lost:
            self._look_for(frame)
        else:
            motion = self._footage.motion(frame, self._frame)
            self._flow = chain(motion.flow, self._flow)
            before = self._footage.view(self._frame)
            self._follow(frame, before, self._inside, motion.flow, motion.trust)
        self._frame = frame

    # Following ---------------------------------------------------------------------------------------------

    def _follow(self, frame: int, before: View, inside: Plane, flow: Flow, confidence: Plane) -> None:
        """Cut the object out of `frame`, given its mask `inside` on the view `before` and the flow to there."""
        expected = pull(inside, flow)
        somewhere = np.maximum(expected, pull(self._anchor.inside, self._flow)) > 0.5
        region = region_around(somewhere, _MARGIN, _MARGIN_PIXELS)
        if region is None:
            self._lose()
            return
        view = self._footage.view(frame)
        lab = view.lab[region]
        recalled_lab, recalled_trust = self._refine(region, view)
        recalled = pull(self._anchor.inside, self._flow)[region]
        seen_lab = pull(before.lab, flow)[region]
        seen_trust = confidence[region] * _same_look(lab, seen_lab)
        seen = expected[region]

        seen_distance = pull(signed_distance(inside), flow)[region]
        recalled_distance = pull(self._anchor.distance, self._flow)[region]
        evidence = _PREVIOUS * (_HEARSAY + seen_trust) * _within_reach(seen_distance, seen_trust)
        evidence += _KEY * recalled_trust * _within_reach(recalled_distance, recalled_trust)
        color = color_probability(
            lab, (Exemplar(seen_lab, seen, 0.2 + seen_trust), Exemplar(recalled_lab, recalled, 0.2 + recalled_trust))
        )
        color = np.clip(color, 0.02, 0.98)
        evidence += _COLOR * np.log(color / (1.0 - color))
        evidence += _MOTION * confidence[region] * motion_contrast(flow, confidence, expected)[region]
        cut = relaxed_cut(_EVIDENCE * evidence, stiffness_from(lab, 1.0), seen)
        cut = keep_components(cut, (seen > 0.5) | (recalled > 0.5), _EXPECTED)
        self._judge(lab, cut, region, np.maximum(seen_trust, recalled_trust))

    def _refine(self, region: Region, view: View) -> tuple[NDArray[np.float32], Plane]:
        """Improve the anchor's flow inside `region`; returns its Lab picture brought there and the trust in that."""
        anchor = self._footage.view(self._anchor.frame)
        here = np.ascontiguousarray(view.grey[region])
        there = np.ascontiguousarray(pull(anchor.grey, self._flow)[region])
        step, back = self._footage.estimate(here, there), self._footage.estimate(there, here)
        whole = np.zeros_like(self._flow)
        whole[region] = step
        self._flow = chain(whole, self._flow)
        recalled = pull(anchor.lab, self._flow)[region]
        return recalled, trust(step, back) * _same_look(view.lab[region], recalled)

    # Losing and finding again --------------------------------------------------------------------------------

    def _judge(self, lab: NDArray[np.float32], cut: Plane, region: Region, certainty: Plane) -> None:
        """Accept `cut` as the object's mask in `region`, or say that it is lost."""
        mask = cut > 0.5
        area = float(mask.sum())
        if area < max(_TOO_FEW, _TOO_SMALL * self._area):
            self._lose()
            return
        like, unlike = self._anchor.palette.likeness(lab, mask.astype(np.float32))
        if like < _UNLIKE or like < unlike:
            self._lose()
            return
        self._inside = np.zeros_like(self._inside)
        self._inside[region] = cut
        self._lost = False
        usual = min(area, self._area) / max(area, self._area)
        self._confidence = float(np.clip(like * certainty[mask].mean() * usual, 0.0, 1.0))
        self._area += _AREA_PACE * (area - self._area)

    def _lose(self) -> None:
        self._inside = np.zeros_like(self._inside)
        self._lost = True
        self._confidence = 0.0

    def _look_for(self, frame: int) -> None:
        """Search the anchor's picture of the object in `frame`; follow from there if it is surely found."""
        anchor = self._footage.view(self._anchor.frame)
        shift = find_again(anchor, self._anchor.inside, self._footage.view(frame))
        if shift is None:
            return
        self._flow = np.broadcast_to(shift, self._flow.shape).copy()
        everywhere = np.ones(self._inside.shape, np.float32)
        self._follow(frame, anchor, self._anchor.inside, self._flow.copy(), everywhere)

    # Memory --------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """The state as plain arrays."""
        return {
            "frames": np.array([self._frame, self._anchor.frame], np.int64),
            "numbers": np.array([self._confidence, self._area, float(self._lost)], np.float64),
            "inside": self._inside.copy(),
            "anchor": self._anchor.inside.copy(),
            "flow": self._flow.copy(),
        }

    def content(self) -> Iterator[bytes]:
        """All bytes that later steps depend on: the state and the pictures that it refers to."""
        for array in self.snapshot().values():
            yield array.tobytes()
        for frame in (self._frame, self._anchor.frame):
            view = self._footage.view(frame)
            yield view.lab.tobytes()
            yield view.grey.tobytes()

    @classmethod
    def restored(cls, footage: Footage, state: Mapping[str, NDArray[Any]]) -> Target:
        """A target that goes on bit for bit from `snapshot`'s arrays."""
        frame, anchor = (int(number) for number in state["frames"])
        target = cls(footage, anchor, np.array(state["anchor"], np.float32))
        target._frame = frame
        target._confidence, target._area = float(state["numbers"][0]), float(state["numbers"][1])
        target._lost = bool(state["numbers"][2])
        target._inside = np.array(state["inside"], np.float32)
        target._flow = np.array(state["flow"], np.float32)
        return target


def _same_look(a: NDArray[np.float32], b: NDArray[np.float32]) -> Plane:
    """0..1: whether two Lab pictures laid over each other show the same in each pixel's 5 x 5 surroundings."""
    difference2 = cv2.boxFilter(((a - b) ** 2).sum(axis=2), -1, (5, 5))
    same: Plane = np.exp(difference2 / np.float32(-2.0 * _SAME**2))
    return same


def _within_reach(distance: Plane, confidence: Plane) -> Plane:
    """What a warped outline says per pixel: its signed distance, shrunk where flow is doubtful, up to _REACH."""
    voice: Plane = np.clip(distance / (1.0 + _DOUBT * (1.0 - confidence)), -_REACH, _REACH)
    return voice
