"""The edge tools of one matte: mend what is broken, then shape what is there. What was painted comes after them."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..plates.clip import FloatImage
from ..shot import Edge

#: Alpha above this holds an island to its neighbour: so faint a thread still makes a strand part of the head.
_THREAD = 0.02
#: A border this narrow (pixels) shows in no pixel, and no filter is that small.
_UNSEEN = 0.01
#: Radius from which on rows are compared quicker than the kernel of OpenCV.
_WIDE_DISK = 16


def mend(alpha: FloatImage, edge: Edge) -> FloatImage:
    """`alpha` (float32, height x width, 0..1) with its border, specks and holes seen to."""
    alpha = extend_to_border(alpha, int(edge.frame_edge))
    alpha = remove_specks(alpha, edge.remove_specks)
    return fill_holes(alpha, edge.fill_holes)


def shape(
    alpha: FloatImage, edge: Edge, core: FloatImage | None = None, garbage: FloatImage | None = None
) -> FloatImage:
    """`alpha` with its edge as asked for, then with core and garbage mattes (same size, 0..1).

    These come after it, so that no edge setting weakens them: alpha is at least the core, and none is left where
    garbage is full.
    """
    alpha = finish_edge(alpha, edge)
    if core is not None:
        alpha = np.maximum(alpha, core)
    if garbage is not None:
        alpha = alpha * (1.0 - garbage)
    return alpha


# Mend -----------------------------------------------------------------------------------------------------


def extend_to_border(alpha: FloatImage, pixels: int) -> FloatImage:
    """`alpha` (float32, height x width) with its outermost `pixels` replaced by the nearest ones inside of them.

    At least one pixel in the middle is always kept. 0 changes nothing.
    """
    height, width = alpha.shape
    rows, columns = min(pixels, (height - 1) // 2), min(pixels, (width - 1) // 2)
    if rows <= 0 and columns <= 0:
        return alpha
    inner = np.ascontiguousarray(alpha[rows : height - rows, columns : width - columns])
    return np.asarray(cv2.copyMakeBorder(inner, rows, rows, columns, columns, cv2.BORDER_REPLICATE), np.float32)


def remove_specks(alpha: FloatImage, diameter: float) -> FloatImage:
    """`alpha` (float32, height x width, 0..1) without islands of at most `diameter` pixels; 0 removes none.

    An island is an 8-connected region of alpha above 0.02, measured by the longer side of the rectangle around it.
    What touches the picture's border may be larger than it shows and stays. Pixels below 0.02 stay as they are,
    but for those that an island leaves behind around itself.
    """
    if diameter <= 0:
        return alpha
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > _THREAD).astype(np.uint8), connectivity=8)
    left, top, width, height = stats[:, 0], stats[:, 1], stats[:, 2], stats[:, 3]
    whole = (left > 0) & (top > 0) & (left + width < alpha.shape[1]) & (top + height < alpha.shape[0])
    small = whole & (np.maximum(width, height) <= diameter)
    small[0] = False  # the background
    if count <= 1 or not small.any():
        return alpha
    islands = small[labels]
    # The faint rim of an island goes with it, unless it is the rim of something that stays as well.
    kernel = np.ones((3, 3), np.uint8)
    staying = cv2.dilate(((labels > 0) & ~islands).astype(np.uint8), kernel).astype(bool)
    gone = cv2.dilate(islands.astype(np.uint8), kernel).astype(bool) & ~staying
    return np.where(gone, np.float32(0.0), alpha)


def fill_holes(alpha: FloatImage, diameter: float) -> FloatImage:
    """`alpha` with holes of at most `diameter` pixels filled: `remove_specks` of what the object leaves free.

    Only what is enclosed by full alpha on all sides is a hole; the gaps between strands of hair, whose
    borders are soft, are none.
    """
    return alpha if diameter <= 0 else 1.0 - remove_specks(1.0 - alpha, diameter)


# Shape ----------------------------------------------------------------------------------------------------


def finish_edge(alpha: FloatImage, edge: Edge) -> FloatImage:
    """Alpha (float32, height x width, 0..1) with the edge settings applied; the default settings change nothing.

    Order: grow, soften, black and white point, gamma: the shape first, then its values.
    """
    result = _grow(alpha, edge.grow)
    if edge.soften > _UNSEEN:
        # The settings speak of the width of the soft border; a Gaussian's 5-95 % width is about 3.3 sigma.
        result = cv2.GaussianBlur(result, (0, 0), edge.soften / 3.3, borderType=cv2.BORDER_REPLICATE)
    if (edge.black, edge.white) != (0.0, 1.0):
        result = np.clip((result - edge.black) / (edge.white - edge.black), 0.0, 1.0)
    if edge.gamma != 1.0:
        between = (result > 0.0) & (result < 1.0)  # the rest of a matte, most of it, is not bent
        result = result.copy() if result is alpha else result
        result[between] = result[between] ** np.float32(1.0 / edge.gamma)
    return np.asarray(result, np.float32)


def _grow(alpha: FloatImage, radius: float) -> FloatImage:
    """Grey dilation (or erosion for a negative radius) by a disk; fractions of a pixel by mixing two radii."""
    whole = math.floor(abs(radius))
    share = np.float32(abs(radius) - whole)
    x, y, width, height = cv2.boundingRect((alpha > 0).astype(np.uint8))
    if radius == 0 or not width:
        return alpha
    room = whole + 2  # beyond it all is 0, and stays
    near = np.s_[max(0, y - room) : y + height + room, max(0, x - room) : x + width + room]
    sign = np.float32(math.copysign(1, radius))  # an erosion is the dilation of what is left free
    inner = _dilated(sign * alpha[near], whole)
    if share:
        inner = (1 - share) * inner + share * _dilated(sign * alpha[near], whole + 1)
    result = np.zeros_like(alpha)
    result[near] = np.abs(inner)
    return result


def _dilated(alpha: FloatImage, radius: int) -> FloatImage:
    """The largest value of the disk around every pixel that lies in the picture.

    A disk is a stack of rows. From its ends to its middle they grow longer, and the largest value of a longer row is
    that of two shorter ones that overlap: three comparisons a row, where a kernel takes one for every pixel.
    """
    if radius < _WIDE_DISK:
        span = np.arange(-radius, radius + 1)
        disk = span[:, None] ** 2 + span[None, :] ** 2 <= (radius + 0.25) ** 2
        return np.asarray(cv2.dilate(alpha, disk.astype(np.uint8)), np.float32)
    height, width = alpha.shape
    padded = np.pad(alpha, radius, constant_values=-math.inf)
    across, reach = padded, 0  # the largest of `reach` pixels on either side
    result = np.full_like(alpha, -math.inf)
    for down in range(radius, -1, -1):
        wanted = math.isqrt(int((radius + 0.25) ** 2 - down**2))
        while reach < wanted:
            step = min(wanted - reach, max(reach, 1))
            wider = across.copy()
            for shifted in (across[:, 2 * step :], across[:, : -2 * step]):
                np.maximum(wider[:, step:-step], shifted, out=wider[:, step:-step])
            across, reach = wider, reach + step
        for start in {radius - down, radius + down}:
            np.maximum(result, across[start : start + height, radius : radius + width], out=result)
    return result
