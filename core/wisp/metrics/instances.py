"""Quality of several objects at once: instance matting quality (IMQ).

Sun et al., "Human Instance Matting via Mutual Guidance and Multi-Instance Refinement", CVPR 2022, section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import difference
from .matting import connectivity_map, gradient_map
from .tracking import jaccard


@dataclass(frozen=True)
class InstanceQuality:
    """IMQ by four errors, 0..100, and how many instances were found, invented and missed."""

    mad: float
    mse: float
    grad: float
    conn: float
    found: int
    invented: int
    missed: int


def imq(pictures: Iterable[tuple[Sequence[NDArray[Any]], Sequence[NDArray[Any]]]]) -> InstanceQuality:
    """Instance matting quality over a data set of (predicted alphas, true alphas) per picture.

    Instances are matched one to one so that the IoU of {alpha > 0} is largest in sum; a match counts as found
    from IoU 0.5. A found instance scores 1 - min(10 E, 1) with E an error summed over {p > 0 or g > 0} divided by
    its pixel count + 1; IMQ = sum of scores / (found + invented / 2 + missed / 2) * 100. An alpha that is 0
    everywhere is no instance. With no instance on either side everything is right: 100.
    """
    scores = np.zeros(4)
    found = invented = missed = 0
    for predicted, true in pictures:
        predicted = [alpha for alpha in predicted if alpha.any()]
        true = [alpha for alpha in true if alpha.any()]
        overlap = np.array([[jaccard(p > 0, g > 0) for g in true] for p in predicted])
        matches = [(i, j) for i, j in best_matching(overlap) if overlap[i, j] >= 0.5] if overlap.size else []
        for i, j in matches:
            scores += 1.0 - np.minimum(10.0 * instance_errors(predicted[i], true[j]), 1.0)
        found += len(matches)
        invented += len(predicted) - len(matches)
        missed += len(true) - len(matches)
    weight = found + invented / 2 + missed / 2
    mad, mse, grad, conn = (float(score) for score in (100.0 * scores / weight if weight else np.full(4, 100.0)))
    return InstanceQuality(mad, mse, grad, conn, found, invented, missed)


def instance_errors(pred: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    """MAD, MSE, Grad and Conn of one matched instance: sums over {p > 0 or g > 0} / (its pixel count + 1)."""
    region = (pred > 0) | (truth > 0)
    d = difference(pred, truth)
    maps = (np.abs(d), d**2, gradient_map(pred, truth), connectivity_map(pred, truth))
    return np.array([errors[region].sum() for errors in maps]) / (np.count_nonzero(region) + 1)


def best_matching(weights: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The one-to-one (row, column) pairs with the largest sum of `weights` (rows x columns), ascending by row.

    All of the shorter side is matched. The Hungarian method with potentials, O(rows^2 columns); see Burkard,
    Dell'Amico and Martello, "Assignment Problems", SIAM 2009, section 4.4.
    """
    if weights.shape[0] > weights.shape[1]:
        return sorted((i, j) for j, i in best_matching(weights.T))
    rows, columns = weights.shape
    row_potential, column_potential = np.zeros(rows), np.zeros(columns + 1)
    owner = np.full(columns + 1, -1)  # the row each column belongs to; the extra column holds the row being placed
    for row in range(rows):
        owner[columns] = row
        column = columns
        slack = np.full(columns, np.inf)
        reached_from = np.full(columns, columns)
        visited = np.zeros(columns + 1, dtype=np.bool_)
        while owner[column] >= 0:
            visited[column] = True
            current = owner[column]
            reduced = -weights[current] - row_potential[current] - column_potential[:columns]
            closer = ~visited[:columns] & (reduced < slack)
            slack[closer] = reduced[closer]
            reached_from[closer] = column
            step_to = int(np.argmin(np.where(visited[:columns], np.inf, slack)))
            step = slack[step_to]
            row_potential[owner[visited]] += step
            column_potential[visited] -= step
            slack[~visited[:columns]] -= step
            column = step_to
        while column != columns:
            owner[column] = owner[reached_from[column]]
            column = reached_from[column]
    return sorted((int(row), column) for column, row in enumerate(owner[:columns]) if row >= 0)
