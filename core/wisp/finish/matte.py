"""The finishing steps of one matte, in their order: mend what is broken, then shape what is there."""

from __future__ import annotations

import numpy as np

from ..plates.clip import FloatImage
from ..shot import Edge
from .border import extend_to_border
from .edge import finish_edge
from .islands import fill_holes, remove_specks


def mend(alpha: FloatImage, edge: Edge) -> FloatImage:
    """`alpha` (float32, height x width, 0..1) with its border, specks and holes seen to."""
    alpha = extend_to_border(alpha, edge.frame_edge)
    alpha = remove_specks(alpha, edge.remove_specks)
    return fill_holes(alpha, edge.fill_holes)


def shape(
    alpha: FloatImage, edge: Edge, core: FloatImage | None = None, garbage: FloatImage | None = None
) -> FloatImage:
    """`alpha` with its edge as asked for, then with core and garbage mattes (same size, 0..1).

    These come last, so that no edge setting weakens them: alpha is at least the core, and none is left where garbage
    is full.
    """
    alpha = finish_edge(alpha, edge)
    if core is not None:
        alpha = np.maximum(alpha, core)
    if garbage is not None:
        alpha = alpha * (1.0 - garbage)
    return alpha
