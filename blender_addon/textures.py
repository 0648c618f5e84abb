# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattes as textures for the overlay: read on a worker thread, uploaded by the timer, drawn by the overlay."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from . import pictures

#: Textures that are kept, and the longest side of one: an overlay need not be sharper than the preview.
KEPT, LONG_SIDE = 24, 1280

Key = tuple[str, str, tuple[int, int]]
_ready: OrderedDict[Key, Any] = OrderedDict()
_reading: dict[Key, Future[np.ndarray]] = {}
_worker: ThreadPoolExecutor | None = None


def get(path: Path, view: str) -> Any:
    """The texture of a matte file in a view mode, or None while it is not there yet; it is asked for then.

    The texture of the file before this one is shown until the newer one is there.
    """
    try:
        stat = path.stat()
    except OSError:
        return None
    key = (str(path), view, (stat.st_ino, stat.st_mtime_ns))
    if key in _ready:
        _ready.move_to_end(key)
        return _ready[key]
    if key not in _reading:
        _read(key, path, view)
    older = [k for k in _ready if k[:2] == key[:2]]
    return _ready[older[-1]] if older else None


def _read(key: Key, path: Path, view: str) -> None:
    global _worker
    if _worker is None:
        _worker = ThreadPoolExecutor(1, "wisp-overlay")
    _reading[key] = _worker.submit(_pixels, path, view)


def _pixels(path: Path, view: str) -> np.ndarray:
    """RGBA (float32, bottom row first) of the matte in that view: white, its alpha what the view shows."""
    alpha = pictures.read_matte(path)
    step = max(1, -(-max(alpha.shape) // LONG_SIDE))
    alpha = np.clip(alpha[::-step, ::step], 0.0, 1.0)
    if view == "edges":
        gy, gx = np.gradient(alpha)
        alpha = np.clip(4.0 * np.hypot(gx, gy), 0.0, 1.0)
    elif view == "colour":
        alpha = 1.0 - alpha
    rgba = np.ones((*alpha.shape, 4), np.float32)
    rgba[..., 3] = alpha
    return rgba


def upload() -> bool:
    """Make textures of what was read since; True when there is something new to draw. Needs the main thread."""
    done = [key for key, future in _reading.items() if future.done()]
    for key in done:
        future = _reading.pop(key)
        if future.exception() is None:
            _ready[key] = _texture(future.result())
    while len(_ready) > KEPT:
        _ready.popitem(last=False)
    return bool(done)


def _texture(rgba: np.ndarray) -> Any:
    import gpu

    height, width = rgba.shape[:2]
    buffer = gpu.types.Buffer("FLOAT", rgba.size, np.ascontiguousarray(rgba).reshape(-1))
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=buffer)


def pending() -> bool:
    """Whether something is being read."""
    return bool(_reading)


def clear() -> None:
    global _worker
    _ready.clear()
    _reading.clear()
    if _worker is not None:
        _worker.shutdown(wait=False, cancel_futures=True)
        _worker = None
