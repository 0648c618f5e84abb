"""Less flicker: a matte averaged with its neighbours in time, where they show the same thing.

The neighbours' mattes are carried along the optical flow of the plate. A neighbour counts as far as the flow there and
back ends where it began (else something is hidden or appears), and as far as the carried picture looks like this one.
Each frame is made from the solved mattes in a window around it, never from stabilised ones: any part of a shot gives
the same frames as the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from ..motion.flow import Flow, FlowEstimator, pull
from ..motion.footage import grey_of
from ..plates.clip import FloatImage, resize

#: Frames on either side that are looked at. A third one gains a tenth of what the second does.
REACH = 2
#: Long side of the pictures between which the flow is estimated.
FLOW_SIZE = 1024
#: Difference of colour (display-referred, root of the squared sum over R, G, B) and of the way there and back (pixels
#: of the flow's pictures) at which a neighbour's weight has fallen to 0.61. Twice as much takes out half as much again
#: of the flicker, and does twice the harm to a matte that was right.
_COLOUR_SIGMA = 0.05
_WAY_SIGMA = 1.0


@dataclass(frozen=True)
class View:
    """One frame: its alpha (height x width) and its picture (h x w x 3, display-referred 0..1, any smaller size)."""

    alpha: FloatImage
    picture: FloatImage


def stabilise(now: View, neighbours: Iterable[View], strength: float) -> FloatImage:
    """Alpha of `now` (float32, 0..1), mixed by `strength` (0..1) with the mean of its neighbours and itself.

    All alphas have one size and all pictures one size. Neighbours are consumed one at a time.
    """
    if strength <= 0:
        return now.alpha
    size = (now.alpha.shape[1], now.alpha.shape[0])
    estimate = FlowEstimator(fine=False)
    grey = grey_of(now.picture)
    total, weights = now.alpha.copy(), np.ones_like(now.alpha)
    for other in neighbours:
        there, back = estimate(grey, grey_of(other.picture)), estimate(grey_of(other.picture), grey)
        weight = resize(_trust(now.picture, other.picture, there, back), size)
        total += weight * pull(other.alpha, _enlarged(there, size))
        weights += weight
    mean = total / weights
    return np.asarray(np.clip(now.alpha + np.float32(strength) * (mean - now.alpha), 0.0, 1.0), np.float32)


def _trust(picture: FloatImage, other: FloatImage, there: Flow, back: Flow) -> FloatImage:
    """0..1 per pixel: whether `other`, carried along `there`, shows the same as `picture`."""
    height, width = there.shape[:2]
    way = ((there + pull(back, there)) ** 2).sum(axis=2)
    colour = cv2.blur(((pull(other, there) - picture) ** 2).sum(axis=2), (3, 3))
    y, x = np.indices((height, width), dtype=np.float32)
    x, y = x + there[..., 0], y + there[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    trust = np.exp(-colour / (2 * _COLOUR_SIGMA**2) - way / (2 * _WAY_SIGMA**2)) * inside
    return np.asarray(trust, np.float32)


def _enlarged(flow: Flow, size: tuple[int, int]) -> Flow:
    scale = np.array([size[0] / flow.shape[1], size[1] / flow.shape[0]], np.float32)
    larger = resize(np.dstack([flow, np.zeros(flow.shape[:2], np.float32)]), size)[..., :2]
    return np.asarray(larger * scale, np.float32)
