"""Mattes of several objects that share one picture: together never more than all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

Key = TypeVar("Key")
#: A tracker is never surer than this of a pixel, in logits: odds of 400 to 1.
_CERTAIN = 6.0


def union(alphas: Iterable[FloatImage]) -> FloatImage:
    """One alpha of several (float32, height x width, 0..1): 1 - product of (1 - alpha). One alone stays as it is.

    It is what cut-outs laid over each other cover (Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984,
    `over`): each lets through its 1 - alpha of what is behind. The largest alpha would leave a dark seam where two
    objects meet, 0.5 where both cover half of a pixel and together more; the sum would go beyond 1 where they overlap.
    """
    alphas = list(alphas)
    if len(alphas) == 1:
        return alphas[0]
    rest = np.prod([1.0 - alpha for alpha in alphas], axis=0)
    return np.asarray(1.0 - rest, np.float32)


def make_exclusive(
    alphas: Mapping[Key, FloatImage], sureness: Mapping[Key, FloatImage] | None = None
) -> dict[Key, FloatImage]:
    """The alphas (float32, height x width, 0..1), scaled down where their sum is above 1, so that it is 1 there.

    What is too much is taken from each in proportion to its own alpha and to the odds against it. `sureness`: of the
    tracker at every pixel, as logits; where it is the same for all, as without it, each gives way by its own alpha
    alone: there is no order of depth to go by, and none is invented. Soft edges that meet without a gap (a and 1 - a)
    are left as they are. Results are rounded down to half floats, so that the sum stays at most 1 in a file of half
    floats, too.
    """
    total = np.sum([alpha.astype(np.float64) for alpha in alphas.values()], axis=0)
    over = total > 1.0
    if not over.any():
        return dict(alphas)
    left = {name: alpha[over].astype(np.float64) for name, alpha in alphas.items()}
    odds = {
        name: np.exp(-np.clip(sureness[name][over], -_CERTAIN, _CERTAIN).astype(np.float64)) if sureness else 1.0
        for name in alphas
    }
    for _ in alphas:  # what one object could not give, for it had no more, is asked of the others
        excess = np.maximum(sum(left.values()) - 1.0, 0.0)
        wanted = {name: value * odds[name] for name, value in left.items()}
        asked = excess / np.maximum(sum(wanted.values()), 1e-12)
        left = {name: value - np.minimum(value, wanted[name] * asked) for name, value in left.items()}
    shared = {}
    for name, alpha in alphas.items():
        shared[name] = alpha.copy()
        shared[name][over] = _half_below(left[name])
    return shared


def _half_below(values: NDArray[np.floating]) -> FloatImage:
    """The largest half float that is not above each value."""
    near = values.astype(np.float16)
    below = np.nextafter(near, np.float16(-1.0))
    return np.where(near > values, below, near).astype(np.float32)
