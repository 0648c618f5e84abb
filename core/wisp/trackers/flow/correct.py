"""Corrections of a mask by clicks and brush strokes on its frame."""

from __future__ import annotations

import numpy as np

from ...motion.flow import Plane
from ...motion.footage import View
from ..prompts import Size, point_pixels, seeds, stroke_labels
from ..tracker import FramePrompts
from .cut import relaxed_cut, stiffness_from
from .outline import FAR, keep_components, signed_distance

#: A click acts up to about this share of the object's width from it, at least so many grid pixels.
_REACH, _REACH_PIXELS = 0.35, 12.0
#: Colour difference (Lab) to the click within which its neighbourhood goes along with it.
_SIMILAR = 10.0
#: Logits per grid pixel for the present mask, and what a click adds at its centre.
_PRESENT, _CLICK = 0.25, 6.0
#: Evidence that no outline can outweigh.
_CERTAIN = 100.0


def correct(inside: Plane, prompts: FramePrompts, view: View, picture: Size) -> Plane:
    """`inside` (0..1, working grid) corrected by the points and strokes of `prompts`.

    A stroke sets exactly what it covers. A point whose pixel is on the wrong side brings its surroundings of similar
    colour along, as far as edges let it.
    """
    grid = (inside.shape[1], inside.shape[0])
    painted = stroke_labels(prompts.strokes, picture, grid)
    corrected = np.where(painted > 0, np.float32(1.0), np.where(painted < 0, np.float32(0.0), inside))
    pixels = point_pixels(prompts.points, picture, grid)
    fixed = seeds(prompts, picture, grid)
    for (column, row), label in zip(pixels, prompts.labels, strict=True):
        if (corrected[row, column] > 0.5) != bool(label):
            corrected = _click(corrected, int(column), int(row), bool(label), view)
    corrected = np.where(fixed > 0, np.float32(1.0), np.where(fixed < 0, np.float32(0.0), corrected))
    return corrected.astype(np.float32, copy=False)


def _click(inside: Plane, column: int, row: int, include: bool, view: View) -> Plane:
    """Bring the surroundings of one pixel to its side."""
    height, width = inside.shape
    reach = max(_REACH_PIXELS, _REACH * float(np.sqrt((inside > 0.5).sum())))
    extent = int(2.5 * reach)
    top, left = max(0, row - extent), max(0, column - extent)
    region = (slice(top, min(height, row + extent + 1)), slice(left, min(width, column + extent + 1)))
    lab = view.lab[region]
    y, x = row - top, column - left
    color = view.lab[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].mean(axis=(0, 1))
    near = np.exp(
        -((np.arange(lab.shape[0])[:, None] - y) ** 2 + (np.arange(lab.shape[1])[None, :] - x) ** 2) / (2.0 * reach**2)
    )
    alike = np.exp(-((lab - color) ** 2).sum(axis=2) / (2.0 * _SIMILAR**2))
    sign = 1.0 if include else -1.0
    present = signed_distance(inside)[region]
    evidence = _PRESENT * np.clip(present, -FAR, FAR) + sign * _CLICK * near * alike
    evidence[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = sign * _CERTAIN
    cut = relaxed_cut(evidence.astype(np.float32), stiffness_from(lab, 1.0), inside[region])
    # Only what is connected to the click changes, and only towards the click's side.
    here = np.zeros(cut.shape, bool)
    here[y, x] = True
    side = cut if include else 1.0 - cut
    grown = keep_components(side, here, 0.0) > 0.5
    corrected = inside.copy()
    corrected[region] = np.where(grown, np.float32(include), inside[region])
    return corrected
