"""Matting Anything against numbers that the published research code gave with the same stand-in weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sam2_stand_ins import ArrayClip, write_checkpoint
from wisp.heads.mam import MamHead, build
from wisp.heads.mam.cascade import base, merge, outer_rim, unsure
from wisp.heads.mam.m2m import MaskToMatte, fold_spectral_norm
from wisp.weights.checkpoints import load_state_dict
from wisp.weights.options import RunOptions
from wisp.weights.registry import entry_as


@pytest.fixture(scope="module")
def decoder_file(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(shared, "keys-mam-m2m.json", tmp_path_factory.mktemp("mam") / "mam.pt")


@pytest.fixture(scope="module")
def head(shared: Path, decoder_file: Path) -> MamHead:
    sam = write_checkpoint(shared, "keys-sam-vit-b.json", decoder_file.with_name("sam.pt"))
    return build(
        entry_as("mam", "head"), {"sam": sam, "decoder": decoder_file}, RunOptions(device="cpu", precision="fp32")
    )


def bits(packed: np.ndarray) -> np.ndarray:
    return np.unpackbits(packed, axis=-1).astype(bool)


def assert_alpha(found: np.ndarray, golden: np.ndarray) -> None:
    """Equal but for the few pixels next to a threshold that rounds the other way on another machine."""
    error = np.abs(found - golden / 65535.0)
    assert (error <= 1e-4).mean() >= 0.999
    assert error.mean() <= 1e-5


def test_decoder_alone(shared: Path, decoder_file: Path) -> None:
    golden = np.load(shared / "golden" / "mam_m2m.npz")
    network = MaskToMatte().eval()
    network.load_state_dict(fold_spectral_norm(load_state_dict(decoder_file), decoder_file))
    with torch.inference_mode():
        alphas = network(
            torch.from_numpy(golden["feat"].astype(np.float32)),
            torch.from_numpy(golden["image"].astype(np.float32)),
            torch.from_numpy(golden["mask"].astype(np.float32))[None, None],
        )
    for name in ("os1", "os4", "os8"):
        assert np.abs(getattr(alphas, name)[0, 0].numpy() - golden[f"alpha_{name}"]).max() <= 1e-4, name


@pytest.mark.parametrize("prompt", ["box", "point"])
@pytest.mark.parametrize("guidance", ["mask", "alpha"])
def test_cascade_alone(shared: Path, prompt: str, guidance: str) -> None:
    golden = np.load(shared / "golden" / f"mam_e2e_{prompt}.npz")
    mask = bits(golden["post_mask"])
    os8, os4, os1 = ((golden[f"alpha_os{stride}"] / 65535).astype(np.float32) for stride in (8, 4, 1))
    if guidance == "mask":
        assert np.array_equal(outer_rim(mask), bits(golden["w8_mask"]))
    coarse = base(mask, os8, guidance)  # type: ignore[arg-type]
    assert np.array_equal(unsure(coarse, 10), bits(golden[f"w4_{guidance}"]))
    middle = np.where(unsure(coarse, 10), os4, coarse)
    assert np.array_equal(unsure(middle, 5), bits(golden[f"w1_{guidance}"]))
    final = merge(mask, os8, os4, os1, guidance)  # type: ignore[arg-type]
    assert np.abs(final - golden[f"final_{guidance}"] / 65535).max() <= 1e-5


@pytest.fixture(scope="module")
def picture(shared: Path) -> ArrayClip:
    return ArrayClip(np.load(shared / "golden" / "mam_e2e_box.npz")["image"][None])


@pytest.mark.slow
@pytest.mark.timeout(1800)  # seconds of work, but a busy machine has been seen to take minutes for them
@pytest.mark.parametrize("prompt", ["box", "point"])
def test_end_to_end(shared: Path, head: MamHead, picture: ArrayClip, prompt: str) -> None:
    golden = np.load(shared / "golden" / f"mam_e2e_{prompt}.npz")
    assert np.array_equal(golden["image"], picture.pictures[0]), "one picture, so that it is encoded once"
    encoding = head.encode(picture, 1001)
    probe = encoding.features.flatten()[:: max(1, encoding.features.numel() // 256)][:256]
    assert np.abs(probe.numpy() - golden["feat_probe"]).max() <= 1e-3
    if prompt == "box":
        tokens = head.box_tokens(encoding, tuple(golden["prompt_box"]))
    else:
        tokens = head.point_tokens(encoding, golden["prompt_point"], np.ones(1, np.int32))
    logits = head.segment(encoding, tokens)
    assert ((logits[0, 0].numpy() > 0) != bits(golden["mask256"])).mean() <= 0.001
    mask = head.plate_mask(encoding, logits)
    assert (mask != bits(golden["post_mask"])).mean() <= 0.001
    predicted = head.predict(encoding, logits > 0)
    for guidance in ("mask", "alpha"):
        head.guidance = guidance
        assert_alpha(head.merged(encoding, predicted, mask), golden[f"final_{guidance}"])
