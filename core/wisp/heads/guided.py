"""The head without weights: a colour guided filter whose windows fit the mask's accuracy and the subject's softness."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..plates.clip import Clip, FloatImage
from ..plates.plate import Window
from .band import Mask, grow, mask_from_logits, signed_distance, tiles
from .edge_spread import likely_spread
from .guided_filter import affine_models, box_mean, guided_filter

# All lengths follow from one measured number, the spread of the picture's edge around the mask's outline. The
# factors were chosen on ten stills with an exact and a coarse mask each; quality is flat around them.
_RADIUS_PER_SPREAD = 4.0
_BAND_PER_SPREAD = 3.5
#: Part of the band, from the outline outwards, where alpha is wholly the filter's; from there it fades to the mask,
#: for texture that the colour model takes for the subject must not end in a visible line.
_SURE_PART = 0.3
_ERROR_PER_SPREAD = 0.35
#: Least belief in a pixel: enough to keep windows that see nothing but doubtful pixels solvable.
_LEAST_BELIEF = 0.05
#: Side of a tile in pixels: its planes stay in the processor's cache.
_TILE = 256
_THREADS = 2
#: Cells that half a window must hold for cells of that size to do.
_CELLS_PER_RADIUS = 4.0


class Lengths(NamedTuple):
    """Half the filter's window, and half the width of the unknown region around the mask's outline: pixels."""

    radius: float
    band: float


def guided_matte(
    image: FloatImage,
    logits: NDArray[np.float32],
    *,
    radius: float | None = None,
    band: float | None = None,
) -> FloatImage:
    """Alpha from a mask by guided filtering in two passes: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `logits`: h x w float32, > 0 inside, of any
    size, covering the picture edge to edge. `radius`, `band`: half the filter's window and half the width
    of the unknown region around the mask's outline, in pixels of `image`; None measures them
    (see `edge_spread`). Towards the rim of the band alpha fades to the mask, outside it is the mask.

    He, Sun, Tang, "Guided Image Filtering", PAMI 2013. The first pass believes mask pixels by the
    probability that a wandering outline leaves them right; the second one, with windows half as wide,
    believes the first pass where it was sure, and so sharpens what the wide windows smeared.
    """
    height, width = image.shape[:2]
    mask = mask_from_logits(logits, width, height)
    if not mask.any() or mask.all():
        return mask.astype(np.float32)
    if radius is None or band is None:
        measured = lengths(likely_spread(image, mask, logits.shape))
        radius = measured.radius if radius is None else radius
        band = measured.band if band is None else band
    return filtered(image, mask, signed_distance(mask), Lengths(radius, band))


def lengths(spread: float) -> Lengths:
    """The filter's lengths for a picture whose edge is spread by `spread` pixels around the mask's outline."""
    return Lengths(_RADIUS_PER_SPREAD * spread, max(_BAND_PER_SPREAD * spread, 2.0))


def filtered(image: FloatImage, mask: Mask, signed: FloatImage, lengths: Lengths) -> FloatImage:
    """`guided_matte` for a mask of the picture's size, H x W, whose `signed_distance` is known."""
    radius, band = lengths
    alpha: FloatImage = mask.astype(np.float32)
    distance = np.abs(signed)
    unknown = distance <= band
    wide, narrow = max(round(radius), 2), max(round(radius / 2), 2)
    rightness = _rightness(lengths)

    def label_belief(at: tuple[slice, slice]) -> FloatImage:
        right = np.tanh(rightness * distance[at])
        return np.asarray(np.maximum(right * right, _LEAST_BELIEF), np.float32)

    first = _filter(image, alpha, unknown, wide, label_belief)
    second = _filter(image, first, unknown, narrow, lambda at: (2 * first[at] - 1) ** 2 + np.float32(_LEAST_BELIEF))
    alpha[unknown] += (second[unknown] - alpha[unknown]) * _share(distance[unknown], band)
    return alpha


def quickly_filtered(image: FloatImage, mask: Mask, signed: FloatImage, lengths: Lengths) -> FloatImage:
    """`filtered` for whoever goes on from it: colour models fitted on cells of up to 4 x 4 pixels, as coarse as the
    windows allow, and applied to every pixel (He, Sun, "Fast Guided Filter", 2015). Sides are multiples of 4."""
    cell = next((cell for cell in (4, 2) if lengths.radius >= _CELLS_PER_RADIUS * cell), 1)
    if cell == 1:
        return filtered(image, mask, signed, lengths)
    height, width = mask.shape
    cells = (width // cell, height // cell)
    small = cv2.resize(image, cells, interpolation=cv2.INTER_AREA)
    share = cv2.resize(mask.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    distance = np.abs(cv2.resize(signed, cells, interpolation=cv2.INTER_AREA))
    right = np.tanh(_rightness(lengths) * distance)
    wide, narrow = max(round(lengths.radius / cell), 1), max(round(lengths.radius / 2 / cell), 1)
    first = guided_filter(small, share, wide, np.maximum(right * right, np.float32(_LEAST_BELIEF)))
    first = np.where(distance <= lengths.band, first, share)
    models = affine_models(small, first, narrow, (2 * first - 1) ** 2 + np.float32(_LEAST_BELIEF))
    alpha = mask.astype(np.float32)
    unknown = np.abs(signed) <= lengths.band
    red, green, blue, level = (
        cv2.resize(box_mean(model, narrow), (width, height), interpolation=cv2.INTER_LINEAR) for model in models
    )
    channels = cv2.split(image)
    second = np.clip(red * channels[0] + green * channels[1] + blue * channels[2] + level, 0, 1)
    share = _share(np.abs(signed[unknown]), lengths.band)
    alpha[unknown] += (second[unknown] - alpha[unknown]) * share
    return alpha


def _rightness(lengths: Lengths) -> float:
    """2 P(right) - 1 for an outline displaced by a normal error is tanh of the distance times this; erf(x) is
    tanh(1.2 x) to within 0.02."""
    error = lengths.radius / _RADIUS_PER_SPREAD * _ERROR_PER_SPREAD
    return 1.2 / math.sqrt(2) / max(error, 0.1)


def _share(distance: FloatImage, band: float) -> FloatImage:
    """The filter's share in alpha at so many pixels from the outline: 1 near it, 0 at the band's rim."""
    outwards = np.clip((distance / band - _SURE_PART) / (1 - _SURE_PART), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * outwards), np.float32)


def _filter(
    image: FloatImage,
    target: FloatImage,
    unknown: Mask,
    radius: int,
    belief: Callable[[tuple[slice, slice]], FloatImage],
) -> FloatImage:
    """`target` with the pixels of `unknown` guided-filtered, tile by tile (equal to filtering the whole picture)."""
    height, width = unknown.shape
    result = target.copy()

    def run(tile: Window) -> None:
        # The filter's two box means reach 2 radii; with that margin a tile knows all that its pixels depend on.
        around = grow(tile, 2 * radius, width, height)
        at = (slice(around.y0, around.y1), slice(around.x0, around.x1))
        filtered = guided_filter(image[at], target[at], radius, belief(at))
        inner = (slice(tile.y0, tile.y1), slice(tile.x0, tile.x1))
        part = filtered[tile.y0 - around.y0 :, tile.x0 - around.x0 :][: tile.height, : tile.width]
        np.copyto(result[inner], part, where=unknown[inner])

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(run, tiles(unknown, max(_TILE, 8 * radius))))
    return result


class GuidedHead:
    """Guided-filter matting: no weights, any picture size. `radius` and `band` as in `guided_matte`."""

    id = "guided"
    apart: Literal[True] = True
    version = "guided-2"

    def __init__(self, radius: float | None = None, band: float | None = None) -> None:
        self.radius = radius
        self.band = band

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """See `Head.matte`."""
        image = clip.image(frame)
        return {
            number: guided_matte(image, mask, radius=self.radius, band=self.band) for number, mask in logits.items()
        }


def build(entry: Any, files: Any, options: Any) -> GuidedHead:  # noqa: ARG001  (a head without weights or options)
    """The registry's way to this head."""
    return GuidedHead()
