"""The embedded head: the guided filter's matte corrected by a small network whose weights come with Wisp.

The network looks only at tiles that touch the unknown region and gives there the same numbers as it would on the
whole picture. Pictures larger than it was taught on are matted at half the size or less and refined along the
plate's own edges.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ..device import resolve_device
from ..plates.clip import Clip, FloatImage, resize
from ..plates.plate import Window
from ..weights.checkpoints import check_keys, load_state_dict
from .band import Mask, grow, mask_from_logits, signed_distance, tiles
from .edge_cues import EdgeCues
from .edge_network import CONTEXT, GRID, REACH, EdgeNetwork
from .guided import guided_matte
from .refine import refine_alpha

#: The weights that come with Wisp.
WEIGHTS = Path(__file__).with_name("embedded.safetensors")
#: Longest side in pixels that the network works at; its window of view does not grow with the plate.
LONGEST_SIDE = 2048
#: Sides of tiles that are tried; the one with the least pixels to compute wins, the last one bounds memory.
_TILES = (128, 192, 256, 384, 512)
_THREADS = 2


def embedded_matte(network: EdgeNetwork, image: FloatImage, logits: NDArray[np.float32]) -> FloatImage:
    """Alpha from a mask: H x W float32 in 0..1.

    `image`: H x W x 3 float32, display-referred RGB in 0..1. `logits`: h x w float32, > 0 inside, of any size,
    covering the picture edge to edge. Further than `REACH` pixels from the mask's edge alpha is the guided filter's.
    """
    height, width = image.shape[:2]
    long_side = max(height, width)
    if long_side > LONGEST_SIDE:
        scale = LONGEST_SIDE / long_side
        small = (max(GRID, round(width * scale)), max(GRID, round(height * scale)))
        return refine_alpha(embedded_matte(network, resize(image, small), logits), image)
    alpha = guided_matte(image, logits)
    mask = mask_from_logits(logits, width, height)
    if not mask.any() or mask.all():
        return alpha
    distance = signed_distance(mask)
    cues = EdgeCues.of(_padded(image), _padded(alpha), _padded(distance))
    near = _padded(np.asarray(np.abs(distance) < REACH, np.float32)) > 0
    corrected = cues.alpha.copy()

    def correct(tile: Window) -> None:
        around = grow(tile, CONTEXT, near.shape[1], near.shape[0])
        found = _predict(network, cues.window(around))
        y, x = tile.y0 - around.y0, tile.x0 - around.x0
        corrected[tile.y0 : tile.y1, tile.x0 : tile.x1] = found[y : y + tile.height, x : x + tile.width]

    with _workers() as pool:
        list(pool.map(correct, _cheapest_tiles(near)))
    return np.ascontiguousarray(corrected[:height, :width])


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

    def __init__(self, network: EdgeNetwork, version: str) -> None:
        self._network = network
        self.version = version

    def matte(self, clip: Clip, frame: int, logits: Mapping[int, NDArray[np.float32]]) -> dict[int, FloatImage]:
        """See `Head.matte`."""
        image = clip.image(frame)
        return {number: embedded_matte(self._network, image, mask) for number, mask in logits.items()}


def build(entry: Any, files: Mapping[str, Path], options: Any) -> EmbeddedHead:  # noqa: ARG001
    """The registry's way to this head; weights of one's own training under the name `weights`."""
    path = files.get("weights", WEIGHTS)
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return EmbeddedHead(load_network(path, options.device), f"embedded-{digest[:12]}")


@contextmanager
def _workers() -> Iterator[ThreadPoolExecutor]:
    """Threads in which torch uses one thread each: whole tiles side by side. Threads that share a tile wait for each
    other at every layer, which took five times as long on a machine that had other work."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(min(_THREADS, before), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)  # threads that are started later would inherit the one


@torch.inference_mode()
def _predict(network: EdgeNetwork, planes: FloatImage) -> FloatImage:
    device = next(network.parameters()).device
    # Interleaved here, because torch takes several times as long to do so.
    last = torch.from_numpy(cv2.merge(list(planes)))[None].to(device)
    alpha = network(last.permute(0, 3, 1, 2)).full.clamp(0, 1)[0, 0]
    found: FloatImage = alpha.cpu().numpy()
    return found


def _padded(plane: FloatImage) -> FloatImage:
    """Repeated outwards at the right and the bottom to whole multiples of `GRID`."""
    height, width = plane.shape[:2]
    down, right = -height % GRID, -width % GRID
    padded: FloatImage = cv2.copyMakeBorder(plane, 0, down, 0, right, cv2.BORDER_REPLICATE)
    return padded


def _cheapest_tiles(region: Mask) -> list[Window]:
    """Tiles on `GRID` that cover `region`, of the size with the least pixels to compute, context included."""

    def cost(chosen: list[Window]) -> int:
        around = (grow(tile, CONTEXT, region.shape[1], region.shape[0]) for tile in chosen)
        return sum(window.width * window.height for window in around)

    return min(([_on_grid(tile) for tile in tiles(region, size)] for size in _TILES), key=cost)


def _on_grid(tile: Window) -> Window:
    return Window(
        tile.x0 // GRID * GRID,
        tile.y0 // GRID * GRID,
        math.ceil(tile.x1 / GRID) * GRID,
        math.ceil(tile.y1 / GRID) * GRID,
    )
