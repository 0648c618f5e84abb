"""Cryptomatte: which objects a pixel shows, and how much of each, in a form that compositors pick from.

After the Cryptomatte specification 1.2.0 (Friedman and Jones, "Fully Automatic ID Mattes with Support for Motion Blur
and Transparency", SIGGRAPH 2015): names become 32-bit hashes, hashes float values; each pixel holds pairs of such an id
and its coverage, the largest coverage first, two pairs to a layer of four channels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..finish.exclusive import make_exclusive
from ..plates.clip import FloatImage

#: Name of the whole set; layers are called after it: CryptoObject00, CryptoObject01, ...
NAME = "CryptoObject"
#: Pairs beyond these are left out where more objects overlap in one pixel.
MAX_RANKS = 6

_MASK = 0xFFFFFFFF


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3_x86_32 of `data` (Appleby 2011): an unsigned 32-bit number."""
    h = seed
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        h = _rotated(h ^ _scrambled(int.from_bytes(data[start : start + 4], "little")), 13)
        h = (h * 5 + 0xE6546B64) & _MASK
    if data[whole:]:
        h ^= _scrambled(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) & _MASK
    return h ^ (h >> 16)


def _scrambled(block: int) -> int:
    return (_rotated((block * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def _rotated(value: int, places: int) -> int:
    return ((value << places) | (value >> (32 - places))) & _MASK


def id_bits(name: str) -> int:
    """The 32 bits of an object's id: its hash, changed where it would be NaN, infinite or denormal as a float.

    Such a hash has an exponent of all ones or all zeros; one bit of the exponent is turned over.
    """
    bits = murmur3(name.encode())
    return bits ^ (1 << 23) if (bits >> 23) & 0xFF in (0, 0xFF) else bits


def id_value(name: str) -> np.float32:
    """The same bits as the float that files hold."""
    return np.uint32(id_bits(name)).view(np.float32)


def attributes(names: Sequence[str]) -> dict[str, str]:
    """Header attributes that tell readers what the layers are and which object has which id."""
    key = "cryptomatte/" + f"{murmur3(NAME.encode()):08x}"[:7]
    manifest = json.dumps({name: f"{id_bits(name):08x}" for name in names}, separators=(",", ":"), ensure_ascii=False)
    return {
        f"{key}/name": NAME,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": manifest,
    }


def channels(alphas: Mapping[str, FloatImage], colours: Mapping[str, str]) -> dict[str, FloatImage]:
    """Name -> float32 plane, height x width, of all layers and of a preview for people.

    `alphas`: 0..1 per object; where they overlap to more than 1 they share. `colours`: `#rrggbb` of the preview. The
    number of layers depends on the number of objects alone, so that all frames of a shot have the same.
    """
    names = list(alphas)
    coverage = np.stack(list(make_exclusive(alphas).values()))
    ids = np.array([id_value(name) for name in names], np.float32)
    ranks = min(MAX_RANKS, max(2, len(names) + len(names) % 2))
    order = np.argsort(-coverage, axis=0, kind="stable")
    planes = {
        f"{NAME}.{letter}": plane for letter, plane in zip("RGB", _preview(coverage, names, colours), strict=True)
    }
    empty = np.zeros(coverage.shape[1:], np.float32)
    for rank in range(ranks):
        value, share = empty, empty
        if rank < len(names):
            share = np.take_along_axis(coverage, order[rank : rank + 1], axis=0)[0]
            value = np.where(share > 0, ids[order[rank]], np.float32(0))
        id_channel, share_channel = ("R", "G") if rank % 2 == 0 else ("B", "A")
        planes[f"{NAME}{rank // 2:02d}.{id_channel}"] = value
        planes[f"{NAME}{rank // 2:02d}.{share_channel}"] = share
    return planes


def _preview(coverage: FloatImage, names: Sequence[str], colours: Mapping[str, str]) -> NDArray[np.float32]:
    rgb = np.array([[int(colours[name][i : i + 2], 16) / 255 for i in (1, 3, 5)] for name in names], np.float32)
    return np.asarray(np.einsum("nhw,nc->chw", coverage, rgb), np.float32)
