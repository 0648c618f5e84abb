"""The first mask of an object, from what was prompted on one frame.

A box is cut out by grabCut (Rother, Kolmogorov and Blake, 2004) on an enlarged crop. Clicks and strokes alone are
cut out the same way from colours like those under them. All masks are 0..1 on the working grid.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...motion.flow import Plane
from ...motion.footage import View
from ..prompts import Size, clip_box, seeds, shrink_mask
from ..tracker import FramePrompts
from .appearance import Exemplar, color_probability
from .correct import correct
from .cut import relaxed_cut, stiffness_from
from .outline import signed_distance

#: Crop margin around a box, as a share of its sides; small crops are enlarged to this many pixels.
_MARGIN, _CROP = 0.4, 220
#: grabCut's answer is believed if it fills this share of the box; else the inscribed ellipse stands in.
_FILL = (0.08, 0.97)
#: The share of the box's half axes that is taken as inside from the outset.
_CORE = 0.35
_ROUNDS = 5
#: Pixels this close to grabCut's outline are not asked for their colours; farther from it, its answer counts for up to
#: so many logits.
_RIM, _HOLD = 2.0, 4.0
#: Without a box, as shares of the picture's longer side: how far from a click the object is looked for, within which
#: distance it is likely, and within which it is certain. And the colour difference (Lab) of what belongs to it.
_ASIDE, _LIKELY, _SURE, _SIMILAR = 0.25, 0.06, 0.006, 12.0


def first_mask(prompts: FramePrompts, view: View, picture: Size) -> Plane:
    """The object's mask on the frame of `view`; all zero where nothing speaks for an inside."""
    height, width = view.grey.shape
    labels = seeds(prompts, picture, (width, height))
    if prompts.mask is not None:
        inside = shrink_mask(prompts.mask, (width, height))
    elif prompts.box is not None:
        inside = _from_box(prompts, view, picture, labels)
    elif (labels > 0).any():
        return _from_seeds(view, labels)
    else:
        return np.zeros((height, width), np.float32)
    return correct(inside, prompts, view, picture)


def _from_box(prompts: FramePrompts, view: View, picture: Size, labels: NDArray[np.int8]) -> Plane:
    height, width = view.grey.shape
    assert prompts.box is not None
    scale = np.array([width / picture[0], height / picture[1]] * 2)
    x0, y0, x1, y1 = np.array(clip_box(prompts.box, picture)) * scale
    x0, y0 = np.floor([x0, y0]).astype(int)
    x1, y1 = np.ceil([x1, y1]).astype(int)
    empty = np.zeros((height, width), np.float32)
    if x1 <= x0 or y1 <= y0:
        return empty
    mx, my = int(_MARGIN * (x1 - x0)) + 1, int(_MARGIN * (y1 - y0)) + 1
    left, top = max(0, x0 - mx), max(0, y0 - my)
    crop = (slice(top, min(height, y1 + my)), slice(left, min(width, x1 + mx)))

    state = np.full((height, width), cv2.GC_BGD, np.uint8)
    state[y0:y1, x0:x1] = cv2.GC_PR_FGD
    core = _ellipse((height, width), x0, y0, x1, y1, _CORE)
    ellipse = _ellipse((height, width), x0, y0, x1, y1, 1.0)
    state[core] = cv2.GC_FGD
    state[labels > 0] = cv2.GC_FGD
    state[labels < 0] = cv2.GC_BGD
    found = _settle(_grab_cut(view, state, crop), view, crop)
    found &= state != cv2.GC_BGD
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    fill = float(found[y0:y1, x0:x1].mean())
    return (found if _FILL[0] <= fill <= _FILL[1] else ellipse).astype(np.float32)


def _from_seeds(view: View, labels: NDArray[np.int8]) -> Plane:
    """The connected region of similar colour around the seeds, cut along edges."""
    height, width = labels.shape
    columns, rows = np.flatnonzero((labels > 0).any(axis=0)), np.flatnonzero((labels > 0).any(axis=1))
    aside = int(_ASIDE * max(height, width))
    crop = (
        slice(max(0, int(rows[0]) - aside), min(height, int(rows[-1]) + aside + 1)),
        slice(max(0, int(columns[0]) - aside), min(width, int(columns[-1]) + aside + 1)),
    )
    distance = cv2.distanceTransform((labels <= 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) / max(height, width)
    likely = _similar_around(view, labels > 0) | (distance < _LIKELY)
    state = np.full(labels.shape, cv2.GC_BGD, np.uint8)
    state[crop] = cv2.GC_PR_BGD
    state[likely & (state == cv2.GC_PR_BGD)] = cv2.GC_PR_FGD
    state[distance < _SURE] = cv2.GC_FGD
    state[labels < 0] = cv2.GC_BGD
    found = _settle(_grab_cut(view, state, crop), view, crop)
    found[labels > 0] = True
    found[labels < 0] = False
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=8)
    kept = np.isin(parts, np.unique(parts[labels > 0]))
    return kept.astype(np.float32)


def _similar_around(view: View, where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels connected to `where` through colours like those it covers (smoothed, so that grain does not stop it)."""
    lab = cv2.GaussianBlur(view.lab, (0, 0), 1.5)
    known = lab[where]
    picks = known[np.linspace(0, len(known) - 1, min(len(known), 24)).astype(int)]
    difference = np.full(where.shape, np.inf, np.float32)
    for color in picks:
        difference = np.minimum(difference, np.linalg.norm(lab - color, axis=2))
    similar = (difference < _SIMILAR) | (cv2.dilate(where.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    _, parts = cv2.connectedComponents(similar.astype(np.uint8), connectivity=4)
    connected: NDArray[np.bool_] = np.isin(parts, np.unique(parts[where]))
    return connected


def _grab_cut(view: View, state: NDArray[np.uint8], crop: tuple[slice, slice]) -> NDArray[np.bool_]:
    """grabCut inside `crop`, at _CROP pixels or more; False outside."""
    lab = np.ascontiguousarray(view.lab[crop])
    marks = np.ascontiguousarray(state[crop])
    zoom = max(1.0, _CROP / min(marks.shape))
    size = (round(marks.shape[1] * zoom), round(marks.shape[0] * zoom))
    bgr = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR), 0.0, 1.0)
    enlarged = np.rint(cv2.resize(bgr, size, interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)
    work = cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST)
    found = np.zeros(state.shape, bool)
    inside = (work == cv2.GC_FGD) | (work == cv2.GC_PR_FGD)
    if inside.all() or not inside.any():  # grabCut needs both sides
        found[crop] = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
        return found
    cv2.setRNGSeed(0)  # its colour clusters start from random centres
    cv2.grabCut(enlarged, work, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    answer = ((work == cv2.GC_FGD) | (work == cv2.GC_PR_FGD)).astype(np.float32)
    found[crop] = cv2.resize(answer, marks.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return found


def _settle(found: NDArray[np.bool_], view: View, crop: tuple[slice, slice]) -> NDArray[np.bool_]:
    """`found` with its outline moved, within a few pixels, to where the colours on its two sides part.

    grabCut knows colours only for the whole picture and works on an enlarged one; it tends to keep a rim.
    """
    inside = found[crop].astype(np.float32)
    if not inside.any():
        return found
    lab = np.ascontiguousarray(view.lab[crop])
    distance = signed_distance(inside)
    certain = (np.abs(distance) > _RIM).astype(np.float32)
    color = np.clip(color_probability(lab, (Exemplar(lab, inside, certain),)), 0.02, 0.98)
    evidence = np.log(color / (1.0 - color)) + np.clip(distance / _RIM, -_HOLD, _HOLD)
    cut = relaxed_cut(0.5 * evidence, stiffness_from(lab, 1.0), inside)
    settled = np.zeros_like(found)
    settled[crop] = cut > 0.5
    return settled


def _ellipse(shape: Size, x0: int, y0: int, x1: int, y1: int, share: float) -> NDArray[np.bool_]:
    """The ellipse inscribed in the rectangle, its axes shrunk to `share`."""
    x = (np.arange(shape[1]) + 0.5 - (x0 + x1) / 2) / max(0.5, share * (x1 - x0) / 2)
    y = (np.arange(shape[0]) + 0.5 - (y0 + y1) / 2) / max(0.5, share * (y1 - y0) / 2)
    filled: NDArray[np.bool_] = x[None, :] ** 2 + y[:, None] ** 2 <= 1.0
    return filled
