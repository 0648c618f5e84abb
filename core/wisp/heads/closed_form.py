"""Closed-form matting near the mask's outline: slow, no weights, the reference among the classical heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage
from .band import Mask, grow, mask_from_logits, tiles, unknown_region
from .colour_lines import ColourLines
from .edge_spread import likely_spread
from .guided import guided_matte

#: How strongly a pixel is held to the guided filter's alpha, against the colour lines of one window. It settles what
#: they leave open (glass, holes, strands without a sure core) and keeps every system solvable.
_PRIOR = 0.03 / 9
#: Half width of the unknown region, in spreads of the edge.
_BAND_PER_SPREAD = 3.0
#: Tiles bound memory. With the prior a pixel's influence fades within a few pixels, so the margin hides their seams.
_TILE = 512
_MARGIN = 32
_TOLERANCE = 1e-4
_ROUNDS = 300


def closed_form_matte(image: FloatImage, logits: NDArray[np.float32], *, band: float | None = None) -> FloatImage:
    """Alpha from a mask by closed-form matting: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `logits`: h x w float32, > 0 inside, of any size,
    covering the picture edge to edge. `band`: half the width of the unknown region around the mask's outline, in
    pixels of `image`; None takes three times the measured spread of the edge. Outside the band alpha is the mask.

    Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008, with the guided
    filter's alpha in place of the user's scribbles (their equation 12 with a small weight). A solver that stops
    early leaves a valid alpha: it starts from the guided one.
    """
    height, width = image.shape[:2]
    mask = mask_from_logits(logits, width, height)
    if band is None:
        band = max(_BAND_PER_SPREAD * likely_spread(image, mask, logits.shape), 2.0)
    unknown = unknown_region(mask, band)
    prior = guided_matte(image, logits)
    alpha = mask.astype(np.float32)
    for tile in tiles(unknown, _TILE):
        around = grow(tile, _MARGIN, width, height)
        at = (slice(around.y0, around.y1), slice(around.x0, around.x1))
        inner = (slice(tile.y0 - around.y0, tile.y1 - around.y0), slice(tile.x0 - around.x0, tile.x1 - around.x0))
        solved = _solve(image[at], mask[at], unknown[at], prior[at])
        alpha[tile.y0 : tile.y1, tile.x0 : tile.x1] = solved[inner]
    return alpha


def _solve(image: FloatImage, mask: Mask, unknown: Mask, prior: FloatImage) -> FloatImage:
    """Alpha of one tile: known pixels from `mask`, unknown ones where colour lines and prior agree best."""
    alpha = np.where(unknown, prior, mask).astype(np.float32)
    lines = ColourLines(image, unknown)
    held = torch.full((lines.count,), _PRIOR)
    change = lines.solve(-lines.bent(alpha), held, _ROUNDS, _TOLERANCE).numpy()
    alpha[unknown] = np.clip(alpha[unknown] + change, 0, 1)
    return alpha


class ClosedFormHead:
    """Closed-form matting. `band` as in `closed_form_matte`."""

    id = "closed-form"
    version = "closed-form-3"

    def __init__(self, band: float | None = None) -> None:
        self.band = band

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """See `Head.matte`."""
        image = clip.image(frame)
        return {number: closed_form_matte(image, mask, band=self.band) for number, mask in logits.items()}


def build(entry: Any, files: Any, options: Any) -> ClosedFormHead:  # noqa: ARG001  (a head without weights or options)
    """The registry's way to this head."""
    return ClosedFormHead()
