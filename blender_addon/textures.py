# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattes as textures for the overlay: read in a helper process, uploaded by the timer, drawn by the overlay."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from . import filing, pictures

#: Textures that are kept, and the longest side of one: an overlay need not be sharper than the preview.
KEPT, LONG_SIDE = 24, 1280

Key = tuple[str, str, tuple[int, int]]
_ready: OrderedDict[Key, Any] = OrderedDict()
_reading: set[Key] = set()
_reader = filing.Helper("overlay")


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
    def ready(opacity: np.ndarray) -> None:
        _reading.discard(key)
        _ready[key] = _texture(opacity)

    _reading.add(key)
    _reader.submit(_opacity, path, view, then=ready, failed=lambda _: _reading.discard(key))


def _opacity(path: Path, view: str) -> np.ndarray:
    """What the view shows of the matte (float16, bottom row first), 0..1."""
    alpha = pictures.read_matte(path)
    step = max(1, -(-max(alpha.shape) // LONG_SIDE))
    alpha = np.clip(alpha[::-step, ::step], 0.0, 1.0)
    if view == "edges":
        gy, gx = np.gradient(alpha)
        alpha = np.clip(4.0 * np.hypot(gx, gy), 0.0, 1.0)
    elif view == "colour":
        alpha = 1.0 - alpha
    return alpha.astype(np.float16)


def upload() -> bool:
    """Make textures of what was read since; True when there is something new to draw. Needs the main thread."""
    something = _reader.drain()
    while len(_ready) > KEPT:
        _ready.popitem(last=False)
    return something


def _texture(opacity: np.ndarray) -> Any:
    """White, as opaque as that."""
    import gpu

    height, width = opacity.shape
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., 3] = opacity
    buffer = gpu.types.Buffer("FLOAT", rgba.size, np.ascontiguousarray(rgba).reshape(-1))
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=buffer)


def clear() -> None:
    """Forget them all, and end who reads."""
    _ready.clear()
    _reading.clear()
    _reader.stop()
