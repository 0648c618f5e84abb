"""Cryptomatte: hashes against files of its inventors and the hash's own vectors, pictures read back as readers do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from wisp.cache import read_matte
from wisp.deliver import Delivery, Style
from wisp.deliver.cryptomatte import MAX_RANKS, channels, id_bits, id_value, murmur3
from wisp.finish.exclusive import make_exclusive
from wisp.solve import Solver


def read_cryptomatte(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray], Any]:
    """What a reader makes of a Cryptomatte file: its metadata, the coverage of every name in the manifest, all pixels.

    Written from the specification and proved below on a file that was not made by us; uses OpenImageIO alone.
    """
    source = oiio.ImageInput.open(str(path))
    spec = source.spec()
    pixels = source.read_image(oiio.FLOAT)
    source.close()
    (key,) = {item.name.rsplit("/", 1)[0] for item in spec.extra_attribs if item.name.startswith("cryptomatte/")}
    meta = {name: spec[f"{key}/{name}"] for name in ("name", "hash", "conversion", "manifest")}
    order = {"R": 0, "G": 1, "B": 2, "A": 3, "red": 0, "green": 1, "blue": 2, "alpha": 3}
    layers: dict[str, dict[int, np.ndarray]] = {}
    for index, channel in enumerate(spec.channelnames):
        layer, _, letter = channel.rpartition(".")
        if layer.startswith(meta["name"]) and layer != meta["name"]:
            layers.setdefault(layer, {})[order[letter]] = pixels[..., index]
    names = {int(bits, 16): name for name, bits in json.loads(meta["manifest"]).items()}
    coverage = {name: np.zeros(pixels.shape[:2], np.float32) for name in names.values()}
    for layer in sorted(layers):
        for identity, share in ((0, 1), (2, 3)):
            bits = layers[layer][identity].view(np.uint32)
            for known, name in names.items():
                coverage[name] += np.where(bits == known, layers[layer][share], 0)
    return {**meta, "key": key}, coverage, (spec, layers)


def test_the_hash_has_its_authors_values() -> None:
    """Values of the reference implementation (smhasher)."""
    assert (murmur3(b""), murmur3(b"", 1), murmur3(b"hello")) == (0, 0x514E28B7, 0x248BFA47)
    assert murmur3(b"The quick brown fox jumps over the lazy dog", 0x9747B28C) == 0x2FA826CD


def test_names_hash_as_in_the_inventors_file(shared: Path) -> None:
    meta, coverage, _ = read_cryptomatte(shared / "data" / "exr" / "valid" / "cryptoasset.exr")
    manifest = json.loads(meta["manifest"])
    assert len(manifest) == 7
    assert {name: f"{id_bits(name):08x}" for name in manifest} == manifest
    assert meta["key"] == "cryptomatte/" + f"{murmur3(meta['name'].encode()):08x}"[:7]
    assert sum(coverage.values()).max() == pytest.approx(1, abs=1e-3), "the reader of this test reads that file"


def test_no_id_is_nan_infinite_or_denormal() -> None:
    found = {0: 0, 255: 0}
    for number in range(3000):
        name = f"object{number}"
        exponent = (murmur3(name.encode()) >> 23) & 0xFF
        if exponent in found:
            found[exponent] += 1
        assert np.isfinite(id_value(name)) and (id_bits(name) >> 23) & 0xFF not in (0, 255)
    assert min(found.values()) > 0, "else the repair was never needed"


def test_a_delivered_file_reads_back(brief: Solver, tmp_path: Path) -> None:
    Delivery(brief, str(tmp_path / "out"), Style(layout="crypto"), frames=[1012], stem="sh").write()
    meta, coverage, (spec, layers) = read_cryptomatte(tmp_path / "out" / "sh_crypto.1012.exr")
    assert (meta["hash"], meta["conversion"]) == ("MurmurHash3_32", "uint32_to_float32")
    assert set(coverage) == {"hero", "prop"} and set(layers) == {"CryptoObject00"}
    assert {str(kind) for kind in spec.channelformats} | {str(spec.format)} == {"float"}
    own = {name: read_matte(brief.work(name).path(1012))[0] for name in coverage}
    shared = make_exclusive(own, {name: brief.work(name).sureness(1012, alpha) for name, alpha in own.items()})
    for name, alpha in shared.items():
        np.testing.assert_allclose(coverage[name], alpha, atol=1e-3)
    assert sum(coverage.values()).max() <= 1
    layer = layers["CryptoObject00"]
    assert (layer[1] >= layer[3]).all(), "the larger share comes first"


def test_another_reader_finds_the_same_masks(brief: Solver, tmp_path: Path) -> None:
    """`cryptomatte-api` from PyPI, where it is installed."""
    reader = pytest.importorskip("cryptomatte_api", reason="needs cryptomatte-api, which nothing else uses")
    Delivery(brief, str(tmp_path / "out"), Style(layout="crypto"), frames=[1012], stem="sh").write()
    path = tmp_path / "out" / "sh_crypto.1012.exr"
    (found,) = reader.Cryptomatte.load(str(path))
    _, coverage, _ = read_cryptomatte(path)
    assert set(found.masks()) == set(coverage)
    for name, expected in coverage.items():
        np.testing.assert_allclose(found.mask(name), expected, atol=1e-6)


def test_ranks_are_sorted_and_their_number_depends_on_the_objects_alone() -> None:
    generator = np.random.default_rng(2)
    names = [f"o{number}" for number in range(8)]
    alphas = {name: (generator.random((9, 7)) / 8).astype(np.float32) for name in names}
    colours = dict.fromkeys(names, "#ff0000")
    planes = channels(alphas, colours)
    shares = [planes[f"CryptoObject{rank // 2:02d}.{'GA'[rank % 2]}"] for rank in range(MAX_RANKS)]
    assert len(planes) == 3 + 2 * MAX_RANKS
    np.testing.assert_array_equal(shares, np.sort(np.stack(list(alphas.values())), axis=0)[::-1][:MAX_RANKS])
    empty = channels({name: np.zeros((9, 7), np.float32) for name in names}, colours)
    assert set(empty) == set(planes) and not any(plane.any() for plane in empty.values())
    assert len(channels({"a": alphas["o1"]}, {"a": "#ffffff"})) == 3 + 4
