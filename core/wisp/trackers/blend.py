"""Two masks of one frame, tracked from the keyframe before and from the keyframe after, as one."""

from __future__ import annotations

import cv2
import numpy as np

from .tracker import MaskState, TrackedMask

#: Beyond this a logit says no more than "certainly": one pass that is far off cannot outvote the other by distance.
_CERTAIN = 4.0


def blend(forward: TrackedMask, backward: TrackedMask, weight: float) -> TrackedMask:
    """The mask between two keyframes.

    `weight` is the share 0..1 of `forward` by distance (1 at its own keyframe); the square of each pass's confidence
    multiplies its share. Every pixel's logit is the shares' mean, so where both passes agree the result agrees too.
    A lost pass has no say; two lost passes stay lost, and a candidate is one unless the other pass believes in the
    object. The result has the size of `forward`.
    """
    if forward.state == "lost" and backward.state == "lost":
        return forward
    if backward.state == "lost":
        return forward
    if forward.state == "lost":
        return backward
    ahead, behind = forward.logits, backward.logits
    if behind.shape != ahead.shape:
        behind = cv2.resize(behind, (ahead.shape[1], ahead.shape[0]), interpolation=cv2.INTER_LINEAR)
    vote, counter = weight * forward.confidence**2, (1.0 - weight) * backward.confidence**2
    share = np.float32(vote / (vote + counter) if vote + counter > 0 else weight)
    logits = share * np.clip(ahead, -_CERTAIN, _CERTAIN) + (1 - share) * np.clip(behind, -_CERTAIN, _CERTAIN)
    confidence = weight * forward.confidence + (1.0 - weight) * backward.confidence
    state: MaskState = "candidate" if forward.state == backward.state == "candidate" else "tracked"
    return TrackedMask(logits.astype(np.float32, copy=False), confidence, state)
