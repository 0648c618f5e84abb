"""The smoothest outline that agrees with per-pixel evidence: a convex two-label cut.

Minimises, over u in [0, 1],  sum_x stiffness(x) |grad u(x)| - sum_x evidence(x) u(x)
by the primal-dual method of Chambolle and Pock (2011, algorithm 1); thresholding u at one half gives a minimiser of
the binary problem (Chan, Esedoglu and Nikolova, 2006).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def relaxed_cut(evidence: Plane, stiffness: Plane, start: Plane, iterations: int = 60) -> Plane:
    """u, h x w in 0..1.

    `evidence`: > 0 speaks for inside, in units of the cost of a unit of outline. `stiffness` >= 0: the price of an
    outline at a pixel (low on picture edges). `start`: where to begin, 0..1.
    """
    step = np.float32(1.0 / np.sqrt(8.0))
    u = np.clip(start, 0.0, 1.0).astype(np.float32)
    ahead = u.copy()
    px = np.zeros_like(u)
    py = np.zeros_like(u)
    pull = step * evidence.astype(np.float32)
    change = np.empty_like(u)
    for _ in range(iterations):
        px[:, :-1] += step * (ahead[:, 1:] - ahead[:, :-1])
        py[:-1, :] += step * (ahead[1:, :] - ahead[:-1, :])
        # Project the dual onto |p| <= stiffness.
        excess = np.sqrt(px * px + py * py)
        excess /= stiffness + 1e-6
        np.maximum(excess, 1.0, out=excess)
        px /= excess
        py /= excess
        np.copyto(change, pull)
        change += step * px
        change[:, 1:] -= step * px[:, :-1]
        change += step * py
        change[1:, :] -= step * py[:-1, :]
        change += u
        np.clip(change, 0.0, 1.0, out=change)
        # Over-relaxation: 2 u_new - u_old.
        np.multiply(change, 2.0, out=ahead)
        ahead -= u
        u, change = change, u
    return u


def stiffness_from(picture: NDArray[np.float32], strength: float, floor: float = 0.1) -> Plane:
    """Price of an outline per pixel, h x w: `strength` on flat ground, towards `floor * strength` across edges.

    `picture`: float32 h x w x 3, Lab. The edge scale is the mean squared step of this very picture (Boykov and Jolly,
    2001), so that contrast and exposure do not matter.
    """
    right = np.zeros(picture.shape[:2], np.float32)
    down = np.zeros_like(right)
    right[:, :-1] = ((picture[:, 1:] - picture[:, :-1]) ** 2).sum(axis=2)
    down[:-1, :] = ((picture[1:, :] - picture[:-1, :]) ** 2).sum(axis=2)
    steepness = right + down
    price: Plane = strength * (floor + (1.0 - floor) * np.exp(-steepness / (2.0 * float(steepness.mean()) + 1e-6)))
    return price
