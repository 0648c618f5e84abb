"""How well a mask follows an object: region similarity J and boundary accuracy F.

Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation" (DAVIS),
CVPR 2016, section 3. Inputs are height x width; alphas are thresholded at one half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Mask, as_pair


def jaccard(pred: NDArray[Any], truth: NDArray[Any], threshold: float = 0.5) -> float:
    """J, intersection over union of {alpha >= threshold}, 0..1; 1 where both are empty."""
    p, g = (alpha >= threshold for alpha in as_pair(pred, truth))
    union = int(np.count_nonzero(p | g))
    return int(np.count_nonzero(p & g)) / union if union else 1.0


def boundary_f(pred: NDArray[Any], truth: NDArray[Any], threshold: float = 0.5, tolerance: float = 0.008) -> float:
    """F, harmonic mean of boundary precision and recall, 0..1; 1 where neither mask has a boundary.

    A boundary pixel counts as found when the other boundary passes within ceil(tolerance * picture diagonal)
    pixels of it.
    """
    p, g = (_boundary(alpha >= threshold) for alpha in as_pair(pred, truth))
    if not p.any() and not g.any():
        return 1.0
    if not p.any() or not g.any():
        return 0.0
    radius = math.ceil(tolerance * math.hypot(*p.shape))
    precision = float(np.mean(_distance_to(g)[p] <= radius))
    recall = float(np.mean(_distance_to(p)[g] <= radius))
    return 2.0 * precision * recall / (precision + recall) if precision + recall else 0.0


def j_and_f(
    pred: Iterable[NDArray[Any]], truth: Iterable[NDArray[Any]], *, drop_ends: bool = False
) -> tuple[float, float, float]:
    """(J&F, mean J, mean F) of one object over its frames, read one at a time.

    `drop_ends` leaves out the first and last frame, as the semi-supervised DAVIS protocol does (the first is
    given, the last is not labelled reliably). ValueError where no frame is left or the lengths differ.
    """
    scores = [(jaccard(p, g), boundary_f(p, g)) for p, g in zip(pred, truth, strict=True)]
    if drop_ends:
        scores = scores[1:-1]
    if not scores:
        raise ValueError("no frame to score")
    j, f = (float(value) for value in np.mean(scores, axis=0))
    return (j + f) / 2.0, j, f


def _boundary(mask: Mask) -> Mask:
    """Pixels that differ from their right, lower or lower-right neighbour."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, diagonal = padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    return np.asarray((mask != right) | (mask != below) | (mask != diagonal))


def _distance_to(boundary: Mask) -> NDArray[np.float32]:
    """Distance of every pixel to the nearest boundary pixel. As a threshold it equals dilation by a disk."""
    away = (~boundary).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), dtype=np.float32)
