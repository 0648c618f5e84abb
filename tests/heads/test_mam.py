"""Matting Anything behind the Head protocol, with a small encoder and random weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from sam2_stand_ins import moving_clip
from wisp.errors import WeightsError
from wisp.heads.mam.cascade import merge
from wisp.heads.mam.head import MamHead
from wisp.heads.mam.m2m import MaskToMatte, fold_spectral_norm
from wisp.heads.mam.model import MamModel, load, sam_input
from wisp.heads.mam.sam import Sam, SamSize
from wisp.weights.options import RunOptions

#: An encoder for pictures of 128 pixels, in the layout of ViT-B.
TINY = SamSize(image=128, width=32, depth=2, heads=2, whole=(1,), window=5)


@pytest.fixture(scope="module")
def model() -> MamModel:
    torch.manual_seed(2)
    sam, decoder = Sam(TINY).eval().requires_grad_(False), MaskToMatte().eval().requires_grad_(False)
    for parameter in sam.parameters():
        parameter.data.normal_(0, 0.2)
    return MamModel(sam, decoder, torch.device("cpu"), None, "tiny")


@pytest.fixture
def head(model: MamModel) -> MamHead:
    return MamHead("mam", model)


def disc(width: int, height: int, x: float = 0.5) -> np.ndarray:
    """Logits of a disc on a grid over the picture."""
    rows, columns = (np.mgrid[:height, :width] + 0.5) / np.array([height, width])[:, None, None]
    return (0.25 - np.hypot(columns - x, rows - 0.5)).astype(np.float32) * 40


def test_alpha_has_the_plates_size_for_masks_of_any_size(head: MamHead) -> None:
    clip = moving_clip(2, 200, 120)
    alphas = head.matte(clip, 1001, {1: disc(50, 30), 7: disc(333, 200)})
    assert set(alphas) == {1, 7}
    for alpha in alphas.values():
        assert alpha.shape == (120, 200)
        assert alpha.dtype == np.float32
        assert 0 <= alpha.min() < alpha.max() <= 1
    assert np.abs(alphas[1] - alphas[7]).mean() < 0.02, "the same disc on another grid"


def test_objects_on_a_frame_share_one_encoding(head: MamHead) -> None:
    clip = moving_clip(3)
    together = head.matte(clip, 1001, {1: disc(24, 18, 0.3), 2: disc(24, 18, 0.7)})
    assert head.encoded == 1
    alone = head.matte(clip, 1001, {2: disc(24, 18, 0.7)})
    assert head.encoded == 1
    assert np.array_equal(alone[2], together[2]), "an object's matte does not depend on its company"
    head.matte(clip, 1002, {1: disc(24, 18)})
    assert head.encoded == 2


def test_an_empty_mask_gives_zeros_without_any_work(head: MamHead) -> None:
    assert not head.matte(moving_clip(2), 1001, {1: np.full((8, 8), -3.0, np.float32)})[1].any()
    assert head.encoded == 0


@pytest.mark.parametrize("guidance", ["mask", "alpha", "plain"])
def test_guidance_says_what_the_mask_decides(model: MamModel, guidance: str) -> None:
    clip = moving_clip(2)
    head = MamHead("mam", model, guidance=guidance)  # type: ignore[arg-type]
    alpha = head.matte(clip, 1001, {1: disc(clip.width, clip.height)})[1]
    mask = disc(clip.width, clip.height) > 0
    far_inside = cv2.erode(mask.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    far_outside = cv2.dilate(mask.astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert far_inside.any() and far_outside.any()
    assert (alpha[far_inside] == 1).all() == (guidance == "mask")
    assert (alpha[far_outside] == 0).all() == (guidance != "plain")


def test_the_mask_can_be_segment_anythings_own(model: MamModel) -> None:
    """The tracker's mask then only says where to look: two that fill the same box give the same matte."""
    clip = moving_clip(2)
    own = MamHead("mam", model, masks="sam")
    square = np.full((clip.height, clip.width), -8.0, np.float32)
    square[20:50, 30:60] = 8
    holed = square.copy()
    holed[30:40, 40:50] = -8
    assert np.array_equal(own.matte(clip, 1001, {1: square})[1], own.matte(clip, 1001, {1: holed})[1])
    guided = MamHead("mam", model)
    assert not np.array_equal(guided.matte(clip, 1001, {1: square})[1], guided.matte(clip, 1001, {1: holed})[1])


def test_an_empty_mask_merges_to_zeros() -> None:
    ones = np.ones((20, 30), np.float32)
    for guidance in ("mask", "alpha", "plain"):
        assert not merge(np.zeros((20, 30), bool), ones, ones, ones, guidance).any()  # type: ignore[arg-type]


def test_a_mask_of_one_pixel_is_matted(head: MamHead) -> None:
    clip = moving_clip(2)
    dot = np.full((clip.height, clip.width), -8.0, np.float32)
    dot[36, 48] = 8
    for guidance in ("mask", "alpha", "plain"):
        head.guidance = guidance  # type: ignore[assignment]
        alpha = head.matte(clip, 1001, {1: dot})[1]
        assert alpha.shape == dot.shape and np.isfinite(alpha).all()


@pytest.mark.parametrize(
    ("width", "height", "shown"), [(320, 240, (96, 128)), (90, 301, (128, 38)), (64, 64, (128, 128))]
)
def test_the_picture_fills_the_square_from_the_top_left(width: int, height: int, shown: tuple[int, int]) -> None:
    values, filled = sam_input(np.ones((height, width, 3), np.float32), 128)
    assert filled == shown
    inside = torch.zeros(128, 128, dtype=torch.bool)
    inside[: shown[0], : shown[1]] = True
    assert (values[0, :, ~inside] == 0).all()
    expected = [(255 - mean) / std for mean, std in ((123.675, 58.395), (116.28, 57.12), (103.53, 57.375))]
    assert torch.allclose(values[0][:, inside], torch.tensor(expected)[:, None], atol=1e-5)


# Weights -----------------------------------------------------------------------------------------------------------


def published(decoder: MaskToMatte) -> dict[str, torch.Tensor]:
    """The decoder's weights as the authors publish them: spectral norms apart, saved from several GPUs."""
    torch.manual_seed(5)
    state = {}
    for key, value in decoder.state_dict().items():
        name = key.removesuffix(".weight")
        if value.ndim == 4 and not name.startswith("refine"):
            u, v = torch.randn(value.shape[0]), torch.randn(value[0].numel())
            state |= {f"module.{name}.module.weight_{kind}": x for kind, x in (("u", u), ("v", v), ("bar", value))}
        else:
            state[f"module.{key}"] = value
    return state


@pytest.fixture
def files(model: MamModel, tmp_path: Path) -> dict[str, Path]:
    paths = {"sam": tmp_path / "sam.pth", "decoder": tmp_path / "mam.pth"}
    torch.save(model.sam.state_dict(), paths["sam"])
    torch.save({"epoch": 3, "state_dict": published(model.decoder)}, paths["decoder"])
    return paths


def test_files_load_as_they_are_published(model: MamModel, files: dict[str, Path]) -> None:
    loaded = load(files, RunOptions(device="cpu"), TINY)
    for key, value in model.sam.state_dict().items():
        assert torch.equal(loaded.sam.state_dict()[key], value)
    raw = published(model.decoder)
    name = "module.layer2.0.conv1.module.weight"
    weight = raw[f"{name}_bar"]
    sigma = raw[f"{name}_u"] @ weight.reshape(len(weight), -1) @ raw[f"{name}_v"]
    assert torch.allclose(loaded.decoder.state_dict()["layer2.0.conv1.weight"], weight / sigma)
    assert loaded.version.count("+") == 1 and len(loaded.version) == 129


@pytest.mark.parametrize("role", ["sam", "decoder"])
def test_a_damaged_file_is_named(files: dict[str, Path], role: str) -> None:
    files[role].write_bytes(files[role].read_bytes()[:-500])
    with pytest.raises(WeightsError, match=rf"Cannot load .*{files[role].name}") as caught:
        load(files, RunOptions(device="cpu"), TINY)
    assert caught.value.exit_code == 4


def test_files_of_other_models_are_refused(files: dict[str, Path]) -> None:
    swapped = {"sam": files["decoder"], "decoder": files["sam"]}
    with pytest.raises(WeightsError, match=r"mam\.pth do not fit the model: .* missing"):
        load(swapped, RunOptions(device="cpu"), TINY)
    with pytest.raises(WeightsError, match=r"sam\.pth do not fit the model: .* missing"):
        load({**files, "decoder": files["sam"]}, RunOptions(device="cpu"), TINY)


@pytest.mark.parametrize("kind", ["u", "v"])
def test_a_spectral_norm_that_is_not_whole_is_refused(model: MamModel, kind: str) -> None:
    state = published(model.decoder)
    del state[f"module.conv1.module.weight_{kind}"]
    with pytest.raises(WeightsError, match=r"spectral norm of module\.conv1 in mam\.pth is not complete"):
        fold_spectral_norm(state, Path("mam.pth"))
