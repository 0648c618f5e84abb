"""All finishing of one matte, in its order."""

from __future__ import annotations

import numpy as np

from ..plates.clip import FloatImage
from ..shot import Edge
from .border import extend_to_border
from .edge import finish_edge
from .islands import fill_holes, remove_specks


def finish_matte(
    alpha: FloatImage, edge: Edge, core: FloatImage | None = None, garbage: FloatImage | None = None
) -> FloatImage:
    """`alpha` (float32, height x width, 0..1; stabilised already where that is wanted) as `edge` asks for.

    First what is broken is mended (border, specks, holes), then the edge is shaped. `core` and `garbage` (same size,
    0..1) come last, so that no edge setting weakens them: alpha is at least the core, and none is left where garbage
    is full.
    """
    alpha = extend_to_border(alpha, edge.frame_edge)
    alpha = remove_specks(alpha, edge.remove_specks)
    alpha = fill_holes(alpha, edge.fill_holes)
    alpha = finish_edge(alpha, edge)
    if core is not None:
        alpha = np.maximum(alpha, core)
    if garbage is not None:
        alpha = alpha * (1.0 - garbage)
    return alpha
