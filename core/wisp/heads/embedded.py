"""The embedded head: the guided filter's matte corrected by a small network whose weights come with Wisp.

The network looks at the picture at half the size first, then at full size, where that left anything open. It looks only
at blocks near the mask's edge. Large regions are cut into slices of few blocks, which get the same numbers as all at
once. Pictures larger than it was taught on are matted smaller and refined along the plate's own edges.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ..device import resolve_device
from ..plates.clip import Clip, FloatImage, resize
from ..plates.plate import Window
from ..weights.checkpoints import check_keys, load_state_dict
from .band import Mask, mask_from_logits, signed_distance
from .colour_lines import carried_alpha
from .edge_blocks import Blocks
from .edge_cues import PLANES, EdgeCues
from .edge_features import EdgeFeatures, PictureMaps, paired
from .edge_network import BLOCK, CONTEXT, REACH, EdgeNetwork
from .edge_spread import LONG_SIDE, likely_spread
from .guided import lengths, quickly_filtered
from .refine import refine_alpha

#: The weights that come with Wisp.
WEIGHTS = Path(__file__).with_name("embedded.safetensors")
#: Longest side in pixels that the network works at; its window of view does not grow with the plate.
LONGEST_SIDE = 2048
#: Widest spread in pixels that the network works at: of what is spread further it sees too small a part. Where the
#: picture would be larger than this part of itself, it stays: refining costs more than that brings.
_WIDEST, _WORTH = 5.0, 0.8
#: Spreads in pixels up to which an edge is sharp and its mask exact, and from which one of the two is not.
_EXACT_SPREADS = (0.7, 1.1)
#: Pixels by which the network moves the outline of a mask that was exact at most, and of one that is coarse at least.
#: Chosen as the trust in `colour_lines`.
_OUTLINE_MOVED = (0.05, 0.4)
#: Alpha in the smaller picture, and its distance from 1, up to which it is final further from the outline than so many
#: pixels.
_CLOSED, _OUTLINE = 0.02, 2.0
#: Pixels over which the network's alpha fades in from the border of the blocks that it looks at: faint haze ended there
#: in straight lines.
_FADED = 8.0
#: Blocks of a slice, besides its context: bounds memory.
_SLICE = 1024
_THREADS = 2


def embedded_matte(
    network: EdgeNetwork, image: FloatImage, logits: NDArray[np.float32], *, carried: bool = True
) -> FloatImage:
    """Alpha from a mask: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `logits`: h x w float32, > 0 inside, of any size,
    covering the picture edge to edge. Further from the mask's edge than the network sees, alpha is the mask.
    From masks that are not exact, what the network found is `carried` along the colour lines of the picture.
    Large pictures, and what is spread wide around the mask's outline, are matted smaller and refined.
    """
    with _workers() as workers:
        return _Matter(network, image, workers, carried=carried).matte(logits)


class _Picture:
    """A picture padded to whole blocks. Half of it and its maps are made once, whatever is matted in it."""

    def __init__(self, image: FloatImage, device: torch.device, workers: Executor) -> None:
        self.image = _padded(image)
        self._device, self._workers = device, workers

    @cached_property
    def half(self) -> _Picture:
        height, width = self.image.shape[:2]
        return _Picture(resize(self.image, (width // 2, height // 2)), self._device, self._workers)

    @cached_property
    def _maps(self) -> PictureMaps:
        return PictureMaps(self.image, BLOCK, self._device, self._workers)

    def begin_features(self, chosen: Mask) -> None:
        """Have the features of the chosen blocks made by the workers."""
        self.half._maps.begin(paired(chosen))
        self._maps.begin(chosen)

    def features(self, chosen: Mask) -> EdgeFeatures:
        """Those of the chosen blocks."""
        return EdgeFeatures.at(chosen, self._maps, self.half._maps)


class _Matter:
    """Mattes objects of one plate."""

    def __init__(self, network: EdgeNetwork, image: FloatImage, workers: Executor, *, carried: bool) -> None:
        self._network, self._image, self._workers, self._carried = network, image, workers, carried
        self._pictures: dict[tuple[int, int], _Picture] = {}

    def matte(self, logits: NDArray[np.float32]) -> FloatImage:
        """See `embedded_matte`."""
        height, width = self._image.shape[:2]
        mask = mask_from_logits(logits, width, height)
        if not mask.any() or mask.all():
            return mask.astype(np.float32)
        spread = likely_spread(self._image, mask, logits.shape)
        wide = _WIDEST / spread
        scale = min(1.0, LONGEST_SIDE / max(height, width), wide if wide < _WORTH else 1.0)
        if scale == 1:
            return self._matted(mask, spread)
        small = (max(BLOCK, round(width * scale)), max(BLOCK, round(height * scale)))
        return refine_alpha(self._matted(mask_from_logits(logits, *small), scale * spread), self._image)

    def _matted(self, mask: Mask, spread: float) -> FloatImage:
        """At the size of a mask, H x W, around whose outline the edge is `spread` pixels."""
        height, width = mask.shape
        if not mask.any() or mask.all():  # what a larger one had of it is too small to be seen
            return mask.astype(np.float32)
        picture, mask = self._picture((width, height)), _padded_mask(mask)
        cues = _cues(self._network, picture, mask, spread, self._workers)
        found = _found(self._network, cues, picture, self._workers)
        moved = _coarse_share(found, cues.distance)
        if moved and self._carried:
            halves = (found.shape[1] // 2, found.shape[0] // 2)
            # What changes there is enlarged by a pixel on either side.
            near = cv2.resize(np.abs(cues.distance), halves, interpolation=cv2.INTER_AREA) < REACH - 2
            # Sums over several threads would depend on how many a machine has.
            along = self._workers.submit(carried_alpha, picture.image, found, near).result()
            found += moved * (along - found)
        alpha = cues.alpha + max(moved, _soft_share(spread, max(height, width))) * (found - cues.alpha)
        return np.ascontiguousarray(alpha[:height, :width])

    def _picture(self, size: tuple[int, int]) -> _Picture:
        if size not in self._pictures:
            image = self._image if size == self._image.shape[1::-1] else resize(self._image, size)
            self._pictures[size] = _Picture(image, _device(self._network), self._workers)
        return self._pictures[size]


def edge_cues(network: EdgeNetwork | None, image: FloatImage, mask: Mask, spread: float) -> EdgeCues:
    """What the network is told of a picture, H x W x 3 with sides in multiples of `CELL`, and a mask of that size,
    around whose outline the edge is `spread` pixels: among it what it finds in the picture at half the size. None:
    nothing was found there."""
    if network is None:
        return _own_cues(image, mask, signed_distance(mask), spread)
    with _workers() as workers:
        return _cues(network, _Picture(image, _device(network), workers), mask, spread, workers)


def _cues(network: EdgeNetwork, picture: _Picture, mask: Mask, spread: float, workers: Executor) -> EdgeCues:
    """See `edge_cues`."""
    height, width = mask.shape
    size = (width // 2, height // 2)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    if not small.any() or small.all():  # too small to be seen there
        return _cues_at_size(picture, mask, spread)
    half = picture.half
    cues = _cues_at_size(half, _padded_mask(small), spread / 2)
    found = _found(network, cues, half, workers)[: size[1], : size[0]]
    return _cues_at_size(picture, mask, spread, refine_alpha(found, picture.image))


def _cues_at_size(picture: _Picture, mask: Mask, spread: float, coarser: FloatImage | None = None) -> EdgeCues:
    """The cues, made while workers make the features where the picture is open."""
    distance = signed_distance(mask)
    picture.begin_features(_open_blocks(distance, coarser))
    return _own_cues(picture.image, mask, distance, spread, coarser)


def _own_cues(
    image: FloatImage, mask: Mask, distance: FloatImage, spread: float, coarser: FloatImage | None = None
) -> EdgeCues:
    alpha = quickly_filtered(image, mask, distance, lengths(spread))
    return EdgeCues.of(image, alpha, distance, spread, coarser)


def _found(network: EdgeNetwork, cues: EdgeCues, picture: _Picture, workers: Executor) -> FloatImage:
    """Alpha as the network finds it, H x W float32 in 0..1."""
    chosen = _open_blocks(cues.distance, None if cues.coarser is cues.alpha else cues.coarser)
    found = cues.coarser.copy()
    if not chosen.any():
        return found
    features = picture.features(chosen)

    def correct(rows: range) -> None:
        context = CONTEXT // BLOCK
        first, last = max(rows.start - context, 0), min(rows.stop + context, len(chosen))
        near = chosen[first:last]
        before = int(chosen[:first].sum())
        seen = features.parts(before, before + int(near.sum()))
        parts = _predict(network, _planes(cues, near, first), seen, near)
        for (row, column), part in zip(np.argwhere(near).tolist(), parts, strict=True):
            if first + row in rows:
                y, x = (first + row) * BLOCK, column * BLOCK
                found[y : y + BLOCK, x : x + BLOCK] = part

    list(workers.map(correct, _slices(chosen)))
    faded: FloatImage = cues.coarser + np.minimum(_inwards(chosen) / _FADED, 1) * (found - cues.coarser)
    return faded


def _inwards(chosen: Mask) -> FloatImage:
    """How many pixels each pixel lies inside of the chosen blocks: H x W float32, 0 outside of them."""
    whole = cv2.resize(chosen.astype(np.uint8), None, fx=BLOCK, fy=BLOCK, interpolation=cv2.INTER_NEAREST)
    inwards: FloatImage = cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_3)
    return inwards


def load_network(path: Path = WEIGHTS, device: str = "cpu") -> EdgeNetwork:
    """The network with the weights of a `.safetensors` file. Raises WeightsError, DeviceError."""
    state = load_state_dict(path)
    network = EdgeNetwork()
    check_keys({name: tuple(value.shape) for name, value in network.state_dict().items()}, state, path)
    network.load_state_dict(state)
    network.requires_grad_(False).eval().to(resolve_device(device))
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs


class EmbeddedHead:
    """See `embedded_matte`. `version` names the weights."""

    id = "embedded"
    apart: Literal[True] = True

    def __init__(self, network: EdgeNetwork, version: str, *, carried: bool = True) -> None:
        self._network = network
        self._carried = carried
        self.version = version

    @property
    def expecting(self) -> EmbeddedHead:
        """Its mattes are not carried: what colour lines say, the equation says with the background known. What they
        get wrong, such as where light mixes, it would believe."""
        return EmbeddedHead(self._network, self.version, carried=False)

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """See `Head.matte`."""
        with _workers() as workers:
            matter = _Matter(self._network, clip.image(frame), workers, carried=self._carried)
            return {number: matter.matte(mask) for number, mask in logits.items()}


def build(entry: Any, files: Mapping[str, Path], options: Any) -> EmbeddedHead:
    """The registry's way to this head; weights of one's own training under the name `weights`."""
    path = files.get("weights", WEIGHTS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return EmbeddedHead(load_network(path, options.device), f"embedded-{entry.revision}-{digest[:12]}")


def _soft_share(spread: float, long_side: int) -> float:
    """How much of the network's correction is taken, 0..1, by how soft the edge is. A sharp one that the mask meets to
    the pixel leaves the guided filter nothing to be corrected for, and the network only its own noise."""
    exact, uncertain = _EXACT_SPREADS
    measured = spread / max(1.0, long_side / LONG_SIDE)
    return float(np.clip((measured - exact) / (uncertain - exact), 0, 1))


def _coarse_share(alpha: FloatImage, distance: FloatImage) -> float:
    """How coarse the mask is, 0..1: by how many pixels the network's `alpha` moved its outline, what is sure counting
    most. So much at least is taken of the correction, and so much of what colour lines change: an exact mask has told
    the network all there is, and lines would only smooth it."""
    moved = ((alpha > 0.5) != (distance > 0)) & (np.abs(distance) < REACH)
    outline = max(np.count_nonzero(np.abs(distance) < 1) / 2, 1)
    pixels = float(np.abs(2 * alpha[moved] - 1).sum()) / outline
    exact, coarse = _OUTLINE_MOVED
    return float(np.clip((pixels - exact) / (coarse - exact), 0, 1))


@contextmanager
def _workers() -> Iterator[ThreadPoolExecutor]:
    """Threads in which torch uses one thread each: whole slices side by side. Threads that share a slice wait for each
    other at every layer, which took five times as long on a machine that had other work."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(min(_THREADS, before), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)  # threads that are started later would inherit the one


@torch.inference_mode()
def _predict(network: EdgeNetwork, planes: FloatImage, features: EdgeFeatures, chosen: Mask) -> FloatImage:
    """Alpha of the chosen blocks, count x `BLOCK` x `BLOCK`, from their planes (channels last) and features."""
    device = _device(network)
    blocks = Blocks(torch.from_numpy(chosen)[None].to(device))
    told = torch.from_numpy(planes).to(device).permute(0, 3, 1, 2)
    alpha = network.parts(told, features, blocks).full
    found: FloatImage = alpha.clamp(0, 1)[:, 0].cpu().numpy()
    return found


def _planes(cues: EdgeCues, chosen: Mask, first: int) -> FloatImage:
    """The planes of the chosen blocks, count x `BLOCK` x `BLOCK` x `PLANES`; row 0 of `chosen` is block row `first`."""
    planes = np.empty((int(chosen.sum()), BLOCK, BLOCK, PLANES), np.float32)
    done = 0
    for row, start, stop in _runs(chosen):
        y = (first + row) * BLOCK
        run = cues.window(Window(start * BLOCK, y, stop * BLOCK, y + BLOCK))
        # Interleaved by OpenCV, which takes a fraction of the time that a transposition does.
        interleaved = cv2.merge(list(run)).reshape(BLOCK, stop - start, BLOCK, PLANES)
        planes[done : done + stop - start] = interleaved.transpose(1, 0, 2, 3)
        done += stop - start
    return planes


def _runs(chosen: Mask) -> Iterator[tuple[int, int, int]]:
    """Row, first column and column after the last one of blocks that stand side by side, in their order."""
    edges = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, stops = np.argwhere(edges > 0), np.argwhere(edges < 0)
    for (row, start), (_, stop) in zip(starts.tolist(), stops.tolist(), strict=True):
        yield row, start, stop


def _open_blocks(distance: FloatImage, coarser: FloatImage | None) -> Mask:
    """The blocks of a picture (of whole blocks) where alpha is to be found: near the mask's edge, and soft in the
    smaller picture, where one was looked at."""
    height, width = distance.shape
    distance = np.abs(distance)
    near = distance < REACH
    if coarser is not None:
        near &= (distance < _OUTLINE) | ((coarser > _CLOSED) & (coarser < 1 - _CLOSED))
    return np.asarray(near.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).any(axis=(1, 3)))


def _slices(chosen: Mask) -> list[range]:
    """Rows of blocks in slices of about the same number of chosen ones: at least one slice for every worker."""
    done = chosen.sum(axis=1).cumsum()
    count = max(_THREADS, math.ceil(done[-1] / _SLICE))
    ends = np.searchsorted(done, done[-1] * np.arange(1, count + 1) / count) + 1
    starts = [0, *ends[:-1].tolist()]
    return [range(start, end) for start, end in zip(starts, ends.tolist(), strict=True) if start < end]


def _device(network: EdgeNetwork) -> torch.device:
    return next(network.parameters()).device


def _padded_mask(mask: Mask) -> Mask:
    return np.asarray(_padded(mask.astype(np.uint8)) > 0)


def _padded(plane: FloatImage) -> FloatImage:
    """Repeated outwards at the right and the bottom to whole multiples of `BLOCK`."""
    height, width = plane.shape[:2]
    down, right = -height % BLOCK, -width % BLOCK
    padded: FloatImage = cv2.copyMakeBorder(plane, 0, down, 0, right, cv2.BORDER_REPLICATE)
    return padded
