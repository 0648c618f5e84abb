"""Mattes of several objects that share one picture: together never more than all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..plates.clip import FloatImage

Key = TypeVar("Key")


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


def make_exclusive(alphas: Mapping[Key, FloatImage]) -> dict[Key, FloatImage]:
    """The alphas (float32, height x width, 0..1), scaled down where their sum is above 1, so that it is 1 there.

    Every object gives way in proportion to its own alpha: there is no order of depth to go by, and none is invented.
    Soft edges that meet without a gap (a and 1 - a) are left as they are. Results are rounded down to half floats,
    so that the sum stays at most 1 in a file of half floats, too.
    """
    total = np.sum([alpha.astype(np.float64) for alpha in alphas.values()], axis=0)
    over = total > 1.0
    if not over.any():
        return dict(alphas)
    share = np.where(over, 1.0 / np.maximum(total, 1.0), 1.0)
    return {name: np.where(over, _half_below(alpha * share), alpha) for name, alpha in alphas.items()}


def _half_below(values: NDArray[np.floating]) -> FloatImage:
    """The largest half float that is not above each value."""
    near = values.astype(np.float16)
    below = np.nextafter(near, np.float16(-1.0))
    return np.where(near > values, below, near).astype(np.float32)
