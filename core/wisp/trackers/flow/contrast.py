"""Whether a pixel moves with the object or with its surroundings."""

from __future__ import annotations

import cv2
import numpy as np

from ...motion.flow import Flow, Plane, pixel_grid

#: Pixels this far from the expected outline are surely one or the other, as far as motion is concerned.
_CLEAR = 3
#: Motions are told apart from this difference (grid pixels) on; flow is about that exact.
_SIGMA = 1.0
#: The fit looks at every so many pixels, and discounts outliers in so many rounds; fewer samples than that fit nothing.
_STEP, _ROUNDS, _FEWEST = 4, 4, 12


def motion_contrast(flow: Flow, confidence: Plane, inside: Plane) -> Plane:
    """-1..1 per pixel: it moves like the surroundings (-1), like the object (1), or that cannot be told (0).

    Both motions are affine fits to the trusted flow inside and outside the expected mask, with outliers discounted.
    """
    kernel = np.ones((2 * _CLEAR + 1, 2 * _CLEAR + 1), np.uint8)
    mask = (inside > 0.5).astype(np.uint8)
    core, ground = cv2.erode(mask, kernel), 1 - cv2.dilate(mask, kernel)
    own, others = _affine(flow, confidence * core), _affine(flow, confidence * ground)
    if own is None or others is None:
        return np.zeros(inside.shape, np.float32)
    from_own = ((flow - own) ** 2).sum(axis=2)
    from_others = ((flow - others) ** 2).sum(axis=2)
    apart = ((own - others) ** 2).sum(axis=2)
    contrast = (from_others - from_own) / (from_others + from_own + 2 * _SIGMA**2)
    told: Plane = contrast * (apart / (apart + 4 * _SIGMA**2))
    return told


def _affine(flow: Flow, weight: Plane) -> Flow | None:
    """The affine motion field that fits `flow` where `weight` is, re-weighted against outliers."""
    height, width = weight.shape
    size = max(height, width)
    places = pixel_grid(height, width) / np.float32(size)
    terms = np.dstack([places, np.ones((height, width), np.float32)])
    sparse = (slice(None, None, _STEP), slice(None, None, _STEP))
    known = weight[sparse].ravel() > 0.05
    if known.sum() < _FEWEST:
        return None
    a = terms[sparse].reshape(-1, 3)[known].astype(np.float64)
    b = flow[sparse].reshape(-1, 2)[known].astype(np.float64)
    given = weight[sparse].ravel()[known].astype(np.float64)
    solution = np.zeros((3, 2))
    solution[2] = np.median(b, axis=0)  # from here, many pixels on something else do no harm
    for _ in range(_ROUNDS):
        heard = given / (1.0 + ((b - a @ solution) ** 2).sum(axis=1) / 4.0)
        weighted = a * heard[:, None]
        solution = np.linalg.solve(weighted.T @ a + 1e-6 * heard.sum() * np.eye(3), weighted.T @ b)
    field: Flow = terms @ solution.astype(np.float32)
    return field
